//! The kubelet's answer where its candidate sets of nodes share memory: what was chosen is overwritten by what is looked at later.
//!
//! It builds sets by Go's `append`, which copies a list only when its memory is full, and doubles it then (1, 2, 4, 8, 16 elements). Two sets that
//! agree up to the last copy are one piece of memory, so a set kept as the best changes when a later one is written.

use super::distributed::{Nodes, Room};
use super::{Sorting, packed};
use crate::cpuset::combinations::Subset;
use crate::cpuset::set::CpuSet;
use crate::cpuset::topology::Topology;
use crate::limits;
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

/// A list in Go: memory that others may share, of which the first `len` elements are its own.
#[derive(Clone, Default)]
struct Slice {
    memory: Rc<RefCell<Vec<usize>>>,
    len: usize,
}

impl Slice {
    fn append(&self, value: usize) -> Self {
        let room = self.memory.borrow().len();
        let memory = if self.len < room {
            self.memory.clone()
        } else {
            let mut copy = self.memory.borrow().clone();
            copy.resize((2 * room).max(1), 0);
            Rc::new(RefCell::new(copy))
        };
        if let Some(place) = memory.borrow_mut().get_mut(self.len) {
            *place = value;
        }
        Self { memory, len: self.len + 1 }
    }

    fn read(&self) -> Subset {
        self.memory.borrow().iter().take(self.len).copied().collect()
    }
}

/// Calls `each` for every set of `size` of `list`, in lexicographic order.
fn combinations(list: &[usize], size: usize, each: &mut dyn FnMut(&Slice) -> ControlFlow<()>) {
    fn deeper(
        list: &[usize],
        size: usize,
        start: &Slice,
        each: &mut dyn FnMut(&Slice) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if size == 0 {
            return each(start);
        }
        let mut rest = list;
        while let Some((first, others)) = rest.split_first().filter(|_| rest.len() >= size) {
            deeper(others, size - 1, &start.append(*first), each)?;
            rest = others;
        }
        ControlFlow::Continue(())
    }
    let _ = deeper(list, size, &Slice::default(), each);
}

/// What the kubelet takes; `None` if it never ends, takes another number of CPUs than `want`, or compares more sets than the limit.
pub(super) fn take(topology: &Topology, nodes: &mut Nodes, free: &CpuSet, sorting: Sorting) -> Option<CpuSet> {
    let (want, group) = (nodes.want, nodes.group);
    let mut taken = CpuSet::new();
    for count in nodes.least..=nodes.most {
        nodes.room = (0..nodes.order.len()).map(|node| nodes.free(topology, free, &taken, node).len()).collect();
        let chosen = choose(nodes, count);
        if nodes.compared > limits::MAX_NUMA_SPREADS {
            return None;
        }
        let Some((givers, extra)) = chosen else { continue };
        let mut give = |node: usize, cpus: usize| {
            let there = nodes.free(topology, free, &taken, node);
            // What a node cannot give is passed over in silence.
            let given = packed::take(topology, there, cpus, sorting, false).ok();
            given.as_ref().inspect(|given| taken.add(&given.cpus)).is_some()
        };
        let each = want / count / group * group;
        for node in givers {
            give(node, each);
        }
        let mut remaining = want - each * count;
        while remaining > 0 {
            let before = remaining;
            for node in &extra {
                if remaining > 0 && give(*node, group) {
                    remaining -= group;
                }
            }
            if remaining == before {
                return None;
            }
        }
        if taken.len() >= want {
            return (taken.len() == want).then_some(taken);
        }
    }
    packed::take(topology, free.clone(), want, sorting, false).ok().map(|taken| taken.cpus)
}

/// The nodes chosen and those that give more, as they are in memory in the end.
fn choose(nodes: &mut Nodes, count: usize) -> Option<(Subset, Subset)> {
    let each = nodes.want / count / nodes.group * nodes.group;
    let all: Room = (0..nodes.order.len()).collect();
    let mut best: Option<(u64, Slice, Subset)> = None;
    combinations(&all, count, &mut |candidate| {
        nodes.compared += 1;
        if nodes.compared > limits::MAX_NUMA_SPREADS || best.as_ref().is_some_and(|(score, ..)| *score == 0) {
            return ControlFlow::Break(());
        }
        let members = candidate.read();
        let groups: usize = members.iter().map(|node| nodes.groups(*node)).sum();
        let each_can = members.iter().all(|node| nodes.room(*node) >= each);
        let extra =
            (groups * nodes.group >= nodes.want && each_can).then(|| best_extra(nodes, &members, each)).flatten();
        let better = |score| best.as_ref().is_none_or(|(least, ..)| score < *least);
        if let Some((score, extra)) = extra.filter(|(score, _)| better(*score)) {
            best = Some((score, candidate.clone(), extra));
        }
        ControlFlow::Continue(())
    });
    best.map(|(_, chosen, extra)| (chosen.read(), extra))
}

fn best_extra(nodes: &mut Nodes, members: &Subset, each: usize) -> Option<(u64, Subset)> {
    if each * members.len() == nodes.want {
        return Some((nodes.score(members, each, &Subset::new()), Subset::new()));
    }
    let able: Subset = members.iter().copied().filter(|node| nodes.room(*node) >= each + nodes.group).collect();
    let mut best: Option<(u64, Slice)> = None;
    for size in (1..=able.len()).rev() {
        combinations(&able, size, &mut |givers| {
            nodes.compared += 1;
            if nodes.compared > limits::MAX_NUMA_SPREADS {
                return ControlFlow::Break(());
            }
            if let Some(extra) = nodes.round_robin(members.len(), &givers.read(), each) {
                let score = nodes.score(members, each, &extra);
                if best.as_ref().is_none_or(|(least, _)| score < *least) {
                    best = Some((score, givers.clone()));
                }
            }
            ControlFlow::Continue(())
        });
    }
    best.map(|(score, givers)| (score, givers.read()))
}
