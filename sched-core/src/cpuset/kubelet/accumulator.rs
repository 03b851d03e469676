//! What is free while CPUs are taken one after the other, counted on every level, and the orders in which the kubelet walks it.

use crate::cpuset::set::{CpuId, CpuSet};
use crate::cpuset::tally::Tally;
use crate::cpuset::topology::{Level, Topology, Within};
use smallvec::SmallVec;

/// Positions of parts of one level, in some order.
pub(super) type Order = SmallVec<[u16; 16]>;

/// One search: what is free, what is taken, how much is still needed.
#[derive(Clone, Debug)]
pub(super) struct Accumulator<'t> {
    pub(super) topology: &'t Topology,
    pub(super) free: CpuSet,
    pub(super) taken: CpuSet,
    pub(super) need: usize,
    /// Parts and CPUs that were looked at: what bounds the search.
    pub(super) steps: u64,
    tally: Tally,
}

impl<'t> Accumulator<'t> {
    pub(super) fn new(topology: &'t Topology, free: CpuSet, need: usize) -> Self {
        let tally = Tally::new(topology, &free);
        let steps = free.len() as u64;
        Self { topology, taken: CpuSet::with_room(topology.room()), free, need, steps, tally }
    }

    pub(super) fn done(&self) -> bool {
        self.need == 0
    }

    /// How many CPUs are free in a part.
    pub(super) fn free_in(&self, level: Level, part: u16) -> usize {
        self.tally.of(level, part)
    }

    /// Takes a CPU if it is free and still needed.
    pub(super) fn take(&mut self, cpu: CpuId) {
        self.steps += 1;
        if self.need > 0 && self.free.remove(cpu) {
            self.taken.insert(cpu);
            self.tally.change(self.topology.place(cpu), |count| *count -= 1);
            self.need -= 1;
        }
    }

    /// Takes CPUs as long as any are needed.
    pub(super) fn take_all(&mut self, cpus: impl IntoIterator<Item = CpuId>) {
        for cpu in cpus {
            self.take(cpu);
        }
    }

    /// Takes a part whole if it is entirely free and not larger than what is needed.
    pub(super) fn take_whole(&mut self, level: Level, part: u16) {
        self.steps += 1;
        let cpus = self.topology.parts(level).cpus(part.into());
        if cpus.len() <= self.need && self.whole(level, part) {
            self.take_all(cpus.iter().copied());
        }
    }

    /// Whether all of a part is free. Of sockets and cores the kubelet compares with the average size alone, and so takes CPUs of uneven ones
    /// that are not free; here it must be both.
    pub(super) fn whole(&self, level: Level, part: u16) -> bool {
        let free = self.free_in(level, part);
        let counts = self.topology.counts();
        let average = match level {
            Level::Core => free == counts.per_core(),
            Level::Socket => free == counts.per_socket(),
            Level::Numa | Level::Uncore => true,
        };
        average && free > 0 && free == self.topology.parts(level).cpus(part.into()).len()
    }

    /// Whether NUMA nodes stand above sockets on this machine, as far as its counts say.
    pub(super) fn numa_first(&self) -> bool {
        let counts = self.topology.counts();
        counts.sockets >= counts.numas
    }

    /// NUMA nodes with free CPUs: fewest free first.
    pub(super) fn numas(&mut self) -> Order {
        if self.numa_first() { self.all(Level::Numa) } else { self.each(Level::Socket, Within::NumasInSocket) }
    }

    /// Sockets with free CPUs, in the order of NUMA nodes where those stand above.
    pub(super) fn sockets(&mut self) -> Order {
        if self.numa_first() { self.each(Level::Numa, Within::SocketsInNuma) } else { self.all(Level::Socket) }
    }

    /// Caches with free CPUs, by NUMA node. One that spans nodes occurs several times.
    pub(super) fn uncores(&mut self) -> Order {
        let numas = self.numas();
        numas.into_iter().flat_map(|numa| self.inner_sorted(Within::UncoresInNuma, numa)).collect()
    }

    /// What cores are walked by, in order, and how they lie in it.
    pub(super) fn parents_of_cores(&mut self) -> (Order, Within) {
        if self.numa_first() { (self.sockets(), Within::CoresInSocket) } else { (self.numas(), Within::CoresInNuma) }
    }

    fn all(&mut self, level: Level) -> Order {
        let parts = (0..self.topology.parts(level).len() as u16).filter(|part| self.free_in(level, *part) > 0);
        let parts = parts.collect();
        self.sorted(level, parts)
    }

    fn each(&mut self, outer: Level, within: Within) -> Order {
        let outers = self.all(outer);
        outers.into_iter().flat_map(|part| self.inner_sorted(within, part)).collect()
    }

    /// The parts within one, fewest free first.
    pub(super) fn inner_sorted(&mut self, within: Within, outer: u16) -> Order {
        let parts = self.inner(within, outer).collect();
        self.sorted(within.levels().1, parts)
    }

    fn sorted(&mut self, level: Level, mut parts: Order) -> Order {
        self.steps += parts.len() as u64;
        parts.sort_unstable_by_key(|part| (self.free_in(level, *part), *part));
        parts
    }

    /// The parts within one that have a free CPU there, ascending.
    pub(super) fn inner(&self, within: Within, outer: u16) -> impl Iterator<Item = u16> + use<'_, 't> {
        let (level, inner) = within.levels();
        let (parts, spans) = self.topology.within(within, outer.into());
        let free_there = move |part: &u16| {
            let cpus = self.topology.parts(inner).cpus(usize::from(*part)).iter();
            cpus.into_iter().any(|cpu| self.topology.position(level, *cpu) == outer && self.free.contains(*cpu))
        };
        let free = move |part: &u16| self.free_in(inner, *part) > 0 && (!spans || free_there(part));
        parts.iter().copied().filter(free)
    }
}
