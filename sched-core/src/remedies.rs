//! What would have to change for a pod to fit more nodes: of the nodes that one policy alone rejects, how many would open. A
//! cordon and the taint that the node controller puts beside it count as one.

use crate::cluster::{PodId, Row, Taint, TaintEffect};
use crate::pipeline::{Evaluation, PolicyAnswer, Scheduler, UNSCHEDULABLE};
use sched_abi::{ResourceId, Verdict};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// How many steps are offered for one resource: the first node, and half of those that could open.
const STEPS: usize = 2;

const UNCORDONED: &str = "once they are uncordoned";

/// What a node is short of, by resource.
type Shortage = Vec<(ResourceId, f64)>;

impl Scheduler {
    /// Sentences, most nodes first.
    pub(crate) fn remedies(&self, pod: PodId, evaluation: &Evaluation) -> Vec<String> {
        if evaluation.answers.iter().any(|a| a.reject.is_some()) {
            // The policy that rejected the pod outright was not asked about single nodes.
            return Vec::new();
        }
        let mut shortages: Vec<Shortage> = Vec::new();
        let mut opened: BTreeMap<String, usize> = BTreeMap::new();
        for (k, &row) in evaluation.rows.iter().enumerate() {
            let against: Vec<&PolicyAnswer> = evaluation.answers.iter().filter(|a| !a.passes(k)).collect();
            let remedy = match against.as_slice() {
                [only] if only.policy == "NodeResourcesFit" => match self.shortage(pod, row, only, verdict(only, k)) {
                    Some(shortage) if shortage.is_empty() => Some("once a pod leaves".to_owned()),
                    shortage => {
                        shortages.extend(shortage);
                        None
                    }
                },
                [only] => self.remedy(only, verdict(only, k), pod, row),
                [one, other] if self.is_cordoned_alone(pod, row, [one, other]) => Some(UNCORDONED.to_owned()),
                _ => None,
            };
            if let Some(remedy) = remedy {
                *opened.entry(remedy).or_default() += 1;
            }
        }
        let mut list: Vec<(usize, String)> = opened.into_iter().map(|(how, nodes)| (nodes, how)).collect();
        list.extend(self.reductions(pod, &shortages));
        list.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let plural = |nodes: usize| if nodes == 1 { "node" } else { "nodes" };
        list.into_iter().map(|(nodes, how)| format!("fits {nodes} more {} {how}", plural(nodes))).collect()
    }

    /// How many nodes smaller requests would open, and how much smaller: for each set of resources that nodes are short of, for
    /// the first node and for half of them.
    fn reductions(&self, pod: PodId, shortages: &[Shortage]) -> Vec<(usize, String)> {
        let requests = self.cluster().pods.class_of(pod.0).map_or(&[][..], |c| &c.requests);
        let mut by_resources: BTreeMap<Vec<ResourceId>, Vec<&Shortage>> = BTreeMap::new();
        for shortage in shortages {
            // Nothing is left of a request that shrinks by all of itself.
            if shortage.iter().all(|&(resource, amount)| amount < sched_abi::amount_of(requests, resource)) {
                by_resources
                    .entry(shortage.iter().map(|(resource, _)| *resource).collect())
                    .or_default()
                    .push(shortage);
            }
        }
        let mut list = Vec::new();
        for alike in by_resources.values_mut() {
            alike.sort_by(|a, b| a.iter().map(|s| s.1).partial_cmp(b.iter().map(|s| s.1)).unwrap_or(Ordering::Equal));
            let mut told = 0;
            for &less in [0, alike.len() / STEPS].iter().filter_map(|&at| alike.get(at)) {
                let enough = |of: &&Shortage| {
                    of.iter().all(|(resource, amount)| less.iter().any(|(r, most)| r == resource && amount <= most))
                };
                let nodes = shortages.iter().filter(enough).count();
                if nodes > told {
                    told = nodes;
                    let parts: Vec<String> =
                        less.iter().map(|&(resource, amount)| self.less(resource, amount)).collect();
                    list.push((nodes, format!("with {}", parts.join(" and "))));
                }
            }
        }
        list
    }

    /// The resources that a row is short of, and by how much; empty if it has no place for another pod and nothing else is wrong.
    fn shortage(&self, pod: PodId, row: Row, fit: &PolicyAnswer, verdict: Verdict) -> Option<Shortage> {
        let nodes = &self.cluster().nodes;
        let class = self.cluster().pods.class_of(pod.0)?;
        let reasons: Vec<&str> = fit.texts(verdict).collect();
        if reasons == ["Too many pods"] {
            let columns = nodes.columns(ResourceId::PODS)?;
            let [places, taken] = [&columns.allocatable, &columns.requested].map(|column| column.get(row.0 as usize));
            // One that leaves is enough.
            return (places == taken && places.is_some_and(|&places| places > 0.0)).then(Vec::new);
        }
        let short = reasons.into_iter().map(|reason| {
            let resource = ResourceId(nodes.resource_names.find(reason.strip_prefix("Insufficient ")?)? as u16);
            let columns = nodes.columns(resource)?;
            let free = columns.allocatable.get(row.0 as usize)? - columns.requested.get(row.0 as usize)?;
            Some((resource, sched_abi::amount_of(&class.requests, resource) - free))
        });
        short.collect()
    }

    /// Whether these reject a row for its cordon alone: the flag, and the taint that stands for it.
    fn is_cordoned_alone(&self, pod: PodId, row: Row, against: [&PolicyAnswer; 2]) -> bool {
        let names = against.map(|answer| &*answer.policy);
        let both = ["NodeUnschedulable", "TaintToleration"].iter().all(|name| names.contains(name));
        both && self.untolerated(pod, row).is_some_and(|taints| taints.iter().all(|t| t.key == UNSCHEDULABLE))
    }

    /// The hard taints of a row that the pod does not tolerate.
    fn untolerated(&self, pod: PodId, row: Row) -> Option<Vec<&Taint>> {
        let class = self.cluster().pods.class_of(pod.0)?;
        let set = self.cluster().nodes.taint_set.get(row.0 as usize)?;
        let tolerations = &class.template.tolerations;
        let hard =
            self.cluster().nodes.taint_lists.get(*set)?.iter().filter(|t| t.effect != TaintEffect::PreferNoSchedule);
        Some(hard.filter(|t| !crate::pipeline::tolerates(tolerations, &t.key, &t.value, t.effect)).collect())
    }

    fn less(&self, resource: ResourceId, amount: f64) -> String {
        let name = self.cluster().nodes.resource_names.get(u32::from(resource.0)).map_or("", |n| n);
        match name {
            "cpu" => format!("{amount}m less cpu"),
            "memory" | "ephemeral-storage" => format!("{}Mi less {name}", (amount / f64::from(1 << 20)).ceil()),
            _ => format!("{amount} less {name}"),
        }
    }

    fn remedy(&self, answer: &PolicyAnswer, verdict: Verdict, pod: PodId, row: Row) -> Option<String> {
        Some(match &*answer.policy {
            "NodeUnschedulable" => UNCORDONED.to_owned(),
            // What the configuration enforces, the pod cannot lift.
            "NodeAffinity" if answer.texts(verdict).any(|text| text.contains("enforced")) => return None,
            "NodeAffinity" => "without its node selector and affinity".to_owned(),
            "NodeName" => "without its node name".to_owned(),
            "NodePorts" => "with other host ports".to_owned(),
            "HybridUnschedulable" => "once their marks are gone".to_owned(),
            "WaterLevel" => "once their predicted use is below the water level".to_owned(),
            "TaintToleration" => {
                let taints = self.untolerated(pod, row)?;
                let named = taints.iter().map(|taint| {
                    let value = if taint.value.is_empty() { String::new() } else { format!("={}", taint.value) };
                    format!("{}{value}:{:?}", taint.key, taint.effect)
                });
                let what = if taints.len() == 1 { "a toleration" } else { "tolerations" };
                format!("with {what} of {}", named.collect::<Vec<_>>().join(" and "))
            }
            other => format!("without what {other} has against them"),
        })
    }
}

fn verdict(answer: &PolicyAnswer, node: usize) -> Verdict {
    answer.verdicts.get(node).copied().unwrap_or_default()
}
