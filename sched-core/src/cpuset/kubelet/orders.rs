//! The orders in which the kubelet would walk what is free, for those who want to see them.

use super::accumulator::{Accumulator, Order};
use crate::cpuset::set::{CpuId, CpuSet};
use crate::cpuset::topology::{Level, Topology, TopologyError};

/// What is free in the order in which it would be taken, by number; and what of it is entirely free.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Orders {
    /// NUMA nodes.
    pub numas: Vec<u32>,
    /// Sockets.
    pub sockets: Vec<u32>,
    /// Uncore caches; one that spans NUMA nodes occurs several times.
    pub uncores: Vec<u32>,
    /// Cores.
    pub cores: Vec<u32>,
    /// CPUs, for packed sorting.
    pub cpus_packed: Vec<CpuId>,
    /// CPUs, for spread sorting.
    pub cpus_spread: Vec<CpuId>,
    /// NUMA nodes that are entirely free.
    pub free_numas: Vec<u32>,
    /// Sockets that are entirely free.
    pub free_sockets: Vec<u32>,
    /// Caches that are entirely free.
    pub free_uncores: Vec<u32>,
    /// Cores that are entirely free.
    pub free_cores: Vec<u32>,
}

/// The orders for a machine and what is available of it. Cost: sorting all of it.
pub fn orders(topology: &Topology, available: &CpuSet) -> Result<Orders, TopologyError> {
    topology.check(available)?;
    let mut search = Accumulator::new(topology, available.clone(), 0);
    let (parents, within) = search.parents_of_cores();
    let cores: Order = parents.into_iter().flat_map(|parent| search.inner_sorted(within, parent)).collect();
    let [numas, sockets, uncores] = [search.numas(), search.sockets(), search.uncores()];
    let cpus = |level: Level, parts: &Order| {
        let cpus = parts.iter().flat_map(|part| topology.parts(level).cpus(usize::from(*part)));
        cpus.copied().filter(|cpu| available.contains(*cpu)).collect()
    };
    let numbers =
        |level: Level, parts: &Order| parts.iter().map(|part| topology.number(level, usize::from(*part))).collect();
    let free = |level: Level, parts: &Order| {
        numbers(level, &parts.iter().copied().filter(|part| search.whole(level, *part)).collect())
    };
    Ok(Orders {
        cpus_packed: cpus(Level::Core, &cores),
        cpus_spread: cpus(Level::Socket, &sockets),
        free_numas: free(Level::Numa, &numas),
        free_sockets: free(Level::Socket, &sockets),
        free_uncores: free(Level::Uncore, &uncores),
        free_cores: free(Level::Core, &cores),
        numas: numbers(Level::Numa, &numas),
        sockets: numbers(Level::Socket, &sockets),
        uncores: numbers(Level::Uncore, &uncores),
        cores: numbers(Level::Core, &cores),
    })
}
