//! QoS classes, what a container asks for, and how a machine is divided among them.

use crate::cpuset::koordinator::Exclusive;
use crate::cpuset::set::CpuSet;

/// Who shares what with whom.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "UPPERCASE"))]
pub enum QosClass {
    /// Latency sensitive, exclusive: CPUs on cores that nobody else runs on, siblings included.
    Lsx,
    /// Latency sensitive, reserved: cores of its own, of which it lends a fraction to [`QosClass::Be`].
    Lsr,
    /// Latency sensitive: the shared pool, or CPUs of its own, of which it lends a fraction.
    Ls,
    /// Best effort: CPUs of its own, the shared pool, and what the others lend.
    Be,
    /// Overcommitted again: wherever [`QosClass::Be`] runs, with the lowest priority.
    Ot,
}

impl QosClass {
    /// Whether it runs on CPUs that others lend.
    pub fn borrows(self) -> bool {
        matches!(self, Self::Be | Self::Ot)
    }
}

/// Which priorities are which class: P0, the highest, to P4.
///
/// ```
/// use sched_core::cpuset::{PriorityClasses, QosClass};
///
/// assert_eq!(PriorityClasses::default().class_of(1), Some(QosClass::Lsr));
/// let two_tiers = PriorityClasses([QosClass::Ls, QosClass::Ls, QosClass::Ls, QosClass::Be, QosClass::Be]);
/// assert_eq!(two_tiers.class_of(3), Some(QosClass::Be));
/// assert_eq!(two_tiers.class_of(5), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct PriorityClasses(pub [QosClass; 5]);

impl Default for PriorityClasses {
    /// One class a priority, in order.
    fn default() -> Self {
        Self([QosClass::Lsx, QosClass::Lsr, QosClass::Ls, QosClass::Be, QosClass::Ot])
    }
}

impl PriorityClasses {
    /// The class of a priority; none beyond P4.
    pub fn class_of(self, priority: u8) -> Option<QosClass> {
        self.0.get(usize::from(priority)).copied()
    }
}

/// What a container asks of the pools.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ContainerCpus {
    /// Its name, unique on the machine.
    pub container: String,
    /// Its class.
    pub class: QosClass,
    /// CPUs of its own: at least 1 for [`QosClass::Lsx`] and [`QosClass::Lsr`], 0 for [`QosClass::Be`] and [`QosClass::Ot`]; for [`QosClass::Ls`] 0 is the shared pool.
    pub own: i64,
    /// What it shares with no other container, but for what it lends. [`QosClass::Lsx`] never shares a core.
    pub exclusive: Exclusive,
    /// NUMA nodes that its own CPUs must be of, for example of a hint; none is any.
    #[cfg_attr(feature = "serde", serde(default))]
    pub numas: Vec<u32>,
    /// Its own CPUs if someone has chosen them already, as a scheduler's reservation does.
    #[cfg_attr(feature = "serde", serde(default))]
    pub chosen: Option<CpuSet>,
}

impl ContainerCpus {
    /// A container of a class with so many CPUs of its own, on cores of its own for [`QosClass::Lsx`] and [`QosClass::Lsr`].
    pub fn new(container: impl Into<String>, class: QosClass, own: i64) -> Self {
        let exclusive = if class <= QosClass::Lsr { Exclusive::Core } else { Exclusive::None };
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
    /// Of 100 CPUs of a [`QosClass::Lsr`] container how many it lends, rounded down for each container.
    pub lsr_lends_percent: u8,
    /// The same of [`QosClass::Ls`] containers with CPUs of their own.
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
