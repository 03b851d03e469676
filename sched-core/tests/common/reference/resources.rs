//! Resource fit: the filter and its three scoring strategies.

use super::requests::Role;
use super::{Amounts, World, pod_requests, scoring_requests_incoming};
use sched_core::{NodeSpec, PodTemplate};
use std::collections::BTreeSet;

/// A resource that scoring looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Weighted {
    pub(crate) name: String,
    pub(crate) weight: i128,
}

/// How free room is valued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    Least,
    Most,
    /// Points (utilisation 0..=100, score 0..=10), utilisation ascending.
    Ratio(Vec<(i128, i128)>),
}

/// What the filter says: its reasons (none: the node fits), and whether removing pods could not help.
pub(crate) fn misfits(
    pod: &PodTemplate,
    node: &NodeSpec,
    world: &World,
    ignored: impl Fn(&str) -> bool,
) -> (BTreeSet<String>, bool) {
    let mut reasons = BTreeSet::new();
    let mut unresolvable = false;
    if world.pods_on(&node.name).count() as i128 + 1 > allocatable(node, "pods") {
        reasons.insert("Too many pods".to_owned());
    }
    let on_node = world.requested(&node.name);
    for (name, asked) in pod_requests(pod, Role::Incoming) {
        if asked <= 0 || (is_extended(&name) && ignored(&name)) {
            continue;
        }
        let free = allocatable(node, &name) - on_node.get(&name).copied().unwrap_or(0);
        if asked > free {
            unresolvable |= asked > allocatable(node, &name);
            reasons.insert(format!("Insufficient {name}"));
        }
    }
    (reasons, unresolvable)
}

/// The score of one node, 0..=100.
pub(crate) fn score(
    pod: &PodTemplate,
    node: &NodeSpec,
    world: &World,
    strategy: &Strategy,
    listed: &[Weighted],
) -> i128 {
    let asked = scoring_requests_incoming(pod);
    let on_node = world.scoring_requested(&node.name);
    let get = |amounts: &Amounts, name: &str| amounts.get(name).copied().unwrap_or(0);
    let (mut sum, mut weights) = (0, 0);
    for Weighted { name, weight } in listed {
        let capacity = allocatable(node, name);
        if capacity == 0 || (is_scalar(name) && get(&asked, name) == 0) {
            continue;
        }
        let one = of_resource(get(&on_node, name) + get(&asked, name), capacity, strategy);
        if one == 0 && matches!(strategy, Strategy::Ratio(_)) {
            continue;
        }
        sum += one * weight;
        weights += weight;
    }
    match strategy {
        _ if weights == 0 => 0,
        Strategy::Ratio(_) => (2 * sum + weights) / (2 * weights),
        Strategy::Least | Strategy::Most => sum / weights,
    }
}

fn of_resource(requested: i128, capacity: i128, strategy: &Strategy) -> i128 {
    match strategy {
        Strategy::Least if requested > capacity => 0,
        Strategy::Least => (capacity - requested) * 100 / capacity,
        Strategy::Most => requested.min(capacity) * 100 / capacity,
        Strategy::Ratio(shape) if requested > capacity => on_line(shape, 100),
        Strategy::Ratio(shape) => on_line(shape, requested * 100 / capacity),
    }
}

/// The line through the points, scores times ten, flat outside.
fn on_line(shape: &[(i128, i128)], utilization: i128) -> i128 {
    let mut before: Option<(i128, i128)> = None;
    for &(x, score) in shape {
        let y = score * 10;
        if utilization <= x {
            return match before {
                None => y,
                Some((x0, y0)) => y0 + (y - y0) * (utilization - x0) / (x - x0),
            };
        }
        before = Some((x, y));
    }
    before.map_or(0, |(_, y)| y)
}

fn allocatable(node: &NodeSpec, name: &str) -> i128 {
    node.allocatable.get(name).copied().unwrap_or(0).into()
}

/// A resource of a vendor: it has a domain, and that is not Kubernetes' own.
fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/")
}

/// A resource that concerns only the pods that ask for it.
pub(crate) fn is_scalar(name: &str) -> bool {
    is_extended(name) || name.starts_with("hugepages-")
}
