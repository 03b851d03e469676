//! A record of each format that was ever written still reads: the fixture of a format is never written anew.

use crate::history::rerun;
use sched_core::record::{FORMAT_VERSION, Record, RecordOptions, Recorder};
use sched_core::{
    Container, Event, GangRole, GangSpec, HoldRules, HoldSpec, HostPort, LedgerOp, Mark, NodeImage, NodeSpec, Owner,
    OwnerTerm, PodSpec, PodTemplate, ProfileSet, Protocol, Sample, Taint, TaintEffect, Toleration,
};
use std::path::PathBuf;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/record/format-{FORMAT_VERSION}.schedlog"))
}

fn pod(name: &str, cpu: i64) -> PodSpec {
    let container = Container {
        requests: [("cpu".into(), cpu)].into(),
        image: "app:v1".into(),
        host_ports: vec![HostPort { port: 80, protocol: Protocol::Tcp, ip: String::new() }],
        ..Container::default()
    };
    let template = PodTemplate {
        labels: [("app".into(), "web".into())].into(),
        containers: vec![container],
        tolerations: vec![Toleration { key: "dedicated".into(), ..Toleration::default() }],
        owner: Some(Owner { kind: "Deployment".into(), name: "web".into() }),
        priority: -1,
        ..PodTemplate::default()
    };
    PodSpec { namespace: "default".into(), name: name.into(), template, terminating: false }
}

/// One of every entry, with something in most fields.
fn recorded() -> Vec<u8> {
    let profiles = ProfileSet::builtin();
    let mut profile = profiles.get("recommended").unwrap().clone();
    // As the profile was when the fixture was written.
    profile.policies.retain(|entry| entry.stands_in_for.is_none());
    let mut recorder = Recorder::new(&profile, 42, RecordOptions::default()).unwrap();
    let node = |name: &str, cpu| NodeSpec {
        name: name.into(),
        labels: [("zone".into(), "a".into())].into(),
        taints: vec![Taint { key: "spot".into(), value: String::new(), effect: TaintEffect::PreferNoSchedule }],
        allocatable: [("cpu".into(), cpu), ("memory".into(), 8 << 30), ("pods".into(), 110)].into(),
        images: vec![NodeImage { names: vec!["app:v1".into()], size_bytes: 1 << 29 }],
        ..NodeSpec::default()
    };
    let apply = |recorder: &mut Recorder, event, now_ms| recorder.apply(&event, now_ms).unwrap();
    for (name, cpu) in [("a", 2_000), ("b", 4_000), ("c", 4_000)] {
        apply(&mut recorder, Event::NodeAdded(node(name, cpu)), 1_000_000);
    }
    apply(&mut recorder, Event::NodeChanged(node("b", 8_000)), 1_000_500);
    apply(&mut recorder, Event::NodeRemoved { name: "c".into() }, 1_000_600);
    let sample = Sample { at_ms: 1_000_000, window_ms: 60_000, cpu_milli: 1_500, memory_bytes: 1 << 30 };
    apply(&mut recorder, Event::NodeSample { name: "a".into(), sample }, 1_060_000);
    let mark = Mark { reason: "slow disk".into(), from_ms: Some(5), until_ms: None };
    apply(&mut recorder, Event::Marked { name: "b".into(), mark: Some(mark) }, 1_060_000);
    for (name, cpu) in [("one", 500), ("two", 500), ("large", 100_000)] {
        let id = recorder.add_pod(&pod(name, cpu)).unwrap();
        let _ = recorder.schedule(id, 1_061_000);
    }
    let names = || ("default".to_owned(), "three".to_owned());
    let (namespace, name) = names();
    apply(&mut recorder, Event::PodAdded(pod("three", 200)), 1_062_000);
    let three = recorder.cluster().pod_id(&namespace, &name).unwrap();
    let decision = recorder.decide(three, 1_062_000);
    assert!(decision.is_err(), "both nodes have port 80 taken");
    let mut free = pod("three", 200);
    free.template.containers[0].host_ports.clear();
    apply(&mut recorder, Event::PodChanged(free), 1_063_000);
    let decision = recorder.decide(three, 1_063_000).unwrap();
    recorder.reserve(&decision, 1_063_000).unwrap();
    recorder.rollback(three).unwrap();
    recorder.explain(three, 1_064_000).unwrap();
    apply(&mut recorder, Event::PodBound { namespace, name, node: "a".into(), at_ms: 1_064_000 }, 1_065_000);
    let (namespace, name) = names();
    apply(
        &mut recorder,
        Event::PodSample { namespace, name, sample: Sample { at_ms: 1_065_000, ..sample } },
        1_070_000,
    );
    let (namespace, name) = names();
    apply(&mut recorder, Event::PodRemoved { namespace, name }, 1_080_000);
    recorder.tick(1_400_000).unwrap();
    hold(&mut recorder);
    recorder.take()
}

/// Every call of the ledger, on what there is by then.
fn hold(recorder: &mut Recorder) {
    let amounts: sched_core::Resources = [("cpu".to_owned(), 1_000)].into();
    let owners = vec![OwnerTerm::controller("default", "Deployment", "web")];
    let spec = HoldSpec { name: "sale".into(), amounts, owners, expires_ms: Some(2_000_000), ..HoldSpec::default() };
    recorder.operate(&LedgerOp::Hold(spec), 1_400_000).unwrap();
    let rules = HoldRules::from_text("guards: [{name: new, nodes: {pool: new}, admit: [{namespace: sale}]}]").unwrap();
    recorder.operate(&LedgerOp::Configure(rules), 1_400_000).unwrap();
    let lines = recorder.cluster().ledger_records().join("\n");
    assert_eq!(recorder.restore(&lines, 1_400_000).unwrap().len(), 1, "it is there already");
    for gang in ["first", "second"] {
        let shapes = vec![GangRole { name: "worker".into(), min_members: 1 }];
        let spec = GangSpec { name: gang.into(), roles: shapes, topology: vec!["zone".into()], wait_ms: 60_000 };
        recorder.open_gang(&spec, 1_400_000).unwrap();
        let mut worker = pod(gang, 100);
        worker.template.containers[0].host_ports.clear();
        let worker = recorder.add_pod(&worker).unwrap();
        recorder.decide_gang(gang, &[("worker", worker)], 1_400_000).unwrap();
        recorder.reserve_gang(gang, &[("worker", worker)], 1_400_000).unwrap();
    }
    recorder.commit_gang("first", 1_401_000).unwrap();
    recorder.rollback_gang("second").unwrap();
    assert!(recorder.decide_gang("first", &[], 1_401_000).is_ok());
    recorder.operate(&LedgerOp::Release { name: "sale".into() }, 1_401_000).unwrap();
}

#[test]
fn records_of_the_first_format_still_run() {
    let path = path().with_file_name("format-1.schedlog");
    let rerun = rerun(&std::fs::read(path).unwrap()).0;
    assert!(rerun.is_equal() && rerun.damage.is_none(), "{rerun:?}");
}

#[test]
fn the_fixture_of_this_format_reads_and_reruns() {
    let bytes = std::fs::read(path()).unwrap();
    let rerun = rerun(&bytes).0;
    assert!(rerun.is_equal() && rerun.damage.is_none(), "{rerun:?}");
    assert_eq!((rerun.decisions, rerun.placed, rerun.from_ms, rerun.until_ms), (5, 3, 1_000_000, 1_401_000));
    let header = Record::open(&bytes).unwrap().header().clone();
    let now = recorded();
    let now = Record::open(&now).unwrap();
    assert_eq!((&header.policies, header.seed), (&now.header().policies, 42));
    assert_eq!(crate::history::rerun(&recorded()).0.entries, rerun.entries);
}

#[test]
#[ignore = "writes the fixture of a new format"]
fn write_the_fixture() {
    assert!(!path().exists(), "raise FORMAT_VERSION instead");
    std::fs::write(path(), recorded()).unwrap();
}
