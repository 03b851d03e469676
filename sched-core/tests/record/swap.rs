//! Policies that are replaced while a record is made.

use crate::history::rerun;
use sched_core::record::{Record, RecordError, RecordOptions, Recorder, RerunOptions};
use sched_core::{Container, Event, NodeSpec, PodSpec, PodTemplate, PolicyConfig, ProfileSet};

const PROFILE: &str = "profiles:
- name: p
  policies:
  - name: NodeResourcesFit
    weight: 1
    config: {scoringStrategy: {type: LeastAllocated}}
";

/// Two pods are placed, the second after the policy was replaced; on which nodes, and the record.
fn recorded(named: bool) -> ([String; 2], Vec<u8>) {
    let profile = |text: &str| ProfileSet::from_text(text).unwrap().profiles.remove(0);
    let (least, most) = (profile(PROFILE), profile(&PROFILE.replace("Least", "Most")));
    let mut recorder = Recorder::new(&least, 0, RecordOptions::default()).unwrap();
    for (name, cpu) in [("small", 2_000), ("large", 8_000)] {
        let allocatable = [("cpu".into(), cpu), ("memory".into(), cpu << 20), ("pods".into(), 110)].into();
        let node = NodeSpec { name: name.into(), allocatable, ..NodeSpec::default() };
        recorder.apply(&Event::NodeAdded(node), 0).unwrap();
    }
    let place = |recorder: &mut Recorder, name: &str| {
        let containers = vec![Container { requests: [("cpu".into(), 500)].into(), ..Container::default() }];
        let template = PodTemplate { containers, ..PodTemplate::default() };
        let pod = PodSpec { namespace: "default".into(), name: name.into(), template, terminating: false };
        let pod = recorder.add_pod(&pod).unwrap();
        let decision = recorder.schedule(pod, 0).unwrap();
        recorder.cluster().node_name(decision.row).unwrap().to_owned()
    };
    let first = place(&mut recorder, "first");
    let config: &PolicyConfig = &most.policies[0].config;
    recorder.swap_policy(config.build(), named.then_some(config)).unwrap();
    let second = place(&mut recorder, "second");
    ([first, second], recorder.take())
}

#[test]
fn a_policy_of_the_library_is_replaced_again() {
    let (nodes, bytes) = recorded(true);
    assert_eq!(nodes, ["large", "small"]);
    let result = rerun(&bytes).0;
    assert!(result.is_equal() && result.placed == 2, "{result:?}");
    let without = Record::open(&bytes).unwrap().anonymised().unwrap().bytes;
    assert!(rerun(&without).0.is_equal());
}

#[test]
fn one_that_is_not_known_is_an_error_unless_other_policies_are_asked() {
    let (_, bytes) = recorded(false);
    let record = Record::open(&bytes).unwrap();
    let rerun = |options| record.rerun(&mut record.scheduler().unwrap(), options);
    let error = rerun(RerunOptions::default()).unwrap_err();
    assert!(matches!(error, RecordError::Contradiction { .. }), "{error}");
    let other = rerun(RerunOptions::other_policies()).unwrap();
    assert_eq!((other.decisions, other.different), (2, 1), "least allocated takes the large node twice");
}
