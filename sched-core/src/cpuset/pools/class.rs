//! What a container asks for by its class, and how a machine is divided.

use crate::colocation::{Priority, Qos};
use crate::cpuset::koordinator::Exclusive;
use crate::cpuset::set::CpuSet;

/// Which class the containers of a priority are of.
///
/// ```
/// use sched_core::colocation::{Priority, Qos};
/// use sched_core::cpuset::PriorityClasses;
///
/// assert_eq!(PriorityClasses::default().class_of(Priority::P1), Qos::Lsr);
/// let two_tiers = PriorityClasses([Qos::Ls, Qos::Ls, Qos::Ls, Qos::Be, Qos::Be]);
/// assert_eq!(two_tiers.class_of(Priority::P3), Qos::Be);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct PriorityClasses(pub [Qos; 5]);

impl Default for PriorityClasses {
    /// One class a priority, in order.
    fn default() -> Self {
        Self(Qos::ALL)
    }
}

impl PriorityClasses {
    /// The class of a priority.
    pub fn class_of(self, priority: Priority) -> Qos {
        let [p0, p1, p2, p3, p4] = self.0;
        match priority {
            Priority::P0 => p0,
            Priority::P1 => p1,
            Priority::P2 => p2,
            Priority::P3 => p3,
            Priority::P4 => p4,
        }
    }
}

/// What a container asks of the pools.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ContainerCpus {
    /// Its name, unique on the machine.
    pub container: String,
    /// Its class.
    pub class: Qos,
    /// CPUs of its own: at least 1 for [`Qos::Lsx`] and [`Qos::Lsr`], 0 for [`Qos::Be`] and [`Qos::Ot`]; for [`Qos::Ls`] 0 is the shared pool.
    pub own: i64,
    /// What it shares with no other container, but for what it lends. [`Qos::Lsx`] never shares a core.
    pub exclusive: Exclusive,
    /// NUMA nodes that its own CPUs must be of, for example of a hint; none is any.
    #[cfg_attr(feature = "serde", serde(default))]
    pub numas: Vec<u32>,
    /// Its own CPUs if someone has chosen them already, as a scheduler's reservation does.
    #[cfg_attr(feature = "serde", serde(default))]
    pub chosen: Option<CpuSet>,
}

impl ContainerCpus {
    /// A container of a class with so many CPUs of its own, on cores of its own for [`Qos::Lsx`] and [`Qos::Lsr`].
    pub fn new(container: impl Into<String>, class: Qos, own: i64) -> Self {
        let exclusive = if class <= Qos::Lsr { Exclusive::Core } else { Exclusive::None };
        Self { container: container.into(), class, own, exclusive, numas: Vec::new(), chosen: None }
    }

    /// Whether it has CPUs of its own.
    pub(super) fn owns(&self) -> bool {
        self.own > 0
    }
}

/// How a machine is divided.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields, rename_all = "camelCase")
)]
pub struct PoolConfig {
    /// CPUs that are in no pool: the system's.
    pub reserved: CpuSet,
    /// CPUs of best effort's own, taken from the highest cores.
    pub be_own: usize,
    /// Of 100 CPUs of a [`Qos::Lsr`] container how many it lends, rounded down for each container.
    pub lsr_lends_percent: u8,
    /// The same of [`Qos::Ls`] containers with CPUs of their own.
    pub ls_lends_percent: u8,
    /// CPUs that always stay in the shared pool.
    pub min_shared: usize,
    /// Containers that may be moved to make room for one, at most [`crate::limits::MAX_REBINDS`].
    pub max_rebinds: usize,
}

impl Default for PoolConfig {
    /// Nothing reserved nor best effort's own; LSR lends all, LS half; one CPU stays shared; up to two containers are moved.
    fn default() -> Self {
        let reserved = CpuSet::new();
        Self { reserved, be_own: 0, lsr_lends_percent: 100, ls_lends_percent: 50, min_shared: 1, max_rebinds: 2 }
    }
}
