//! Hot-node minutes, overload and saturation against two judges: `score.py` of the hot-node workloads, which knows nothing of
//! this library, and a slow recomputation pod by pod and minute by minute.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "functions that tests share")]

use sched_core::ProfileSet;
use sched_sim::{Hot, Options, Run, Trace, read, sample, simulate, write_placements};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder with hot-node workloads and `score.py`: `SCHED_WORKLOADS`, by default beside the repository.
fn workloads() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/workloads");
    std::env::var_os("SCHED_WORKLOADS").map_or(beside, PathBuf::from).join("hot-nodes")
}

fn replay(trace: &Trace, profile: &str, delay_ms: u64) -> Run {
    let profiles = ProfileSet::builtin();
    let options = Options { metrics_delay_ms: delay_ms, ..Options::default() };
    simulate(trace, profiles.get(profile).unwrap(), 7, options, &mut |_| {}).unwrap()
}

/// What `score.py` prints for these placements of the workload in `folder`; `None` without Python.
fn judged(folder: &Path, trace: &Trace, run: &Run) -> Option<serde_json::Value> {
    let unique = format!("sched-sim-{}-{}.csv", std::process::id(), folder.file_name().unwrap().to_string_lossy());
    let path = std::env::temp_dir().join(unique);
    write_placements(trace, &run.placements, &mut std::fs::File::create(&path).unwrap()).unwrap();
    let output = Command::new("python3").arg(workloads().join("score.py")).arg(folder).arg(&path).output();
    std::fs::remove_file(&path).unwrap();
    let output = output.ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn assert_equal(run: &Run, judged: &serde_json::Value) {
    let Hot { hot_node_minutes, overload_core_minutes, saturated_node_minutes } = run.measured.hot.unwrap();
    assert_eq!(judged["hot_node_minutes"], hot_node_minutes);
    assert_eq!(judged["overload_core_minutes"], overload_core_minutes);
    assert_eq!(judged["saturated_node_minutes"], saturated_node_minutes);
    assert_eq!(judged["unplaced"], run.unplaced.len());
}

#[test]
fn score_py_arrives_at_the_same_numbers() {
    for (workload, profile) in [("spiky-1", "least-allocated"), ("daily-2", "kube-default")] {
        let folder = workloads().join(workload);
        if !workloads().join("score.py").exists() || !folder.exists() {
            eprintln!("skipped: no workload in {}; SCHED_WORKLOADS names another folder", folder.display());
            return;
        }
        let trace = read::hot_nodes_dir(&folder).unwrap();
        let run = replay(&trace, profile, 60_000);
        match judged(&folder, &trace, &run) {
            Some(judged) => assert_equal(&run, &judged),
            None => return eprintln!("skipped: there is no python3 to run score.py with"),
        }
    }
}

#[test]
fn score_py_agrees_on_the_sample() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/hot-nodes");
    if !workloads().join("score.py").exists() {
        return eprintln!("skipped: no score.py in {}", workloads().display());
    }
    let trace = sample::hot_nodes().unwrap();
    let run = replay(&trace, "least-allocated", 600_000);
    match judged(&folder, &trace, &run) {
        Some(judged) => assert_equal(&run, &judged),
        None => eprintln!("skipped: there is no python3 to run score.py with"),
    }
}

#[test]
fn a_slow_recomputation_agrees_on_the_sample() {
    let trace = sample::hot_nodes().unwrap();
    let run = replay(&trace, "kube-default", 60_000);
    let apps: Vec<Vec<f64>> = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/hot-nodes/apps.csv"))
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| line.split(',').skip(1).map(|percent| percent.parse::<f64>().unwrap() / 100.0).collect())
        .collect();
    let names: Vec<&str> = include_str!("../data/hot-nodes/apps.csv").lines().skip(1).collect();
    let app_of = |name: &str| names.iter().position(|line| line.starts_with(&format!("{name},"))).unwrap();
    let (mut hot, mut overload, mut saturated) = (0, 0.0, 0);
    for node in 0..trace.nodes.len() {
        let pods: Vec<_> = run.placements.iter().filter(|placement| placement.node == node).collect();
        for minute in 1440..2880_u64 {
            let demand: f64 = pods
                .iter()
                .filter(|p| p.bind_ms / 60_000 <= minute && minute < trace.pods[p.pod].end_ms.unwrap() / 60_000)
                .map(|p| {
                    let template = &trace.pods[p.pod].spec.template;
                    let app = app_of(&template.owner.as_ref().unwrap().name);
                    template.containers[0].requests["cpu"] as f64 * apps[app][(minute / 5) as usize]
                })
                .sum();
            let capacity = trace.nodes[node].capacity["cpu"] as f64;
            hot += u64::from(demand > 0.65 * capacity);
            overload += (demand - 0.65 * capacity).max(0.0) / 1000.0;
            saturated += u64::from(demand > capacity);
        }
    }
    let measured = run.measured.hot.unwrap();
    // Sums in another order may differ in their last bits, so that a node at the very level may count or not.
    assert!(hot.abs_diff(measured.hot_node_minutes) <= 5, "{hot} {measured:?}");
    assert!((overload - measured.overload_core_minutes).abs() < 0.1, "{overload} {measured:?}");
    assert!(saturated.abs_diff(measured.saturated_node_minutes) <= 5, "{saturated} {measured:?}");
    assert!(hot > 0, "the sample has hot nodes");
}
