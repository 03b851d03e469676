//! What the report draws of each workload: the course of every profile's first seed.

use crate::report::{Course, Scene};
use sched_sim::{Comparison, ProfileResult, Trace};

/// Runs that are drawn, over all workloads: about 45 kB each, and a page stays below 2 MB.
const MAX_COURSES: usize = 40;
const MS_PER_MIN: f64 = 60_000.0;

/// The scenes, and how many runs were left out of them.
pub(super) fn scenes(traces: &[Trace], results: &[Comparison]) -> (Vec<Scene>, usize) {
    let each = |result: &Comparison| result.profiles.len();
    let mut room = MAX_COURSES;
    let mut scenes = Vec::new();
    for (trace, result) in traces.iter().zip(results).filter(|(_, result)| each(result) > 0) {
        if room > 0 {
            scenes.push(scene(trace, result, room));
            room = room.saturating_sub(each(result));
        }
    }
    let all: usize = results.iter().map(each).sum();
    (scenes, all.saturating_sub(MAX_COURSES))
}

fn scene(trace: &Trace, result: &Comparison, most: usize) -> Scene {
    let seed = result.seeds.first().filter(|_| result.seeds.len() > 1);
    Scene {
        title: seed.map_or_else(|| trace.name.clone(), |seed| format!("{}, seed {seed}", trace.name)),
        water_level: trace.has_usage().then_some(result.water_level),
        measured_from_min: trace.measured_ms.start as f64 / MS_PER_MIN,
        courses: result.profiles.iter().take(most).filter_map(|profile| course(trace, profile)).collect(),
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
