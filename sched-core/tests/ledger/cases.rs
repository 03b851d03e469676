//! The three cases that reservations exist for: rolling updates, hand-overs, guarded nodes.

use crate::support::{Site, node, pod};
use sched_core::{HoldRules, HoldState, LedgerError, LedgerOp, Owner};

const ROLLING: &str = "rollingUpdates: [{owners: [{namespace: default, kind: Deployment}], ttlMs: 60000}]";

#[test]
fn a_rolling_update_gets_its_own_room_back() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    site.rules(ROLLING);
    site.desired("big", 1);
    let old = pod("old", "big", 4_000);
    site.run(&old, "a");
    site.terminate(&old, 1_000);
    let name = site.holds().pop().expect("a hold");
    assert_eq!(site.0.cluster().hold_view(&name).map(|hold| hold.state), Some(HoldState::Waiting));
    assert_eq!(site.requested("a"), 4_000, "the same room is not counted twice");
    site.remove(&old, 2_000);
    assert_eq!(site.requested("a"), 4_000);
    assert_eq!(site.schedule(&pod("small", "batch", 100), 3_000), None);
    assert_eq!(site.schedule(&pod("new", "big", 4_000), 3_000).as_deref(), Some("a"));
    assert_eq!((site.holds().len(), site.requested("a")), (0, 4_000));
}

#[test]
fn a_hold_that_nobody_comes_for_ends_in_time() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    site.rules(ROLLING);
    site.desired("big", 1);
    let old = pod("old", "big", 4_000);
    site.run(&old, "a");
    site.remove(&old, 2_000);
    assert_eq!(site.requested("a"), 4_000);
    site.0.tick(62_000).expect("a time");
    assert_eq!(site.requested("a"), 0);
}

#[test]
fn a_scale_down_leaves_no_hold() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    site.rules(ROLLING);
    let old = pod("old", "big", 4_000);
    site.run(&old, "a");
    site.desired("big", 0);
    site.terminate(&old, 1_000);
    site.remove(&old, 2_000);
    assert_eq!((site.holds().len(), site.requested("a")), (0, 0));
}

#[test]
fn create_before_delete_makes_no_second_hold() {
    let mut site = Site::of(&[node("a", 4_000, &[]), node("b", 4_000, &[])]);
    site.rules(ROLLING);
    site.desired("big", 1);
    let old = pod("old", "big", 4_000);
    site.run(&old, "a");
    site.run(&pod("new", "big", 4_000), "b");
    site.terminate(&old, 1_000);
    assert_eq!(site.holds().len(), 0);
    site.remove(&old, 2_000);
    assert_eq!(site.requested("a"), 0);
}

#[test]
fn a_successor_that_runs_elsewhere_ends_the_hold() {
    let mut site = Site::of(&[node("a", 4_000, &[]), node("b", 8_000, &[])]);
    site.rules(ROLLING);
    site.desired("big", 1);
    let old = pod("old", "big", 4_000);
    site.run(&old, "a");
    site.terminate(&old, 1_000);
    site.run(&pod("new", "big", 4_000), "b");
    assert_eq!(site.holds().len(), 0);
    site.remove(&old, 2_000);
    assert_eq!(site.requested("a"), 0);
}

#[test]
fn a_larger_version_adds_free_room_to_its_hold() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    site.rules(ROLLING);
    site.desired("big", 1);
    let old = pod("old", "big", 2_000);
    site.run(&old, "a");
    site.remove(&old, 2_000);
    assert_eq!(site.schedule(&pod("new", "big", 3_500), 3_000).as_deref(), Some("a"));
}

const HAND_OVER: &str = "
handOvers:
  - from: {namespace: default, kind: Deployment, name: a}
    to: {namespace: default, kind: Deployment, name: b}
    growth: {cpu: 3000}
    ttlMs: 60000
";

#[test]
fn what_one_leaves_the_other_gets_up_to_its_growth() {
    let mut site = Site::of(&[node("n", 4_000, &[])]);
    site.rules(HAND_OVER);
    let leaving = [pod("a1", "a", 2_000), pod("a2", "a", 2_000)];
    for pod in &leaving {
        site.run(pod, "n");
    }
    for pod in &leaving {
        site.remove(pod, 1_000);
    }
    assert_eq!(site.requested("n"), 3_000);
    assert_eq!(site.schedule(&pod("back", "a", 2_000), 2_000), None, "it gets it back only after the time");
    assert_eq!(site.schedule(&pod("b1", "b", 3_000), 2_000).as_deref(), Some("n"));
    assert_eq!(site.requested("n"), 3_000);
    site.0.tick(61_000).expect("a time");
    assert_eq!((site.holds().len(), site.requested("n")), (0, 3_000));
}

#[test]
fn overlapping_and_circular_hand_overs_are_refused() {
    let rule = |from: &str, to: &str| {
        let of = |name| format!("{{namespace: default, kind: Deployment, name: {name}}}");
        format!("{{from: {}, to: {}, growth: {{cpu: 1}}, ttlMs: 1}}", of(from), of(to))
    };
    let check = |rules: &[String]| {
        let rules = HoldRules::from_text(&format!("handOvers: [{}]", rules.join(", "))).expect("a text of rules");
        let mut site = Site::of(&[]);
        let before = site.0.cluster().dump();
        let done = site.0.operate(&LedgerOp::Configure(rules), 0);
        assert!(done.is_ok() || site.0.cluster().dump() == before);
        done
    };
    assert_eq!(check(&[rule("a", "b"), rule("a", "c")]), Err(LedgerError::Overlap { from: "default/a".to_owned() }));
    assert_eq!(check(&[rule("a", "a")]), Err(LedgerError::Circular { from: "default/a".to_owned() }));
    let circle = [rule("x", "a"), rule("a", "b"), rule("b", "c"), rule("c", "a")];
    assert_eq!(check(&circle), Err(LedgerError::Circular { from: "default/a".to_owned() }));
    assert_eq!(check(&[rule("a", "b"), rule("b", "c"), rule("d", "b")]), Ok(()));
}

const GUARD: &str = "
guards:
  - name: sale
    nodes: {pool: sale}
    admit: [{minRequests: {cpu: 2000}}]
    untilMs: 100000
    leaveBelow: {cpu: 2000}
";

#[test]
fn guarded_nodes_are_for_large_pods_and_the_rest_for_small_ones() {
    let mut site = Site::of(&[]);
    site.rules(GUARD);
    site.apply(&sched_core::Event::NodeAdded(node("new", 5_000, &[("pool", "sale")])), 0);
    assert_eq!(site.schedule(&pod("small", "batch", 100), 0), None);
    let mut daemon = pod("daemon", "logs", 500);
    daemon.template.owner = Some(Owner { kind: "DaemonSet".to_owned(), name: "logs".to_owned() });
    assert_eq!(site.schedule(&daemon, 0).as_deref(), Some("new"));
    assert_eq!(site.schedule(&pod("large", "web", 3_000), 0).as_deref(), Some("new"));
    assert_eq!(site.holds().len(), 0, "1500m are left");
    assert_eq!(site.schedule(&pod("small-2", "batch", 100), 0).as_deref(), Some("new"));
}

#[test]
fn a_guard_ends_at_its_time_or_fill_level_and_does_not_come_back() {
    for (rule, until) in [
        (GUARD.replace("leaveBelow: {cpu: 2000}", ""), 100_000),
        ("guards: [{name: young, youngerThanMs: 5000, fillPercent: 50, admit: [{namespace: sale}]}]".to_owned(), 5_000),
    ] {
        let mut site = Site::of(&[]);
        site.rules(&rule);
        let spec = node("new", 5_000, &[("pool", "sale")]);
        site.apply(&sched_core::Event::NodeAdded(spec.clone()), 0);
        assert_eq!(site.requested("new"), 5_000);
        site.0.tick(until).expect("a time");
        site.apply(&sched_core::Event::NodeChanged(spec), until);
        assert_eq!(site.requested("new"), 0);
    }
    let mut site = Site::of(&[]);
    site.rules("guards: [{name: young, youngerThanMs: 5000, fillPercent: 50, admit: [{namespace: default}]}]");
    site.apply(&sched_core::Event::NodeAdded(node("new", 4_000, &[])), 0);
    assert_eq!(site.schedule(&pod("one", "web", 1_000), 0).as_deref(), Some("new"));
    assert_eq!(site.requested("new"), 4_000);
    assert_eq!(site.schedule(&pod("two", "web", 1_000), 0).as_deref(), Some("new"));
    assert_eq!(site.requested("new"), 2_000);
}
