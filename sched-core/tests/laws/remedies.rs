//! What an explanation says would have to change, does what it says: the change is made, and as many nodes more are feasible.

use crate::common::generate::{NOW_MS, Scenario, config, key, profile, scenario};
use crate::common::reference::{PodKey, Role, pod_requests};
use crate::support::{apply_all, pod_id, scheduler_of};
use proptest::prelude::*;
use sched_core::{
    Container, Event, NodeSpec, PodSpec, PodTemplate, Resources, Scheduler, TaintEffect, Toleration, TolerationOperator,
};

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn remedies_open_as_many_nodes_as_they_say(scenario in scenario(12), profile in profile(), seed: u64) {
        for spec in &scenario.pending {
            let mut scheduler = scheduler_of(&scenario, &profile, seed);
            let (before, remedies) = ask(&mut scheduler, &key(spec));
            for remedy in remedies {
                let (more, how) = parse(&remedy);
                let mut changed = scheduler_of(&scenario, &profile, seed);
                apply_all(&mut changed, &change(&scenario, spec, how));
                let (after, _) = ask(&mut changed, &key(spec));
                // Amounts told in Mi are rounded up; a toleration may also help against a second taint or against
                // `spec.unschedulable`, and without a cordon its taint is gone where there was more against a node; a place more
                // is given to all nodes: these may open nodes beyond those told.
                let at_least =
                    how.contains("Mi less") || how.contains("toleration") || how.contains("uncordoned") || how.contains("leaves");
                prop_assert!(after == before + more || (at_least && after > before + more), "{remedy}: {before} to {after}");
            }
        }
    }
}

/// How many nodes are feasible, and what is offered.
fn ask(scheduler: &mut Scheduler, pod: &PodKey) -> (usize, Vec<String>) {
    let id = pod_id(scheduler.cluster(), pod);
    let explanation = scheduler.explain(id, NOW_MS).expect("a known pod");
    (explanation.candidates.len(), explanation.remedies)
}

/// "fits 12 more nodes with 500m less cpu": how many, and how.
fn parse(remedy: &str) -> (usize, &str) {
    let rest = remedy.strip_prefix("fits ").expect("a remedy");
    let (count, rest) = rest.split_once(" more ").expect("a number of nodes");
    let how = rest.strip_prefix("nodes ").or(rest.strip_prefix("node ")).expect("how");
    (count.parse().expect("a number"), how)
}

/// The events that do what a remedy says.
fn change(scenario: &Scenario, spec: &PodSpec, how: &str) -> Vec<Event> {
    if how == "once they are uncordoned" {
        let open = |node: &NodeSpec| {
            let mut node = NodeSpec { unschedulable: false, ..node.clone() };
            node.taints.retain(|taint| taint.key != "node.kubernetes.io/unschedulable");
            Event::NodeChanged(node)
        };
        return scenario.nodes.iter().map(open).collect();
    }
    if how == "once a pod leaves" {
        let one_more = |node: &NodeSpec| {
            let mut node = node.clone();
            *node.allocatable.entry("pods".to_owned()).or_default() += 1;
            Event::NodeChanged(node)
        };
        return scenario.nodes.iter().map(one_more).collect();
    }
    let mut spec = spec.clone();
    let template = &mut spec.template;
    match how {
        "without its node selector and affinity" => {
            template.node_selector.clear();
            template.required_nodes = None;
        }
        "without its node name" => template.node_name = None,
        "with other host ports" => containers(template).for_each(|container| container.host_ports.clear()),
        _ => match how.strip_prefix("with a toleration of ").or(how.strip_prefix("with tolerations of ")) {
            Some(taints) => template.tolerations.extend(taints.split(" and ").map(toleration)),
            None => shrink(template, how.strip_prefix("with ").expect("an amount")),
        },
    }
    vec![Event::PodChanged(spec)]
}

fn containers(template: &mut PodTemplate) -> impl Iterator<Item = &mut Container> {
    template.containers.iter_mut().chain(&mut template.init_containers)
}

/// "key=value:Effect", the value where there is one.
fn toleration(taint: &str) -> Toleration {
    let (taint, effect) = taint.rsplit_once(':').expect("an effect");
    let (key, value) = taint.split_once('=').unwrap_or((taint, ""));
    let effect = match effect {
        "NoSchedule" => TaintEffect::NoSchedule,
        _ => TaintEffect::NoExecute,
    };
    let (key, value) = (key.to_owned(), value.to_owned());
    Toleration { key, operator: TolerationOperator::Equal, value, effect: Some(effect) }
}

/// "500m less cpu and 3Mi less memory": one overhead then asks for everything that is left.
fn shrink(template: &mut PodTemplate, how: &str) {
    let mut left = pod_requests(template, Role::Incoming);
    for part in how.split(" and ") {
        let (amount, resource) = part.split_once(" less ").expect("an amount and a resource");
        let (digits, unit) = amount.split_at(amount.find(|c: char| !c.is_ascii_digit()).unwrap_or(amount.len()));
        let amount = digits.parse::<i128>().expect("a whole number") * if unit == "Mi" { 1 << 20 } else { 1 };
        let cell = left.get_mut(resource).expect("a requested resource");
        *cell = (*cell - amount).max(0);
    }
    containers(template).for_each(|container| container.requests.clear());
    template.pod_requests = None;
    template.overhead =
        left.into_iter().map(|(name, amount)| (name, i64::try_from(amount).expect("64 bits"))).collect::<Resources>();
}
