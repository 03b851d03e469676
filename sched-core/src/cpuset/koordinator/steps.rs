//! The order of attempts: one NUMA node, one socket, several, and in the end whatever is left.

use super::Exclusive;
use super::accumulator::Accumulator;
use super::lists::{Whole, everything, singles, spread};
use crate::cpuset::set::CpuId;
use crate::cpuset::topology::Level;
use std::cmp::Reverse;

pub(super) fn take(search: &mut Accumulator) {
    if search.full_cores || search.topology.counts().per_core() == 1 {
        cores_together(search);
        if !search.done() {
            cores_of_sockets(search);
        }
    }
    if !search.done() && !search.full_cores {
        threads_together(search);
    }
    for avoid in [true, false] {
        if !search.done() {
            let cpus = everything(search, avoid);
            let cpus = spread(search, cpus);
            search.take(&cpus);
        }
    }
}

/// Whole cores of one node, or else of one socket.
fn cores_together(search: &mut Accumulator) {
    let (need, counts) = (search.need, search.topology.counts());
    let avoid: &[Exclusive] = &[Exclusive::Numa];
    // Where there is nothing to avoid the second attempt would be the first again.
    let again = if search.avoids(avoid) { counts.per_numa_by_socket() } else { 0 };
    let attempts = [
        (Level::Numa, avoid, counts.per_numa_by_socket()),
        (Level::Numa, &[], again),
        (Level::Socket, &[], counts.per_socket()),
    ];
    for (level, avoid, _) in attempts.into_iter().filter(|(.., most)| need <= *most) {
        let whole = Whole::new(search, level, avoid);
        if let Some((part, _)) = whole.parts.iter().find(|(_, cpus)| *cpus >= need) {
            let cpus = whole.cpus(search, *part, need);
            return search.take(&cpus);
        }
    }
}

/// Whole cores of several sockets: all of the longest lists that fit, then core by core of the shortest.
fn cores_of_sockets(search: &mut Accumulator) {
    let whole = Whole::new(search, Level::Socket, &[]);
    let parts: Vec<u16> = whole.parts.iter().map(|(part, _)| *part).collect();
    let mut lists: Vec<Vec<CpuId>> = parts.into_iter().map(|part| whole.cpus(search, part, usize::MAX)).collect();
    lists.sort_by_key(|cpus| Reverse(cpus.len()));
    let mut rest = Vec::new();
    for cpus in lists {
        if search.done() {
            return;
        }
        if cpus.len() <= search.need {
            search.take(&cpus);
        } else {
            rest.push(cpus);
        }
    }
    rest.sort_by_key(Vec::len);
    let per_core = search.topology.counts().per_core().max(1);
    for core in rest.iter().flat_map(|cpus| cpus.chunks(per_core)) {
        // Koordinator asks this of each socket's first core alone too late, and so gives one core too many.
        if search.need < per_core {
            return;
        }
        search.take(core);
    }
}

/// Threads of one node, or else of one socket, of as many cores as there are.
fn threads_together(search: &mut Accumulator) {
    let (need, counts) = (search.need, search.topology.counts());
    for (level, most) in [(Level::Numa, counts.per_numa_by_socket()), (Level::Socket, counts.per_socket())] {
        for avoid in [true, false].into_iter().filter(|_| need <= most) {
            if let Some(cpus) = singles(search, level, avoid, need) {
                let cpus = spread(search, cpus);
                return search.take(&cpus);
            }
        }
    }
}
