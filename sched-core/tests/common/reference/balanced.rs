//! Balanced allocation: how evenly a node's resources are used, in the floating point steps that the rules give.

use super::resources::{Weighted, is_scalar};
use super::{Amounts, World, pod_requests};
use crate::common::reference::requests::Role;
use sched_core::{NodeSpec, PodTemplate};

/// Whether the pod asks for none of the listed resources, so that its place makes no difference.
pub(crate) fn skips(pod: &PodTemplate, listed: &[Weighted]) -> bool {
    let requests = pod_requests(pod, Role::Incoming);
    listed.iter().all(|r| requests.get(&r.name).copied().unwrap_or(0) == 0)
}

/// The score of one node, 0..=100.
pub(crate) fn score(pod: &PodTemplate, node: &NodeSpec, world: &World, listed: &[Weighted]) -> i128 {
    let requests = pod_requests(pod, Role::Incoming);
    let on_node = world.requested(&node.name);
    let get = |amounts: &Amounts, name: &str| amounts.get(name).copied().unwrap_or(0);
    let mut fractions = Vec::new();
    for Weighted { name, .. } in listed {
        let allocatable = i128::from(node.allocatable.get(name).copied().unwrap_or(0));
        if allocatable == 0 || (is_scalar(name) && get(&requests, name) == 0) {
            continue;
        }
        let fraction = (get(&on_node, name) + get(&requests, name)) as f64 / allocatable as f64;
        fractions.push(if fraction > 1.0 { 1.0 } else { fraction });
    }
    ((1.0 - deviation(&fractions)) * 100.0) as i128
}

fn deviation(fractions: &[f64]) -> f64 {
    match fractions {
        [] | [_] => 0.0,
        [a, b] => ((a - b) / 2.0).abs(),
        many => {
            let n = many.len() as f64;
            let mean = many.iter().sum::<f64>() / n;
            let squares: f64 = many.iter().map(|f| (f - mean) * (f - mean)).sum();
            (squares / n).sqrt()
        }
    }
}
