//! What is free during one search, what others have beside it, and what has been taken.

use super::{BindRequest, Exclusive, NumaStrategy};
use crate::cpuset::set::{CpuId, CpuSet};
use crate::cpuset::tally::Tally;
use crate::cpuset::topology::{Level, Topology};

/// What one attempt may take.
pub(super) struct Pass {
    pub(super) set: CpuSet,
    pub(super) tally: Tally,
}

/// One search.
pub(super) struct Accumulator<'t> {
    pub(super) topology: &'t Topology,
    pub(super) free: CpuSet,
    pub(super) taken: CpuSet,
    pub(super) need: usize,
    /// CPUs and parts that were looked at: what bounds the search.
    pub(super) steps: u64,
    pub(super) full_cores: bool,
    strategy: NumaStrategy,
    exclusive: Exclusive,
    /// CPUs of the cores or nodes, as the request wishes, that others with the same wish have; what is taken joins them.
    avoided: CpuSet,
    /// Containers by CPU; empty where each has but one.
    references: Vec<u16>,
}

impl<'t> Accumulator<'t> {
    pub(super) fn new(topology: &'t Topology, request: &BindRequest, free: CpuSet, need: usize) -> Self {
        let mut references = Vec::new();
        let mut avoided = CpuSet::new();
        if request.max_references > 1 {
            references = vec![0; topology.room()];
        }
        for group in request.allocated {
            for cpu in group.cpus.iter() {
                if let Some(count) = references.get_mut(usize::from(cpu)) {
                    *count = group.references;
                }
            }
            if let Some(level) = request.exclusive.level().filter(|_| group.exclusive == request.exclusive) {
                avoided.add(&topology.widen(level, &group.cpus));
            }
        }
        Self {
            topology,
            steps: free.len() as u64,
            free,
            taken: CpuSet::with_room(topology.room()),
            need,
            full_cores: request.bind == super::BindPolicy::FullPCPUs,
            strategy: request.strategy,
            exclusive: request.exclusive,
            avoided,
            references,
        }
    }

    pub(super) fn done(&self) -> bool {
        self.need == 0
    }

    /// Takes CPUs as long as any are needed.
    pub(super) fn take(&mut self, cpus: &[CpuId]) {
        for cpu in cpus {
            self.steps += 1;
            if self.need == 0 || !self.free.remove(*cpu) {
                continue;
            }
            self.need -= 1;
            self.taken.insert(*cpu);
            if let Some(level) = self.exclusive.level() {
                let part = usize::from(self.topology.position(level, *cpu));
                for cpu in self.topology.parts(level).cpus(part) {
                    self.avoided.insert(*cpu);
                }
            }
        }
    }

    /// What is free, but for what others have for themselves at one of `levels`.
    pub(super) fn pass(&mut self, levels: &[Exclusive]) -> Pass {
        let mut set = self.free.clone();
        if self.avoids(levels) {
            set.subtract(&self.avoided);
        }
        self.steps += self.free.len() as u64;
        let tally = Tally::new(self.topology, &set);
        Pass { set, tally }
    }

    /// Whether a pass that avoids what others have at `levels` leaves anything out.
    pub(super) fn avoids(&self, levels: &[Exclusive]) -> bool {
        levels.contains(&self.exclusive) && !self.avoided.is_disjoint(&self.free)
    }

    /// How many containers have the CPU already.
    pub(super) fn references(&self, cpu: CpuId) -> u64 {
        self.references.get(usize::from(cpu)).copied().unwrap_or_default().into()
    }

    pub(super) fn counts_references(&self) -> bool {
        !self.references.is_empty()
    }

    /// Free CPUs in the order of the strategy: a key that is smaller for what comes first.
    pub(super) fn ranked(&self, free: usize) -> i64 {
        match self.strategy {
            NumaStrategy::MostAllocated => free as i64,
            NumaStrategy::LeastAllocated => -(free as i64),
        }
    }

    /// The free CPUs of a core.
    pub(super) fn free_of_core(&self, core: u16) -> impl Iterator<Item = CpuId> + use<'_, 't> {
        let cpus = self.topology.parts(Level::Core).cpus(core.into()).iter();
        cpus.copied().filter(|cpu| self.free.contains(*cpu))
    }
}
