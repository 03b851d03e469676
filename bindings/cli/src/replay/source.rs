//! Where a replay's workloads come from, and how to name the same ones again.

use super::text::quoted;
use crate::args::{ReplayArgs, Sample, TraceKind};
use crate::error::CliError;
use sched_sim::{Run, Trace, TracePod, read};

/// The workloads that the options name: those given, or else a sample.
pub(crate) fn traces(args: &ReplayArgs) -> Result<Vec<Trace>, CliError> {
    if let (Some(TraceKind::Openb), Some(nodes), Some(pods)) = (args.trace, &args.nodes, &args.pods) {
        return Ok(vec![read::openb_files(nodes, pods)?]);
    }
    if args.workload.is_empty() {
        return Ok(vec![sample(args.sample)?]);
    }
    args.workload.iter().map(|folder| Ok(read::hot_nodes_dir(folder)?)).collect()
}

/// A workload that is part of the program.
pub(crate) fn sample(sample: Sample) -> Result<Trace, CliError> {
    Ok(match sample {
        Sample::HotNodes => sched_sim::sample::hot_nodes()?,
        Sample::Openb => sched_sim::sample::openb()?,
    })
}

pub(super) fn is_sample(args: &ReplayArgs) -> bool {
    args.workload.is_empty() && args.trace.is_none()
}

/// The name of a sample that is not the default, as the value of `--sample`.
pub(super) fn sample_option(args: &ReplayArgs) -> &'static str {
    if args.sample == Sample::Openb { " openb" } else { "" }
}

/// The options that name the first workload.
pub(super) fn options_again(args: &ReplayArgs) -> String {
    let path = |path: &std::path::PathBuf| quoted(&path.display().to_string());
    match (args.workload.first(), &args.nodes, &args.pods) {
        (Some(folder), _, _) => format!("--workload {}", path(folder)),
        (None, Some(nodes), Some(pods)) => format!("--trace openb --nodes {} --pods {}", path(nodes), path(pods)),
        _ => String::new(),
    }
}

/// What a pod's containers request.
pub(crate) fn requested_cpu_milli(pod: &TracePod) -> i64 {
    let containers = pod.spec.template.containers.iter();
    containers.filter_map(|container| container.requests.get("cpu")).sum()
}

/// A pod worth asking about: of those that two runs put on different nodes, the one that asks for most cpu, if possible
/// in the measured time; if there is none, the first that was placed.
pub(crate) fn telling_pod<'t>(trace: &'t Trace, run: &Run, other: &Run) -> Option<&'t str> {
    let mut elsewhere = vec![None; trace.pods.len()];
    for placement in &other.placements {
        if let Some(node) = elsewhere.get_mut(placement.pod) {
            *node = Some(placement.node);
        }
    }
    let differs = run.placements.iter().filter(|placement| elsewhere.get(placement.pod) != Some(&Some(placement.node)));
    // Of equals the first, so that the same replay always names the same pod.
    let telling = differs.min_by_key(|placement| {
        let measured = trace.measured_ms.contains(&placement.bind_ms);
        std::cmp::Reverse((measured, trace.pods.get(placement.pod).map_or(0, requested_cpu_milli)))
    });
    let telling = telling.or(run.placements.first())?;
    trace.pods.get(telling.pod).map(|pod| pod.spec.name.as_str())
}
