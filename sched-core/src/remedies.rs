//! What would have to change for a pod to fit more nodes: of the nodes that one policy alone rejects, how many would open.

use crate::cluster::{PodId, Row, TaintEffect};
use crate::pipeline::{Evaluation, PolicyAnswer, Scheduler};
use sched_abi::{ResourceId, Verdict};
use std::collections::BTreeMap;

/// How many steps are offered for one resource: the first node, and half of those that could open.
const STEPS: usize = 2;

impl Scheduler {
    /// Sentences, most nodes first.
    pub(crate) fn remedies(&self, pod: PodId, evaluation: &Evaluation) -> Vec<String> {
        if evaluation.answers.iter().any(|a| a.reject.is_some()) {
            // The policy that rejected the pod outright was not asked about single nodes.
            return Vec::new();
        }
        let mut shortages: BTreeMap<u16, Vec<f64>> = BTreeMap::new();
        let mut opened: BTreeMap<String, usize> = BTreeMap::new();
        for (k, &row) in evaluation.rows.iter().enumerate() {
            let mut against = evaluation.answers.iter().filter(|a| !a.passes(k));
            let (Some(only), None) = (against.next(), against.next()) else { continue };
            if only.policy == "NodeResourcesFit" {
                if let Some((resource, amount)) = self.shortage(pod, row, only, verdict(only, k)) {
                    shortages.entry(resource.0).or_default().push(amount);
                }
            } else if let Some(remedy) = self.remedy(only, verdict(only, k), pod, row) {
                *opened.entry(remedy).or_default() += 1;
            }
        }
        let mut list: Vec<(usize, String)> = opened.into_iter().map(|(how, nodes)| (nodes, how)).collect();
        for (resource, mut amounts) in shortages {
            amounts.sort_by(f64::total_cmp);
            let asked = self
                .cluster()
                .pods
                .class_of(pod.0)
                .map_or(0.0, |c| sched_abi::amount_of(&c.requests, ResourceId(resource)));
            let mut told = 0;
            for at in [0, amounts.len() / STEPS] {
                let Some(&amount) = amounts.get(at).filter(|&&amount| amount < asked) else { continue };
                let nodes = amounts.partition_point(|&a| a <= amount);
                if nodes > told {
                    told = nodes;
                    list.push((nodes, format!("with {}", self.less(ResourceId(resource), amount))));
                }
            }
        }
        list.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let plural = |nodes: usize| if nodes == 1 { "node" } else { "nodes" };
        list.into_iter().map(|(nodes, how)| format!("fits {nodes} more {} {how}", plural(nodes))).collect()
    }

    /// The one resource that a row is short of, and by how much.
    fn shortage(&self, pod: PodId, row: Row, fit: &PolicyAnswer, verdict: Verdict) -> Option<(ResourceId, f64)> {
        let mut reasons = fit.texts(verdict);
        let (Some(reason), None) = (reasons.next(), reasons.next()) else { return None };
        let nodes = &self.cluster().nodes;
        let resource = ResourceId(nodes.resource_names.find(reason.strip_prefix("Insufficient ")?)? as u16);
        let columns = nodes.columns(resource)?;
        let free = columns.allocatable.get(row.0 as usize)? - columns.requested.get(row.0 as usize)?;
        let class = self.cluster().pods.class_of(pod.0)?;
        Some((resource, sched_abi::amount_of(&class.requests, resource) - free))
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
            "NodeUnschedulable" => "once they are uncordoned".to_owned(),
            // What the configuration enforces, the pod cannot lift.
            "NodeAffinity" if answer.texts(verdict).any(|text| text.contains("enforced")) => return None,
            "NodeAffinity" => "without its node selector and affinity".to_owned(),
            "NodeName" => "without its node name".to_owned(),
            "NodePorts" => "with other host ports".to_owned(),
            "HybridUnschedulable" => "once their marks are gone".to_owned(),
            "WaterLevel" => "once their predicted use is below the water level".to_owned(),
            "TaintToleration" => {
                let class = self.cluster().pods.class_of(pod.0)?;
                let set = self.cluster().nodes.taint_set.get(row.0 as usize)?;
                let list = self.cluster().nodes.taint_lists.get(*set)?;
                let tolerations = &class.template.tolerations;
                let hard = list.iter().filter(|t| t.effect != TaintEffect::PreferNoSchedule);
                let mut open = hard.filter(|t| !crate::pipeline::tolerates(tolerations, &t.key, &t.value, t.effect));
                let (taint, None) = (open.next()?, open.next()) else { return None };
                let value = if taint.value.is_empty() { String::new() } else { format!("={}", taint.value) };
                format!("with a toleration of {}{value}:{:?}", taint.key, taint.effect)
            }
            other => format!("without what {other} has against them"),
        })
    }
}

fn verdict(answer: &PolicyAnswer, node: usize) -> Verdict {
    answer.verdicts.get(node).copied().unwrap_or_default()
}
