//! Runs as a whole: they repeat, the future does not reach back, and the results have the documented form.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "functions that tests share")]

use sched_core::{Profile, ProfileSet};
use sched_sim::{Curve, Options, Run, SimError, Trace, Usage, run, sample, simulate};
use std::cell::Cell;
use std::sync::Arc;

fn play(trace: &Trace, profile: &Profile, seed: u64) -> Run {
    simulate(trace, profile, seed, Options::default(), &mut |_| {}).unwrap()
}

/// The first hours of the sample, so that many runs take little time.
fn short(hours: u64) -> Trace {
    let mut trace = sample::hot_nodes().unwrap();
    trace.horizon_ms = hours * 3_600_000;
    trace.measured_ms = trace.horizon_ms / 2..trace.horizon_ms;
    trace.pods.retain(|pod| pod.arrive_ms < trace.horizon_ms);
    trace
}

#[test]
fn changing_the_trace_after_a_moment_changes_no_decision_before_it() {
    let trace = short(14);
    let turn_ms = 10 * 3_600_000;
    let mut other = trace.clone();
    other.pods.retain(|pod| pod.arrive_ms < turn_ms || pod.spec.name.ends_with('3'));
    let steps = trace.horizon_ms.div_ceil(300_000);
    for pod in &mut other.pods {
        let usage = pod.usage.as_ref().unwrap();
        let at = |step: u64| usage.curve.share_at(step * 300_000);
        let changed = |step| if step * 300_000 < turn_ms { at(step) } else { 1.0 - at(step).min(1.0) };
        let curve = Arc::new(Curve::new(300_000, (0..steps).map(changed).collect()));
        pod.usage = Some(Usage { curve, request_milli: usage.request_milli });
        if pod.end_ms.is_some_and(|end| end > turn_ms) {
            pod.end_ms = Some(turn_ms.max(pod.arrive_ms) + 60_000);
        }
    }
    for profile in &ProfileSet::builtin().profiles {
        let names = |trace: &Trace, run: &Run| -> Vec<(String, usize, u64)> {
            let before = run.placements.iter().take_while(|placement| placement.bind_ms < turn_ms);
            before.map(|p| (trace.pods[p.pod].spec.name.clone(), p.node, p.bind_ms)).collect()
        };
        let (then, now) = (play(&trace, profile, 1), play(&other, profile, 1));
        assert!(names(&trace, &then).len() > 100);
        assert_eq!(names(&trace, &then), names(&other, &now), "{}", profile.name);
    }
}

#[test]
fn runs_repeat_bit_for_bit_and_seeds_break_ties() {
    let trace = sample::openb().unwrap();
    let profiles = ProfileSet::builtin();
    let profile = profiles.get("kube-default").unwrap();
    let [first, again, other] = [1, 1, 2].map(|seed| play(&trace, profile, seed));
    assert_eq!((first.digest, &first.placements), (again.digest, &again.placements));
    assert_ne!(first.digest, other.digest);
}

#[test]
fn what_finds_no_place_has_reasons() {
    let trace = sample::openb().unwrap();
    let profiles = ProfileSet::builtin();
    let run = play(&trace, profiles.get("kube-default").unwrap(), 1);
    assert_eq!(run.placements.len() + run.unplaced.len(), trace.pods.len());
    assert!(!run.unplaced.is_empty() && run.unplaced.iter().all(|unplaced| !unplaced.reasons.is_empty()));
    assert!(run.unplaced_reasons.keys().any(|reason| reason.starts_with("Insufficient")), "{:?}", run.unplaced_reasons);
    let measured = &run.measured;
    let gpu = measured.gpu_allocation.unwrap();
    assert!((0.5..=1.0).contains(&gpu) && (0.0..=1.0).contains(&measured.fragmentation), "{gpu} {measured:?}");
    let pending = *measured.series.pending.last().unwrap();
    assert_eq!(pending, run.unplaced.len() as f64, "those that found no place still wait at the end");
    assert!(measured.utilisation.is_none() && measured.hot.is_none(), "openb does not say what pods use");
}

#[test]
fn nothing_is_allocated_beyond_what_there_is() {
    let trace = sample::hot_nodes().unwrap();
    let profiles = ProfileSet::builtin();
    let run = play(&trace, profiles.get("least-allocated").unwrap(), 3);
    let mut changes = Vec::new();
    for placement in &run.placements {
        let pod = &trace.pods[placement.pod];
        assert!(pod.arrive_ms <= placement.bind_ms && placement.bind_ms < pod.end_ms.unwrap());
        let cpu = pod.spec.template.containers[0].requests["cpu"];
        changes.extend([(placement.bind_ms, 1, placement.node, cpu), (pod.end_ms.unwrap(), 0, placement.node, -cpu)]);
    }
    changes.sort_unstable();
    let mut held = vec![0; trace.nodes.len()];
    for (_, _, node, cpu) in changes {
        held[node] += cpu;
        assert!(held[node] <= trace.nodes[node].allocatable["cpu"]);
    }
    let utilisation = run.measured.utilisation.unwrap();
    assert!((0.3..0.6).contains(&utilisation.mean) && utilisation.sd > 0.0, "{utilisation:?}");
    assert!(utilisation.p50 <= utilisation.p90 && utilisation.p90 <= utilisation.p99);
    assert!(run.measured.heat.rows.iter().all(|row| row.len() == 144));
}

#[test]
fn the_comparison_has_the_documented_form() {
    let trace = short(6);
    let profiles = ProfileSet::builtin();
    let chosen = ["kube-default", "least-allocated"].map(|name| profiles.get(name).unwrap());
    let ticks = Cell::new(0);
    let clock = || {
        ticks.set(ticks.get() + 1500);
        ticks.get()
    };
    let options = Options { clock: Some(&clock), ..Options::default() };
    let mut heard = Vec::new();
    let comparison = run(&trace, &chosen, &[1, 2], options, &mut |at| heard.push(at.runs_done)).unwrap();
    assert_eq!(heard.iter().copied().max(), Some(4));
    assert!(heard.is_sorted());
    let json = serde_json::to_value(&comparison).unwrap();
    assert_eq!(json["seeds"], serde_json::json!([1, 2]));
    assert_eq!(json["recommended"], comparison.profiles.iter().min_by(|a, b| a.rank(b)).unwrap().profile);
    let documented = include_str!("../../../docs/replay-json.md");
    for result in json["profiles"].as_array().unwrap() {
        assert_eq!(result["decision_us_p99"], serde_json::json!({"mean": 1.5, "sd": 0.0, "per_seed": [1.5, 1.5]}));
        for (field, value) in result.as_object().unwrap() {
            assert!(documented.contains(&format!("`{field}`")), "docs/replay-json.md says nothing of `{field}`");
            if let Some(per_seed) = value.get("per_seed") {
                assert_eq!(per_seed.as_array().unwrap().len(), 2, "{field}");
                assert!(value["mean"].is_number() && value["sd"].is_number(), "{field}");
            }
        }
    }
    for field in json.as_object().unwrap().keys() {
        assert!(documented.contains(&format!("`{field}`")), "docs/replay-json.md says nothing of `{field}`");
    }
}

#[test]
fn bad_traces_and_options_are_refused_by_name() {
    let profiles = ProfileSet::builtin();
    let profile = profiles.get("kube-default").unwrap();
    let trace = short(1);
    let error = |trace: &Trace, options| simulate(trace, profile, 1, options, &mut |_| {}).unwrap_err().to_string();
    let options = Options::default();
    let bad = Options { sample_interval_ms: 0, ..options };
    assert_eq!(error(&trace, bad), "option `sample_interval_ms`: 0 ms is not from a second to a day");
    let bad = Options { water_level: f64::NAN, ..options };
    assert!(error(&trace, bad).starts_with("option `water_level`: NaN"));
    let bad = Options { metrics_delay_ms: u64::MAX, ..options };
    assert!(error(&trace, bad).contains("MAX_BATCHES_ON_THEIR_WAY"));
    let mut twice = trace.clone();
    twice.nodes.push(twice.nodes[0].clone());
    assert!(matches!(simulate(&twice, profile, 1, options, &mut |_| {}), Err(SimError::Cluster { .. })));
    let mut empty = trace.clone();
    empty.nodes.clear();
    assert!(error(&empty, options).ends_with("the trace has no nodes"));
    let mut negative = trace.clone();
    negative.pods[0].usage.as_mut().unwrap().request_milli = -1.0;
    assert!(error(&negative, options).contains("not finite"));
    let mut long = trace.clone();
    long.horizon_ms = u64::MAX;
    assert!(error(&long, options).contains("MAX_HORIZON_MS"));
    let mut late = trace.clone();
    late.pods[0].arrive_ms = late.horizon_ms;
    assert!(error(&late, options).contains("the trace ends at 3600000 ms"));
}
