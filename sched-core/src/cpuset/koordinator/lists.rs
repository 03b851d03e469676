//! Lists of CPUs of nodes, sockets or the machine, in the order in which they are tried.

use super::Exclusive;
use super::accumulator::{Accumulator, Pass};
use crate::cpuset::set::CpuId;
use crate::cpuset::topology::{Level, Within};
use std::cmp::Reverse;

/// CPUs of whole cores by part.
pub(super) struct Whole {
    /// Parts in order, each with how many such CPUs it has.
    pub(super) parts: Vec<(u16, usize)>,
    level: Level,
    pass: Pass,
}

impl Whole {
    /// Nodes, which come by what they have and then by what their sockets have; or sockets, which come by what they have.
    pub(super) fn new(search: &mut Accumulator, level: Level, avoid: &[Exclusive]) -> Self {
        let pass = search.pass(avoid);
        let cores = search.topology.parts(Level::Core);
        let per_core = search.topology.counts().per_core();
        search.steps += cores.len() as u64;
        // The socket of a node is that of its first core, where it has several.
        let nothing = (0, (u64::MAX, u16::MAX, u16::MAX));
        let mut found = vec![nothing; search.topology.parts(level).len()];
        for core in (0..cores.len() as u16).filter(|core| pass.tally.of(Level::Core, *core) == per_core) {
            let Some(cpu) = cores.cpus(core.into()).iter().copied().find(|cpu| pass.set.contains(*cpu)) else {
                continue;
            };
            let part = search.topology.position(level, cpu);
            if let Some((count, first)) = found.get_mut(usize::from(part)) {
                *count += per_core;
                let socket = search.topology.position(Level::Socket, cpu);
                *first = (references_of_core(search, core), core, socket).min(*first);
            }
        }
        let found = (0..).zip(&found).filter(|(_, (count, _))| *count > 0);
        let ranked = found.map(|(part, (count, (.., socket)))| {
            let beside = if level == Level::Numa { pass.tally.of(Level::Socket, *socket) } else { 0 };
            (search.ranked(*count), search.ranked(beside), part, *count)
        });
        let mut ranked: Vec<(i64, i64, u16, usize)> = ranked.collect();
        ranked.sort_unstable();
        Self { parts: ranked.into_iter().map(|(.., part, count)| (part, count)).collect(), level, pass }
    }

    /// The CPUs of a part's whole cores, at most so many: cores by what others have of them, then by number.
    pub(super) fn cpus(&self, search: &mut Accumulator, part: u16, most: usize) -> Vec<CpuId> {
        let per_core = search.topology.counts().per_core();
        let within = if self.level == Level::Numa { Within::CoresInNuma } else { Within::CoresInSocket };
        let (cores, _) = search.topology.within(within, part.into());
        let whole = cores.iter().copied().filter(|core| self.pass.tally.of(Level::Core, *core) == per_core);
        let mut cores: Vec<u16> = whole.collect();
        search.steps += cores.len() as u64;
        if search.counts_references() {
            cores.sort_unstable_by_key(|core| (references_of_core(search, *core), *core));
        }
        cores.iter().flat_map(|core| search.free_of_core(*core)).take(most).collect()
    }
}

fn references_of_core(search: &Accumulator, core: u16) -> u64 {
    if !search.counts_references() {
        return 0;
    }
    search.free_of_core(core).map(|cpu| search.references(cpu)).sum()
}

/// Free CPUs of the first node or socket that has enough; in a pass that avoids what others have for themselves one of each core.
pub(super) fn singles(search: &mut Accumulator, level: Level, avoid: bool, enough: usize) -> Option<Vec<CpuId>> {
    let levels: &[Exclusive] = match (avoid, level) {
        (false, _) => &[],
        (true, Level::Numa) => &[Exclusive::Core, Exclusive::Numa],
        (true, _) => &[Exclusive::Core],
    };
    let pass = search.pass(levels);
    let parts = search.topology.parts(level);
    let able = (0..parts.len() as u16).filter(|part| pass.tally.of(level, *part) >= enough);
    let list = |part: u16| {
        let cpus = parts.cpus(part.into()).iter().copied().filter(|cpu| pass.set.contains(*cpu)).collect();
        let cpus = by_references(search, cpus);
        if avoid { one_of_each_core(search, cpus) } else { cpus }
    };
    // Of nodes the order does not depend on the lists, so that most are never made.
    if level == Level::Numa {
        let beside = |part: u16| {
            let socket = match search.topology.within(Within::SocketsInNuma, part.into()) {
                ([socket], _) => *socket,
                _ => list(part).first().map_or(u16::MAX, |cpu| search.topology.position(Level::Socket, *cpu)),
            };
            search.ranked(pass.tally.of(Level::Socket, socket))
        };
        let mut able: Vec<u16> = able.collect();
        able.sort_by_cached_key(|part| (search.ranked(pass.tally.of(level, *part)), beside(*part), *part));
        return able.into_iter().map(list).find(|cpus| cpus.len() >= enough);
    }
    let lists = able.map(|part| (part, list(part))).filter(|(_, cpus)| cpus.len() >= enough);
    lists.min_by_key(|(part, cpus)| (search.ranked(cpus.len()), *part)).map(|(_, cpus)| cpus)
}

/// The CPUs by what others have of them, then by number.
fn by_references(search: &Accumulator, mut cpus: Vec<CpuId>) -> Vec<CpuId> {
    if search.counts_references() {
        cpus.sort_unstable_by_key(|cpu| (search.references(*cpu), *cpu));
    }
    cpus
}

/// The CPUs, each with how many of the same core come before it.
fn ranked_in_core(search: &Accumulator, cpus: Vec<CpuId>) -> impl Iterator<Item = (u16, CpuId)> {
    let mut seen = vec![0_u16; search.topology.parts(Level::Core).len()];
    cpus.into_iter().map(move |cpu| {
        let core = usize::from(search.topology.position(Level::Core, cpu));
        let rank = seen.get_mut(core).map_or(0, |seen| std::mem::replace(seen, *seen + 1));
        (rank, cpu)
    })
}

/// The first CPU of each core in the list's order.
fn one_of_each_core(search: &Accumulator, cpus: Vec<CpuId>) -> Vec<CpuId> {
    ranked_in_core(search, cpus).filter(|(rank, _)| *rank == 0).map(|(_, cpu)| cpu).collect()
}

/// The first CPU of each core in the list's order, then the second ones, and so on. A list no longer than a core is left as it is.
pub(super) fn spread(search: &mut Accumulator, cpus: Vec<CpuId>) -> Vec<CpuId> {
    if cpus.len() <= search.topology.counts().per_core() {
        return cpus;
    }
    search.steps += cpus.len() as u64;
    let mut ranked: Vec<(u16, CpuId)> = ranked_in_core(search, cpus).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, cpu)| cpu).collect()
}

/// All free CPUs, those of the sockets first from which most has been taken.
pub(super) fn everything(search: &mut Accumulator, avoid: bool) -> Vec<CpuId> {
    let levels: &[Exclusive] = if avoid { &[Exclusive::Core, Exclusive::Numa] } else { &[] };
    let Pass { set, tally } = search.pass(levels);
    let topology = search.topology;
    let taken = |socket: u16| {
        let cpus = topology.parts(Level::Socket).cpus(socket.into()).iter();
        cpus.filter(|cpu| search.taken.contains(**cpu)).count()
    };
    let taken: Vec<usize> = (0..topology.parts(Level::Socket).len() as u16).map(taken).collect();
    let cores = (0..topology.parts(Level::Core).len() as u16).filter(|core| tally.of(Level::Core, *core) > 0);
    let mut cores: Vec<u16> = cores.collect();
    cores.sort_by_cached_key(|core| {
        let cpu = topology.parts(Level::Core).cpus(usize::from(*core)).first().copied().unwrap_or_default();
        let (socket, numa) = (topology.position(Level::Socket, cpu), topology.position(Level::Numa, cpu));
        let free = |level, part| search.ranked(tally.of(level, part));
        let free = (free(Level::Socket, socket), free(Level::Numa, numa), tally.of(Level::Core, *core));
        (Reverse(taken.get(usize::from(socket)).copied()), free, socket, references_of_core(search, *core), *core)
    });
    let mut all = Vec::with_capacity(set.len());
    for core in &cores {
        let cpus = search.free_of_core(*core).filter(|cpu| set.contains(*cpu)).collect();
        all.extend(by_references(search, cpus));
    }
    search.steps += cores.len() as u64;
    all
}
