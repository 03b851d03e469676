//! Hints and their merge, beside all combinations walked one by one.

use crate::random::{largest, machine, with_free};
use crate::reference::subsets;
use proptest::prelude::*;
use sched_core::cpuset::{
    Hint, HintError, Level, Merged, NumaSet, ResourceHints, Topology, TopologyPolicy, cpu_hints, merge_hints,
};

/// Four nodes of two CPUs.
fn four_nodes() -> Topology {
    machine([2, 2, 1, 1, 2], &[], &[]).topology
}

fn bits(topology: &Topology, mask: u32) -> NumaSet {
    let numbers: Vec<u32> = (0..32).filter(|bit| mask >> bit & 1 == 1).collect();
    NumaSet::of(topology, &numbers)
}

fn mask(topology: &Topology, numas: NumaSet) -> u32 {
    numas.numbers(topology).iter().map(|number| 1 << number).sum()
}

/// Hints of a resource: masks of nodes, and whether they are preferred.
type Masks = Option<Vec<(Option<u32>, bool)>>;

fn resources() -> impl Strategy<Value = Vec<Masks>> {
    let hint = (proptest::option::weighted(0.9, 1_u32..16), any::<bool>());
    let list = proptest::option::weighted(0.9, proptest::collection::vec(hint, 0..6));
    proptest::collection::vec(list, 0..4)
}

/// As the kubelet does: every combination, each compared with the best so far.
fn slow(policy: TopologyPolicy, resources: &[Masks]) -> (Option<u32>, bool) {
    let mut lists: Vec<Vec<(Option<u32>, bool)>> = resources
        .iter()
        .map(|hints| match hints {
            None => vec![(None, true)],
            Some(hints) if hints.is_empty() => vec![(None, false)],
            Some(hints) => hints.clone(),
        })
        .collect();
    if policy == TopologyPolicy::SingleNumaNode {
        for hints in &mut lists {
            hints.retain(|(numas, preferred)| *preferred && numas.is_none_or(u32::is_power_of_two));
        }
    }
    let nearest = lists
        .iter()
        .map(|hints| hints.iter().filter_map(|(numas, _)| *numas).map(u32::count_ones).min().unwrap_or(u32::MAX));
    let nearest = nearest.max().unwrap_or(0);
    let mut best: Option<(u32, bool)> = None;
    let mut combinations: Vec<Vec<(Option<u32>, bool)>> = vec![Vec::new()];
    for hints in &lists {
        combinations = combinations
            .iter()
            .flat_map(|start| hints.iter().map(move |hint| [start.as_slice(), &[*hint]].concat()))
            .collect();
    }
    for combination in combinations {
        let named: Vec<u32> = combination.iter().filter_map(|(numas, _)| *numas).collect();
        let preferred =
            combination.iter().all(|(_, preferred)| *preferred) && named.windows(2).all(|two| two[0] == two[1]);
        let numas = named.iter().fold(15, |all, numas| all & numas);
        if numas != 0 && best.is_none_or(|best| beats(best, (numas, preferred), nearest)) {
            best = Some((numas, preferred));
        }
    }
    let (numas, preferred) = best.unwrap_or((15, false));
    let single = policy == TopologyPolicy::SingleNumaNode && numas == 15;
    ((!single).then_some(numas), preferred)
}

fn beats(current: (u32, bool), candidate: (u32, bool), nearest: u32) -> bool {
    let narrower = (candidate.0.count_ones(), candidate.0) < (current.0.count_ones(), current.0);
    if current.1 != candidate.1 {
        return candidate.1;
    }
    let (now, then) = (current.0.count_ones(), candidate.0.count_ones());
    if current.1 || now > nearest {
        narrower
    } else if now == nearest {
        then == nearest && narrower
    } else {
        then <= nearest && (then > now || then == now && narrower)
    }
}

proptest! {
    #[test]
    fn merged_hints_are_the_best_of_all_combinations(lists in resources(), single: bool) {
        let topology = four_nodes();
        let hint = |(numas, preferred): &(Option<u32>, bool)| Hint { numas: numas.map(|numas| bits(&topology, numas)), preferred: *preferred };
        let resources: Vec<ResourceHints> = lists.iter().map(|hints| hints.as_ref().map(|hints| hints.iter().map(hint).collect())).collect();
        let policy = if single { TopologyPolicy::SingleNumaNode } else { TopologyPolicy::Restricted };
        let Merged { hint, admit } = merge_hints(&topology, policy, &resources).unwrap();
        let (numas, preferred) = slow(policy, &lists);
        prop_assert_eq!((hint.numas.map(|numas| mask(&topology, numas)), hint.preferred, admit), (numas, preferred, preferred));
    }

    #[test]
    fn hints_are_all_sets_of_nodes_with_enough_cpus((machine, free) in with_free(), want in 1_usize..40) {
        let topology = &machine.topology;
        let nodes = topology.numbers(Level::Numa).to_vec();
        let total = |nodes: &[u32]| nodes.iter().map(|node| topology.cpus_of(Level::Numa, *node).len()).sum::<usize>();
        let available = |nodes: &[u32]| nodes.iter().flat_map(|node| topology.cpus_of(Level::Numa, *node)).filter(|cpu| free.contains(**cpu)).count();
        let all: Vec<Vec<u32>> = (1..=nodes.len()).flat_map(|size| subsets(&nodes, size)).collect();
        let least = all.iter().filter(|nodes| total(nodes) >= want).map(Vec::len).min().unwrap_or(nodes.len());
        let enough = all.iter().filter(|nodes| available(nodes) >= want);
        let hint = |nodes: &Vec<u32>| Hint { numas: Some(NumaSet::of(topology, nodes)), preferred: nodes.len() == least };
        prop_assert_eq!(cpu_hints(topology, &free, want as i64, false), enough.map(hint).collect::<Vec<_>>());
    }
}

#[test]
fn memory_on_another_node_than_the_cpus_is_not_aligned() {
    let topology = four_nodes();
    let on = |node: u32| Some(vec![Hint { numas: Some(bits(&topology, 1 << node)), preferred: true }]);
    let merged = |resources: &[ResourceHints]| merge_hints(&topology, TopologyPolicy::Restricted, resources).unwrap();
    assert!(merged(&[on(1), on(1), None]).admit);
    assert!(!merged(&[on(1), on(2)]).admit);
    assert!(!merged(&[on(1), Some(vec![])]).admit);
}

#[test]
fn hints_of_64_nodes_are_bounded_and_merge_or_are_refused() {
    let topology = largest();
    let hints = cpu_hints(&topology, topology.online(), 1, false);
    assert_eq!(hints.len(), sched_core::limits::MAX_HINT_SETS);
    let one = [Some(hints.clone())];
    let best = merge_hints(&topology, TopologyPolicy::SingleNumaNode, &one).unwrap().hint.numas.unwrap();
    assert_eq!(best.numbers(&topology), [0]);
    let two = [Some(hints.clone()), Some(hints)];
    let refused = merge_hints(&topology, TopologyPolicy::Restricted, &two);
    assert_eq!(refused, Err(HintError::TooMany { resources: 2 }));
}
