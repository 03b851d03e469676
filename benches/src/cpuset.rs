//! Eight CPUs taken of half-free machines, from the plain free set, as peers do it.

use crate::decision::Failure;
use crate::rng::Rng;
use sched_core::cpuset::{
    BindPolicy, BindRequest, CpuPlace, CpuSet, Distribution, Exclusive, Exclusivity, NumaStrategy, Sorting, Taken,
    Topology, TopologyTable, take_bound, take_distributed, take_packed,
};
use std::hint::black_box;
use std::time::Instant;

/// CPUs that are taken.
const WANT: i64 = 8;
/// Calls of one measurement.
const CALLS: u32 = 50;

/// What is called.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// As the kubelet packs.
    Packed,
    /// The same by number.
    PackedSpread,
    /// The same within one uncore cache.
    PackedUncore,
    /// As the kubelet distributes, core by core.
    Distributed,
    /// As Koordinator takes whole cores.
    FullCores,
    /// As Koordinator takes one thread of each core.
    SpreadThreads,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Packed, Self::PackedSpread, Self::PackedUncore, Self::Distributed, Self::FullCores, Self::SpreadThreads];
}

/// A machine with half of its cores free, and with half of its CPUs free.
#[derive(Debug)]
pub struct Machine {
    topology: Topology,
    free: [CpuSet; 2],
}

impl Machine {
    /// Machines of 128 and of 256 CPUs, of two threads a core that are numbered apart: two nodes; eight nodes; caches of eight cores.
    pub fn all() -> Result<Vec<Self>, Failure> {
        let shapes = [[2, 1, 1, 32], [2, 1, 4, 8], [2, 1, 1, 64], [2, 4, 1, 16], [2, 1, 8, 8]];
        shapes.into_iter().map(Self::new).collect()
    }

    fn new([sockets, numas, caches, cores]: [u32; 4]) -> Result<Self, Failure> {
        let count = sockets * numas * caches * cores;
        let place = |cpu: u32| {
            let (core, uncore) = (cpu % count, cpu % count / cores);
            let numa = uncore / caches;
            CpuPlace { cpu: cpu as u16, core, uncore, numa, socket: numa / numas }
        };
        let cpus = (0..2 * count).map(place).collect();
        let topology = Topology::new(&TopologyTable { cpus, ..TopologyTable::default() })?;
        let mut rng = Rng::new(6, count.into());
        let cores = half(&mut rng, count).into_iter().flat_map(|core| [core, core + count]).collect();
        let free =
            [cores, half(&mut rng, 2 * count)].map(|cpus: Vec<u32>| cpus.iter().map(|cpu| *cpu as u16).collect());
        Ok(Self { topology, free })
    }

    /// CPUs of the machine.
    pub fn cpus(&self) -> usize {
        self.topology.counts().cpus
    }

    /// One call on the machine with half of its cores free, and one with half of its CPUs free.
    pub fn call(&self, call: Call) -> Result<[Taken; 2], Failure> {
        let [cores, cpus] = &self.free;
        Ok([self.take(call, cores)?, self.take(call, cpus)?])
    }

    fn take(&self, call: Call, free: &CpuSet) -> Result<Taken, Failure> {
        let bound = |bind| {
            let request = BindRequest {
                available: free,
                preferred: &CpuSet::new(),
                allocated: &[],
                max_references: 1,
                want: WANT,
                bind,
                exclusive: Exclusive::None,
                exclusivity: Exclusivity::Required,
                strategy: NumaStrategy::MostAllocated,
            };
            take_bound(&self.topology, &request)
        };
        Ok(match call {
            Call::Packed => take_packed(&self.topology, free, WANT, Sorting::Packed, false),
            Call::PackedSpread => take_packed(&self.topology, free, WANT, Sorting::Spread, false),
            Call::PackedUncore => take_packed(&self.topology, free, WANT, Sorting::Packed, true),
            Call::Distributed => {
                take_distributed(&self.topology, free, WANT, &Distribution { group: 2, ..Distribution::default() })
            }
            Call::FullCores => bound(BindPolicy::FullPCPUs),
            Call::SpreadThreads => bound(BindPolicy::SpreadByPCPUs),
        }?)
    }

    /// Nanoseconds of a call on either, the slower one.
    pub fn nanos(&self, call: Call) -> Result<f64, Failure> {
        let mut slower: f64 = 0.0;
        for free in &self.free {
            let start = Instant::now();
            for _ in 0..CALLS {
                black_box(self.take(call, black_box(free))?);
            }
            slower = slower.max(start.elapsed().as_nanos() as f64 / f64::from(CALLS));
        }
        Ok(slower)
    }
}

/// Half of the numbers below `count`.
fn half(rng: &mut Rng, count: u32) -> Vec<u32> {
    let mut all: Vec<u32> = (0..count).collect();
    while all.len() > count as usize / 2 {
        all.swap_remove(rng.below(all.len()));
    }
    all
}
