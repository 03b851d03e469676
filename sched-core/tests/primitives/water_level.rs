//! Safe water level.

use super::world::{GIB, HOUR, MINUTE, SECOND, World, cpu, labelled, node, of_app, pod};
use sched_core::abi::QosClass;
use sched_core::{Event, Owner, PodSpec, ScheduleError};

const REJECT: &str = "whenAllAbove: {online: reject}";
const CPU_SEEN: &str = "node(s) were above the safe water level of cpu";
const CPU_ESTIMATED: &str = "node(s) without fresh metrics were above the safe water level of cpu by requests";

/// Two nodes of 10 cores; level 70 % of CPU and 80 % of memory.
fn world(config: &str) -> World {
    let mut world = World::new("WaterLevel", config);
    world.node(node("a", 10_000, 100));
    world.node(node("b", 10_000, 100));
    world
}

fn qos(spec: PodSpec, qos: QosClass) -> PodSpec {
    let mut spec = spec;
    spec.template.qos = qos;
    spec
}

#[test]
fn predicted_use_after_placement_above_the_level_rejects() {
    let mut world = world(&format!("{{{REJECT}}}"));
    world.sample("a", MINUTE, 6_000, 0);
    world.sample("b", MINUTE, 6_001, 0);
    let probe = world.pod(&cpu("probe", 1_000));
    assert_eq!(world.rejected(probe, MINUTE), [("b".to_owned(), vec![CPU_SEEN.to_owned()])].into());
    // A pod that is not sampled yet counts by estimate.
    world.bound(&cpu("p", 1), "a", 2 * MINUTE);
    assert_eq!(world.out(probe, 2 * MINUTE), ["a", "b"]);
}

#[test]
fn each_resource_has_its_level() {
    let mut world = world(&format!("{{{REJECT}}}"));
    world.sample("a", MINUTE, 0, 70 * GIB);
    world.sample("b", MINUTE, 8_000, 81 * GIB);
    let probe = world.pod(&pod("probe", &[("cpu", 100), ("memory", 11 * GIB)]));
    let memory = "node(s) were above the safe water level of memory";
    let rejected = world.rejected(probe, MINUTE);
    assert_eq!(rejected["a"], [memory]);
    assert_eq!(rejected["b"], [CPU_SEEN, memory]);
}

#[test]
fn stale_or_missing_data_means_an_estimate_by_requests_and_never_idle() {
    let mut world = world(&format!("{{{REJECT}, staleAfterSeconds: 120, estimatePercent: 80}}"));
    world.bound(&cpu("p", 9_000), "a", 0);
    world.bound(&cpu("q", 8_000), "b", 0);
    let probe = world.pod(&cpu("probe", 100));
    // Never sampled: 80 % of 9000m are above 70 % of the node, those of 8000m are not.
    assert_eq!(world.rejected(probe, 5 * MINUTE), [("a".to_owned(), vec![CPU_ESTIMATED.to_owned()])].into());
    world.sample("a", 5 * MINUTE, 100, 0);
    world.sample("b", 5 * MINUTE, 100, 0);
    assert!(world.out(probe, 7 * MINUTE).is_empty());
    assert_eq!(world.out(probe, 7 * MINUTE + SECOND), ["a"]);
}

#[test]
fn the_profile_counts_where_it_is_more_than_the_sample() {
    let mut world = world(&format!("{{{REJECT}}}"));
    world.history("busy", "b", 900, 30);
    for i in 0..8 {
        world.bound(&of_app(&format!("busy-{i}"), "busy"), "a", HOUR);
    }
    world.sample("a", 30 * HOUR, 1_000, 0);
    world.sample("b", 30 * HOUR, 1_000, 0);
    let probe = world.pod(&cpu("probe", 100));
    assert_eq!(world.out(probe, 30 * HOUR), ["a"]);
}

#[test]
fn daemon_set_pods_and_critical_priorities_bypass_it() {
    let mut world = world(&format!("{{{REJECT}, criticalPriority: 1000}}"));
    world.sample("a", MINUTE, 9_000, 0);
    world.sample("b", MINUTE, 9_000, 0);
    let mut specs = ["daemon", "critical", "important"].map(|name| cpu(name, 100));
    specs[0].template.owner = Some(Owner { kind: "DaemonSet".to_owned(), name: "logs".to_owned() });
    specs[1].template.priority = 1_000;
    specs[2].template.priority = 999;
    let out = specs.map(|spec| {
        let pod = world.pod(&spec);
        world.out(pod, MINUTE).len()
    });
    assert_eq!(out, [0, 0, 2]);
}

#[test]
fn system_critical_priority_is_the_default_for_bypassing() {
    let mut world = world(&format!("{{{REJECT}}}"));
    world.sample("a", MINUTE, 9_000, 0);
    let out = [2_000_000_000, 1_999_999_999].map(|priority| {
        let mut spec = cpu(&format!("p{priority}"), 100);
        spec.template.priority = priority;
        let pod = world.pod(&spec);
        world.out(pod, MINUTE).len()
    });
    assert_eq!(out, [0, 1]);
}

#[test]
fn levels_go_by_class_and_pool_and_the_first_rule_counts() {
    let gpu = "nodeSelector: {nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: In, values: [gpu]}]}]}";
    let mut world = world(&format!(
        "{{{REJECT}, rules: [{{qosClasses: [BestEffort], cpuPercent: 30}}, {{{gpu}, cpuPercent: 75}}, \
         {{qosClasses: [Guaranteed], {gpu}, cpuPercent: 1}}, {{qosClasses: [Burstable], cpuPercent: 50}}]}}"
    ));
    world.node(labelled("g", 10_000, "pool", "gpu"));
    for name in ["a", "b", "g"] {
        world.sample(name, MINUTE, 6_000, 0);
    }
    let mut out = |class, name: &str| {
        let pod = world.pod(&qos(cpu(name, 100), class));
        world.out(pod, MINUTE).join(" ")
    };
    assert_eq!(out(QosClass::BestEffort, "be"), "a b g");
    assert_eq!(out(QosClass::Burstable, "burstable"), "a b");
    // No rule for these outside of the pool, and the pool's first one inside.
    assert_eq!(out(QosClass::Guaranteed, "guaranteed"), "");
}

#[test]
fn pods_with_elastic_resources_are_a_class_of_their_own() {
    let mut world = world("{rules: [{qosClasses: [Elastic], cpuPercent: 30}]}");
    world.sample("a", MINUTE, 6_000, 0);
    world.sample("b", MINUTE, 1_000, 0);
    let elastic = world.pod(&pod("elastic", &[("example.com/be-cpu", 500)]));
    let online = world.pod(&cpu("online", 100));
    assert_eq!((world.out(elastic, MINUTE).len(), world.out(online, MINUTE).len()), (1, 0));
}

#[test]
fn if_every_node_is_above_online_pods_fall_back_and_elastic_pods_wait() {
    let mut world = world("{}");
    world.sample("a", MINUTE, 9_000, 0);
    world.sample("b", MINUTE, 9_500, 0);
    let online = world.pod(&cpu("online", 100));
    let best_effort = world.pod(&qos(cpu("be", 100), QosClass::BestEffort));
    let elastic = world.pod(&pod("elastic", &[("be-cpu", 500)]));
    let decision = world.scheduler.decide(online, MINUTE).unwrap();
    assert!(decision.fell_back && decision.feasible == 2);
    let message = world.scheduler.explain(online, MINUTE).unwrap().message;
    assert!(message.starts_with("2 of 2 nodes are feasible without WaterLevel, best is "), "{message}");
    for pod in [best_effort, elastic] {
        assert_eq!(world.scheduler.decide(pod, MINUTE), Err(ScheduleError::Unschedulable));
        assert_eq!(world.out(pod, MINUTE), ["a", "b"]);
    }
    // One node below ends the fall-back.
    world.sample("b", 2 * MINUTE, 1_000, 0);
    let decision = world.scheduler.decide(online, 2 * MINUTE).unwrap();
    assert!(!decision.fell_back && decision.feasible == 1);
}

#[test]
fn both_answers_to_every_node_being_above_are_settings() {
    let mut world = world("{whenAllAbove: {elastic: fallBack, online: reject}}");
    world.sample("a", MINUTE, 9_000, 0);
    world.sample("b", MINUTE, 9_500, 0);
    let online = world.pod(&cpu("online", 100));
    let best_effort = world.pod(&qos(cpu("be", 100), QosClass::BestEffort));
    assert_eq!(world.scheduler.decide(online, MINUTE), Err(ScheduleError::Unschedulable));
    assert!(world.scheduler.decide(best_effort, MINUTE).unwrap().fell_back);
}

#[test]
fn every_node_means_those_that_pass_the_other_filters() {
    let text = "profiles: [{name: p, policies: [{name: NodeUnschedulable}, {name: WaterLevel}]}]";
    let profiles = sched_core::ProfileSet::from_text(text).unwrap();
    let mut world = world("{}");
    world.scheduler = sched_core::Scheduler::new(&profiles.profiles[0], 1).unwrap();
    world.node(node("hot", 10_000, 100));
    world.node(sched_core::NodeSpec { unschedulable: true, ..node("cordoned", 10_000, 100) });
    world.sample("hot", MINUTE, 9_000, 0);
    let online = world.pod(&cpu("online", 100));
    // The cordoned node is below the level, but cannot take the pod.
    let decision = world.scheduler.decide(online, MINUTE).unwrap();
    assert_eq!((world.scheduler.cluster().node_name(decision.row), decision.fell_back), (Some("hot"), true));
    assert_eq!(world.out(online, MINUTE), ["cordoned"]);
    let evaluation = world.scheduler.evaluate(online, MINUTE).unwrap();
    assert_eq!(evaluation.chosen, Some(decision.row));
    // A decision that fell back can still be carried out after something else changed.
    world.event(&Event::NodeAdded(node("new", 100, 1)));
    world.scheduler.reserve(&decision, MINUTE).unwrap();
}

#[test]
fn a_decision_is_refused_at_reserve_when_the_level_was_reached_meanwhile() {
    let mut world = world("{}");
    world.sample("a", MINUTE, 1_000, 0);
    world.sample("b", MINUTE, 9_000, 0);
    let online = world.pod(&cpu("online", 100));
    let decision = world.scheduler.decide(online, MINUTE).unwrap();
    world.sample("a", 2 * MINUTE, 9_000, 0);
    assert_eq!(world.scheduler.reserve(&decision, 2 * MINUTE), Err(ScheduleError::Conflict("a".to_owned())));
}

#[test]
fn the_level_for_admission_must_lie_below_that_for_suppression() {
    assert!(World::refused("WaterLevel", "{rules: [{cpuPercent: 79}]}").is_ok());
    let error = World::refused("WaterLevel", "{rules: [{cpuPercent: 80}]}").err().unwrap();
    assert!(error.contains("`cpuPercent` is 80") && error.contains("`suppressionPercent` (80)"), "{error}");
    assert!(World::refused("WaterLevel", "{suppressionPercent: {cpu: 60}}").is_err());
    assert!(World::refused("WaterLevel", "{suppressionPercent: {memory: 80}}").is_err());
}

#[test]
fn it_fails_closed_and_does_not_claim_to_be_monotone() {
    let manifest = |config: &str| {
        let text = format!("profiles: [{{name: p, policies: [{{name: WaterLevel, config: {config}}}]}}]");
        sched_core::ProfileSet::from_text(&text).unwrap().profiles[0].policies[0].config.build().manifest()
    };
    for config in ["{}".to_owned(), format!("{{{REJECT}}}")] {
        assert!(manifest(&config).protective && !manifest(&config).monotone);
    }
}

#[test]
fn wrong_settings_are_refused_by_name() {
    for (config, names) in [
        ("{rules: []}", "rules"),
        ("{rules: [{cpuPercent: 0}]}", "cpuPercent"),
        ("{rules: [{nodeSelector: {}}]}", "nodeSelector"),
        ("{rules: [{qosClasses: [Silver]}]}", "Silver"),
        ("{estimatePercent: 0}", "estimatePercent"),
        ("{staleAfterSeconds: 0}", "staleAfterSeconds"),
        ("{elasticResources: ['*']}", "elasticResources"),
        ("{whenAllAbove: {batch: reject}}", "batch"),
    ] {
        let error = World::refused("WaterLevel", config).err().unwrap();
        assert!(error.contains(names), "{error}");
    }
}
