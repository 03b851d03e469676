//! Labels, names and counts of pods that policies read are those of the nodes and pods that are there, after any history.

use crate::common::generate::{Step, config, steps};
use crate::common::reference::World;
use crate::support::{Pair, node_of, pod_id};
use policy_domain_spread::{DomainSpread, DomainSpreadConfig};
use policy_node_number::{NodeNumber, NodeNumberConfig};
use policy_sdk::abi::LabelSelector;
use proptest::prelude::*;
use sched_core::{PodSpec, Scheduler, Weighted};
use serde_json::json;

fn spread() -> impl Strategy<Value = DomainSpreadConfig> {
    let keys = ["topology.kubernetes.io/zone", "disk", "metadata.name", "example.com/none"];
    let some = LabelSelector { match_labels: [("app".into(), "a".into())].into(), ..LabelSelector::default() };
    (prop::sample::select(keys.to_vec()), prop::sample::select(vec![LabelSelector::default(), some]))
        .prop_map(|(key, pod_selector)| DomainSpreadConfig { topology_key: key.to_owned(), pod_selector })
}

fn matches(selector: &LabelSelector, pod: &PodSpec) -> bool {
    selector.match_labels.iter().all(|(key, value)| pod.template.labels.get(key) == Some(value))
}

/// The raw score that the policy's documentation promises, counted one by one.
fn expected(world: &World, config: &DomainSpreadConfig, node: &str) -> i64 {
    let domain = |name: &str| match config.topology_key.as_str() {
        "metadata.name" => Some(name.to_owned()),
        key => world.nodes[name].labels.get(key).cloned(),
    };
    let on = |name: &str| {
        let pods = world.on(name).filter(|pod| matches(&config.pod_selector, &pod.spec));
        pods.count() as i64
    };
    let own = domain(node);
    let in_domain = match &own {
        None => 1 << 32,
        own => world.nodes.keys().filter(|name| domain(name) == *own).map(|name| on(name)).sum(),
    };
    in_domain * 1_024 + on(node).min(1_023)
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn what_is_read_of_labels_and_pods_is_what_is_there(steps in steps(60), first in spread(), then in spread(), late in 0..60_usize) {
        let number = NodeNumber::new(NodeNumberConfig::default());
        let mut spread = first.clone();
        let policies: Vec<Weighted> = vec![(Box::new(number), 1), (Box::new(DomainSpread::new(first)), 1)];
        let mut pair = Pair::new(&json!({"name": "none", "policies": []}), 0);
        pair.scheduler = Scheduler::with_policies(policies, 0).unwrap();
        for (i, (now_ms, step)) in steps.iter().enumerate() {
            if i == late {
                // One that comes late finds what is there already.
                spread = then.clone();
                pair.scheduler.swap_policy(Box::new(DomainSpread::new(then.clone()))).unwrap();
            }
            pair.step(*now_ms, step);
            if !matches!(step, Step::Apply(_)) {
                continue;
            }
            for pod in pair.pending() {
                let id = pod_id(pair.scheduler.cluster(), &pod);
                let evaluation = pair.scheduler.evaluate(id, *now_ms).unwrap();
                let digit = |name: &str| name.chars().last().and_then(|c| c.to_digit(10));
                for (k, &row) in evaluation.feasible.iter().enumerate() {
                    let node = node_of(&pair.scheduler, row);
                    if digit(&pod.1).is_some() {
                        let equal = digit(&pod.1) == digit(&node);
                        prop_assert_eq!(evaluation.answers[0].raw[k], if equal { 10 } else { 0 });
                    }
                    if matches(&spread.pod_selector, &pair.world.pods[&pod].spec) {
                        prop_assert_eq!(evaluation.answers[1].raw[k], expected(&pair.world, &spread, &node));
                    }
                }
            }
        }
    }
}
