//! Policies that abstain since their data is too old, and those that stand in for them.

use super::world::{HOUR, MINUTE, cpu, node, of_app};
use sched_core::{Event, Explanation, PodId, ProfileSet, Sample, Scheduler};

const STANDING_IN: &str = "
profiles:
- name: p
  policies:
  - {name: NodeResourcesFit, weight: 0}
  - {name: ExpectedOverload, weight: 1, config: {staleAfterSeconds: 1800}}
  - {name: NodeInfo, weight: 1, config: {memoryWeight: 0}, standsInFor: ExpectedOverload}
";

fn scheduler(text: &str) -> Scheduler {
    Scheduler::new(&ProfileSet::from_text(text).unwrap().profiles[0], 1).unwrap()
}

/// A scheduler with a busy node `a` and an idle node `b`, a pod that was sampled up to an hour, and one that waits.
fn sampled(text: &str) -> (Scheduler, PodId) {
    let mut scheduler = scheduler(text);
    let mut apply = |event: Event, at_ms| scheduler.apply(&event, at_ms).unwrap();
    for name in ["a", "b"] {
        apply(Event::NodeAdded(node(name, 10_000, 64)), 0);
    }
    let busy = of_app("busy", "busy");
    let names = || (busy.namespace.clone(), busy.name.clone());
    apply(Event::PodAdded(busy.clone()), 0);
    let (namespace, name) = names();
    apply(Event::PodBound { namespace, name, node: "a".to_owned(), at_ms: 0 }, 0);
    for at_ms in (1..=60).map(|minute| minute * MINUTE) {
        let (namespace, name) = names();
        let sample = Sample { at_ms, window_ms: MINUTE, cpu_milli: 900, memory_bytes: 0 };
        apply(Event::PodSample { namespace, name, sample }, at_ms);
    }
    let pod = scheduler.add_pod(&cpu("probe", 1_000)).unwrap();
    (scheduler, pod)
}

/// Policies that scored, that abstained, and which stood in for which.
fn who(explanation: &Explanation) -> (Vec<&str>, Vec<&str>, Vec<(&str, &str)>) {
    let runs = || explanation.policies.iter();
    let scored = runs().filter(|run| run.scored).map(|run| &*run.policy).collect();
    let stale = runs().filter(|run| run.stale).map(|run| &*run.policy).collect();
    let standing_in = runs().filter_map(|run| Some((&*run.policy, run.standing_in_for.as_deref()?))).collect();
    (scored, stale, standing_in)
}

#[test]
fn a_policy_stands_in_once_samples_have_stopped() {
    let (mut scheduler, pod) = sampled(STANDING_IN);
    let fresh = scheduler.explain(pod, HOUR + 30 * MINUTE).unwrap();
    assert_eq!(who(&fresh), (vec!["ExpectedOverload"], vec![], vec![]));
    assert!(!scheduler.decide(pod, HOUR + 30 * MINUTE).unwrap().degraded);
    let stale = scheduler.explain(pod, HOUR + 31 * MINUTE).unwrap();
    assert_eq!(who(&stale), (vec!["NodeInfo"], vec!["ExpectedOverload"], vec![("NodeInfo", "ExpectedOverload")]));
    let decision = scheduler.decide(pod, HOUR + 31 * MINUTE).unwrap();
    assert!(decision.degraded);
    assert_eq!(scheduler.cluster().node_name(decision.row), Some("b"));
    assert!(scheduler.reserve(&decision, HOUR + 31 * MINUTE).is_ok());
}

#[test]
fn samples_that_come_again_end_it() {
    let (mut scheduler, pod) = sampled(STANDING_IN);
    assert!(scheduler.decide(pod, 3 * HOUR).unwrap().degraded);
    let sample = Sample { at_ms: 3 * HOUR, window_ms: MINUTE, cpu_milli: 900, memory_bytes: 0 };
    let event = Event::PodSample { namespace: "test".to_owned(), name: "busy".to_owned(), sample };
    scheduler.apply(&event, 3 * HOUR).unwrap();
    assert!(!scheduler.decide(pod, 3 * HOUR).unwrap().degraded);
}

#[test]
fn before_the_first_sample_nothing_is_stale() {
    let mut scheduler = scheduler(STANDING_IN);
    scheduler.apply(&Event::NodeAdded(node("a", 1_000, 64)), 0).unwrap();
    let pod = scheduler.add_pod(&cpu("probe", 1_000)).unwrap();
    assert!(!scheduler.decide(pod, 100 * HOUR).unwrap().degraded);
}

#[test]
fn what_stands_in_filters_only_then() {
    let text = STANDING_IN.replace("NodeInfo, weight: 1, config: {memoryWeight: 0}", "WaterLevel");
    let (mut scheduler, pod) = sampled(&text);
    // Nobody else looks at use: the requests of all pods on node `b` fit.
    for i in 0..8 {
        let full = cpu(&format!("full-{i}"), 1_000);
        scheduler.apply(&Event::PodAdded(full.clone()), HOUR).unwrap();
        let (namespace, name) = (full.namespace, full.name);
        let bound = Event::PodBound { namespace, name, node: "b".to_owned(), at_ms: HOUR };
        scheduler.apply(&bound, HOUR).unwrap();
    }
    assert_eq!(scheduler.decide(pod, HOUR).unwrap().feasible, 2);
    let later = scheduler.decide(pod, 2 * HOUR).unwrap();
    assert_eq!((later.feasible, later.degraded), (1, true));
}

#[test]
fn what_cannot_stand_in_is_refused_by_name() {
    let refused = |from: &str, to: &str| {
        let error = ProfileSet::from_text(&STANDING_IN.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains("line ") && error.contains("policies["), "{error}");
        error
    };
    let unknown = refused("standsInFor: ExpectedOverload", "standsInFor: Nobody");
    assert!(unknown.contains("`NodeInfo`: cannot stand in for `Nobody`, which the profile does not have"), "{unknown}");
    let itself = refused("standsInFor: ExpectedOverload", "standsInFor: NodeInfo");
    assert!(itself.contains("which is itself"), "{itself}");
    let twice = refused("weight: 0}", "weight: 0, standsInFor: NodeInfo}");
    assert!(twice.contains("stands in itself"), "{twice}");
}

#[test]
fn a_profile_that_names_one_that_stands_in_survives_being_written() {
    let set = ProfileSet::from_text(STANDING_IN).unwrap();
    let text = serde_json::to_string(&set).unwrap();
    assert!(text.contains(r#""standsInFor":"ExpectedOverload""#), "{text}");
    assert_eq!(ProfileSet::from_text(&text).unwrap(), set);
}
