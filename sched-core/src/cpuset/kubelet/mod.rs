//! CPUs as the kubelet's static policy takes them (Kubernetes 1.35, `pkg/kubelet/cm/cpumanager/cpu_assignment.go`), without its faults.

mod accumulator;
mod distributed;
mod options;
mod orders;
mod packed;
mod policy;

pub use options::{OptionError, StaticPolicyOptions};
pub use orders::{Orders, orders};
pub use policy::{Reserved, StaticPolicy, StaticPolicyError};

use super::set::CpuSet;
use super::topology::{Topology, TopologyError};
use thiserror::Error;

/// In which order single CPUs are taken once no whole part fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Sorting {
    /// Core by core, those with the fewest free CPUs first.
    #[default]
    Packed,
    /// By number within each socket, and no whole cores before: with siblings numbered apart this spreads over physical cores (kubelet's option
    /// `distribute-cpus-across-cores`).
    Spread,
}

/// CPUs that were taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Which ones: as many as were asked, all of them from those that were available.
    pub cpus: CpuSet,
    /// Parts, CPUs and combinations of nodes that were looked at.
    pub steps: u64,
}

/// CPUs cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum TakeError {
    /// Fewer are available than were asked for.
    #[error("not enough cpus available to satisfy request: requested={requested}, available={available}")]
    NotEnough {
        /// How many were asked for.
        requested: usize,
        /// How many there are.
        available: usize,
    },
    /// Groups of no CPUs.
    #[error("cpus are handed out in groups of at least 1, not 0")]
    Group,
    /// Available CPUs that the machine does not have.
    #[error(transparent)]
    Topology(#[from] TopologyError),
}

/// Takes `want` CPUs packed; fewer than 1 is none.
///
/// `prefer_uncore` keeps them within one uncore cache where that is possible (kubelet's option `prefer-align-cpus-by-uncorecache`).
/// Cost: one pass over the available CPUs, and sorting those parts of the machine that are broken open.
///
/// ```
/// use sched_core::cpuset::{CpuPlace, Sorting, Topology, TopologyTable, take_packed};
///
/// // Four cores of two threads: cpu N and cpu N + 4 are siblings.
/// let cpus = (0..8).map(|cpu| CpuPlace { cpu, core: u32::from(cpu % 4), uncore: 0, numa: 0, socket: 0 }).collect();
/// let topology = Topology::new(&TopologyTable { cpus, ..TopologyTable::default() })?;
/// let taken = take_packed(&topology, &"0,2-7".parse()?, 3, Sorting::Packed, false)?;
/// assert_eq!(taken.cpus.to_string(), "1,4-5"); // one whole core, and the thread whose sibling is taken already
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn take_packed(
    topology: &Topology,
    available: &CpuSet,
    want: i64,
    sorting: Sorting,
    prefer_uncore: bool,
) -> Result<Taken, TakeError> {
    topology.check(available)?;
    packed::take(topology, available.clone(), whole_number(want), sorting, prefer_uncore)
}

/// Takes `want` CPUs spread evenly over as few NUMA nodes as can hold them evenly, in groups of `group` (kubelet's option
/// `distribute-cpus-across-numa`); packed if `want` is no multiple of `group`, or no set of nodes can.
///
/// Cost: as [`take_packed`] for each node, and a comparison of sets of nodes, at most [`crate::limits::MAX_NUMA_SPREADS`].
pub fn take_distributed(
    topology: &Topology,
    available: &CpuSet,
    want: i64,
    group: usize,
    sorting: Sorting,
) -> Result<Taken, TakeError> {
    topology.check(available)?;
    distributed::take(topology, available.clone(), whole_number(want), group, sorting)
}

/// What is asked for as a count; nothing below 1.
pub(super) fn whole_number(want: i64) -> usize {
    usize::try_from(want.max(0)).unwrap_or(usize::MAX)
}
