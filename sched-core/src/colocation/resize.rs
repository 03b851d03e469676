//! In-place vertical resize: what a pod is charged while it lasts, whether it can be done, and the settings in the order in which
//! they are safe.

use super::groups::wanted;
use super::setting::check_group;
use super::{Amounts, Asks, Change, ColocationError, GroupConfig, Level, Qos, Resource, Setting, Wanted, plan};
use std::fmt;

/// What a pod asks for, was granted and has, while it is resized.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Resize {
    /// What its specification asks for.
    pub spec: Amounts,
    /// What the node granted last.
    pub allocated: Amounts,
    /// What the agent has confirmed to be set.
    pub actual: Amounts,
}

impl Resize {
    /// A pod at rest.
    pub const fn at(amounts: Amounts) -> Self {
        Self { spec: amounts, allocated: amounts, actual: amounts }
    }

    /// What it is charged: the largest of the three, resource by resource. So room is taken when it is asked for and given back
    /// only once the agent has confirmed that it is free.
    ///
    /// Source: KEP-1287, which has the scheduler count the largest of spec, allocated and actual.
    pub fn charged(&self) -> Amounts {
        self.spec.larger(self.allocated).larger(self.actual)
    }

    /// The agent has set what the node granted.
    #[must_use]
    pub const fn confirmed(self) -> Self {
        Self { actual: self.allocated, ..self }
    }
}

/// One control group of the pod: itself, or one of its containers.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct GroupResize {
    /// The control group.
    pub cgroup: String,
    /// What it asks for now.
    pub from: Asks,
    /// What it shall ask for.
    pub to: Asks,
    /// Memory in use, bytes.
    pub memory_used: i64,
}

/// What the resize of a pod meets on its node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct Room {
    /// What the node could give at most.
    pub allocatable: Amounts,
    /// What nobody is charged.
    pub free: Amounts,
}

/// Why a resize, or the memory part of it, does not happen now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub enum Held {
    /// The node is too small, and always will be.
    Infeasible {
        /// Of which resource.
        resource: Resource,
        /// What is asked for.
        asked: i64,
        /// What the node has.
        allocatable: i64,
    },
    /// LSX and LSR have whole CPUs.
    NotWhole {
        /// What is asked for.
        cpu_milli: i64,
    },
    /// Others have the room at the moment.
    Deferred {
        /// Of which resource.
        resource: Resource,
        /// What would be needed besides.
        more: i64,
        /// What is free.
        free: i64,
    },
    /// More memory is in use than the limit would be; the rest of the resize goes on.
    MemoryInUse {
        /// What is in use.
        used: i64,
        /// What the limit would be.
        limit: i64,
    },
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Infeasible { resource, asked, allocatable } => {
                write!(f, "infeasible: {asked} of {resource} asked for, the node has {allocatable}")
            }
            Self::NotWhole { cpu_milli } => write!(f, "infeasible: {cpu_milli}m are not whole CPUs"),
            Self::Deferred { resource, more, free } => {
                write!(f, "deferred: {more} more of {resource} needed, {free} free")
            }
            Self::MemoryInUse { used, limit } => {
                write!(f, "memory not shrunk: {used} bytes in use, the limit would be {limit}")
            }
        }
    }
}

/// What to do about a resize.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct ResizeDecision {
    /// What to write, in this order; nothing while the whole resize is held.
    pub settings: Vec<Setting>,
    /// What the pod is granted once that is written. Charge [`Resize::charged`] until then.
    pub allocated: Amounts,
    /// Whole CPUs that LSX and LSR need, where that changes: now, and then. More are allotted before the settings, fewer after.
    pub cpus: Option<(i64, i64)>,
    /// What is held back, and why.
    pub held: Option<Held>,
}

/// Decides about the resize of a pod whose own control group comes first, before those of its containers.
///
/// All of it or nothing is granted; only a limit of memory below what is in use is put off by itself. Then: what shrinks, inner
/// groups first, weight before quota; then what grows, outer groups first, quota before weight; CPU before memory when growing.
///
/// Source: KEP-1287 (feasible, deferred; pod before containers when growing, after them when shrinking; no limit of memory below
/// use).
///
/// # Errors
/// Settings or quantities out of range, a group whose path leads elsewhere, and containers with more than their pod.
///
/// ```
/// use sched_core::colocation::*;
///
/// let asks = |cpu| Asks { cpu_request: cpu, cpu_limit: Some(cpu), memory_request: 1 << 30, memory_limit: Some(1 << 30) };
/// let group = |cgroup: &str| GroupResize { cgroup: cgroup.into(), from: asks(1_000), to: asks(2_000), memory_used: 1 << 29 };
/// let room = Room { allocatable: Amounts::new(8_000, 16 << 30), free: Amounts::new(4_000, 8 << 30) };
/// let charged = Amounts::new(1_000, 1 << 30);
/// let decision = resize(&GroupConfig::default(), Qos::Ls, &[group("pod"), group("pod/web")], charged, &room)?;
/// let first = decision.settings.first().map(ToString::to_string);
/// assert_eq!(first.as_deref(), Some("set cpu.max of `pod` to `200000 100000` because LS is limited to 2000m"));
/// # Ok::<(), ColocationError>(())
/// ```
pub fn resize(
    config: &GroupConfig,
    qos: Qos,
    groups: &[GroupResize],
    charged: Amounts,
    room: &Room,
) -> Result<ResizeDecision, ColocationError> {
    config.check()?;
    groups.iter().try_for_each(GroupResize::check)?;
    charged.check(|| "the pod's charge".into())?;
    let Some(pod) = groups.first() else {
        return Ok(ResizeDecision { settings: Vec::new(), allocated: charged, cpus: None, held: None });
    };
    let (from, to) = (requests(&pod.from), requests(&pod.to));
    if let Some(held) = refuse(qos, to, charged, room) {
        return Ok(ResizeDecision { settings: Vec::new(), allocated: from, cpus: None, held: Some(held) });
    }
    let held = groups.iter().find_map(memory_in_use);
    let mut changes = Vec::new();
    for group in groups {
        let to = if held.is_some() { keep_memory(group) } else { group.to };
        changes.extend(differences(config, qos, group, &to));
    }
    let allocated = if held.is_some() { Amounts { memory: from.memory, ..to } } else { to };
    let own = matches!(qos, Qos::Lsx | Qos::Lsr) && from.cpu != to.cpu;
    let cpus = own.then_some((from.cpu / 1_000, to.cpu / 1_000));
    Ok(ResizeDecision { settings: plan(changes)?, allocated, cpus, held })
}

impl GroupResize {
    fn check(&self) -> Result<(), ColocationError> {
        check_group(&self.cgroup)?;
        self.from.check(&self.cgroup)?;
        self.to.check(&self.cgroup)?;
        Amounts::new(0, self.memory_used).check(|| format!("use of `{}`", self.cgroup))
    }
}

const fn requests(asks: &Asks) -> Amounts {
    Amounts::new(asks.cpu_request, asks.memory_request)
}

fn refuse(qos: Qos, to: Amounts, charged: Amounts, room: &Room) -> Option<Held> {
    if matches!(qos, Qos::Lsx | Qos::Lsr) && to.cpu % 1_000 != 0 {
        return Some(Held::NotWhole { cpu_milli: to.cpu });
    }
    let infeasible = |resource| {
        let (asked, allocatable) = (to.of(resource), room.allocatable.of(resource));
        (asked > allocatable).then_some(Held::Infeasible { resource, asked, allocatable })
    };
    let deferred = |resource| {
        let (more, free) = (to.left_after(charged).of(resource), room.free.of(resource));
        (more > 0 && more > free).then_some(Held::Deferred { resource, more, free })
    };
    Resource::ALL.into_iter().find_map(infeasible).or_else(|| Resource::ALL.into_iter().find_map(deferred))
}

fn memory_in_use(group: &GroupResize) -> Option<Held> {
    let limit = group.to.memory_limit?;
    let shrinks = group.from.memory_limit.is_none_or(|from| limit < from);
    (shrinks && limit < group.memory_used).then_some(Held::MemoryInUse { used: group.memory_used, limit })
}

const fn keep_memory(group: &GroupResize) -> Asks {
    Asks { memory_request: group.from.memory_request, memory_limit: group.from.memory_limit, ..group.to }
}

fn differences(config: &GroupConfig, qos: Qos, group: &GroupResize, to: &Asks) -> Vec<Change> {
    let old = wanted(config, &group.cgroup, qos, &group.from);
    let new = wanted(config, &group.cgroup, qos, to);
    let says = |all: &[Wanted], file| all.iter().find(|wanted| wanted.file == file).map(|wanted| wanted.to);
    // A burst comes and goes with its quota; where it is not wanted it is 0.
    let none = Level::Amount(0);
    let gone = old.iter().filter(|before| says(&new, before.file).is_none());
    let gone = gone.map(|before| Wanted { to: none, ..before.clone() }.from(before.to)).collect::<Vec<_>>();
    let wanted = new.into_iter().map(|wanted| {
        let from = says(&old, wanted.file).unwrap_or(none);
        wanted.from(from)
    });
    wanted.chain(gone).collect()
}
