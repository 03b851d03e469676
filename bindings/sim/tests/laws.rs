//! What must hold for any file and any trace.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "functions that tests share")]

use proptest::prelude::*;
use sched_core::{Container, NodeSpec, PodSpec, PodTemplate, ProfileSet};
use sched_sim::read::{HotNodesFiles, Input, hot_nodes, openb};
use sched_sim::{Curve, Options, Run, Trace, TracePod, Usage, simulate};
use std::sync::Arc;

const FILES: [&[u8]; 5] = [
    include_bytes!("../data/hot-nodes/nodes.csv"),
    include_bytes!("../data/hot-nodes/apps.csv"),
    include_bytes!("../data/hot-nodes/pods.csv"),
    include_bytes!("../data/openb/nodes.csv"),
    include_bytes!("../data/openb/pods.csv"),
];

/// Bytes that matter to CSV and numbers, and some that do not.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b",\"\n\r-.e+0919aN|\xff\xef\x00 ".to_vec()), 0..6)
}

const HORIZON_MS: u64 = 3_600_000;

/// Up to 4 nodes and 40 pods in an hour; pods may be too large for every node.
fn traces() -> impl Strategy<Value = Trace> {
    let pod = (0..60_u64, prop::option::of(1..60_u64), 0..6_000_i64, prop::collection::vec(0.0..1.5_f64, 12));
    let nodes = prop::collection::vec(1_000..8_000_i64, 1..=4);
    (nodes, prop::collection::vec(pod, 1..=40)).prop_map(|(nodes, pods)| {
        let node = |(index, cpu): (usize, i64)| NodeSpec {
            name: format!("node-{index}"),
            allocatable: [("cpu".into(), cpu), ("pods".into(), 20)].into(),
            ..NodeSpec::default()
        };
        let pod = |(index, (arrive, life, cpu, shares)): (usize, (u64, Option<u64>, i64, Vec<f64>))| {
            let container = Container { requests: [("cpu".into(), cpu)].into(), ..Container::default() };
            let template = PodTemplate { containers: vec![container], ..PodTemplate::default() };
            let curve = Arc::new(Curve::new(300_000, shares));
            TracePod {
                spec: PodSpec {
                    namespace: "default".into(),
                    name: format!("pod-{index}"),
                    template,
                    terminating: false,
                },
                arrive_ms: arrive * 60_000 + index as u64 % 7 * 1_000,
                end_ms: life.map(|life| (arrive + life) * 60_000 + 30_000),
                usage: Some(Usage { curve, request_milli: cpu as f64 }),
            }
        };
        Trace {
            name: "generated".into(),
            nodes: nodes.into_iter().enumerate().map(node).collect(),
            pods: pods.into_iter().enumerate().map(pod).collect(),
            horizon_ms: HORIZON_MS,
            measured_ms: 0..HORIZON_MS,
        }
    })
}

fn play(trace: &Trace, seed: u64) -> Run {
    let profiles = ProfileSet::builtin();
    simulate(trace, profiles.get("least-allocated").unwrap(), seed, Options::default(), &mut |_| {}).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_read_or_refused(which in 0..5_usize, at in any::<prop::sample::Index>(), gone in 0..40_usize, new in noise()) {
        let mut files = FILES.map(<[u8]>::to_vec);
        let at = at.index(files[which].len());
        let end = (at + gone).min(files[which].len());
        files[which].splice(at..end, new);
        let [nodes, apps, pods, gpu_nodes, gpu_pods] =
            std::array::from_fn(|index| Input { name: "file", bytes: &files[index] });
        for read in [hot_nodes("a", HotNodesFiles { nodes, apps, pods }), openb("b", gpu_nodes, gpu_pods)] {
            match read {
                Ok(trace) => prop_assert_eq!(trace.check(), Ok(())),
                Err(error) => prop_assert!(error.to_string().starts_with("`file`")),
            }
        }
    }

    #[test]
    fn every_pod_is_placed_in_its_life_or_has_reasons(trace in traces(), seed: u64) {
        let run = play(&trace, seed);
        let mut seen = vec![false; trace.pods.len()];
        for placement in &run.placements {
            let pod = &trace.pods[placement.pod];
            prop_assert!(!std::mem::replace(&mut seen[placement.pod], true), "placed twice");
            prop_assert!(pod.arrive_ms <= placement.bind_ms && placement.bind_ms < pod.end_ms.unwrap_or(HORIZON_MS));
        }
        for unplaced in &run.unplaced {
            prop_assert!(!std::mem::replace(&mut seen[unplaced.pod], true), "placed and not placed");
            prop_assert!(!unplaced.reasons.is_empty());
        }
        prop_assert!(seen.iter().all(|&seen| seen));
        prop_assert_eq!(play(&trace, seed).digest, run.digest);
    }

    #[test]
    fn what_comes_after_a_moment_changes_nothing_before_it(trace in traces(), turn in 0..HORIZON_MS, seed: u64) {
        let mut cut = trace.clone();
        cut.pods.retain(|pod| pod.arrive_ms < turn);
        for pod in &mut cut.pods {
            pod.end_ms = Some(pod.end_ms.unwrap_or(HORIZON_MS).min(turn.max(pod.arrive_ms + 1)));
            let usage = pod.usage.as_mut().unwrap();
            let shares = (0..turn.div_ceil(300_000)).map(|step| usage.curve.share_at(step * 300_000)).collect();
            usage.curve = Arc::new(Curve::new(300_000, shares));
        }
        let before = |trace: &Trace, run: &Run| -> Vec<(String, usize, u64)> {
            let early = run.placements.iter().filter(|placement| placement.bind_ms < turn);
            early.map(|p| (trace.pods[p.pod].spec.name.clone(), p.node, p.bind_ms)).collect()
        };
        prop_assert_eq!(before(&trace, &play(&trace, seed)), before(&cut, &play(&cut, seed)));
    }
}
