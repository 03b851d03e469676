//! What the report draws of each workload: the course of every profile's first seed.

use crate::report::{Course, Scene};
use sched_sim::{Comparison, ProfileResult, Trace};

/// Workloads that are drawn; more would make the page too large to be of use.
const MAX_SCENES: usize = 4;
const MS_PER_MIN: f64 = 60_000.0;

pub(super) fn scenes(traces: &[Trace], results: &[Comparison]) -> Vec<Scene> {
    traces.iter().zip(results).take(MAX_SCENES).map(|(trace, result)| scene(trace, result)).collect()
}

fn scene(trace: &Trace, result: &Comparison) -> Scene {
    let seed = result.seeds.first().filter(|_| result.seeds.len() > 1);
    Scene {
        title: seed.map_or_else(|| trace.name.clone(), |seed| format!("{}, seed {seed}", trace.name)),
        water_level: trace.has_usage().then_some(result.water_level),
        measured_from_min: trace.measured_ms.start as f64 / MS_PER_MIN,
        courses: result.profiles.iter().filter_map(|profile| course(trace, profile)).collect(),
    }
}

fn course(trace: &Trace, profile: &ProfileResult) -> Option<Course> {
    let measured = &profile.runs.first()?.measured;
    let series = &measured.series;
    let step_ms = match series.at_ms.as_slice() {
        [first, second, ..] => second - first,
        _ => trace.horizon_ms,
    };
    let names = trace.nodes.iter().map(|node| node.name.clone());
    Some(Course {
        profile: profile.profile.clone(),
        step_min: step_ms as f64 / MS_PER_MIN,
        utilisation: series.utilisation.clone(),
        allocation: series.allocation.clone(),
        gpu_allocation: series.gpu_allocation.clone(),
        fragmentation: series.fragmentation.clone(),
        pending: series.pending.clone(),
        node_step_min: measured.heat.column_ms as f64 / MS_PER_MIN,
        nodes: names.zip(measured.heat.rows.iter().cloned()).collect(),
    })
}
