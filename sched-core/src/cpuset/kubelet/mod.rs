//! CPUs as the kubelet's static policy takes them (Kubernetes 1.35, `pkg/kubelet/cm/cpumanager/cpu_assignment.go`), without its faults.

mod accumulator;
mod aliased;
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

/// Whose answer it is where a peer's has faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Compatibility {
    /// The one that the rules give.
    #[default]
    Repaired,
    /// The kubelet's, for foretelling it: its sets of four NUMA nodes and more overwrite each other in memory, so that others are taken than it chose.
    /// As many as asked, and free, they are all the same; where it would never end, or miscount, the answer is the repaired one.
    Kubelet,
}

/// How CPUs are spread over NUMA nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Distribution {
    /// CPUs are handed out in groups of so many, for example of a core; at least 1.
    pub group: usize,
    /// In which order they are taken within a node.
    pub sorting: Sorting,
    /// Whose answer.
    pub compatibility: Compatibility,
}

impl Default for Distribution {
    /// CPU by CPU, packed.
    fn default() -> Self {
        Self { group: 1, sorting: Sorting::Packed, compatibility: Compatibility::Repaired }
    }
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
/// assert_eq!(taken.cpus.to_string(), "0,4-5"); // one whole core, and the thread whose sibling is taken already
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

/// Takes `want` CPUs spread evenly over as few NUMA nodes as can hold them evenly (kubelet's option `distribute-cpus-across-numa`); packed if
/// `want` is no multiple of the group, or no set of nodes can.
///
/// Cost: as [`take_packed`] for each node, and a comparison of sets of nodes, at most [`crate::limits::MAX_NUMA_SPREADS`].
pub fn take_distributed(
    topology: &Topology,
    available: &CpuSet,
    want: i64,
    how: &Distribution,
) -> Result<Taken, TakeError> {
    topology.check(available)?;
    distributed::take(topology, available.clone(), whole_number(want), how)
}

/// What is asked for as a count; nothing below 1.
pub(super) fn whole_number(want: i64) -> usize {
    usize::try_from(want.max(0)).unwrap_or(usize::MAX)
}
