//! Koordinator's rules as slowly and obviously as possible: every list of every attempt, made anew.

use crate::random::Machine;
use sched_core::cpuset::{BindPolicy, BindRequest, CpuPlace, CpuSet, Exclusive, NumaStrategy};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

type Part = fn(&CpuPlace) -> u32;

const CORE: Part = |place| place.core;
const NUMA: Part = |place| place.numa;
const SOCKET: Part = |place| place.socket;

struct Slow<'r> {
    places: BTreeMap<u16, CpuPlace>,
    request: &'r BindRequest<'r>,
    per_core: usize,
    free: BTreeSet<u16>,
    taken: BTreeSet<u16>,
    need: usize,
}

/// What is taken with preferred exclusivity; there is enough.
pub(crate) fn bound(machine: &Machine, request: &BindRequest) -> CpuSet {
    let want = request.want as usize;
    let preferred: BTreeSet<u16> = request.available.intersection(request.preferred).iter().collect();
    let rest = request.available.iter().filter(|cpu| !preferred.contains(cpu)).collect();
    let first = want.min(preferred.len());
    let search = |free, need| {
        let places = machine.cpus.iter().map(|place| (place.cpu, *place)).collect();
        let per_core = machine.topology.counts().per_core();
        let mut slow = Slow { places, request, per_core, free, taken: BTreeSet::new(), need };
        slow.run(machine);
        slow.taken
    };
    search(preferred, first).into_iter().chain(search(rest, want - first)).collect()
}

impl Slow<'_> {
    fn run(&mut self, machine: &Machine) {
        let counts = machine.topology.counts();
        let (node, socket) = (counts.per_numa_by_socket(), counts.per_socket());
        let full = self.request.bind == BindPolicy::FullPCPUs;
        if full || self.per_core == 1 {
            let attempts: [(Part, bool, bool, usize); 3] =
                [(NUMA, true, true, node), (NUMA, true, false, node), (SOCKET, false, false, socket)];
            for (part, nodes, avoid, most) in attempts {
                let lists = self.whole(part, nodes, avoid);
                self.first_that_suffices(&lists, most);
            }
            self.several();
        }
        if !full {
            let attempts: [(Part, bool, bool, usize); 4] = [
                (NUMA, true, true, node),
                (NUMA, true, false, node),
                (SOCKET, false, true, socket),
                (SOCKET, false, false, socket),
            ];
            for (part, nodes, avoid, most) in attempts {
                let lists = self.singles(part, nodes, avoid).into_iter();
                let enough: Vec<Vec<u16>> =
                    lists.filter(|cpus| cpus.len() >= self.need).map(|cpus| self.spread(cpus)).collect();
                self.first_that_suffices(&enough, most);
            }
        }
        for avoid in [true, false] {
            let cpus = self.spread(self.everything(avoid));
            self.take(&cpus);
        }
    }

    fn take(&mut self, cpus: &[u16]) {
        for cpu in cpus {
            if self.need > 0 && self.free.remove(cpu) {
                self.taken.insert(*cpu);
                self.need -= 1;
            }
        }
    }

    fn first_that_suffices(&mut self, lists: &[Vec<u16>], most: usize) {
        let suffices = |cpus: &&Vec<u16>| self.need > 0 && self.need <= most && cpus.len() >= self.need;
        if let Some(cpus) = lists.iter().find(suffices) {
            self.take(cpus);
        }
    }

    fn references(&self, cpu: u16) -> u16 {
        let groups = self.request.allocated.iter().filter(|group| group.cpus.contains(cpu));
        let mut counted = groups.filter(|_| self.request.max_references > 1);
        counted.next_back().map_or(0, |group| group.references)
    }

    /// Whether someone with the request's own wish has the CPU's core or node, or the request itself has by now.
    fn avoided(&self, cpu: u16, levels: &[Exclusive]) -> bool {
        let wish = self.request.exclusive;
        let part = match wish {
            Exclusive::Core => CORE,
            Exclusive::Numa => NUMA,
            Exclusive::None => return false,
        };
        let marked = self.request.allocated.iter().filter(|group| group.exclusive == wish);
        let mut theirs = marked.flat_map(|group| group.cpus.iter()).chain(self.taken.iter().copied());
        levels.contains(&wish) && theirs.any(|other| part(&self.places[&other]) == part(&self.places[&cpu]))
    }

    fn pass(&self, levels: &[Exclusive]) -> Vec<u16> {
        self.free.iter().copied().filter(|cpu| !self.avoided(*cpu, levels)).collect()
    }

    fn by(&self, cpus: &[u16], part: Part) -> BTreeMap<u32, Vec<u16>> {
        let mut parts: BTreeMap<u32, Vec<u16>> = BTreeMap::new();
        for cpu in cpus {
            parts.entry(part(&self.places[cpu])).or_default().push(*cpu);
        }
        parts
    }

    fn ranked(&self, free: usize) -> i64 {
        let free = free as i64;
        if self.request.strategy == NumaStrategy::MostAllocated { free } else { -free }
    }

    fn in_part_of(&self, cpus: &[u16], cpu: u16, part: Part) -> usize {
        cpus.iter().filter(|other| part(&self.places[other]) == part(&self.places[&cpu])).count()
    }

    fn core_references(&self, core: u32) -> u16 {
        self.free.iter().filter(|cpu| self.places[cpu].core == core).map(|cpu| self.references(*cpu)).sum()
    }

    fn whole(&self, part: Part, nodes: bool, avoid: bool) -> Vec<Vec<u16>> {
        let set = self.pass(if avoid { &[Exclusive::Numa] } else { &[] });
        let mut cores: Vec<(u32, Vec<u16>)> =
            self.by(&set, CORE).into_iter().filter(|(_, cpus)| cpus.len() == self.per_core).collect();
        cores.sort_by_key(|(core, _)| (self.core_references(*core), *core));
        let cpus: Vec<u16> = cores.into_iter().flat_map(|(_, cpus)| cpus).collect();
        let mut lists: Vec<(u32, Vec<u16>)> = self.by(&cpus, part).into_iter().collect();
        lists.sort_by_key(|(id, cpus)| {
            let beside = if nodes { self.ranked(self.in_part_of(&set, cpus[0], SOCKET)) } else { 0 };
            (self.ranked(cpus.len()), beside, *id)
        });
        lists.into_iter().map(|(_, cpus)| cpus).collect()
    }

    fn several(&mut self) {
        let mut lists = self.whole(SOCKET, false, false);
        lists.sort_by_key(|cpus| Reverse(cpus.len()));
        let mut rest = Vec::new();
        for cpus in lists {
            if cpus.len() <= self.need {
                self.take(&cpus);
            } else {
                rest.push(cpus);
            }
        }
        rest.sort_by_key(Vec::len);
        let per_core = self.per_core;
        for core in rest.iter().flat_map(|cpus| cpus.chunks(per_core)) {
            if self.need >= per_core {
                self.take(core);
            }
        }
    }

    fn sorted(&self, mut cpus: Vec<u16>) -> Vec<u16> {
        cpus.sort_by_key(|cpu| (self.references(*cpu), *cpu));
        cpus
    }

    /// The first CPU of each core, then the second ones, and so on.
    fn spread(&self, cpus: Vec<u16>) -> Vec<u16> {
        if cpus.len() <= self.per_core {
            return cpus;
        }
        let before =
            |at: usize| cpus[..at].iter().filter(|cpu| self.places[cpu].core == self.places[&cpus[at]].core).count();
        let mut order: Vec<usize> = (0..cpus.len()).collect();
        order.sort_by_key(|at| before(*at));
        order.into_iter().map(|at| cpus[at]).collect()
    }

    fn singles(&self, part: Part, nodes: bool, avoid: bool) -> Vec<Vec<u16>> {
        let set = self.pass(match (avoid, nodes) {
            (false, _) => &[],
            (true, true) => &[Exclusive::Core, Exclusive::Numa],
            (true, false) => &[Exclusive::Core],
        });
        let mut lists = Vec::new();
        for (id, cpus) in self.by(&set, part) {
            let all = cpus.len();
            let mut seen = BTreeSet::new();
            let mut cpus = self.sorted(cpus);
            cpus.retain(|cpu| !avoid || seen.insert(self.places[cpu].core));
            let beside = self.ranked(self.in_part_of(&set, cpus[0], SOCKET));
            let key = if nodes { (self.ranked(all), beside) } else { (self.ranked(cpus.len()), 0) };
            lists.push((key, id, cpus));
        }
        lists.sort();
        lists.into_iter().map(|(.., cpus)| cpus).collect()
    }

    fn everything(&self, avoid: bool) -> Vec<u16> {
        let set = self.pass(if avoid { &[Exclusive::Core, Exclusive::Numa] } else { &[] });
        let taken: Vec<u16> = self.taken.iter().copied().collect();
        let mut cores: Vec<(u32, Vec<u16>)> = self.by(&set, CORE).into_iter().collect();
        cores.sort_by_key(|(core, cpus)| {
            let free = |part| self.ranked(self.in_part_of(&set, cpus[0], part));
            let socket = self.places[&cpus[0]].socket;
            let colocated = Reverse(self.in_part_of(&taken, cpus[0], SOCKET));
            (colocated, free(SOCKET), free(NUMA), cpus.len(), socket, self.core_references(*core), *core)
        });
        cores.into_iter().flat_map(|(_, cpus)| self.sorted(cpus)).collect()
    }
}
