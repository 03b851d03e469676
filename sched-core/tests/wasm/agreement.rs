//! Native and sandboxed policies give the same answers, node by node and decision by decision, through any history.

use crate::common::generate::{NOW_MS, Step, any_profile, config, scenario, steps};
use crate::support::{examples, schedulers};
use policy_domain_spread::DomainSpreadConfig;
use policy_node_number::NodeNumberConfig;
use proptest::prelude::*;
use sched_core::{PodId, PodPhase, PolicyAnswer, Scheduler};

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn sandboxed_policies_equal_native_ones(scenario in scenario(12), profile in any_profile(), seed: u64) {
        let mut both = schedulers(&profile, seed);
        for event in scenario.events() {
            for scheduler in &mut both {
                scheduler.apply(&event, NOW_MS).unwrap();
            }
        }
        agree(&mut both, NOW_MS);
    }
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn sandboxed_policies_equal_native_ones_all_along_any_history(steps in steps(60), profile in any_profile(), seed: u64) {
        let mut both = schedulers(&profile, seed);
        for (now_ms, step) in &steps {
            let done = both.each_mut().map(|scheduler| take(scheduler, *now_ms, step));
            prop_assert_eq!(done[0], done[1], "{:?}", step);
            agree(&mut both, *now_ms);
        }
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn labels_names_and_counts_of_pods_are_the_same_inside(
        steps in steps(60),
        reverse: bool,
        key in prop::sample::select(vec!["topology.kubernetes.io/zone", "metadata.name", "disk"]),
        seed: u64,
    ) {
        let spread = DomainSpreadConfig { topology_key: key.to_owned(), ..DomainSpreadConfig::default() };
        let mut both = examples(NodeNumberConfig { reverse }, &spread, seed);
        for (now_ms, step) in &steps {
            let done = both.each_mut().map(|scheduler| take(scheduler, *now_ms, step));
            prop_assert_eq!(done[0], done[1], "{:?}", step);
            agree(&mut both, *now_ms);
        }
    }
}

/// Does a step; says whether it was accepted.
fn take(scheduler: &mut Scheduler, now_ms: u64, step: &Step) -> bool {
    let id = |pod: &(String, String)| scheduler.cluster().pod_id(&pod.0, &pod.1);
    match step {
        Step::Apply(event) => scheduler.apply(event, now_ms).is_ok(),
        Step::Reserve(pod) => id(pod).is_some_and(|id| {
            scheduler.decide(id, now_ms).is_ok_and(|decision| scheduler.reserve(&decision, now_ms).is_ok())
        }),
        Step::Commit(pod) => id(pod).is_some_and(|id| scheduler.commit(id, now_ms).is_ok()),
        Step::Rollback(pod) => id(pod).is_some_and(|id| scheduler.rollback(id).is_ok()),
    }
}

/// Compares what both say of every pod that waits.
fn agree(both: &mut [Scheduler; 2], now_ms: u64) {
    let waits = |id: &PodId| both[0].cluster().pod_phase(*id) == Some(PodPhase::Pending);
    let pods: Vec<PodId> = (0..both[0].cluster().pod_count() as u32 + 8).map(PodId).filter(waits).collect();
    for pod in pods {
        let decisions = both.each_mut().map(|scheduler| scheduler.decide(pod, now_ms));
        assert_eq!(decisions[0], decisions[1]);
        let [native, sandboxed] = both.each_mut().map(|scheduler| scheduler.evaluate(pod, now_ms).unwrap());
        assert_eq!(native.feasible, sandboxed.feasible);
        assert_eq!(native.totals, sandboxed.totals);
        for (native, sandboxed) in native.answers.iter().zip(&sandboxed.answers) {
            let said = |answer: &PolicyAnswer| {
                let PolicyAnswer { policy, reject, narrowed, fell_back, verdicts, raw, scores, .. } = answer.clone();
                (policy, reject, narrowed, fell_back, verdicts, raw, scores)
            };
            assert_eq!(said(native), said(sandboxed));
        }
        let explanations = both.each_mut().map(|scheduler| scheduler.explain(pod, now_ms).unwrap().to_string());
        assert_eq!(explanations[0], explanations[1]);
    }
    for (name, statistics) in both[1].statistics() {
        assert!(statistics.is_none_or(|s| s.failures == 0), "{name} failed");
    }
}
