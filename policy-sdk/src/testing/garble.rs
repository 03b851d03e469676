//! Puts something else into everything that a policy does not declare.

use super::asks::Ask;
use super::case::Case;
use super::rng::Rng;
use super::subject::Subject;
use super::vary_pod;
use sched_abi::{NodeColumns, PodFields};

/// Changes the pod fields and columns that the policy must not depend on.
pub(super) fn undeclared(subject: &Subject<'_>, case: &mut Case, rng: &mut Rng) {
    pod(subject, case, rng);
    let rows = case.table.rows;
    let numbers = [0.0, 1.0, 99.0, 4_000.0, 1e9, -1.0, (1u64 << 46) as f64];
    for (column, cells) in &mut case.table.quantities {
        if !subject.reads(*column) {
            *cells = (0..rows).map(|_| rng.pick(&numbers)).collect();
        }
    }
    for (bits, words) in &mut case.table.bits {
        if !subject.reads_bits(*bits) {
            for word in words {
                *word = rng.word();
            }
        }
    }
    let columns = subject.manifest.columns;
    if !columns.has(NodeColumns::TAINT_SETS) {
        case.table.taint_sets.iter_mut().for_each(|list| *list = rng.below(50) as u32);
    }
    if !columns.has(NodeColumns::AGGREGATES) {
        case.table.aggregates.iter_mut().for_each(|(_, value)| *value = rng.pick(&numbers));
    }
    for of in case.table.labels.iter_mut().filter(|of| !subject.reads_label(of.label)) {
        of.numbers.iter_mut().for_each(|number| *number = rng.below(of.values.len().max(1)) as u32);
        of.values.iter_mut().for_each(|value| value.push('x'));
    }
    for (_, _, sums) in case.table.domain_pods.iter_mut().filter(|(pods, ..)| !subject.reads_domains(*pods)) {
        sums.fill_with(|| rng.pick(&numbers));
    }
    if !columns.has(NodeColumns::TIME) {
        case.table.now_ms = rng.word() >> 20;
    }
}

fn pod(subject: &Subject<'_>, case: &mut Case, rng: &mut Rng) {
    let mut other = case.clone();
    vary_pod::vary(subject, &mut other, rng);
    vary_pod::vary_rows(&mut other, rng);
    let (fields, other) = (subject.manifest.pod_fields, other.pod);
    let pod = &mut case.pod;
    if !fields.has(PodFields::NODE_AFFINITY) {
        let rows = case.table.rows.div_ceil(64);
        (pod.required_nodes, pod.named_nodes) = (Some(vec![rng.word(); rows]), Some(vec![rng.word(); rows]));
        pod.names_conflict = !pod.names_conflict;
        (pod.weights, pod.preferred) = (other.weights, other.preferred);
        pod.flatten();
    }
    if !fields.has(PodFields::TAINTS) {
        (pod.taints, pod.tolerates_unschedulable) = (other.taints, !pod.tolerates_unschedulable);
    }
    if !fields.has(PodFields::PORTS) {
        pod.port_conflicts = Some(vec![rng.word(); case.table.rows.div_ceil(64)]);
    }
    if !fields.has(PodFields::IMAGES) {
        pod.images =
            (0..case.table.rows as u32).map(|row| sched_abi::ImageRow { row, scaled_bytes: 1 << 30 }).collect();
    }
    if !fields.has(PodFields::FORECAST) {
        (pod.forecast_cpu, pod.same_app_requested) = (other.forecast_cpu, other.same_app_requested);
        (pod.forecast_request, pod.forecast_variance) = (other.forecast_request, other.forecast_variance);
    }
    if !fields.has(PodFields::NAME) {
        (pod.name, pod.namespace) = (other.name, other.namespace);
    }
    let asked = |place: usize| subject.asks.iter().any(|ask| matches!(ask, Ask::Estimate(_, known) if *known == place));
    let others = pod.estimates.iter_mut().enumerate().filter(|(place, _)| !asked(*place));
    others.for_each(|(_, estimate)| *estimate = [12_345.0, 678.0]);
    let own = subject.asks.iter().fold(0, |own, ask| match ask {
        Ask::PodSelector(_, place) => own | 1_u64.checked_shl(u32::from(place.0)).unwrap_or(0),
        _ => own,
    });
    pod.matches = pod.matches & own | rng.word() & !own;
}
