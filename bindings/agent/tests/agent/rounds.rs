//! Rounds without faults: containers come, go and change, agents restart.

use crate::common::{Bench, everything, node, topology, wish};
use sched_agent::{AgentError, DryRun, Report, Round, Store, round};
use std::sync::Arc;

#[test]
fn a_container_that_wants_cores_alone_gets_them_after_the_others_left() {
    let mut bench = Bench::new(topology(4, 1));
    let (web, batch, trading) = (wish("web", "LS", 0), wish("batch", "BE", 0), wish("trading", "LSX", 2));
    bench.settle(&[web.clone(), batch.clone()]);
    assert_eq!((bench.cpus(&web), bench.cpus(&batch)), ("0-7".into(), "0-7".into()));
    let report = bench.settle(&[web.clone(), batch.clone(), trading.clone()]);
    assert_eq!(
        (bench.cpus(&trading), bench.cpus(&web), bench.cpus(&batch)),
        ("0-1".into(), "2-7".into(), "2-7".into())
    );
    let lines: Vec<String> = report.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines.last().unwrap(),
        "set cpuset.mems of `kubepods/trading` to `0` because LSX has 2 cpus on cores of its own (step 2 `trading` from its start)"
    );
    assert_eq!(bench.tree.wrong, None);
}

#[test]
fn a_second_agent_writes_nothing_where_nothing_changed() {
    let mut bench = Bench::new(topology(8, 2));
    let wishes = [wish("web", "LS", 0), wish("db", "LSR", 4), wish("batch", "BE", 0), wish("over", "OT", 0)];
    bench.settle(&wishes);
    // Offers begin to move with the second round.
    bench.settle(&wishes);
    let (before, checkpoint) = (everything(&bench.tree), std::fs::metadata(bench.folder.join("checkpoint")).unwrap());
    bench.tree.tried = 0;
    let (report, done) = bench.round(&node(&wishes, ""), None);
    done.unwrap();
    assert_eq!((bench.tree.tried, report.changes.len()), (0, 0));
    assert_eq!(everything(&bench.tree), before);
    let after = std::fs::metadata(bench.folder.join("checkpoint")).unwrap();
    assert_eq!(after.modified().unwrap(), checkpoint.modified().unwrap(), "the checkpoint is not written again either");
}

#[test]
fn groups_around_containers_are_kept_as_wide_as_what_is_in_them() {
    let mut bench = Bench::new(topology(4, 2));
    let wishes = [wish("batch", "BE", 0), wish("trading", "LSX", 4)];
    bench.settle(&wishes);
    assert_eq!(bench.tree.says("kubepods/besteffort", "cpuset.cpus"), "4-7");
    assert_eq!(bench.tree.says("kubepods/besteffort", "cpuset.mems"), "1");
    assert_eq!(bench.tree.says("kubepods", "cpuset.cpus"), "0-7");
    // Somebody who starts there is nowhere near the exclusive cores.
    bench.tree.mkdir("kubepods/besteffort/new");
    assert_eq!(bench.tree.granted(Some("kubepods/besteffort/new"), "cpuset.cpus").to_string(), "4-7");
}

#[test]
fn cpus_of_a_container_that_ended_go_to_the_others() {
    let mut bench = Bench::new(topology(4, 2));
    let (web, trading) = (wish("web", "LS", 0), wish("trading", "LSX", 4));
    bench.settle(&[web.clone(), trading.clone()]);
    assert_eq!(bench.cpus(&web), "4-7");
    bench.tree.groups.remove(&trading.group());
    bench.settle(std::slice::from_ref(&web));
    assert_eq!(bench.cpus(&web), "0-7");
}

#[test]
fn cpus_of_a_container_that_still_runs_are_kept_though_it_is_no_longer_described() {
    let mut bench = Bench::new(topology(4, 2));
    let (web, trading) = (wish("web", "LS", 0), wish("trading", "LSX", 4));
    bench.settle(&[web.clone(), trading.clone()]);
    let (_, done) = bench.round(&node(std::slice::from_ref(&web), ""), None);
    assert_eq!(
        done.unwrap_err().to_string(),
        "container `trading` is not in the description, and `kubepods/trading` has processes: end them, or put it back"
    );
    assert_eq!(bench.cpus(&web), "4-7");
}

#[test]
fn a_container_that_wants_more_is_moved_without_being_left_alone() {
    let mut bench = Bench::new(topology(8, 2));
    let (web, db) = (wish("web", "LS", 0), wish("db", "LSX", 2));
    bench.settle(&[web.clone(), db.clone()]);
    bench.settle(&[web.clone(), wish("db", "LSX", 6)]);
    assert_eq!(bench.tree.says("kubepods/db", "cpuset.cpus").parse::<sched_core::cpuset::CpuSet>().unwrap().len(), 6);
    assert_eq!(bench.tree.wrong, None);
}

#[test]
fn one_that_does_not_fit_is_named_and_the_others_are_served() {
    let mut bench = Bench::new(topology(4, 1));
    let (web, huge, small) = (wish("web", "LS", 0), wish("huge", "LSX", 8), wish("small", "LSX", 2));
    bench.make(&[web.clone(), huge.clone(), small.clone()]);
    let (report, done) = bench.round(&node(&[web.clone(), huge.clone(), small.clone()], ""), None);
    let error = done.unwrap_err();
    assert!(matches!(error, AgentError::Refused(_)) && error.passing());
    assert!(error.to_string().starts_with("container `huge`: "), "{error}");
    assert_eq!((bench.cpus(&small), bench.cpus(&web), bench.cpus(&huge)), ("0-1".into(), "2-7".into(), String::new()));
    assert_eq!(report.refused.len(), 1);
}

#[test]
fn a_dry_run_says_in_order_what_a_run_then_writes_and_touches_nothing() {
    let mut bench = Bench::new(topology(4, 2));
    bench.settle(&[wish("web", "LS", 0), wish("batch", "BE", 0)]);
    let wishes = [wish("web", "LS", 0), wish("batch", "BE", 0), wish("trading", "LSX", 2), wish("db", "LSR", 2)];
    bench.make(&wishes);
    let described = node(&wishes, "");
    let (before, now_ms) = (everything(&bench.tree), bench.now_ms);
    let saved = std::fs::read(bench.folder.join("checkpoint")).unwrap();
    let inputs =
        Round { node: &described, topology: Arc::clone(&bench.tree.topology), usage: None, adopt: None, now_ms };
    let store = Store::read_only(bench.folder.join("checkpoint"));
    let mut planned = Report::default();
    let copy = std::mem::replace(&mut bench.tree, crate::kernel::KernelTree::new(topology(4, 2)));
    let mut dry = DryRun::new(copy);
    round(&inputs, &mut dry, &store, &mut planned).unwrap();
    bench.tree = dry.into_inner();
    assert_eq!(everything(&bench.tree), before);
    assert_eq!(std::fs::read(bench.folder.join("checkpoint")).unwrap(), saved);
    let (written, done) = bench.round(&described, None);
    done.unwrap();
    assert_eq!(planned.changes, written.changes);
    assert!(planned.changes.len() > 4);
}

#[test]
fn best_effort_is_squeezed_to_what_the_online_classes_leave() {
    let mut bench = Bench::new(topology(8, 1));
    let wishes = [wish("web", "LS", 0), wish("batch", "BE", 0)];
    bench.settle(&wishes);
    assert_eq!(bench.cpus(&wishes[1]), "0-10");
    // 9 of 16 cpus in ten seconds: 65% of 16 less 9 is under the floor of 2.
    bench.now_ms += 10_000;
    bench.tree.set(&wishes[0].group(), "cpu.stat", "usage_usec 90000000\nuser_usec 1");
    bench.settle(&wishes);
    assert_eq!(bench.cpus(&wishes[1]), "0-1");
    assert_eq!(bench.tree.says("kubepods/besteffort", "cpuset.cpus"), "0-1");
    assert_eq!(bench.cpus(&wishes[0]), "0-15");
}

#[test]
fn a_group_that_is_not_there_is_named_and_its_cpus_are_kept_for_it() {
    let mut bench = Bench::new(topology(4, 1));
    let (web, late) = (wish("web", "LS", 0), wish("late", "LSX", 2));
    bench.make(std::slice::from_ref(&web));
    let (_, done) = bench.round(&node(&[web.clone(), late.clone()], ""), None);
    let text = "control group `kubepods/late` of container `late` is not there: start it, or leave it out";
    assert_eq!(done.unwrap_err().to_string(), text);
    assert_eq!(bench.cpus(&web), "2-7");
    bench.settle(&[web, late.clone()]);
    assert_eq!(bench.cpus(&late), "0-1");
}

#[test]
fn a_kernel_that_grants_less_than_was_written_is_noted() {
    let mut bench = Bench::new(topology(4, 1));
    let web = wish("web", "LS", 0);
    bench.make(std::slice::from_ref(&web));
    bench.settle(std::slice::from_ref(&web));
    bench.tree.set("kubepods", "cpuset.cpus", "0-3");
    let (report, _) = bench.round(&node(&[web], ""), None);
    // The group around it is one that the agent keeps, so it is widened again.
    assert!(report.changes.iter().any(|change| change.cgroup == "kubepods" && change.value == "0-7"));
}
