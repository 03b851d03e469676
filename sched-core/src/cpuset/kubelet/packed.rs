//! Taking CPUs packed: whole nodes and sockets, then whole caches, whole cores, single CPUs.

use super::accumulator::{Accumulator, Order};
use super::{Sorting, TakeError, Taken};
use crate::cpuset::set::CpuSet;
use crate::cpuset::topology::{Level, Topology, Within};

/// Takes `want` CPUs of `free`, all of them online, as few parts of the machine as possible being broken open.
pub(super) fn take(
    topology: &Topology,
    free: CpuSet,
    want: usize,
    sorting: Sorting,
    prefer_uncore: bool,
) -> Result<Taken, TakeError> {
    let available = free.len();
    if want > available {
        return Err(TakeError::NotEnough { requested: want, available });
    }
    let mut search = Accumulator::new(topology, free, want);
    let levels = if search.numa_first() { [Level::Numa, Level::Socket] } else { [Level::Socket, Level::Numa] };
    for level in levels {
        whole(&mut search, level);
    }
    if prefer_uncore && !search.done() {
        uncores(&mut search);
    }
    if sorting == Sorting::Packed && !search.done() {
        cores(&mut search);
    }
    if !search.done() {
        match sorting {
            Sorting::Packed => cpus_by_core(&mut search),
            Sorting::Spread => cpus_by_socket(&mut search),
        }
    }
    debug_assert!(search.done() && search.taken.len() == want, "what is free suffices");
    Ok(Taken { cpus: search.taken, steps: search.steps })
}

/// Whole parts of a level, in the level's order.
fn whole(search: &mut Accumulator, level: Level) {
    let parts = search.topology.parts(level);
    let fits = |part: &u16| parts.cpus(usize::from(*part)).len() <= search.need && search.whole(level, *part);
    if search.done() || !(0..parts.len() as u16).any(|part| fits(&part)) {
        return;
    }
    let order: Order = if level == Level::Numa { search.numas() } else { search.sockets() };
    order.into_iter().for_each(|part| search.take_whole(level, part));
}

/// Whole cores. Those that are entirely free have equally many free CPUs, so within a parent they come by number.
fn cores(search: &mut Accumulator) {
    let (parents, within) = search.parents_of_cores();
    for parent in parents {
        let (cores, spans) = search.topology.within(within, parent.into());
        let there: Order = if spans { search.inner(within, parent).collect() } else { Order::new() };
        for core in if spans { &there } else { cores } {
            search.take_whole(Level::Core, *core);
            if search.done() {
                return;
            }
        }
    }
}

/// Single CPUs, those of the cores with the fewest free ones first.
fn cpus_by_core(search: &mut Accumulator) {
    let (parents, within) = search.parents_of_cores();
    for parent in parents {
        for core in search.inner_sorted(within, parent) {
            let cpus = search.topology.parts(Level::Core).cpus(core.into());
            search.take_all(cpus.iter().copied());
            if search.done() {
                return;
            }
        }
    }
}

/// Single CPUs by number, socket by socket; cores play no part.
fn cpus_by_socket(search: &mut Accumulator) {
    for socket in search.sockets() {
        for cpu in search.topology.parts(Level::Socket).cpus(socket.into()) {
            search.take(*cpu);
            if search.done() {
                return;
            }
        }
    }
}

/// Whole caches, and then a part of one where exactly what is needed can be had there. (The kubelet tries whole caches again before each part, but what
/// did not fit once does not fit later.)
fn uncores(search: &mut Accumulator) {
    let order = search.uncores();
    if search.need >= search.topology.counts().per_uncore() {
        order.iter().for_each(|uncore| search.take_whole(Level::Uncore, *uncore));
    }
    for uncore in order {
        if search.done() {
            return;
        }
        part_of_uncore(search, uncore);
    }
}

fn part_of_uncore(search: &mut Accumulator, uncore: u16) {
    let per_core = search.topology.counts().per_core();
    let cores = search.inner(Within::CoresInUncore, uncore).take(search.need.div_ceil(per_core.max(1)));
    let cores: Order = cores.collect();
    search.steps += cores.len() as u64;
    let free: usize = cores.iter().map(|core| search.free_in(Level::Core, *core)).sum();
    let one_too_many = search.need % 2 == 1 && per_core > 1 && free > search.need;
    if free - usize::from(one_too_many) != search.need {
        return;
    }
    let cpus = cores.iter().flat_map(|core| search.topology.parts(Level::Core).cpus((*core).into()));
    let mut cpus: Vec<_> = cpus.copied().filter(|cpu| search.free.contains(*cpu)).collect();
    // The sibling that is too many is the one with the highest number.
    cpus.sort_unstable();
    search.take_all(cpus);
}
