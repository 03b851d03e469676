//! Lists of CPUs of nodes, sockets or the machine, in the order in which they are tried.

use super::Exclusive;
use super::accumulator::Accumulator;
use crate::cpuset::set::CpuId;
use crate::cpuset::topology::{Level, Within};
use std::cmp::Reverse;

/// Free CPUs by part of some levels.
struct Tally(Vec<usize>);

impl Tally {
    fn new(search: &Accumulator, level: Level) -> Self {
        Self(vec![0; search.topology.parts(level).len()])
    }

    fn add(&mut self, part: u16) {
        if let Some(count) = self.0.get_mut(usize::from(part)) {
            *count += 1;
        }
    }

    fn of(&self, part: u16) -> usize {
        self.0.get(usize::from(part)).copied().unwrap_or_default()
    }
}

/// CPUs of whole cores by part.
pub(super) struct Whole {
    /// Parts in order, each with how many such CPUs it has.
    pub(super) parts: Vec<(u16, usize)>,
    level: Level,
    /// By core, its free CPUs that the pass does not avoid.
    free: Tally,
}

impl Whole {
    /// Nodes, which come by what they have and then by what their sockets have; or sockets, which come by what they have.
    pub(super) fn new(search: &mut Accumulator, level: Level, avoid: bool) -> Self {
        let levels: &[Exclusive] = if avoid { &[Exclusive::Numa] } else { &[] };
        let topology = search.topology;
        let per_core = topology.counts().per_core();
        let mut free = Tally::new(search, Level::Core);
        let mut in_socket = Tally::new(search, Level::Socket);
        search.free.for_each(|cpu| {
            if !search.avoids(levels, cpu) {
                free.add(topology.position(Level::Core, cpu));
                in_socket.add(topology.position(Level::Socket, cpu));
            }
        });
        let cores = topology.parts(Level::Core).len() as u16;
        search.steps += search.free.len() as u64 + u64::from(cores);
        let mut in_part = Tally::new(search, level);
        // The socket of a node is that of its first core, where it has several.
        let mut firsts = vec![(u64::MAX, u16::MAX, u16::MAX); topology.parts(level).len()];
        for core in (0..cores).filter(|core| free.of(*core) == per_core) {
            let cpu = search.free_of_core(core).next().unwrap_or_default();
            let part = topology.position(level, cpu);
            in_part.add(part);
            if let Some(first) = firsts.get_mut(usize::from(part)) {
                *first = (references_of_core(search, core), core, topology.position(Level::Socket, cpu)).min(*first);
            }
        }
        let socket_of = |part: u16| firsts.get(usize::from(part)).map_or(u16::MAX, |(.., socket)| *socket);
        let parts = (0..firsts.len() as u16).map(|part| (part, in_part.of(part) * per_core));
        let mut parts: Vec<(u16, usize)> = parts.filter(|(_, count)| *count > 0).collect();
        parts.sort_by_cached_key(|(part, count)| {
            let beside = if level == Level::Numa { search.ranked(in_socket.of(socket_of(*part))) } else { 0 };
            (search.ranked(*count), beside, *part)
        });
        Self { parts, level, free }
    }

    /// The CPUs of a part's whole cores: cores by what others have of them, then by number.
    pub(super) fn cpus(&self, search: &mut Accumulator, part: u16) -> Vec<CpuId> {
        let per_core = search.topology.counts().per_core();
        let within = if self.level == Level::Numa { Within::CoresInNuma } else { Within::CoresInSocket };
        let (cores, _) = search.topology.within(within, part.into());
        let mut cores: Vec<u16> = cores.iter().copied().filter(|core| self.free.of(*core) == per_core).collect();
        search.steps += cores.len() as u64;
        cores.sort_unstable_by_key(|core| (references_of_core(search, *core), *core));
        cores.iter().flat_map(|core| search.free_of_core(*core)).collect()
    }
}

fn references_of_core(search: &Accumulator, core: u16) -> u64 {
    if !search.counts_references() {
        return 0;
    }
    search.free_of_core(core).map(|cpu| search.references(cpu)).sum()
}

/// Free CPUs by node or by socket, in order; in a pass that avoids what others have for themselves one of each core.
pub(super) fn singles(search: &mut Accumulator, level: Level, avoid: bool, enough: usize) -> Option<Vec<CpuId>> {
    let levels: &[Exclusive] = match (avoid, level) {
        (false, _) => &[],
        (true, Level::Numa) => &[Exclusive::Core, Exclusive::Numa],
        (true, _) => &[Exclusive::Core],
    };
    let mut in_part = Tally::new(search, level);
    let mut in_socket = Tally::new(search, Level::Socket);
    search.free.for_each(|cpu| {
        if !search.avoids(levels, cpu) {
            in_part.add(search.topology.position(level, cpu));
            in_socket.add(search.topology.position(Level::Socket, cpu));
        }
    });
    search.steps += search.free.len() as u64;
    let parts = search.topology.parts(level);
    let mut lists = Vec::new();
    for part in (0..parts.len() as u16).filter(|part| in_part.of(*part) > 0) {
        let cpus = parts.cpus(part.into()).iter().copied();
        let mut cpus: Vec<CpuId> =
            cpus.filter(|cpu| search.free.contains(*cpu) && !search.avoids(levels, *cpu)).collect();
        sort_by_references(search, &mut cpus);
        if avoid {
            cpus = one_of_each_core(search, cpus);
        }
        let socket = cpus.first().map_or(u16::MAX, |cpu| search.topology.position(Level::Socket, *cpu));
        let key = match level {
            Level::Numa => (search.ranked(in_part.of(part)), search.ranked(in_socket.of(socket))),
            _ => (search.ranked(cpus.len()), 0),
        };
        lists.push((key, part, cpus));
    }
    search.steps += lists.iter().map(|(.., cpus)| cpus.len() as u64).sum::<u64>();
    let able = lists.into_iter().filter(|(.., cpus)| cpus.len() >= enough);
    able.min_by_key(|(key, part, _)| (*key, *part)).map(|(.., cpus)| cpus)
}

fn sort_by_references(search: &Accumulator, cpus: &mut [CpuId]) {
    if search.counts_references() {
        cpus.sort_unstable_by_key(|cpu| (search.references(*cpu), *cpu));
    }
}

/// The CPUs, each with how many of the same core come before it.
fn ranked_in_core(search: &Accumulator, cpus: Vec<CpuId>) -> Vec<(usize, CpuId)> {
    let mut seen = Tally::new(search, Level::Core);
    let ranked = cpus.into_iter().map(|cpu| {
        let core = search.topology.position(Level::Core, cpu);
        seen.add(core);
        (seen.of(core), cpu)
    });
    ranked.collect()
}

/// The first CPU of each core in the list's order.
fn one_of_each_core(search: &Accumulator, cpus: Vec<CpuId>) -> Vec<CpuId> {
    ranked_in_core(search, cpus).into_iter().filter(|(rank, _)| *rank == 1).map(|(_, cpu)| cpu).collect()
}

/// The first CPU of each core in the list's order, then the second ones, and so on. A list no longer than a core is left as it is.
pub(super) fn spread(search: &mut Accumulator, cpus: Vec<CpuId>) -> Vec<CpuId> {
    if cpus.len() <= search.topology.counts().per_core() {
        return cpus;
    }
    search.steps += cpus.len() as u64;
    let mut ranked = ranked_in_core(search, cpus);
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, cpu)| cpu).collect()
}

/// All free CPUs, those of the sockets first from which most has been taken.
pub(super) fn everything(search: &mut Accumulator, avoid: bool) -> Vec<CpuId> {
    let levels: &[Exclusive] = if avoid { &[Exclusive::Core, Exclusive::Numa] } else { &[] };
    let topology = search.topology;
    let mut in_core = Tally::new(search, Level::Core);
    let mut in_numa = Tally::new(search, Level::Numa);
    let mut in_socket = Tally::new(search, Level::Socket);
    let mut taken = Tally::new(search, Level::Socket);
    search.free.for_each(|cpu| {
        if !search.avoids(levels, cpu) {
            in_core.add(topology.position(Level::Core, cpu));
            in_numa.add(topology.position(Level::Numa, cpu));
            in_socket.add(topology.position(Level::Socket, cpu));
        }
    });
    search.taken.for_each(|cpu| taken.add(topology.position(Level::Socket, cpu)));
    let cores = (0..topology.parts(Level::Core).len() as u16).filter(|core| in_core.of(*core) > 0);
    let mut cores: Vec<u16> = cores.collect();
    search.steps += (search.free.len() + cores.len()) as u64;
    cores.sort_by_cached_key(|core| {
        let cpu = topology.parts(Level::Core).cpus(usize::from(*core)).first().copied().unwrap_or_default();
        let (socket, numa) = (topology.position(Level::Socket, cpu), topology.position(Level::Numa, cpu));
        let free = (search.ranked(in_socket.of(socket)), search.ranked(in_numa.of(numa)), in_core.of(*core));
        (Reverse(taken.of(socket)), free, socket, references_of_core(search, *core), *core)
    });
    let mut all = Vec::with_capacity(search.free.len());
    for core in cores {
        let mut cpus: Vec<CpuId> = search.free_of_core(core).filter(|cpu| !search.avoids(levels, *cpu)).collect();
        sort_by_references(search, &mut cpus);
        all.extend(cpus);
    }
    all
}
