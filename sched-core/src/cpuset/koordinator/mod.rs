//! CPUs as Koordinator's node NUMA resource plug-in takes them (`pkg/scheduler/plugins/nodenumaresource/cpu_accumulator.go`, after 1.8), without its
//! faults; and with exclusivity that is required rather than preferred.

mod accumulator;
mod lists;
mod required;
mod steps;

pub use required::usable;

use super::kubelet::{TakeError, Taken};
use super::set::CpuSet;
use super::topology::{Level, Topology};
use accumulator::Accumulator;

/// How threads of a core are used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum BindPolicy {
    /// Whole cores first.
    FullPCPUs,
    /// One thread of each core first. Koordinator's other policies take so too.
    #[default]
    SpreadByPCPUs,
}

/// What a container shares with nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Exclusive {
    /// Only its CPUs.
    #[default]
    None,
    /// Its cores.
    Core,
    /// Its NUMA nodes.
    Numa,
}

impl Exclusive {
    /// The level at which it shares nothing.
    pub(crate) fn level(self) -> Option<Level> {
        match self {
            Self::None => None,
            Self::Core => Some(Level::Core),
            Self::Numa => Some(Level::Numa),
        }
    }
}

/// What exclusivity means.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Exclusivity {
    /// It is refused rather than broken, and holds against every container whatever that one asks for.
    #[default]
    Required,
    /// As Koordinator: parts that containers with the same wish have are avoided while others have room.
    Preferred,
}

/// Which NUMA nodes are taken first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NumaStrategy {
    /// Those with the least free: nodes are filled.
    #[default]
    MostAllocated,
    /// Those with the most free: nodes are kept even.
    LeastAllocated,
}

/// CPUs that containers have, with one reference count and one mark.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Allocated {
    /// The CPUs.
    pub cpus: CpuSet,
    /// How many containers have them.
    pub references: u16,
    /// What their containers share with nobody. A CPU of several containers carries the strictest mark.
    pub exclusive: Exclusive,
}

/// What is asked for, and on what.
#[derive(Clone, Debug)]
pub struct BindRequest<'a> {
    /// CPUs that may be taken: online, and with fewer than `max_references` containers.
    pub available: &'a CpuSet,
    /// Those of them that are taken first, for example of a reservation.
    pub preferred: &'a CpuSet,
    /// What others have.
    pub allocated: &'a [Allocated],
    /// How many containers may share a CPU; reference counts are compared if more than one.
    pub max_references: u16,
    /// How many CPUs; fewer than 1 is none.
    pub want: i64,
    /// How threads of a core are used.
    pub bind: BindPolicy,
    /// What is shared with nobody.
    pub exclusive: Exclusive,
    /// What that means.
    pub exclusivity: Exclusivity,
    /// Which NUMA nodes come first.
    pub strategy: NumaStrategy,
}

/// Takes CPUs as the request says. Cost: a few passes over the available CPUs, and sorting those of one node, socket or, in the end, the machine.
///
/// ```
/// use sched_core::cpuset::{
///     BindPolicy, BindRequest, CpuPlace, CpuSet, Exclusive, Exclusivity, NumaStrategy, Topology, TopologyTable, take_bound,
/// };
///
/// let cpus = (0..8).map(|cpu| CpuPlace { cpu, core: u32::from(cpu / 2), uncore: 0, numa: 0, socket: 0 }).collect();
/// let topology = Topology::new(&TopologyTable { cpus, ..TopologyTable::default() })?;
/// let request = BindRequest {
///     available: &"0-7".parse()?,
///     preferred: &CpuSet::new(),
///     allocated: &[],
///     max_references: 1,
///     want: 3,
///     bind: BindPolicy::SpreadByPCPUs,
///     exclusive: Exclusive::None,
///     exclusivity: Exclusivity::Required,
///     strategy: NumaStrategy::MostAllocated,
/// };
/// assert_eq!(take_bound(&topology, &request)?.cpus.to_string(), "0,2,4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn take_bound(topology: &Topology, request: &BindRequest) -> Result<Taken, TakeError> {
    topology.check(request.available)?;
    let required = request.exclusivity == Exclusivity::Required;
    let available = if required {
        usable(topology, request.available, request.allocated, request.exclusive)
    } else {
        request.available.clone()
    };
    let want = super::kubelet::whole_number(request.want);
    if want > available.len() {
        return Err(TakeError::NotEnough { requested: want, available: available.len() });
    }
    let preferred = available.intersection(request.preferred);
    let rest = available.difference(&preferred);
    let first = want.min(preferred.len());
    let mut taken = take_from(topology, request, preferred, first);
    let more = take_from(topology, request, rest, want - first);
    taken.cpus.add(&more.cpus);
    taken.steps += more.steps;
    Ok(taken)
}

fn take_from(topology: &Topology, request: &BindRequest, free: CpuSet, want: usize) -> Taken {
    if want == 0 {
        return Taken { cpus: CpuSet::new(), steps: 0 };
    }
    let mut search = Accumulator::new(topology, request, free, want);
    steps::take(&mut search);
    debug_assert!(search.taken.len() == want, "what is free suffices");
    Taken { cpus: search.taken, steps: search.steps }
}
