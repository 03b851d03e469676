//! The cluster of a bench: the machines and pods of the embedded GPU sample, over and over, two thirds full and in use.

use crate::error::CliError;
use sched_core::{Event, NodeSpec, PodSpec, Sample, Scheduler};
use sched_sim::Trace;

/// The time at which pods are asked about.
pub(super) const NOW_MS: u64 = 1_750_000_000_000;
/// When the cluster was told all of it.
const FED_MS: u64 = NOW_MS - 300_000;
/// How much of a node's CPU its pods request and use, percent.
const REQUESTED: i64 = 66;
const USED: i64 = 40;
/// Pods that are tried on a node before it is left as it is.
const TRIES: usize = 12;

/// Fills a scheduler with so many nodes.
pub(super) fn fill(scheduler: &mut Scheduler, trace: &Trace, nodes: u32) -> Result<(), CliError> {
    let mut apply = |event: &Event| {
        let refused = |source| CliError::Cluster { what: "the bench's cluster".to_owned(), source };
        scheduler.apply(event, FED_MS).map_err(refused)
    };
    let mut serial = 0;
    let mut pods = trace.pods.iter().cycle();
    for (index, machine) in (0..nodes).zip(trace.nodes.iter().cycle()) {
        let node = format!("node-{index}");
        apply(&Event::NodeAdded(NodeSpec { name: node.clone(), ..machine.clone() }))?;
        let all = machine.allocatable.get("cpu").copied().unwrap_or(0);
        let mut free = all * REQUESTED / 100;
        for pod in pods.by_ref().take(TRIES) {
            let cpu = pod.spec.template.containers.iter().filter_map(|container| container.requests.get("cpu"));
            let cpu: i64 = cpu.sum();
            if cpu <= free {
                free -= cpu;
                serial += 1;
                bind(&mut apply, named(&pod.spec, format!("pod-{serial}")), &node)?;
            }
        }
        let cpu_milli = all * USED / 100;
        let memory_bytes = machine.allocatable.get("memory").copied().unwrap_or(0) * USED / 100;
        let sample = Sample { at_ms: FED_MS, window_ms: 60_000, cpu_milli, memory_bytes };
        apply(&Event::NodeSample { name: node, sample })?;
    }
    Ok(())
}

fn bind(apply: &mut impl FnMut(&Event) -> Result<(), CliError>, pod: PodSpec, node: &str) -> Result<(), CliError> {
    let (namespace, name, node) = (pod.namespace.clone(), pod.name.clone(), node.to_owned());
    apply(&Event::PodAdded(pod))?;
    apply(&Event::PodBound { namespace, name, node, at_ms: FED_MS - 600_000 })
}

/// The same pod under another name.
pub(super) fn named(pod: &PodSpec, name: String) -> PodSpec {
    PodSpec { name, ..pod.clone() }
}
