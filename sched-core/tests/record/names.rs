//! A record without names runs again with the same decisions, and holds none of them.

use crate::common::generate::{NOW_MS, any_profile, config, scenario};
use crate::history::{Recorded, history, rerun};
use proptest::prelude::*;
use sched_core::record::{Record, RecordOptions, Recorder, Rerun, RerunOptions};
use sched_core::{Event, NodeSpec, Owner, PodSpec, PodTemplate, ProfileSet};

/// A record with names, one that never had any, and the first without them.
fn three(recorded: impl Fn(RecordOptions) -> Recorded) -> [Vec<u8>; 3] {
    let named = recorded(RecordOptions::default()).bytes;
    let nameless = recorded(RecordOptions { anonymise: true, ..RecordOptions::default() }).bytes;
    let without = Record::open(&named).expect("a record").anonymised().expect("what can be replaced");
    assert_eq!(without.damage, None);
    [named, nameless, without.bytes]
}

/// What does not depend on names.
fn counts(rerun: &Rerun) -> (u64, u64, u64) {
    (rerun.decisions, rerun.recorded_placed, rerun.placed)
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn a_history_without_names_reruns_to_the_same_decisions(
        history in history(), profile in any_profile(), seed: u64,
    ) {
        let records = three(|options| Recorded::under(&profile, seed, options).history(&history));
        let [named, others @ ..] = records.map(|bytes| rerun(&bytes).0);
        for other in others {
            prop_assert!(other.is_equal(), "{:?}", other);
            prop_assert_eq!(counts(&other), counts(&named));
        }
    }

    #[test]
    fn a_cluster_without_names_reruns_to_the_same_decisions(
        scenario in scenario(10), profile in any_profile(), seed: u64,
    ) {
        let records = three(|options| Recorded::under(&profile, seed, options).scenario(&scenario, NOW_MS));
        let [named, others @ ..] = records.map(|bytes| rerun(&bytes).0);
        for other in others {
            prop_assert!(other.is_equal(), "{:?}", other);
            prop_assert_eq!(counts(&other), counts(&named));
        }
    }
}

const PROFILE: &str = "profiles:
- name: secret-profile
  policies:
  - name: NodeResourcesFit
    weight: 1
  - name: NodeAffinity
    config:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms:
          - matchExpressions: [{key: secret-key, operator: In, values: [secret-value]}]
  - name: HybridUnschedulable
    config:
      resources: [batch-cpu]
      marks: [{nodeSelector: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [secret-node]}]}]}, reason: secret-reason}]
      exempt: [{matchLabels: {secret-label: secret-team}}]
";

#[test]
fn no_name_is_left() {
    let profile = ProfileSet::from_text(PROFILE).unwrap().profiles.remove(0);
    let recorded = |options| {
        let mut recorder = Recorder::new(&profile, 7, options).unwrap();
        for name in ["secret-node", "secret-other"] {
            let labels = [("secret-key".into(), "secret-value".into()), ("kubernetes.io/hostname".into(), name.into())];
            let allocatable = [("cpu".into(), 8_000), ("memory".into(), 8 << 30), ("pods".into(), 9)].into();
            let node = NodeSpec { name: name.into(), labels: labels.into(), allocatable, ..NodeSpec::default() };
            recorder.apply(&Event::NodeAdded(node), 0).unwrap();
        }
        let template = PodTemplate {
            labels: [("secret-label".into(), "secret-team".into())].into(),
            node_selector: [("kubernetes.io/hostname".into(), "secret-other".into())].into(),
            owner: Some(Owner { kind: "SecretSet".into(), name: "secret-owner".into() }),
            volumes: vec!["secret-claim".into()],
            ..PodTemplate::default()
        };
        let pod = PodSpec { namespace: "secret-space".into(), name: "secret-pod".into(), template, terminating: false };
        let id = recorder.add_pod(&pod).unwrap();
        recorder.schedule(id, 1_000).unwrap();
        Recorded::new(recorder).taken()
    };
    let [named, others @ ..] = three(recorded);
    let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text));
    assert!(has(&named, b"secret"), "so short a record is not packed much, and the search finds what is there");
    for bytes in others {
        assert!(!has(&bytes, b"secret") && has(&bytes, b"hostname"));
        let record = Record::open(&bytes).unwrap();
        assert_eq!((record.header().anonymised, record.header().seed), (true, 0));
        let rerun = record.rerun(&mut record.scheduler().unwrap(), RerunOptions::default()).unwrap();
        assert!(rerun.is_equal() && rerun.placed == 1, "{rerun:?}");
        let again = record.anonymised().unwrap().bytes;
        assert!(rerun.is_equal() && crate::history::rerun(&again).0.is_equal());
    }
}
