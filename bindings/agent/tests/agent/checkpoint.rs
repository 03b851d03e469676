//! The checkpoint: torn, foreign, and at odds with the tree.

use crate::common::{Bench, Folder, node, topology, wish};
use proptest::prelude::*;
use sched_agent::{Adopt, Saved, StateError, Store};

fn saved() -> (Folder, String) {
    let folder = Folder::new();
    Store::open(folder.join("c")).unwrap().save(&Saved { at_ms: 7, ..Saved::default() }).unwrap();
    let text = std::fs::read_to_string(folder.join("c")).unwrap();
    (folder, text)
}

fn loaded(bytes: &[u8]) -> Result<Option<Saved>, StateError> {
    let folder = Folder::new();
    std::fs::write(folder.join("c"), bytes).unwrap();
    Store::read_only(folder.join("c")).load()
}

#[test]
fn what_was_saved_is_loaded_and_nothing_else_lies_there() {
    let (folder, _) = saved();
    assert_eq!(Store::read_only(folder.join("c")).load().unwrap().unwrap().at_ms, 7);
    let mut names: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["c", "c.lock"]);
    assert!(Store::read_only(folder.join("none")).load().unwrap().is_none());
}

proptest! {
    #[test]
    fn a_checkpoint_that_lost_or_changed_a_byte_is_torn(at in any::<prop::sample::Index>(), with in proptest::option::of(any::<u8>())) {
        let (_folder, text) = saved();
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        match with {
            None => bytes.truncate(at),
            Some(byte) => bytes[at] = byte,
        }
        prop_assume!(bytes != text.as_bytes());
        let refused = loaded(&bytes);
        prop_assert!(matches!(refused, Err(StateError::Torn { .. } | StateError::Version { .. })), "{refused:?}");
    }
}

#[test]
fn a_checkpoint_of_another_version_is_named() {
    let (_folder, text) = saved();
    let error = loaded(text.replacen(" 1 ", " 2 ", 1).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("is of version 2, this agent reads 1"), "{error}");
}

#[test]
fn a_checkpoint_belongs_to_one_agent_at_a_time() {
    let folder = Folder::new();
    let first = Store::open(folder.join("c")).unwrap();
    assert!(matches!(Store::open(folder.join("c")), Err(StateError::InUse { .. })));
    drop(first);
    // A process that another test has just begun to start holds every lock of this one for a moment.
    while matches!(Store::open(folder.join("c")), Err(StateError::InUse { .. })) {
        std::thread::yield_now();
    }
}

/// A node with a container that somebody has moved.
fn meddled() -> (Bench, [crate::common::Wish; 2]) {
    let mut bench = Bench::new(topology(4, 1));
    let wishes = [wish("web", "LS", 0), wish("trading", "LSX", 2)];
    bench.settle(&wishes);
    bench.tree.set("kubepods/trading", "cpuset.cpus", "4-5");
    bench.tree.set("kubepods/burstable/web", "cpuset.cpus", "0-3,6-7");
    for around in ["kubepods/burstable", "kubepods/besteffort"] {
        bench.tree.set(around, "cpuset.cpus", "0-3,6-7");
    }
    bench.tree.done.clear();
    (bench, wishes)
}

#[test]
fn a_tree_that_disagrees_is_named_and_not_written() {
    let (mut bench, wishes) = meddled();
    let (report, done) = bench.round(&node(&wishes, ""), None);
    let text = done.unwrap_err().to_string();
    assert!(text.contains("`trading` is on 4-5, written was 0-1, `web` is on 0-3,6-7, written was 2-7"), "{text}");
    assert!(text.contains("--adopt tree"), "{text}");
    assert_eq!((report.changes.len(), bench.tree.done.len()), (0, 0));
}

#[test]
fn adopting_the_tree_leaves_everybody_where_they_are() {
    let (mut bench, wishes) = meddled();
    let (report, done) = bench.round(&node(&wishes, ""), Some(Adopt::Tree));
    done.unwrap();
    assert_eq!(report.changes, []);
    bench.round(&node(&wishes, ""), None).1.unwrap();
    assert_eq!((bench.cpus(&wishes[0]), bench.cpus(&wishes[1])), ("0-3,6-7".into(), "4-5".into()));
}

#[test]
fn adopting_the_checkpoint_brings_everybody_back_safely() {
    let (mut bench, wishes) = meddled();
    bench.round(&node(&wishes, ""), Some(Adopt::Checkpoint)).1.unwrap();
    assert_eq!((bench.cpus(&wishes[0]), bench.cpus(&wishes[1])), ("2-7".into(), "0-1".into()));
    assert_eq!(bench.tree.wrong, None);
}

#[test]
fn without_a_checkpoint_or_with_a_torn_one_the_tree_is_taken_over() {
    let mut bench = Bench::new(topology(8, 1));
    // Best effort is limited to less than the shared pool.
    let wishes = [wish("web", "LS", 0), wish("trading", "LSX", 4), wish("batch", "BE", 0)];
    bench.settle(&wishes);
    assert_eq!((bench.cpus(&wishes[0]), bench.cpus(&wishes[2])), ("4-15".into(), "4-10".into()));
    bench.tree.done.clear();
    std::fs::write(bench.folder.join("checkpoint"), "torn").unwrap();
    let torn = bench.round(&node(&wishes, ""), None).1.unwrap_err().to_string();
    assert!(torn.contains("is torn: it has no first line; `--adopt tree`"), "{torn}");
    bench.round(&node(&wishes, ""), Some(Adopt::Tree)).1.unwrap();
    std::fs::remove_file(bench.folder.join("checkpoint")).unwrap();
    bench.round(&node(&wishes, ""), None).1.unwrap();
    assert_eq!(bench.tree.done, []);
}

#[test]
fn a_checkpoint_with_cpus_that_went_offline_is_named() {
    let mut bench = Bench::new(topology(4, 1));
    let wishes = [wish("web", "LS", 0), wish("trading", "LSX", 2)];
    bench.settle(&wishes);
    let mut table = sched_core::cpuset::TopologyTable::default();
    let place = |cpu: u16| sched_core::cpuset::CpuPlace { cpu, core: (cpu / 2).into(), uncore: 0, numa: 0, socket: 0 };
    table.cpus = (1..8).map(place).collect();
    bench.tree.topology = std::sync::Arc::new(sched_core::cpuset::Topology::new(&table).unwrap());
    let text = bench.round(&node(&wishes, ""), None).1.unwrap_err().to_string();
    assert!(
        text.starts_with("the checkpoint no longer fits the machine")
            && text.ends_with("cpus 0 are not online on this machine"),
        "{text}"
    );
}
