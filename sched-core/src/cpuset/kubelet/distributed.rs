//! Taking CPUs spread evenly over NUMA nodes: which nodes, and how many from each.

use super::accumulator::{Accumulator, Order};
use super::{Compatibility, Distribution, TakeError, Taken, aliased, packed};
use crate::cpuset::combinations::{Combinations, Subset};
use crate::cpuset::set::CpuSet;
use crate::cpuset::topology::{Level, Topology};
use crate::limits;
use smallvec::SmallVec;

/// By node, how many CPUs are free.
pub(super) type Room = SmallVec<[usize; 16]>;

pub(super) fn take(topology: &Topology, free: CpuSet, want: usize, how: &Distribution) -> Result<Taken, TakeError> {
    let &Distribution { group, sorting, compatibility } = how;
    if group == 0 {
        return Err(TakeError::Group);
    }
    let available = free.len();
    if want > available || want == 0 || !want.is_multiple_of(group) {
        return packed::take(topology, free, want, sorting, false);
    }
    let mut nodes = Nodes::new(topology, &free, want, group);
    if compatibility == Compatibility::Kubelet {
        if let Some(cpus) = aliased::take(topology, &mut nodes, &free, sorting) {
            return Ok(Taken { cpus, steps: nodes.looked + nodes.compared });
        }
        nodes = Nodes::new(topology, &free, want, group);
    }
    let Some(spread) = nodes.best() else {
        let steps = nodes.looked + nodes.compared;
        let taken = packed::take(topology, free, want, sorting, false)?;
        return Ok(Taken { steps: taken.steps + steps, ..taken });
    };
    nodes.hand_out(topology, &free, &spread, how)
}

/// The nodes with free CPUs, and what is asked of them.
pub(super) struct Nodes {
    pub(super) order: Order,
    pub(super) room: Room,
    pub(super) want: usize,
    pub(super) group: usize,
    pub(super) least: usize,
    pub(super) most: usize,
    /// CPUs and parts that were looked at.
    looked: u64,
    /// Sets of nodes that were compared.
    pub(super) compared: u64,
}

/// Which nodes give how much.
#[derive(Clone, Debug)]
struct Spread {
    nodes: Subset,
    /// CPUs from each of them.
    each: usize,
    /// Nodes that give one group more, in order; one may occur several times.
    extra: Subset,
}

impl Nodes {
    fn new(topology: &Topology, free: &CpuSet, want: usize, group: usize) -> Self {
        let mut search = Accumulator::new(topology, free.clone(), want);
        let order = search.numas();
        let room = order.iter().map(|numa| search.free_in(Level::Numa, *numa)).collect();
        let parts = topology.parts(Level::Numa);
        let numas = (0..parts.len()).filter(|numa| !parts.cpus(*numa).is_empty()).count().max(1);
        let groups = topology.online().len().div_ceil(group);
        let needed = want / group;
        let least = needed.div_ceil(groups.div_ceil(numas).max(1));
        let most = needed.min(order.len());
        Self { order, room, want, group, least, most, looked: search.steps, compared: 0 }
    }

    /// The free CPUs of a node but for those that are taken.
    pub(super) fn free(&self, topology: &Topology, free: &CpuSet, taken: &CpuSet, node: usize) -> CpuSet {
        let numa = self.order.get(node).map_or(usize::MAX, |numa| usize::from(*numa));
        let mut there = CpuSet::with_room(topology.room());
        let cpus = topology.parts(Level::Numa).cpus(numa).iter().copied();
        for cpu in cpus.filter(|cpu| free.contains(*cpu) && !taken.contains(*cpu)) {
            there.insert(cpu);
        }
        there
    }

    /// Takes what was chosen, packed within each node.
    fn hand_out(
        &self,
        topology: &Topology,
        free: &CpuSet,
        spread: &Spread,
        how: &Distribution,
    ) -> Result<Taken, TakeError> {
        let mut all = Taken { cpus: CpuSet::with_room(topology.room()), steps: self.looked + self.compared };
        let even = spread.nodes.iter().map(|node| (*node, spread.each));
        for (node, want) in even.chain(spread.extra.iter().map(|node| (*node, self.group))) {
            let there = self.free(topology, free, &all.cpus, node);
            let taken = packed::take(topology, there, want, how.sorting, false)?;
            all.cpus.add(&taken.cpus);
            all.steps += taken.steps;
        }
        Ok(all)
    }

    /// The fewest nodes that can give evenly, and of those the ones that leave the machine most even.
    fn best(&mut self) -> Option<Spread> {
        (self.least..=self.most).find_map(|count| self.best_of(count))
    }

    fn best_of(&mut self, count: usize) -> Option<Spread> {
        let each = self.want / count / self.group * self.group;
        let able = self.room.iter().enumerate().filter(|(_, room)| **room >= each);
        let able: Subset = able.map(|(position, _)| position).collect();
        let roomiest = self.roomiest(&able, count)?;
        let mut best: Option<(u64, Spread)> = None;
        let mut combinations = Combinations::new(able.len(), count);
        while let Some(chosen) = combinations.next() {
            self.compared += 1;
            if self.compared > limits::MAX_NUMA_SPREADS || best.as_ref().is_some_and(|(score, _)| *score == 0) {
                break;
            }
            let nodes: Subset = chosen.iter().filter_map(|index| able.get(*index)).copied().collect();
            let better = |score: u64| best.as_ref().is_none_or(|(least, _)| score < *least);
            if let Some((score, extra)) = self.scored(&nodes, each).filter(|(score, _)| better(*score)) {
                best = Some((score, Spread { nodes, each, extra }));
            }
        }
        if let Some((_, spread)) = best {
            return Some(spread);
        }
        // The limit came before any set that can: the nodes with the most room can, as far as any of this size.
        let (_, extra) = self.scored_once(&roomiest, each)?;
        Some(Spread { nodes: roomiest, each, extra })
    }

    /// The nodes with the most room, if they have enough: else no set of this size has.
    fn roomiest(&self, able: &Subset, count: usize) -> Option<Subset> {
        let mut nodes = able.clone();
        nodes.sort_by_key(|node| std::cmp::Reverse(self.groups(*node)));
        nodes.truncate(count);
        let groups: usize = nodes.iter().map(|node| self.groups(*node)).sum();
        nodes.sort_unstable();
        (nodes.len() == count && groups * self.group >= self.want).then_some(nodes)
    }

    pub(super) fn room(&self, node: usize) -> usize {
        self.room.get(node).copied().unwrap_or_default()
    }

    /// Whole groups that are free on a node.
    pub(super) fn groups(&self, node: usize) -> usize {
        self.room(node) / self.group
    }

    /// The score of a set of nodes and who of them gives more than the others, by the best subset of them.
    fn scored(&mut self, nodes: &Subset, each: usize) -> Option<(u64, Subset)> {
        let groups: usize = nodes.iter().map(|node| self.groups(*node)).sum();
        if groups * self.group < self.want {
            return None;
        }
        if each * nodes.len() == self.want {
            return Some((self.score(nodes, each, &Subset::new()), Subset::new()));
        }
        let able = nodes.iter().copied().filter(|node| self.room(*node) >= each + self.group);
        let able: Subset = able.collect();
        // Who cannot give what remains all together cannot in any subset.
        let mut best = self.scored_once(nodes, each)?;
        for size in (1..able.len()).rev() {
            let mut combinations = Combinations::new(able.len(), size);
            while let Some(chosen) = combinations.next() {
                self.compared += 1;
                if self.compared > limits::MAX_NUMA_SPREADS {
                    return Some(best);
                }
                let givers: Subset = chosen.iter().filter_map(|index| able.get(*index)).copied().collect();
                let Some(extra) = self.round_robin(nodes.len(), &givers, each) else { continue };
                let score = self.score(nodes, each, &extra);
                if score < best.0 {
                    best = (score, extra);
                }
            }
        }
        Some(best)
    }

    /// As [`Nodes::scored`] with everyone who can giving more.
    fn scored_once(&self, nodes: &Subset, each: usize) -> Option<(u64, Subset)> {
        let able: Subset = nodes.iter().copied().filter(|node| self.room(*node) >= each + self.group).collect();
        let extra = self.round_robin(nodes.len(), &able, each)?;
        Some((self.score(nodes, each, &extra), extra))
    }

    /// Who gives one group more, in rounds over `givers`; nothing if they cannot give as many whole groups as remain. (The kubelet counts
    /// single CPUs there, and then gives for ever.)
    pub(super) fn round_robin(&self, nodes: usize, givers: &Subset, each: usize) -> Option<Subset> {
        let remaining = (self.want - each * nodes) / self.group;
        let spare: Room = givers.iter().map(|node| (self.room(*node) - each) / self.group).collect();
        if spare.iter().sum::<usize>() < remaining {
            return None;
        }
        let rounds = (0..).flat_map(|round| givers.iter().zip(&spare).filter(move |(_, spare)| **spare > round));
        Some(rounds.map(|(node, _)| *node).take(remaining).collect())
    }

    /// How uneven the nodes would be left: the standard deviation of their free CPUs in thousandths, rounded as the kubelet rounds it (mean and result
    /// to three decimals, half away from zero), in whole numbers.
    pub(super) fn score(&self, nodes: &Subset, each: usize, extra: &Subset) -> u64 {
        let mut left: Room = self.room.clone();
        let mut give = |node: usize, cpus: usize| {
            if let Some(left) = left.get_mut(node) {
                *left -= cpus;
            }
        };
        nodes.iter().for_each(|node| give(*node, each));
        extra.iter().for_each(|node| give(*node, self.group));
        let (count, sum) = (left.len() as u64, left.iter().sum::<usize>() as u64);
        let mean = (2_000 * sum + count) / (2 * count);
        let squares: u64 = left.iter().map(|left| (1_000 * *left as u64).abs_diff(mean).pow(2)).sum();
        (4 * squares / count).isqrt().div_ceil(2)
    }
}
