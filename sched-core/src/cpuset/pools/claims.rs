//! Which CPUs a container keeps others from, which it lends, and where two containers are in each other's way.

use super::class::{ContainerCpus, PoolConfig};
use crate::colocation::Qos;
use crate::cpuset::koordinator::Exclusive;
use crate::cpuset::set::{CpuId, CpuSet};
use crate::cpuset::topology::{Level, Topology};

/// A container with the CPUs that it runs on at some moment; none before it starts.
#[derive(Clone, Debug)]
pub(super) struct Seat<'a> {
    pub(super) spec: &'a ContainerCpus,
    pub(super) cpus: CpuSet,
    /// What it keeps others from: its CPUs, or their cores or nodes.
    claimed: CpuSet,
    /// What of that best effort may run on all the same.
    lent: CpuSet,
}

/// The level at which a container shares nothing.
pub(super) fn exclusive(spec: &ContainerCpus) -> Exclusive {
    match (spec.class, spec.exclusive) {
        (Qos::Lsx, Exclusive::None) => Exclusive::Core,
        (_, exclusive) => exclusive,
    }
}

/// What a container keeps others from when it runs on `cpus`.
pub(super) fn claimed(topology: &Topology, spec: &ContainerCpus, cpus: &CpuSet) -> CpuSet {
    match exclusive(spec).level() {
        _ if !spec.owns() => CpuSet::new(),
        None => cpus.clone(),
        Some(level) => topology.widen(level, cpus),
    }
}

/// What a container on `cpus` lends: the configured fraction, from its highest cores.
pub(super) fn lent(topology: &Topology, config: &PoolConfig, spec: &ContainerCpus, cpus: &CpuSet) -> CpuSet {
    let percent = match spec.class {
        Qos::Lsr => config.lsr_lends_percent,
        Qos::Ls => config.ls_lends_percent,
        Qos::Lsx | Qos::Be | Qos::Ot => 0,
    };
    if !spec.owns() || percent == 0 {
        return CpuSet::new();
    }
    let mut by_core: Vec<(u16, CpuId)> = cpus.iter().map(|cpu| (topology.position(Level::Core, cpu), cpu)).collect();
    by_core.sort_unstable();
    let count = by_core.len() * usize::from(percent) / 100;
    by_core.into_iter().rev().take(count).map(|(_, cpu)| cpu).collect()
}

impl<'a> Seat<'a> {
    pub(super) fn new(topology: &Topology, config: &PoolConfig, spec: &'a ContainerCpus, cpus: CpuSet) -> Self {
        let (claimed, lent) = (claimed(topology, spec, &cpus), lent(topology, config, spec, &cpus));
        Self { spec, cpus, claimed, lent }
    }

    /// The CPUs on which the two are in each other's way.
    pub(super) fn clash(&self, other: &Self) -> CpuSet {
        if !self.spec.owns() && !other.spec.owns() {
            return CpuSet::new();
        }
        self.keeps_off(other).union(&other.keeps_off(self))
    }

    fn keeps_off(&self, other: &Self) -> CpuSet {
        let mut there = self.claimed.intersection(&other.cpus);
        if !other.spec.class.online() {
            there.subtract(&self.lent);
        }
        there
    }
}
