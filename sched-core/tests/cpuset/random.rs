//! Random machines, regular and not, and what may be free of them.

use proptest::prelude::*;
use sched_core::cpuset::{Counts, CpuPlace, CpuSet, Topology, TopologyTable};

/// A machine with the table that it was built from.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) topology: Topology,
    pub(crate) cpus: Vec<CpuPlace>,
}

/// Sockets, NUMA nodes a socket, caches a node, cores a cache, threads a core.
pub(crate) type Shape = [u32; 5];

/// A machine whose CPUs are numbered by `numbers`; threads for which `missing` says so are left out.
pub(crate) fn machine([sockets, numas, caches, cores, threads]: Shape, numbers: &[u16], missing: &[bool]) -> Machine {
    let mut cpus = Vec::new();
    let count = sockets * numas * caches * cores * threads;
    for index in 0..count {
        let core = index / threads;
        let uncore = core / cores;
        let numa = uncore / caches;
        let cpu = numbers.get(index as usize).copied().unwrap_or(index as u16);
        if index == 0 || !missing.get(index as usize).copied().unwrap_or(false) {
            cpus.push(CpuPlace { cpu, core, uncore, numa, socket: numa / numas });
        }
    }
    let table = TopologyTable { cpus: cpus.clone(), ..TopologyTable::default() };
    Machine { topology: Topology::new(&table).unwrap(), cpus }
}

/// Machines of up to 72 CPUs in any numbering, one in three with threads missing.
pub(crate) fn machines() -> impl Strategy<Value = Machine> {
    let shape = [1_u32..=3, 1..=3, 1..=2, 1..=4, 1..=2].prop_map(|shape: [u32; 5]| shape);
    shape.prop_flat_map(|shape| {
        let count = shape.iter().product::<u32>() as usize;
        let numbers = Just((0..count as u16 + 9).collect::<Vec<u16>>()).prop_shuffle();
        let numbers = prop_oneof![Just(Vec::new()), numbers];
        let missing = prop_oneof![
            2 => Just(Vec::new()),
            1 => proptest::collection::vec(proptest::bool::weighted(0.15), count),
        ];
        (Just(shape), numbers, missing).prop_map(|(shape, numbers, missing)| machine(shape, &numbers, &missing))
    })
}

/// A machine and what is free of it.
pub(crate) fn with_free() -> impl Strategy<Value = (Machine, CpuSet)> {
    machines().prop_flat_map(|machine| {
        let count = machine.cpus.len();
        let free = prop_oneof![
            Just(vec![true; count]),
            proptest::collection::vec(any::<bool>(), count),
            proptest::collection::vec(proptest::bool::weighted(0.85), count)
        ];
        (Just(machine), free).prop_map(|(machine, free)| {
            let free = machine.cpus.iter().zip(&free).filter(|(_, free)| **free).map(|(place, _)| place.cpu);
            let free = free.collect();
            (machine, free)
        })
    })
}

/// The largest machine that is allowed: 4,096 CPUs in 64 nodes.
pub(crate) fn largest() -> Topology {
    let topology = machine([8, 8, 4, 8, 2], &[], &[]).topology;
    let Counts { cpus, numas, .. } = topology.counts();
    assert_eq!((cpus, numas), (4_096, 64));
    topology
}
