//! Fragmentation: the share of what is free that the workload's pods cannot use.
//!
//! The measure is that of Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation
//! Gradient Descent", USENIX ATC 2023, section 3, taken per node instead of per card since placements name no cards:
//! F = sum over nodes n and typical pods m of p(m) * free(n) where m does not fit on n, by the sum of free(n). `free` is GPU
//! time in a trace with GPUs, else CPU; p(m) is how often a request like m occurs among the pods that ask for it.
//! Only resources are looked at, not node affinity.

use crate::resource::Amounts;
use crate::trace::Trace;
use std::collections::BTreeMap;

/// Requests are typical until this share of the pods is covered, the most frequent first.
const COVERED: f64 = 0.95;
/// No more than this many kinds of typical pods are kept.
const MAX_TYPICAL: usize = 64;

/// Which resource is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Main {
    Cpu,
    Gpu,
}

/// The typical pods of a trace.
pub(crate) struct Typical {
    main: Main,
    /// What one asks for, and how often that occurs; the shares add up to 1.
    kinds: Vec<(Amounts, f64)>,
}

impl Typical {
    /// Of a trace whose pods ask for `requests` and whose nodes offer `offers`.
    pub(crate) fn of(requests: &[Amounts], offers: &[Amounts]) -> Self {
        let main = if offers.iter().any(|offer| offer.gpu_milli > 0.0) { Main::Gpu } else { Main::Cpu };
        let mut counts: BTreeMap<[u64; 4], u64> = BTreeMap::new();
        for request in requests.iter().filter(|request| main.of(request) > 0.0) {
            // Whole numbers below 2^53, so their conversion is exact and their order that of the amounts.
            let key = [request.gpu_milli, request.gpu, request.cpu, request.memory].map(|amount| amount as u64);
            *counts.entry(key).or_default() += 1;
        }
        let all: u64 = counts.values().sum();
        let mut kinds: Vec<_> = counts.into_iter().collect();
        kinds.sort_by_key(|&(key, count)| (std::cmp::Reverse(count), key));
        let mut covered = 0;
        let is_typical = |&(_, count): &([u64; 4], u64)| {
            let wanted = (covered as f64) < COVERED * all as f64;
            covered += count;
            wanted
        };
        let kinds: Vec<_> = kinds.into_iter().take_while(is_typical).take(MAX_TYPICAL).collect();
        let kept: u64 = kinds.iter().map(|&(_, count)| count).sum();
        let amounts = |[gpu_milli, gpu, cpu, memory]: [u64; 4]| Amounts {
            cpu: cpu as f64,
            memory: memory as f64,
            gpu: gpu as f64,
            gpu_milli: gpu_milli as f64,
        };
        let kinds = kinds.into_iter().map(|(key, count)| (amounts(key), count as f64 / kept as f64)).collect();
        Self { main, kinds }
    }

    /// What is free on a node, and how much of that typical pods cannot use on average.
    pub(crate) fn of_node(&self, free: &Amounts) -> (f64, f64) {
        let main = self.main.of(free).max(0.0);
        let misfits = self.kinds.iter().filter(|(request, _)| !free.hold(*request));
        (main, main * misfits.map(|&(_, share)| share).sum::<f64>())
    }
}

impl Main {
    fn of(self, amounts: &Amounts) -> f64 {
        match self {
            Self::Cpu => amounts.cpu,
            Self::Gpu => amounts.gpu_milli,
        }
    }
}

/// Room on every node while placements come and go, and its fragmentation.
pub(crate) struct Room {
    offers: Vec<Amounts>,
    free: Vec<Amounts>,
    typical: Typical,
    /// Per node what [`Typical::of_node`] said; a node is asked again only after it changed.
    nodes: Vec<(f64, f64)>,
    stale: Vec<usize>,
}

impl Room {
    /// An empty cluster.
    pub(crate) fn new(trace: &Trace, requests: &[Amounts]) -> Self {
        let offers: Vec<Amounts> = trace.nodes.iter().map(|node| Amounts::of(&node.allocatable)).collect();
        let typical = Typical::of(requests, &offers);
        let nodes = offers.iter().map(|free| typical.of_node(free)).collect();
        Self { free: offers.clone(), offers, typical, nodes, stale: Vec::new() }
    }

    /// Takes `request` from a node, or gives it back.
    pub(crate) fn change(&mut self, node: usize, request: Amounts, takes: bool) {
        if let Some(free) = self.free.get_mut(node) {
            *free = if takes { free.minus(request) } else { free.plus(request) };
            self.stale.push(node);
        }
    }

    /// Each node's offer and what is free of it.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&Amounts, &Amounts)> {
        self.offers.iter().zip(&self.free)
    }

    /// The share of what is free that typical pods cannot use; 0 where nothing is free.
    pub(crate) fn fragmentation(&mut self) -> f64 {
        for node in self.stale.drain(..) {
            if let (Some(entry), Some(free)) = (self.nodes.get_mut(node), self.free.get(node)) {
                *entry = self.typical.of_node(free);
            }
        }
        let (free, unusable) = self.nodes.iter().fold((0.0, 0.0), |(f, u), &(free, unusable)| (f + free, u + unusable));
        if free > 0.0 { unusable / free } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(milli: f64) -> Amounts {
        Amounts { cpu: milli, ..Amounts::default() }
    }

    #[test]
    fn what_a_typical_pod_cannot_use_is_fragmented() {
        let requests: Vec<Amounts> = [vec![cpu(1000.0); 3], vec![cpu(4000.0); 1]].concat();
        let typical = Typical::of(&requests, &[cpu(8000.0)]);
        assert_eq!(typical.of_node(&cpu(8000.0)), (8000.0, 0.0));
        assert_eq!(typical.of_node(&cpu(2000.0)), (2000.0, 500.0), "a quarter of the pods does not fit");
        assert_eq!(typical.of_node(&cpu(500.0)), (500.0, 500.0));
    }

    #[test]
    fn with_gpus_only_pods_that_ask_for_them_are_typical() {
        let gpu = |milli: f64| Amounts { gpu_milli: milli, cpu: 1000.0, ..Amounts::default() };
        let typical = Typical::of(&[cpu(9.0), gpu(500.0)], &[gpu(1000.0)]);
        assert_eq!(typical.of_node(&gpu(400.0)), (400.0, 400.0));
        let no_cpu = Amounts { cpu: 0.0, ..gpu(1000.0) };
        assert_eq!(typical.of_node(&no_cpu), (1000.0, 1000.0), "free GPU without CPU beside it");
    }
}
