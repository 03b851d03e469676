//! The kubelet's rules as slowly and obviously as possible: sets, walked again for every question.

use crate::random::Machine;
use sched_core::cpuset::{Counts, CpuPlace, CpuSet, Level, Sorting};
use std::collections::BTreeSet;

type Cpus = BTreeSet<u16>;

/// One search.
pub(crate) struct Slow<'m> {
    machine: &'m Machine,
    counts: Counts,
    free: Cpus,
    taken: Cpus,
    need: usize,
}

fn number(place: &CpuPlace, level: Level) -> u32 {
    match level {
        Level::Core => place.core,
        Level::Uncore => place.uncore,
        Level::Numa => place.numa,
        Level::Socket => place.socket,
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

impl<'m> Slow<'m> {
    fn new(machine: &'m Machine, free: Cpus, need: usize) -> Self {
        Self { machine, counts: machine.topology.counts(), free, taken: Cpus::new(), need }
    }

    fn cpus(&self, level: Level, part: u32) -> Cpus {
        let places = self.machine.cpus.iter().filter(|place| number(place, level) == part);
        places.map(|place| place.cpu).collect()
    }

    fn free_in(&self, level: Level, part: u32) -> usize {
        self.cpus(level, part).intersection(&self.free).count()
    }

    /// The parts of a level that have free CPUs, of those within a part of another: fewest free first.
    fn sorted(&self, level: Level, within: Option<(Level, u32)>) -> Vec<u32> {
        let there = |place: &&CpuPlace| within.is_none_or(|(outer, part)| number(place, outer) == part);
        let places = self.machine.cpus.iter().filter(|place| self.free.contains(&place.cpu)).filter(there);
        let parts: BTreeSet<u32> = places.map(|place| number(place, level)).collect();
        let mut parts: Vec<u32> = parts.into_iter().collect();
        parts.sort_by_key(|part| (self.free_in(level, *part), *part));
        parts
    }

    fn numa_first(&self) -> bool {
        self.counts.sockets >= self.counts.numas
    }

    fn inner(&self, outer: Level, outers: &[u32], level: Level) -> Vec<u32> {
        outers.iter().flat_map(|part| self.sorted(level, Some((outer, *part)))).collect()
    }

    fn order(&self, level: Level) -> Vec<u32> {
        let (first, second) =
            if self.numa_first() { (Level::Numa, Level::Socket) } else { (Level::Socket, Level::Numa) };
        match level {
            _ if level == first => self.sorted(first, None),
            _ if level == second => self.inner(first, &self.order(first), second),
            Level::Uncore => self.inner(Level::Numa, &self.order(Level::Numa), level),
            _ => self.inner(second, &self.order(second), level),
        }
    }

    fn whole(&self, level: Level, part: u32) -> bool {
        let free = self.free_in(level, part);
        let average = match level {
            Level::Core => self.counts.per_core(),
            Level::Socket => self.counts.per_socket(),
            _ => free,
        };
        free == average && free == self.cpus(level, part).len()
    }

    fn take(&mut self, cpus: impl IntoIterator<Item = u16>) {
        for cpu in cpus {
            if self.need > 0 && self.free.remove(&cpu) {
                self.taken.insert(cpu);
                self.need -= 1;
            }
        }
    }

    fn take_whole(&mut self, level: Level) {
        for part in self.order(level) {
            let cpus = self.cpus(level, part);
            if self.whole(level, part) && cpus.len() <= self.need {
                self.take(cpus);
            }
        }
    }

    fn uncores(&mut self) {
        for uncore in self.order(Level::Uncore) {
            if self.need == 0 {
                return;
            }
            if self.need >= self.counts.per_uncore() {
                self.take_whole(Level::Uncore);
            }
            let per_core = self.counts.per_core();
            let mut cores = self.sorted(Level::Core, Some((Level::Uncore, uncore)));
            cores.sort_unstable();
            cores.truncate(self.need.div_ceil(per_core));
            let all: Cpus = cores.iter().flat_map(|core| self.cpus(Level::Core, *core)).collect();
            let mut cpus: Vec<u16> = all.intersection(&self.free).copied().collect();
            if self.need % 2 == 1 && per_core > 1 && cpus.len() > self.need {
                cpus.pop();
            }
            if cpus.len() == self.need {
                self.take(cpus);
            }
        }
    }

    fn packed(mut self, sorting: Sorting, uncore: bool) -> Cpus {
        let levels = if self.numa_first() { [Level::Numa, Level::Socket] } else { [Level::Socket, Level::Numa] };
        for level in levels {
            self.take_whole(level);
        }
        if uncore {
            self.uncores();
        }
        let (level, parts) = if sorting == Sorting::Packed {
            self.take_whole(Level::Core);
            (Level::Core, self.order(Level::Core))
        } else {
            (Level::Socket, self.order(Level::Socket))
        };
        for part in parts {
            self.take(self.cpus(level, part));
        }
        self.taken
    }
}

fn plain(set: &CpuSet) -> Cpus {
    set.iter().collect()
}

/// What is packed; there is enough.
pub(crate) fn packed(machine: &Machine, free: &CpuSet, want: usize, sorting: Sorting, uncore: bool) -> CpuSet {
    Slow::new(machine, plain(free), want).packed(sorting, uncore).into_iter().collect()
}

/// What is distributed; there is enough.
pub(crate) fn distributed(machine: &Machine, free: &CpuSet, want: usize, group: usize, sorting: Sorting) -> CpuSet {
    let slow = Slow::new(machine, plain(free), want);
    if want == 0 || !want.is_multiple_of(group) {
        return packed(machine, free, want, sorting, false);
    }
    let numas = slow.order(Level::Numa);
    let room: Vec<usize> = numas.iter().map(|numa| slow.free_in(Level::Numa, *numa)).collect();
    let groups_a_node = slow.counts.cpus.div_ceil(group).div_ceil(slow.counts.numas);
    let needed = want / group;
    for count in needed.div_ceil(groups_a_node)..=needed.min(numas.len()) {
        let each = want / count / group * group;
        let mut best: Option<(f64, Vec<usize>, Vec<usize>)> = None;
        for nodes in subsets(&(0..numas.len()).collect::<Vec<_>>(), count) {
            let groups: usize = nodes.iter().map(|node| room[*node] / group).sum();
            if groups * group < want || nodes.iter().any(|node| room[*node] < each) {
                continue;
            }
            for extra in extras(&room, &nodes, each, want, group) {
                let score = score(&room, &nodes, each, &extra, group);
                if best.as_ref().is_none_or(|(least, ..)| score < *least) {
                    best = Some((score, nodes.clone(), extra));
                }
            }
        }
        let Some((_, nodes, extra)) = best else { continue };
        let mut left = plain(free);
        for (node, want) in nodes.iter().map(|node| (node, each)).chain(extra.iter().map(|node| (node, group))) {
            let there = slow.cpus(Level::Numa, numas[*node]).intersection(&left).copied().collect();
            for cpu in Slow::new(machine, there, want).packed(sorting, false) {
                left.remove(&cpu);
            }
        }
        return free.iter().filter(|cpu| !left.contains(cpu)).collect();
    }
    packed(machine, free, want, sorting, false)
}

/// Every way to hand out what remains, in the order in which they are compared.
fn extras(room: &[usize], nodes: &[usize], each: usize, want: usize, group: usize) -> Vec<Vec<usize>> {
    let remaining = want - each * nodes.len();
    if remaining == 0 {
        return vec![Vec::new()];
    }
    let able: Vec<usize> = nodes.iter().copied().filter(|node| room[*node] >= each + group).collect();
    let mut ways = Vec::new();
    for size in (1..=able.len()).rev() {
        for givers in subsets(&able, size) {
            let mut left: Vec<usize> = givers.iter().map(|node| room[*node] - each).collect();
            let mut way = Vec::new();
            while way.len() * group < remaining && left.iter().any(|left| *left >= group) {
                for (giver, left) in givers.iter().zip(&mut left) {
                    if way.len() * group < remaining && *left >= group {
                        *left -= group;
                        way.push(*giver);
                    }
                }
            }
            if way.len() * group == remaining {
                ways.push(way);
            }
        }
    }
    ways
}

fn score(room: &[usize], nodes: &[usize], each: usize, extra: &[usize], group: usize) -> f64 {
    let mut left = room.to_vec();
    for node in nodes {
        left[*node] -= each;
    }
    for node in extra {
        left[*node] -= group;
    }
    let count = left.len() as f64;
    let mean = rounded(left.iter().sum::<usize>() as f64 / count);
    rounded((left.iter().map(|left| (*left as f64 - mean) * (*left as f64 - mean)).sum::<f64>() / count).sqrt())
}

/// All subsets of a size in lexicographic order of positions.
pub(crate) fn subsets<T: Copy>(of: &[T], size: usize) -> Vec<Vec<T>> {
    let Some((first, rest)) = of.split_first().filter(|_| size > 0) else {
        return if size == 0 { vec![Vec::new()] } else { Vec::new() };
    };
    let with = subsets(rest, size - 1).into_iter().map(|mut subset| {
        subset.insert(0, *first);
        subset
    });
    with.chain(subsets(rest, size)).collect()
}
