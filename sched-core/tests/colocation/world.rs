//! Reports to begin with.

use sched_core::colocation::*;

pub(crate) const GIB: i64 = 1 << 30;
/// The age of samples, seconds, in these tests' reports.
pub(crate) const T0: u64 = 1_000_000;

/// 100 CPUs and 100 GiB, nothing on it.
pub(crate) fn machine() -> NodeReport {
    let capacity = amounts(100_000, 100);
    NodeReport { at_ms: T0, capacity, allocatable: capacity, ..NodeReport::default() }
}

/// Milli-CPU and GiB.
pub(crate) fn amounts(cpu: i64, gib: i64) -> Amounts {
    Amounts::new(cpu, gib * GIB)
}

pub(crate) fn pod(qos: Qos, requested: (i64, i64), used: (i64, i64)) -> PodReport {
    PodReport::new(format!("{qos}"), qos, amounts(requested.0, requested.1)).using(amounts(used.0, used.1))
}

pub(crate) fn with(pods: &[PodReport]) -> NodeReport {
    NodeReport { pods: pods.to_vec(), ..machine() }
}

/// What the formulas give.
pub(crate) fn target(config: &CapacityConfig, report: &NodeReport) -> Offer {
    OfferState::default().step(config, report, T0).expect("a sound report")
}
