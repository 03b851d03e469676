//! The generators are worth something only if what they make reaches every answer: measured with the reference.

use crate::common::generate::{key, profile, scenario, world};
use crate::common::reference::{Profile, decide};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;

#[test]
fn generated_input_reaches_every_reason_and_every_kind_of_decision() {
    let mut runner = TestRunner::deterministic();
    let (mut reasons, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..1_500 {
        let scenario = scenario(8).new_tree(&mut runner).expect("a scenario").current();
        let profile = Profile::from_json(&profile().new_tree(&mut runner).expect("a profile").current());
        let world = world(&scenario);
        for pod in scenario.pending.iter().map(key) {
            let outcome = decide(&world, &profile, &pod, 0);
            let totals: BTreeSet<i128> = outcome.candidates.values().map(|candidate| candidate.total).collect();
            let tie = outcome.candidates.values().filter(|c| Some(&c.total) == totals.last()).count() > 1;
            let facts = [
                (world.nodes.is_empty(), "no nodes"),
                (world.nodes.len() == 1, "one node"),
                (outcome.prefilter.is_some(), "rejected outright"),
                (outcome.narrowed_by.is_some() && outcome.chosen.is_some(), "narrowed to a feasible node"),
                (outcome.narrowed_by.is_some() && outcome.chosen.is_none(), "narrowed to nothing"),
                (outcome.chosen.is_none() && world.nodes.len() > 1, "no node of several"),
                (outcome.candidates.len() > 4, "many feasible nodes"),
                (outcome.candidates.len() > 1 && outcome.candidates.len() == totals.len(), "all totals differ"),
                (tie, "a tie"),
                (outcome.rejected.values().any(|r| r.also.len() > 1), "three policies against one node"),
            ];
            kinds.extend(facts.into_iter().filter(|(holds, _)| *holds).map(|(_, kind)| kind));
            for (_, rejection) in outcome.rejected {
                let code = if rejection.unresolvable { "unresolvable" } else { "unschedulable" };
                reasons.extend(rejection.reasons.into_iter().map(|reason| format!("{reason} ({code})")));
            }
        }
    }
    assert_eq!(kinds.len(), 10, "{kinds:?}");
    let mut expected = vec![
        "node(s) were unschedulable (unresolvable)".to_owned(),
        "node(s) didn't match the requested node name (unresolvable)".to_owned(),
        "node(s) had untolerated taint(s) (unresolvable)".to_owned(),
        "node(s) didn't match scheduler-enforced node affinity (unresolvable)".to_owned(),
        "node(s) didn't match Pod's node affinity/selector (unresolvable)".to_owned(),
        "node(s) didn't satisfy plugin(s) [NodeAffinity] (unresolvable)".to_owned(),
        "node(s) didn't have free ports for the requested pod ports (unschedulable)".to_owned(),
        "Too many pods (unschedulable)".to_owned(),
    ];
    for resource in ["cpu", "memory", "ephemeral-storage", "nvidia.com/gpu", "example.com/batch-cpu", "hugepages-2Mi"] {
        expected.extend(["unschedulable", "unresolvable"].map(|code| format!("Insufficient {resource} ({code})")));
    }
    let missing: Vec<_> = expected.iter().filter(|reason| !reasons.contains(*reason)).collect();
    assert!(missing.is_empty(), "never reached: {missing:?}");
}
