//! Balanced allocation: prefers nodes on which the requested fractions of the resources are close to each other.
//!
//! `f = min(1, (requested + pod) / allocatable)` per resource, in f64. Two resources: `std = |f1 - f2| / 2`; more: the
//! population standard deviation; fewer: 0. Score `trunc((1 - std) * 100)`. Resources with allocatable 0, and extended ones that
//! the pod does not ask for, are left out. A pod that asks for none of them is skipped.
//!
//! Source: kube-scheduler 1.35, plugin `NodeResourcesBalancedAllocation`.

use super::resource_score::{ResourceWeight, cpu_and_memory, is_scalar};
use super::{WHOLE, floor, int, whole_bits};
use sched_abi::{
    Column, Manifest, NodeColumns, Nodes, PodView, Policy, Prepared, ResourceId, Rows, Setup, SetupError, amount_of,
};

/// Configuration, as in `NodeResourcesBalancedAllocationArgs`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct BalancedConfig {
    /// The resources to balance; weights must be 1.
    pub resources: Vec<ResourceWeight>,
}

impl Default for BalancedConfig {
    fn default() -> Self {
        Self { resources: cpu_and_memory() }
    }
}

/// The policy.
#[derive(Clone, Debug)]
pub struct Balanced {
    config: BalancedConfig,
    resources: Vec<(ResourceId, bool)>,
}

impl Balanced {
    /// The policy under a configuration.
    pub fn new(config: BalancedConfig) -> Self {
        Self { config, resources: Vec::new() }
    }

    /// The resources that count for a pod: their columns, and how much it asks.
    fn terms<'a>(
        &'a self,
        pod: &'a PodView<'_>,
        nodes: &'a dyn Nodes,
    ) -> impl Iterator<Item = ([&'a [f64]; 2], f64)> + Clone {
        self.resources.iter().filter_map(move |&(id, scalar)| {
            let amount = amount_of(pod.requests, id);
            let columns = || [Column::Allocatable(id), Column::Requested(id)].map(|c| nodes.quantity(c));
            (!scalar || amount > 0.0).then(|| (columns(), amount))
        })
    }
}

impl Policy for Balanced {
    fn keeps_range(&self) -> bool {
        true
    }

    fn manifest(&self) -> Manifest {
        let columns = NodeColumns::ALLOCATABLE.and(NodeColumns::REQUESTED);
        Manifest { scores: true, columns, ..Manifest::new("NodeResourcesBalancedAllocation") }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        for resource in &self.config.resources {
            if resource.weight > 1 {
                return Err(SetupError(format!("weight of resource `{}` must be 1", resource.name)));
            }
            self.resources.push((host.resource(&resource.name)?, is_scalar(&resource.name)));
        }
        Ok(())
    }

    fn prepare(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let asks = self.resources.iter().any(|&(id, _)| amount_of(pod.requests, id) > 0.0);
        if asks { Prepared::RUN } else { Prepared::SKIP }
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let mut terms = self.terms(pod, nodes);
        if let (Some((a, ask_a)), Some((b, ask_b)), None) = (terms.next(), terms.next(), terms.next()) {
            rows.map([a[0], a[1], b[0], b[1]], out, |[alloc_a, held_a, alloc_b, held_b]| {
                let spread = (fraction(alloc_a, held_a + ask_a) - fraction(alloc_b, held_b + ask_b)) / 2.0;
                let std = if (alloc_a > 0.0) & (alloc_b > 0.0) { spread.abs() } else { 0.0 };
                (whole_bits((1.0 - std) * 100.0) & WHOLE) as i64
            });
            return;
        }
        for (row, out) in rows.iter().zip(out) {
            *out = int(floor((1.0 - deviation(self.terms(pod, nodes), row)) * 100.0));
        }
    }
}

/// The requested share of a resource, at most 1.
#[inline]
fn fraction(allocatable: f64, requested: f64) -> f64 {
    let fraction = requested / allocatable;
    if fraction > 1.0 { 1.0 } else { fraction }
}

/// The deviation of any number of fractions on one row.
fn deviation<'a>(terms: impl Iterator<Item = ([&'a [f64]; 2], f64)> + Clone, row: usize) -> f64 {
    let fractions = terms.filter_map(|([allocatable, held], amount)| {
        let allocatable = allocatable.get(row).copied().filter(|&a| a > 0.0)?;
        Some(fraction(allocatable, held.get(row).copied().unwrap_or(0.0) + amount))
    });
    let count = fractions.clone().count() as f64;
    if count == 2.0 {
        let mut both = fractions;
        let (a, b) = (both.next().unwrap_or(0.0), both.next().unwrap_or(0.0));
        return libm::fabs((a - b) / 2.0);
    }
    if count < 2.0 {
        return 0.0;
    }
    let mean = fractions.clone().fold(0.0, |sum, f| sum + f) / count;
    let squares = fractions.fold(0.0, |sum, f| sum + (f - mean) * (f - mean));
    libm::sqrt(squares / count)
}
