//! What events, holds and their ends do to the cluster, compared by its dump.

use crate::common::generate::{NOW_MS, Step, any_profile, bad_event, config, key, profile, scenario, steps};
use crate::common::reference::Place;
use crate::support::{Pair, apply_all, assert_same_dump, events_of, pod_id, scheduler, scheduler_of};
use proptest::prelude::*;
use sched_core::{
    Cluster, Container, Event, HostPort, NodeImage, NodeSpec, Owner, PodSpec, PodTemplate, PolicyConfig, Protocol,
    Sample, Scheduler, Taint, TaintEffect,
};

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn rollback_restores_every_column(scenario in scenario(8), profile in any_profile(), seed: u64) {
        let mut scheduler = scheduler_of(&scenario, &profile, seed);
        // What is predicted for the present quantum is published by its first decision.
        let first = pod_id(scheduler.cluster(), &key(&scenario.pending[0]));
        let _ = scheduler.decide(first, NOW_MS);
        let mut before = Vec::new();
        for pod in scenario.pending.iter().map(key) {
            let id = pod_id(scheduler.cluster(), &pod);
            let dump = scheduler.cluster().dump();
            let stats = scheduler.cluster().stats();
            if let Ok(decision) = scheduler.decide(id, NOW_MS) {
                scheduler.reserve(&decision, NOW_MS).expect("a decision that was just made");
                prop_assert_ne!(scheduler.cluster().dump(), dump.clone());
                before.push((id, dump, stats));
            }
        }
        for (id, dump, stats) in before.into_iter().rev() {
            scheduler.rollback(id).expect("a reservation");
            assert_same_dump(&scheduler.cluster().dump(), &dump, "after and before");
            prop_assert_eq!(scheduler.cluster().stats(), stats);
        }
    }

    #[test]
    fn a_refused_event_leaves_the_cluster_as_it_was_byte_for_byte(steps in steps(60)) {
        let mut pair = Pair::new(&profile_of_all(), 0);
        for (now_ms, step) in &steps {
            let before = observed(pair.scheduler.cluster());
            if !pair.step(*now_ms, step) && matches!(step, Step::Apply(_)) {
                prop_assert_eq!(observed(pair.scheduler.cluster()), before, "{:?}", step);
            }
        }
    }

    #[test]
    fn bad_events_are_refused_whatever_the_cluster(steps in steps(30), bad in prop::collection::vec(bad_event(), 8)) {
        let mut pair = Pair::new(&profile_of_all(), 0);
        for (now_ms, step) in &steps {
            pair.step(*now_ms, step);
        }
        let before = observed(pair.scheduler.cluster());
        for event in bad {
            let refused = pair.scheduler.apply(&event, NOW_MS);
            prop_assert!(refused.is_err(), "{:?}", event);
            prop_assert_eq!(observed(pair.scheduler.cluster()), before.clone(), "{:?}", event);
        }
    }

    #[test]
    fn no_time_is_too_early_or_too_late(
        scenario in scenario(4), steps in steps(20), times in prop::collection::vec(extreme_time(), 24), told in prop::collection::vec(extreme_time(), 24),
    ) {
        let mut pair = Pair::of(&scenario, &profile_of_all(), 0);
        for ((now_ms, at_ms), (_, step)) in times.iter().zip(&told).zip(steps) {
            pair.step(*now_ms, &dated(step, *at_ms));
            for pod in scenario.pending.iter().map(key) {
                if let Some(id) = pair.scheduler.cluster().pod_id(&pod.0, &pod.1) {
                    let _ = pair.scheduler.decide(id, *now_ms);
                    let _ = pair.scheduler.explain(id, *now_ms);
                }
            }
        }
    }

    #[test]
    fn looking_changes_no_later_answer(
        scenario in scenario(6), steps in steps(30), profile in any_profile(), seed: u64,
        looks in prop::collection::vec((0..30usize, 0..3u8, prop_oneof![0u64..3_600_000, 0u64..1 << 52]), 1..8),
    ) {
        let mut pair = [0, 1].map(|_| scheduler_of(&scenario, &profile, seed));
        let pending: Vec<_> = scenario.pending.iter().map(key).collect();
        let mut latest = NOW_MS;
        for (i, (now_ms, step)) in steps.iter().enumerate() {
            latest = latest.max(*now_ms);
            for (_, kind, ahead_ms) in looks.iter().filter(|(at, ..)| *at == i) {
                let [looked, _] = &mut pair;
                let Some(id) = pending.iter().find_map(|pod| looked.cluster().pod_id(&pod.0, &pod.1)) else { continue };
                let at_ms = now_ms + ahead_ms;
                match kind {
                    0 => drop(looked.decide(id, at_ms)),
                    1 => drop(looked.explain(id, at_ms)),
                    _ => drop(looked.evaluate(id, at_ms)),
                }
            }
            if let Step::Apply(event) = step {
                let [a, b] = pair.each_mut().map(|s| s.apply(event, *now_ms).map_err(|e| e.to_string()));
                prop_assert_eq!(a, b);
            }
            for pod in &pending {
                let answers = pair.each_mut().map(|s| {
                    let id = s.cluster().pod_id(&pod.0, &pod.1)?;
                    let decision = s.decide(id, latest).map(|d| (d.total, d.feasible, s.cluster().node_name(d.row).map(str::to_owned)));
                    Some(decision.map_err(|e| e.to_string()))
                });
                prop_assert_eq!(&answers[0], &answers[1]);
            }
        }
        assert_same_dump(&pair[0].cluster().dump(), &pair[1].cluster().dump(), "looked at and left alone");
    }

    #[test]
    fn a_refused_event_does_not_move_time(scenario in scenario(4), profile in any_profile(), ahead_ms in 0u64..1 << 52) {
        let mut pair = [0, 1].map(|_| scheduler_of(&scenario, &profile, 7));
        let refused = pair[0].apply(&Event::NodeRemoved { name: "nobody".to_owned() }, NOW_MS + ahead_ms);
        prop_assert!(refused.is_err());
        let another = PodSpec { namespace: "default".to_owned(), name: "another".to_owned(), ..PodSpec::default() };
        let answers = pair.each_mut().map(|s| {
            let id = s.add_pod(&another).expect("a new pod");
            s.evaluate(id, NOW_MS).map(|e| (e.totals, e.chosen)).expect("a pod that waits")
        });
        prop_assert_eq!(&answers[0], &answers[1]);
        assert_same_dump(&pair[0].cluster().dump(), &pair[1].cluster().dump(), "refused and not asked");
    }

    #[test]
    fn incremental_cluster_equals_rebuilt_cluster(steps in steps(60), profile in profile()) {
        let mut pair = Pair::new(&profile, 0);
        for (now_ms, step) in &steps {
            pair.step(*now_ms, step);
        }
        // A hold cannot be told by an event, so each ends as a binding.
        let reserved = pair.world.pods.iter().filter(|(_, pod)| matches!(pod.place, Place::Reserved(_)));
        let reserved: Vec<_> = reserved.map(|(key, _)| key.clone()).collect();
        for pod in reserved {
            prop_assert!(pair.step(NOW_MS, &Step::Commit(pod)));
        }
        let mut rebuilt = scheduler(&profile, 0);
        let latest = steps.iter().map(|(now_ms, _)| *now_ms).max().unwrap_or(NOW_MS).max(NOW_MS);
        for event in events_of(&pair.world) {
            rebuilt.apply(&event, latest).expect("what was accepted once");
        }
        assert_same_dump(&pair.scheduler.cluster().dump(), &rebuilt.cluster().dump(), "incremental and rebuilt");
        let [a, b] = [&pair.scheduler, &rebuilt].map(|s| sched_core::Stats { rows: 0, ..s.cluster().stats() });
        prop_assert_eq!(a, b);
    }
}

fn extreme_time() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(NOW_MS), Just(u64::MAX - 1), Just(u64::MAX), any::<u64>()]
}

/// The step, with another time in its event.
fn dated(mut step: Step, time: u64) -> Step {
    if let Step::Apply(event) = &mut step {
        match &mut **event {
            Event::PodBound { at_ms, .. } => *at_ms = time,
            Event::NodeSample { sample, .. } | Event::PodSample { sample, .. } => {
                (sample.at_ms, sample.window_ms) = (time, time.rotate_left(7));
            }
            Event::Marked { mark: Some(mark), .. } => (mark.from_ms, mark.until_ms) = (Some(time), Some(time / 2)),
            _ => {}
        }
    }
    step
}

/// Adds pods and nodes whose names, labels, images, ports, taints and resources nobody else has, and removes them again.
fn churn(scheduler: &mut Scheduler, round: u32) {
    let own = |what: &str| format!("{what}-{round}");
    let mut node = NodeSpec { name: own("node"), ..NodeSpec::default() };
    node.allocatable.extend([("cpu".to_owned(), 64_000), ("pods".to_owned(), 110), (own("example.com/card"), 1)]);
    node.labels.insert(own("key"), own("value"));
    node.taints.push(Taint { key: own("taint"), value: own("value"), effect: TaintEffect::PreferNoSchedule });
    node.images.push(NodeImage { names: vec![own("image")], size_bytes: 1 << 30 });
    let mut pod = PodSpec { namespace: own("namespace"), name: own("pod"), ..PodSpec::default() };
    pod.template.labels.insert(own("key"), own("value"));
    pod.template.node_selector.insert(own("key"), own("value"));
    let host_port = HostPort { port: 80, protocol: Protocol::Tcp, ip: own("10.0.0.1") };
    let container = Container {
        requests: [("cpu".to_owned(), i64::from(round)), (own("example.com/card"), 1)].into(),
        image: own("image"),
        host_ports: vec![host_port],
        ..Container::default()
    };
    pod.template.containers.push(container);
    apply_all(scheduler, &[Event::NodeAdded(node.clone()), Event::PodAdded(pod.clone())]);
    let id = pod_id(scheduler.cluster(), &key(&pod));
    scheduler.schedule(id, NOW_MS).expect("the one node that fits");
    let (namespace, name) = key(&pod);
    apply_all(scheduler, &[Event::PodRemoved { namespace, name }, Event::NodeRemoved { name: node.name }]);
}

#[test]
fn a_thousand_names_that_come_and_go_leave_nothing_behind() {
    let mut scheduler = scheduler(&profile_of_all(), 0);
    churn(&mut scheduler, 0);
    let (dump, stats) = (scheduler.cluster().dump(), scheduler.cluster().stats());
    for round in 1..1_000 {
        churn(&mut scheduler, round);
    }
    assert_eq!(scheduler.cluster().stats(), stats);
    assert_eq!(scheduler.cluster().dump(), dump);
}

#[test]
fn many_samples_of_the_largest_quantity_do_not_overflow() {
    let mut scheduler = scheduler(&profile_of_all(), 0);
    let owner = Some(Owner { kind: "Job".to_owned(), name: "absurd".to_owned() });
    for i in 0..20 {
        let containers = vec![Container::default()];
        let template = PodTemplate { owner: owner.clone(), containers, ..PodTemplate::default() };
        let pod = PodSpec { namespace: "default".to_owned(), name: format!("pod-{i}"), template, terminating: false };
        let (namespace, name) = key(&pod);
        let sample = Sample { at_ms: NOW_MS, window_ms: 60_000, cpu_milli: 1 << 46, memory_bytes: 1 << 46 };
        apply_all(&mut scheduler, &[Event::PodAdded(pod), Event::PodSample { namespace, name, sample }]);
    }
    let id = pod_id(scheduler.cluster(), &("default".to_owned(), "pod-0".to_owned()));
    scheduler
        .apply(&Event::NodeAdded(NodeSpec { name: "node".to_owned(), ..NodeSpec::default() }), NOW_MS)
        .expect("a node");
    let _ = scheduler.decide(id, NOW_MS + 3_600_000);
}

/// Everything that can be seen of a cluster.
fn observed(cluster: &Cluster) -> (String, sched_core::Stats, u64) {
    (cluster.dump(), cluster.stats(), cluster.generation())
}

/// A profile of all policies.
fn profile_of_all() -> serde_json::Value {
    let policies: Vec<_> = PolicyConfig::NAMES.iter().map(|name| serde_json::json!({ "name": name })).collect();
    serde_json::json!({ "name": "all", "policies": policies })
}
