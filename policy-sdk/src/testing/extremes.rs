//! The edges of what a host can show: nothing, zeros, the largest quantities.

use super::case::Case;
use super::rng::Rng;
use super::vary::MOST;
use sched_abi::{Bits, Column, Derived, NodeNameField, ResourceId};
use sched_core::limits::{MAX_PODS, TIME_QUANTUM_MS};

/// Changes a case to one at the edge.
pub(super) type Extreme = fn(&mut Case, &mut Rng);

/// Each of them.
pub(super) const EXTREMES: [Extreme; 8] =
    [no_nodes, asks_nothing, no_columns, zeros, most, either, long_ago, end_of_time];

fn long_ago(case: &mut Case, _: &mut Rng) {
    case.table.now_ms = 0;
}

fn end_of_time(case: &mut Case, _: &mut Rng) {
    case.table.now_ms = u64::MAX - u64::MAX % TIME_QUANTUM_MS;
}

fn no_nodes(case: &mut Case, _: &mut Rng) {
    *case = case.arranged(&[]);
}

/// A pod without requests; that it is one pod is always among them.
fn asks_nothing(case: &mut Case, _: &mut Rng) {
    case.pod.requests.retain(|request| request.resource == ResourceId::PODS);
    case.pod.scoring_requests.clear();
}

/// A host that has none of the columns.
fn no_columns(case: &mut Case, _: &mut Rng) {
    case.table.quantities.clear();
    case.table.bits.retain(|(bits, _)| *bits == Bits::Live);
    case.table.taint_sets.clear();
    case.table.aggregates.clear();
    case.table.labels.clear();
    case.table.domain_pods.clear();
    case.pod.estimates.clear();
}

fn zeros(case: &mut Case, _: &mut Rng) {
    fill(case, |_| 0.0);
    case.table.aggregates.iter_mut().for_each(|(_, value)| *value = 0.0);
}

fn most(case: &mut Case, _: &mut Rng) {
    fill(case, |most| most);
    let pod = &mut case.pod;
    for request in pod.requests.iter_mut().chain(&mut pod.scoring_requests) {
        request.amount = MOST;
    }
    (pod.estimate, pod.forecast_request) = ([MOST; 2], MOST);
    pod.estimates.iter_mut().for_each(|estimate| *estimate = [MOST; 2]);
    pod.forecast_cpu.iter_mut().for_each(|cpu| *cpu = MOST);
    (pod.priority, pod.containers, pod.matches) = (i32::MAX, u32::MAX, u64::MAX);
    pod.images.iter_mut().for_each(|image| image.scaled_bytes = MOST as i64);
    pod.taints.iter_mut().for_each(|taints| taints.untolerated_soft = 1_000);
    pod.node_name = NodeNameField::Row(u32::MAX);
}

/// Nothing in some places and the most in others.
fn either(case: &mut Case, rng: &mut Rng) {
    fill(case, |most| rng.pick(&[0.0, 1.0, most - 1.0, most]));
    (case.pod.priority, case.pod.containers) = (i32::MIN, 0);
}

/// Sets every quantity of every node, given the largest that can stand there.
fn fill(case: &mut Case, mut value: impl FnMut(f64) -> f64) {
    let derived = case.table.derived.clone();
    let live: Vec<bool> = (0..case.table.rows).map(|row| case.table.is_live(row)).collect();
    for (column, cells) in &mut case.table.quantities {
        let kind = derived.iter().find(|(known, _)| known == column).map(|(_, derived)| *derived);
        let most = match kind {
            // One million a pod, and as many pods as there may be.
            Some(Derived::Heat { .. }) => 1e6 * MAX_PODS as f64,
            Some(Derived::RecentBinds { .. } | Derived::BindsSeen { .. } | Derived::Pods(_)) => MAX_PODS as f64,
            _ => MOST,
        };
        let sampled = matches!((&*column, kind), (Column::SampledAt, _) | (_, Some(Derived::UsageOverAt(_))));
        for (cell, _) in cells.iter_mut().zip(&live).filter(|(_, live)| **live) {
            *cell = if sampled && value(1.0) == 0.0 { -1.0 } else { value(most) };
        }
    }
}
