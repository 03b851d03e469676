//! Writes that are refused: at any moment, by any error, whatever the containers are.

use crate::common::{Bench, Wish, node, topology};
use crate::kernel::{EACCES, EBUSY, EINVAL, ENOENT};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use sched_agent::AgentError;
use sched_core::cpuset::{PoolConfig, Pools};
use std::sync::Arc;

/// One thing that happens on a node.
#[derive(Clone, Debug)]
enum Event {
    Comes {
        qos: &'static str,
        cpus: u16,
    },
    Ends(Index),
    Wants {
        who: Index,
        cpus: u16,
    },
    /// The online classes use so much CPU, tenths of the machine.
    Busy(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let class = select(vec![("LSX", true), ("LSR", true), ("LS", false), ("LS", true), ("BE", false), ("OT", false)]);
    prop_oneof![
        5 => (class, 1_u16..5).prop_map(|((qos, own), cpus)| Event::Comes { qos, cpus: if own { cpus } else { 0 } }),
        2 => any::<Index>().prop_map(Event::Ends),
        2 => (any::<Index>(), 1_u16..5).prop_map(|(who, cpus)| Event::Wants { who, cpus }),
        1 => (0_u64..9).prop_map(Event::Busy),
    ]
}

/// Which write is refused, and how.
fn fault() -> impl Strategy<Value = Option<(usize, i32)>> {
    proptest::option::weighted(0.8, (0_usize..14, select(vec![EBUSY, EINVAL, ENOENT, EACCES])))
}

fn happen(event: &Event, number: usize, wishes: &mut Vec<Wish>, bench: &mut Bench) {
    bench.now_ms += 10_000;
    match event {
        Event::Comes { qos, cpus } => wishes.push(Wish { name: format!("c{number}"), qos, cpus: *cpus }),
        Event::Ends(who) if !wishes.is_empty() => {
            let gone = wishes.remove(who.index(wishes.len()));
            bench.tree.groups.remove(&gone.group());
        }
        Event::Wants { who, cpus } if !wishes.is_empty() => {
            let at = who.index(wishes.len());
            if wishes[at].cpus > 0 {
                wishes[at].cpus = *cpus;
            }
        }
        Event::Busy(tenths) => {
            if let Some(online) = wishes.iter().find(|wish| wish.qos == "LS") {
                let group = online.group();
                let used = tenths * 16 * bench.now_ms * 100;
                bench.tree.set(&group, "cpu.stat", &format!("usage_usec {used}"));
            }
        }
        Event::Ends(_) | Event::Wants { .. } => {}
    }
    bench.make(wishes);
}

/// What the checkpoint says that everybody runs on, computed by the library from its plain data.
fn goals(bench: &Bench) -> Vec<(String, String)> {
    let saved = bench.store().load().unwrap().unwrap();
    let mut pools =
        Pools::restore(Arc::clone(&bench.tree.topology), PoolConfig::default(), saved.members.clone()).unwrap();
    pools.limit_best_effort(saved.best_effort_limit).unwrap();
    pools.bindings().into_iter().map(|(name, goal)| (saved.cgroups[name].clone(), goal.cpus.to_string())).collect()
}

/// What happens, and the faults of the rounds after it: which write, with what error.
type Day = (Event, Vec<Option<(usize, i32)>>);

fn check(events: &[Day]) -> Result<usize, TestCaseError> {
    let mut bench = Bench::new(topology(8, 2));
    let mut wishes = Vec::new();
    let mut stops = 0;
    for (number, (event, faults)) in events.iter().enumerate() {
        happen(event, number, &mut wishes, &mut bench);
        for fault in faults.iter().copied().chain([None]) {
            bench.tree.refuse = fault;
            // Each round is a new agent: what it knows is the checkpoint and the tree.
            let (report, done) = bench.round(&node(&wishes, ""), None);
            prop_assert!(bench.tree.wrong.is_none(), "{}", bench.tree.wrong.as_deref().unwrap_or_default());
            let written = report.changes.len();
            match done {
                Err(AgentError::Stopped(stopped)) => {
                    prop_assert!(
                        fault.is_some() && bench.tree.refuse.is_none(),
                        "the tree refused by itself: {stopped}"
                    );
                    prop_assert!(stopped.done <= written && stopped.done < stopped.of);
                    stops += 1;
                }
                Ok(()) | Err(AgentError::Refused(_)) => {}
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
        }
        bench.tree.refuse = None;
        for (group, cpus) in goals(&bench) {
            if bench.tree.groups.contains_key(&group) {
                prop_assert_eq!(bench.tree.says(&group, "cpuset.cpus"), cpus.as_str(), "{}", group);
                bench.tree.start(&group);
            }
        }
        let before = bench.tree.done.len();
        let (report, done) = bench.round(&node(&wishes, ""), None);
        prop_assert_eq!(bench.tree.done.len(), before, "a round after the last one writes {} ({:?})", report, done);
    }
    Ok(stops)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_write_fails_the_next_rounds_reach_the_goal_and_nobody_is_hurt_on_the_way(
        events in prop::collection::vec((event(), prop::collection::vec(fault(), 0..3)), 1..12)
    ) {
        check(&events)?;
    }
}

#[test]
fn a_refused_write_stops_the_plan_there_and_says_what_was_done() {
    let mut bench = Bench::new(topology(4, 1));
    let (web, batch) = (crate::common::wish("web", "LS", 0), crate::common::wish("batch", "BE", 0));
    bench.settle(&[web.clone(), batch.clone()]);
    let all = [web.clone(), batch, crate::common::wish("trading", "LSX", 2)];
    bench.make(&all);
    bench.tree.refuse = Some((2, EBUSY));
    let (report, done) = bench.round(&node(&all, ""), None);
    let text = done.unwrap_err().to_string();
    let written: Vec<&str> = report.changes.iter().map(|change| change.cgroup.as_str()).collect();
    assert_eq!(written.len(), 2, "{written:?}");
    assert!(text.starts_with("cannot write `2-7` to cpuset.cpus of `kubepods/"), "{text}");
    assert!(text.contains("Resource busy") || text.contains("Device or resource busy"), "{text}");
    assert!(
        text.contains("2 of ") && text.ends_with("changes are done and stay, the next round goes on from there"),
        "{text}"
    );
    let (rest, done) = bench.round(&node(&all, ""), None);
    done.unwrap();
    let again = rest.changes.iter().filter(|change| report.changes.contains(change)).count();
    assert_eq!(again, 0, "what was done is not written again");
    assert_eq!(bench.cpus(&all[2]), "0-1");
}

#[test]
fn a_group_that_vanishes_under_a_plan_stops_it_and_is_named() {
    let mut bench = Bench::new(topology(4, 1));
    let all = [crate::common::wish("web", "LS", 0), crate::common::wish("trading", "LSX", 2)];
    bench.make(&all);
    bench.tree.groups.get_mut("kubepods/trading").unwrap().files.remove("cpuset.mems");
    let text = bench.round(&node(&all, ""), None).1.unwrap_err().to_string();
    assert!(
        text.starts_with("cannot read cpuset.mems of `kubepods/trading`: ") && text.contains("the group has gone"),
        "{text}"
    );
    bench.tree.groups.remove("kubepods/trading");
    let text = bench.round(&node(&all, ""), None).1.unwrap_err().to_string();
    assert!(text.contains("control group `kubepods/trading` of container `trading` is not there"), "{text}");
}
