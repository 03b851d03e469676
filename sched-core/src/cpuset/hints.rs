//! Hints about NUMA nodes and their merge, as the kubelet's topology manager does it, for CPUs, memory and devices alike.

use super::combinations::Combinations;
use super::set::CpuSet;
use super::topology::{Level, Topology};
use crate::limits;
use std::collections::BTreeSet;
use thiserror::Error;

/// A set of NUMA nodes by position in [`Topology::numbers`]; at most [`limits::MAX_NUMA_NODES`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct NumaSet(u64);

impl NumaSet {
    /// Every node of a machine.
    pub fn all(topology: &Topology) -> Self {
        Self::of(topology, topology.numbers(Level::Numa))
    }

    /// The nodes of these numbers; what the machine does not have is left out.
    pub fn of(topology: &Topology, numbers: &[u32]) -> Self {
        let known = topology.numbers(Level::Numa);
        numbers.iter().filter_map(|number| known.binary_search(number).ok()).fold(Self(0), Self::with)
    }

    fn with(self, position: usize) -> Self {
        Self(self.0 | 1 << (position % 64))
    }

    /// The nodes' numbers, ascending.
    pub fn numbers(self, topology: &Topology) -> Vec<u32> {
        let known = topology.numbers(Level::Numa).iter().enumerate();
        known.filter(|(position, _)| self.0 >> (position % 64) & 1 == 1).map(|(_, number)| *number).collect()
    }

    /// How many nodes there are.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The CPUs of the nodes.
    pub fn cpus(self, topology: &Topology) -> CpuSet {
        let numbers = self.numbers(topology);
        numbers.iter().flat_map(|number| topology.cpus_of(Level::Numa, *number)).copied().collect()
    }

    /// Fewer nodes come first, then smaller masks.
    fn rank(self) -> (usize, u64) {
        (self.len(), self.0)
    }
}

/// A way in which a resource could be had.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Hint {
    /// From these nodes; `None` where it does not matter.
    pub numas: Option<NumaSet>,
    /// Whether it takes as few nodes as the machine would need if it were empty.
    pub preferred: bool,
}

/// What is known of one resource: `None` where any node will do, an empty list where the request can be met by no nodes.
pub type ResourceHints = Option<Vec<Hint>>;

/// What the topology manager requires of a container's resources.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum TopologyPolicy {
    /// Nothing, and nothing is aligned.
    #[default]
    None,
    /// Aligned as well as possible.
    BestEffort,
    /// Refused if not as well aligned as an empty machine could.
    Restricted,
    /// Refused if not from one NUMA node.
    SingleNumaNode,
}

/// What came of all hints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Merged {
    /// The nodes from which to take.
    pub hint: Hint,
    /// Whether the policy lets the container in.
    pub admit: bool,
}

/// Hints cannot be merged.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum HintError {
    /// More pairs than [`limits::MAX_HINT_PAIRS`] would have to be compared.
    #[error("the hints of {resources} resources are more than {max} pairs (MAX_HINT_PAIRS); give fewer hints a resource", max = limits::MAX_HINT_PAIRS)]
    TooMany {
        /// How many resources have hints.
        resources: usize,
    },
}

/// The sets of nodes with at least `want` CPUs available, smaller ones first, then by number. Preferred are those of the least size that would do
/// on an empty machine; with `align_by_socket` also those that touch as few sockets as that size would.
///
/// All of them up to 16 nodes, on larger machines the first [`limits::MAX_HINT_SETS`].
pub fn cpu_hints(topology: &Topology, available: &CpuSet, want: i64, align_by_socket: bool) -> Vec<Hint> {
    let parts = topology.parts(Level::Numa);
    let want = usize::try_from(want.max(0)).unwrap_or(usize::MAX);
    let nodes: Vec<usize> = (0..parts.len()).filter(|node| !parts.cpus(*node).is_empty()).collect();
    let mut sizes: Vec<usize> = nodes.iter().map(|node| parts.cpus(*node).len()).collect();
    sizes.sort_unstable_by_key(|size| std::cmp::Reverse(*size));
    let free = |node: &usize| parts.cpus(*node).iter().filter(|cpu| available.contains(**cpu)).count();
    let free: Vec<usize> = nodes.iter().map(free).collect();
    // Smaller sets cannot do: they would not on an empty machine.
    let enough = (1..=nodes.len()).find(|size| sizes.iter().take(*size).sum::<usize>() >= want);
    let least = enough.unwrap_or(nodes.len());
    let mut hints = Vec::new();
    let mut tried = 0;
    for size in least..=nodes.len() {
        let mut combinations = Combinations::new(nodes.len(), size);
        while let Some(chosen) = combinations.next() {
            tried += 1;
            if tried > limits::MAX_HINT_SETS {
                return hints;
            }
            if chosen.iter().filter_map(|at| free.get(*at)).sum::<usize>() < want {
                continue;
            }
            let numas = chosen.iter().filter_map(|at| nodes.get(*at)).copied().fold(NumaSet(0), NumaSet::with);
            let preferred = size == least || (align_by_socket && touches_few_sockets(topology, numas, least));
            hints.push(Hint { numas: Some(numas), preferred });
        }
    }
    hints
}

fn touches_few_sockets(topology: &Topology, numas: NumaSet, least: usize) -> bool {
    let counts = topology.counts();
    let per_socket = counts.numas.checked_div(counts.sockets).unwrap_or(0);
    if per_socket == 0 {
        return false;
    }
    let cpus = numas.cpus(topology);
    let sockets: BTreeSet<u16> = cpus.iter().map(|cpu| topology.position(Level::Socket, cpu)).collect();
    sockets.len() == least.div_ceil(per_socket)
}

/// Merges the hints of all resources of a container under a policy (Kubernetes 1.35, `pkg/kubelet/cm/topologymanager`): of each way to combine one
/// hint a resource the nodes that all have in common, preferred if all hints are and name the same nodes. The best is preferred, then the
/// fewest nodes, then the smallest mask; where none is preferred, the nearest to the most that one resource needs at least.
///
/// Cost: equal results are joined resource by resource, so pairs of nodes rather than products of all lists.
pub fn merge_hints(
    topology: &Topology,
    policy: TopologyPolicy,
    resources: &[ResourceHints],
) -> Result<Merged, HintError> {
    let all = NumaSet::all(topology);
    match policy {
        TopologyPolicy::None => Ok(Merged { hint: Hint { numas: None, preferred: false }, admit: true }),
        TopologyPolicy::BestEffort => Ok(Merged { hint: merge(all, resources)?, admit: true }),
        TopologyPolicy::Restricted => {
            let hint = merge(all, resources)?;
            Ok(Merged { hint, admit: hint.preferred })
        }
        TopologyPolicy::SingleNumaNode => {
            let mut hint = merge_lists(all, &single_nodes(resources))?;
            // What allows every node asks for none.
            hint.numas = hint.numas.filter(|numas| *numas != all);
            Ok(Merged { hint, admit: hint.preferred })
        }
    }
}

/// What a resource that says nothing, or that cannot be had, counts as.
fn lists(resources: &[ResourceHints]) -> Vec<Vec<Hint>> {
    let anywhere = |preferred| vec![Hint { numas: None, preferred }];
    let list = |hints: &ResourceHints| match hints {
        None => anywhere(true),
        Some(hints) if hints.is_empty() => anywhere(false),
        Some(hints) => hints.clone(),
    };
    resources.iter().map(list).collect()
}

fn single_nodes(resources: &[ResourceHints]) -> Vec<Vec<Hint>> {
    let mut lists = lists(resources);
    for hints in &mut lists {
        hints.retain(|hint| hint.preferred && hint.numas.is_none_or(|numas| numas.len() == 1));
    }
    lists
}

fn merge(all: NumaSet, resources: &[ResourceHints]) -> Result<Hint, HintError> {
    merge_lists(all, &lists(resources))
}

/// Some hints joined: the nodes in common, whether all were preferred and named the same, and whether any named nodes.
type Joined = (NumaSet, bool, bool);

fn merge_lists(all: NumaSet, lists: &[Vec<Hint>]) -> Result<Hint, HintError> {
    let least_needed = |hints: &Vec<Hint>| hints.iter().filter_map(|hint| hint.numas).map(NumaSet::len).min();
    let nearest = lists.iter().map(|hints| least_needed(hints).unwrap_or(usize::MAX)).max().unwrap_or(0);
    let mut joined: BTreeSet<Joined> = BTreeSet::from([(all, true, false)]);
    let mut pairs = 0;
    for hints in lists {
        pairs += joined.len() * hints.len();
        if pairs > limits::MAX_HINT_PAIRS {
            return Err(HintError::TooMany { resources: lists.len() });
        }
        joined = joined.iter().flat_map(|joined| hints.iter().map(|hint| join(*joined, *hint))).collect();
    }
    let found = joined.into_iter().filter(|(numas, ..)| !numas.is_empty());
    let best = found.min_by_key(|(numas, preferred, _)| rank(*numas, *preferred, nearest));
    let none = (all, false, false);
    let (numas, preferred, _) = best.unwrap_or(none);
    Ok(Hint { numas: Some(numas), preferred })
}

fn join((numas, preferred, named): Joined, hint: Hint) -> Joined {
    let Some(other) = hint.numas else { return (numas, preferred && hint.preferred, named) };
    let same = !named || other == numas;
    (numas.intersection(other), preferred && hint.preferred && same, true)
}

/// Less is better. Preferred ones by size; of the others those of just the size that one resource needs at least, then smaller ones from the largest,
/// then larger ones from the smallest.
fn rank(numas: NumaSet, preferred: bool, nearest: usize) -> (u8, usize, u64) {
    let (count, mask) = numas.rank();
    match (preferred, count.cmp(&nearest)) {
        (true, _) => (0, count, mask),
        (false, std::cmp::Ordering::Equal) => (1, count, mask),
        (false, std::cmp::Ordering::Less) => (2, nearest - count, mask),
        (false, std::cmp::Ordering::Greater) => (3, count, mask),
    }
}
