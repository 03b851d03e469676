//! Hybrid unschedulable.

use super::world::{GIB, MINUTE, World, amounts, cpu, labelled, node, pod};
use sched_core::{Container, Event, Mark, PodPhase, PodSpec};

const MARKED: &str = "node(s) were marked unschedulable for elastic resources";

fn world(config: &str) -> World {
    let mut world = World::new("HybridUnschedulable", config);
    world.node(labelled("a", 10_000, "disk", "slow"));
    world.node(node("b", 10_000, 64));
    world
}

fn mark(world: &mut World, node: &str, reason: &str, from_ms: Option<u64>, until_ms: Option<u64>) {
    let mark = Some(Mark { reason: reason.to_owned(), from_ms, until_ms });
    world.event(&Event::Marked { name: node.to_owned(), mark });
}

fn elastic(name: &str) -> PodSpec {
    pod(name, &[("be-cpu", 1_000), ("memory", GIB)])
}

#[test]
fn elastic_pods_stay_off_marked_nodes_and_others_do_not() {
    let mut world = world("{}");
    let (be, online) = (world.pod(&elastic("be")), world.pod(&cpu("online", 100)));
    assert!(world.out(be, 0).is_empty());
    mark(&mut world, "a", "", None, None);
    assert_eq!(world.rejected(be, 0), [("a".to_owned(), vec![MARKED.to_owned()])].into());
    assert!(world.out(online, 0).is_empty());
    world.event(&Event::Marked { name: "a".to_owned(), mark: None });
    assert!(world.out(be, 0).is_empty());
}

#[test]
fn any_container_init_container_or_overhead_concerns_the_pod() {
    let mut world = world("{}");
    mark(&mut world, "a", "", None, None);
    let asks = |name: &str, amount| amounts(&[(name, amount)]);
    let mut specs = [(); 6].map(|()| cpu("p", 100));
    let container = |requests| Container { requests, ..Container::default() };
    specs[0].template.containers.push(container(asks("example.com/be-memory", GIB)));
    specs[1].template.init_containers.push(container(asks("ot-cpu", 1)));
    specs[2].template.overhead = asks("be-cpu", 10);
    specs[3].template.init_containers.push(Container { restart_always: true, ..container(asks("OT-memory", 1)) });
    specs[4].template.overhead = asks("be-cpu", 0);
    specs[5].template.containers.push(container(asks("maybe-cpu", 5)));
    let mut out = Vec::new();
    for (i, mut spec) in specs.into_iter().enumerate() {
        spec.name = format!("p{i}");
        let pod = world.pod(&spec);
        out.push(!world.out(pod, 0).is_empty());
    }
    assert_eq!(out, [true, true, true, true, false, false]);
}

#[test]
fn the_resources_are_a_setting() {
    let mut world = world("{resources: [kubernetes.io/batch-*]}");
    mark(&mut world, "a", "", None, None);
    let be = world.pod(&elastic("be"));
    let batch = world.pod(&pod("batch", &[("kubernetes.io/batch-cpu", 500)]));
    assert_eq!((world.out(be, 0).len(), world.out(batch, 0).len()), (0, 1));
}

#[test]
fn a_mark_holds_within_its_time_window() {
    let mut world = world("{}");
    let be = world.pod(&elastic("be"));
    mark(&mut world, "a", "", Some(5 * MINUTE), Some(10 * MINUTE));
    let marked = [4, 5, 9, 10, 7].map(|minutes| !world.out(be, minutes * MINUTE).is_empty());
    assert_eq!(marked, [false, true, true, false, true]);
}

#[test]
fn a_selector_marks_nodes_by_label_with_reason_and_window() {
    let term = "{matchExpressions: [{key: disk, operator: In, values: [slow]}]}";
    let mut world = world(&format!(
        "{{marks: [{{nodeSelector: {{nodeSelectorTerms: [{term}]}}, reason: slow disk, untilMs: 600000}}]}}"
    ));
    let be = world.pod(&elastic("be"));
    assert_eq!(world.rejected(be, 0), [("a".to_owned(), vec![format!("{MARKED}: slow disk")])].into());
    assert!(world.out(be, 10 * MINUTE).is_empty());
    world.event(&Event::NodeChanged(node("a", 10_000, 64)));
    assert!(world.out(be, 0).is_empty());
    world.event(&Event::NodeChanged(labelled("b", 10_000, "disk", "slow")));
    assert_eq!(world.out(be, 0), ["b"]);
}

#[test]
fn the_explanation_gives_each_marks_own_reason() {
    let mut world = world("{}");
    let be = world.pod(&elastic("be"));
    mark(&mut world, "a", "disk swap", None, None);
    mark(&mut world, "b", "sale at eight", None, None);
    let explanation = world.scheduler.explain(be, 0).unwrap();
    let reasons: Vec<_> = explanation.rejected.iter().map(|r| r.reasons.join(";")).collect();
    assert_eq!(reasons, [format!("{MARKED}: disk swap"), format!("{MARKED}: sale at eight")]);
    assert!(explanation.rejected.iter().all(|r| r.unresolvable));
    let message = format!("0/2 nodes are available: 1 {MARKED}: disk swap, 1 {MARKED}: sale at eight.");
    assert_eq!(explanation.message, message);
    assert_eq!(explanation.remedies, ["fits 2 more nodes once their marks are gone"]);
}

#[test]
fn exempt_pods_are_told_by_their_labels() {
    let mut world =
        world("{exempt: [{matchLabels: {tier: system}}, {matchExpressions: [{key: probe, operator: Exists}]}]}");
    mark(&mut world, "a", "", None, None);
    let mut out = Vec::new();
    for (i, (key, value)) in [("tier", "system"), ("tier", "batch"), ("probe", "")].into_iter().enumerate() {
        let mut spec = elastic(&format!("p{i}"));
        spec.template.labels = [(key.to_owned(), value.to_owned())].into();
        let pod = world.pod(&spec);
        out.push(world.out(pod, 0).len());
    }
    assert_eq!(out, [0, 1, 0]);
}

#[test]
fn a_mark_never_evicts() {
    let mut world = world("{}");
    world.bound(&elastic("be"), "a", 0);
    let be = world.scheduler.cluster().pod_id("test", "be").unwrap();
    let before = world.phase(be);
    mark(&mut world, "a", "full", None, None);
    assert!(matches!(before, PodPhase::Bound(_)) && world.phase(be) == before);
    let row = world.scheduler.cluster().row_of("a").unwrap();
    assert_eq!(world.scheduler.cluster().amounts(row, "be-cpu")[1], 1_000);
}

#[test]
fn it_fails_closed() {
    let profile = sched_core::PolicyConfig::default_of("HybridUnschedulable").unwrap();
    assert!(profile.build().manifest().protective);
}

#[test]
fn wrong_settings_are_refused_by_name() {
    for (config, names) in [
        ("{resources: []}", "resources"),
        ("{resources: ['*']}", "`*`"),
        ("{resources: ['b*-cpu']}", "b*-cpu"),
        ("{marks: [{reason: r}]}", "nodeSelector"),
        ("{marks: [{nodeSelector: {nodeSelectorTerms: [{}]}, fromMs: 5, untilMs: 5}]}", "untilMs"),
        ("{exempt: [{matchExpressions: [{key: a, operator: In}]}]}", "In and NotIn"),
        ("{mark: []}", "mark"),
    ] {
        let error = World::refused("HybridUnschedulable", config).err().unwrap();
        assert!(error.contains(names), "{error}");
    }
}
