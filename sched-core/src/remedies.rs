//! What would have to change for a pod to fit more nodes: of the nodes that one policy alone rejects, how many would open.

use crate::cluster::{PodId, Row, TaintEffect};
use crate::pipeline::{Evaluation, Scheduler};
use sched_abi::ResourceId;
use std::collections::BTreeMap;

/// How many steps are offered for one resource: the first node, and half of those that could open.
const STEPS: usize = 2;

impl Scheduler {
    /// Sentences, most nodes first.
    pub(crate) fn remedies(&self, pod: PodId, evaluation: &Evaluation) -> Vec<String> {
        let mut shortages: BTreeMap<u16, Vec<f64>> = BTreeMap::new();
        let mut opened: BTreeMap<String, usize> = BTreeMap::new();
        for (k, &row) in evaluation.rows.iter().enumerate() {
            let mut against = evaluation.answers.iter().filter(|a| !a.passes(k));
            let (Some(only), None) = (against.next(), against.next()) else { continue };
            if only.policy == "NodeResourcesFit" {
                let short = self.shortages(pod, row);
                if let [(resource, amount)] = short[..] {
                    shortages.entry(resource.0).or_default().push(amount);
                }
            } else if let Some(remedy) = self.remedy(only.policy, pod, row) {
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

    /// Which resources a row is short of, and by how much.
    fn shortages(&self, pod: PodId, row: Row) -> Vec<(ResourceId, f64)> {
        let Some(class) = self.cluster().pods.class_of(pod.0) else { return Vec::new() };
        let short = |request: &sched_abi::Request| {
            let columns = self.cluster().nodes.columns(request.resource)?;
            let free = columns.allocatable.get(row.0 as usize)? - columns.requested.get(row.0 as usize)?;
            (request.amount > free).then_some((request.resource, request.amount - free))
        };
        class.requests.iter().filter_map(short).collect()
    }

    fn less(&self, resource: ResourceId, amount: f64) -> String {
        let name = self.cluster().nodes.resource_names.get(u32::from(resource.0)).map_or("", |n| n);
        match name {
            "cpu" => format!("{amount}m less cpu"),
            "memory" | "ephemeral-storage" => format!("{}Mi less {name}", (amount / f64::from(1 << 20)).ceil()),
            _ => format!("{amount} less {name}"),
        }
    }

    fn remedy(&self, policy: &str, pod: PodId, row: Row) -> Option<String> {
        Some(match policy {
            "NodeUnschedulable" => "once they are uncordoned".to_owned(),
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
