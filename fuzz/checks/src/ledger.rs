//! Lines from which a ledger is restored.

#![allow(clippy::unwrap_used, reason = "what is refused here is a finding, and a check that fails panics")]

use sched_core::{Event, HoldSpec, LedgerOp, NodeSpec, OwnerTerm, PodSpec, ProfileSet, RestoreError, Scheduler};

/// Any bytes are no lines of a ledger, or some that are restored as far as they make sense; the same bytes as the contents of
/// lines whose versions and checksums are right. The ledger is clean afterwards, and stays so.
pub fn ledger(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    restore(&text);
    restore(&sealed(&text));
}

fn sealed(text: &str) -> String {
    let line = |json: &str| format!("{} {:08x} {json}\n", sched_core::LEDGER_VERSION, crc32fast::hash(json.as_bytes()));
    text.lines().map(line).collect()
}

fn restore(lines: &str) -> Vec<RestoreError> {
    let mut scheduler = scheduler();
    let errors = scheduler.restore(lines, 1_000).unwrap();
    assert!(errors.iter().all(|error| !error.to_string().is_empty()), "an error says nothing");
    scheduler.audit().unwrap();
    let again = scheduler.cluster().ledger_records().join("\n");
    let twice = scheduler.restore(&again, 1_000).unwrap();
    assert_eq!(twice.len(), scheduler.cluster().ledger().len(), "{twice:?}");
    for name in ["a", "b"] {
        scheduler.apply(&Event::PodRemoved { namespace: "default".to_owned(), name: name.to_owned() }, 2_000).unwrap();
        scheduler.audit().unwrap();
    }
    scheduler.tick(1 << 52).unwrap();
    scheduler.audit().unwrap();
    scheduler.apply(&Event::NodeRemoved { name: "node".to_owned() }, 1 << 52).unwrap();
    scheduler.audit().unwrap();
    errors
}

/// Two nodes, a pod that runs and one that is about to leave, and a hold.
fn scheduler() -> Scheduler {
    let profiles = ProfileSet::builtin();
    let mut scheduler = Scheduler::new(profiles.get("kube-default").unwrap(), 7).unwrap();
    for name in ["node", "other"] {
        let allocatable = [("cpu", 8_000), ("memory", 1 << 34), ("pods", 4)];
        let allocatable = allocatable.map(|(name, amount)| (name.to_owned(), amount)).into();
        let node = NodeSpec { name: name.to_owned(), allocatable, ..NodeSpec::default() };
        scheduler.apply(&Event::NodeAdded(node), 0).unwrap();
    }
    for (name, terminating) in [("a", false), ("b", true)] {
        let [namespace, name, node] = ["default", name, "node"].map(str::to_owned);
        let mut pod = PodSpec { namespace: namespace.clone(), name: name.clone(), terminating, ..PodSpec::default() };
        let requests = [("cpu".to_owned(), 1_000)].into();
        pod.template.containers.push(sched_core::Container { requests, ..sched_core::Container::default() });
        scheduler.apply(&Event::PodAdded(pod), 0).unwrap();
        scheduler.apply(&Event::PodBound { namespace, name, node, at_ms: 0 }, 0).unwrap();
    }
    let held = HoldSpec {
        name: "there".to_owned(),
        node: Some("node".to_owned()),
        amounts: [("cpu".to_owned(), 500)].into(),
        owners: vec![OwnerTerm::pod("default", "c")],
        ..HoldSpec::default()
    };
    scheduler.operate(&LedgerOp::Hold(held), 0).unwrap();
    scheduler
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_ledger_is_restored_whole() {
        let good = include_str!("../../seeds/ledger/good.jsonl");
        assert_eq!(restore(&sealed(good)), []);
    }
}
