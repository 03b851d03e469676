//! Several engines decide on copies of their own that lag behind, and reserve at one ledger: they never oversell.

use crate::support::{Site, hold, node, pod, scheduler};
use proptest::prelude::*;
use sched_core::{Decision, Event, LedgerOp, PodPhase, PodSpec, ScheduleError, Scheduler};

/// An engine with a copy that has seen the first `seen` events.
struct Engine {
    copy: Scheduler,
    seen: usize,
}

impl Engine {
    fn catch_up(&mut self, log: &[Event], events: usize) {
        for event in log.iter().skip(self.seen).take(events) {
            self.copy.apply(event, 0).expect("what was accepted once");
            self.seen += 1;
        }
    }

    /// What its copy says of a pod, in the words of the owner of the ledger.
    fn decide(&mut self, spec: &PodSpec, owner: &Scheduler) -> Option<Decision> {
        let id = self.copy.cluster().pod_id(&spec.namespace, &spec.name)?;
        let decision = self.copy.decide(id, 0).ok()?;
        let row = owner.cluster().row_of(self.copy.cluster().node_name(decision.row)?)?;
        let pod = owner.cluster().pod_id(&spec.namespace, &spec.name)?;
        let tenancy = owner.cluster().tenancy(row)?;
        // The generation is that of the copy, which is none of the owner's.
        Some(Decision { pod, row, tenancy, generation: u64::MAX, ..decision })
    }
}

#[derive(Clone, Debug)]
enum Turn {
    CatchUp(usize, usize),
    Decide(usize, usize),
    Reserve(usize),
    Commit(usize),
    Rollback(usize),
}

fn turn() -> impl Strategy<Value = Turn> {
    let (engine, pod) = (0..2_usize, 0..24_usize);
    prop_oneof![
        2 => (engine.clone(), 1..6_usize).prop_map(|(engine, events)| Turn::CatchUp(engine, events)),
        4 => (engine, pod.clone()).prop_map(|(engine, pod)| Turn::Decide(engine, pod)),
        4 => pod.clone().prop_map(Turn::Reserve),
        3 => pod.clone().prop_map(Turn::Commit),
        1 => pod.prop_map(Turn::Rollback),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn engines_that_decide_on_copies_never_oversell(
        turns in prop::collection::vec(turn(), 1..160), sizes in prop::collection::vec(1..5_i64, 24),
    ) {
        let nodes = ["a", "b", "c"].map(|name| node(name, 6_000, &[]));
        let mut owner = Site::of(&nodes).0;
        let sale = LedgerOp::Hold(hold("sale", "a", 3_000, "web"));
        owner.operate(&sale, 0).unwrap();
        let mut engines = [0, 1].map(|_| {
            let mut copy = scheduler();
            for node in &nodes {
                copy.apply(&Event::NodeAdded(node.clone()), 0).unwrap();
            }
            copy.operate(&sale, 0).unwrap();
            Engine { copy, seen: 0 }
        });
        let pods: Vec<PodSpec> = (0..24).map(|i| {
            pod(&format!("p{i}"), if i % 4 == 0 { "web" } else { "batch" }, sizes[i] * 1_000)
        }).collect();
        let mut log: Vec<Event> = pods.iter().cloned().map(Event::PodAdded).collect();
        for event in &log {
            owner.apply(event, 0).unwrap();
        }
        let mut decisions: Vec<Option<Decision>> = vec![None; pods.len()];
        for turn in turns {
            match turn {
                Turn::CatchUp(engine, events) => engines[engine].catch_up(&log, events),
                Turn::Decide(engine, pod) => decisions[pod] = engines[engine].decide(&pods[pod], &owner),
                Turn::Reserve(pod) => {
                    let Some(decision) = decisions[pod].take() else { continue };
                    match owner.reserve(&decision, 0) {
                        Ok(()) | Err(ScheduleError::NotPending) => {}
                        Err(ScheduleError::Short { node, resource }) => {
                            let row = owner.cluster().row_of(&node);
                            prop_assert_eq!((row, resource.as_str()), (Some(decision.row), "cpu"));
                        }
                        Err(other) => prop_assert!(false, "{}", other),
                    }
                }
                Turn::Commit(pod) => {
                    let id = owner.cluster().pod_id("default", &pods[pod].name).unwrap();
                    let row = owner.cluster().pod_phase(id).and_then(PodPhase::row);
                    if owner.commit(id, 0).is_ok() {
                        let node = owner.cluster().node_name(row.unwrap()).unwrap().to_owned();
                        let PodSpec { namespace, name, .. } = pods[pod].clone();
                        log.push(Event::PodBound { namespace, name, node, at_ms: 0 });
                    }
                }
                Turn::Rollback(pod) => {
                    let id = owner.cluster().pod_id("default", &pods[pod].name).unwrap();
                    let _ = owner.rollback(id);
                }
            }
            owner.audit().unwrap();
            for row in owner.cluster().rows() {
                let [allocatable, requested, _] = owner.cluster().amounts(row, "cpu");
                prop_assert!(requested <= allocatable, "{} of {}", requested, allocatable);
            }
        }
    }
}
