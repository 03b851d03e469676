//! Changes cases so that a policy meets what clusters rarely show: nodes that are idle, nearly full, exactly full,
//! overcommitted or huge, samples that are missing, old or from the future, heat, predictions, any bitmap, any pod.

use super::asks::Ask;
use super::case::Case;
use super::rng::Rng;
use super::subject::Subject;
use super::table::Table;
use super::vary_pod;
use super::words::packed;
use sched_abi::{Aggregate, Bits, Column, Derived, NodeColumns, Nodes, ResourceId, amount_of};
use sched_core::limits::{HEAT_SLOTS, MAX_PODS, MAX_QUANTITY, TIME_QUANTUM_MS};

pub(super) const MOST: f64 = MAX_QUANTITY as f64;

/// How full a node is.
#[derive(Clone, Copy, Default)]
enum Fullness {
    #[default]
    Idle,
    Some,
    Near,
    /// The pod fits exactly.
    Fits,
    /// The pod is one too large.
    Misses,
    Full,
    Over,
    Huge,
}

const FULLNESS: [Fullness; 10] = [
    Fullness::Idle,
    Fullness::Some,
    Fullness::Some,
    Fullness::Near,
    Fullness::Near,
    Fullness::Fits,
    Fullness::Misses,
    Fullness::Full,
    Fullness::Over,
    Fullness::Huge,
];

/// Changes the cluster; the pod as well now and then.
pub(super) fn vary(subject: &Subject<'_>, case: &mut Case, rng: &mut Rng) {
    if rng.once_in(2) {
        vary_pod::vary(subject, case, rng);
    }
    vary_rows(subject, case, rng);
}

/// Changes what the nodes hold, and what the pod's view says of them.
pub(super) fn vary_rows(subject: &Subject<'_>, case: &mut Case, rng: &mut Rng) {
    if subject.manifest.columns.has(NodeColumns::TIME) && rng.once_in(3) {
        let now = rng.pick(&[0, TIME_QUANTUM_MS, case.table.now_ms, case.table.now_ms.saturating_add(3_599_000)]);
        case.table.now_ms = now;
    }
    // All nodes alike now and then.
    let alike = rng.once_in(6).then(|| rng.pick(&FULLNESS));
    let resources = relevant(subject, case);
    for row in case.live().collect::<Vec<_>>() {
        let fullness = alike.unwrap_or_else(|| rng.pick(&FULLNESS));
        for &(resource, asked) in &resources {
            vary_resource(subject, &mut case.table, row, (resource, asked, fullness), rng);
        }
        vary_measures(subject, &mut case.table, row, rng);
    }
    vary_bits(subject, &mut case.table, rng);
    let now = case.table.now_ms as f64;
    for (aggregate, value) in &mut case.table.aggregates {
        *value = match aggregate {
            Aggregate::OverloadBand(_) => rng.pick(&[1.0, 2.0, 2.5, 4.0]),
            Aggregate::SampledAt(_) => sampled(now, rng),
        };
    }
    let lists = case.pod.taints.len().max(1);
    let live = case.table.bits(Bits::Live).to_vec();
    case.table.taint_sets =
        (0..case.table.rows).map(|row| if case.table.is_live(row) { rng.below(lists) as u32 } else { 0 }).collect();
    for of in &mut case.table.labels {
        // Values that a node has already: the dictionary is common to all.
        let numbers = of.values.len().max(1);
        let live = (0..case.table.rows).map(|row| sched_abi::bit(&live, row));
        of.numbers = live.map(|live| if live { rng.below(numbers) as u32 } else { 0 }).collect();
    }
    for (_, label, sums) in &mut case.table.domain_pods {
        let values = case.table.labels.iter().find(|of| of.label == *label).map_or(1, |of| of.values.len());
        *sums = (0..values).map(|_| rng.pick(&[0.0, 0.0, 1.0, 2.0, 7.0, MAX_PODS as f64])).collect();
    }
    vary_pod::vary_rows(case, rng);
}

/// The resources that the policy may look at, and what the pod asks of them.
fn relevant(subject: &Subject<'_>, case: &Case) -> Vec<(ResourceId, f64)> {
    let mut ids = vec![ResourceId::CPU, ResourceId::MEMORY, ResourceId::PODS, ResourceId::EPHEMERAL_STORAGE];
    ids.extend(case.pod.requests.iter().map(|request| request.resource));
    ids.extend(subject.asks.iter().filter_map(|ask| match ask {
        Ask::Resource(_, id) => Some(*id),
        _ => None,
    }));
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(|id| (id, amount_of(&case.pod.requests, id))).collect()
}

fn machine(resource: ResourceId, rng: &mut Rng) -> f64 {
    match resource {
        ResourceId::CPU => rng.pick(&[1.0, 2_000.0, 4_000.0, 7_910.0, 32_000.0, 96_000.0]),
        ResourceId::PODS => rng.pick(&[1.0, 8.0, 110.0, 110.0, 250.0]),
        ResourceId::MEMORY | ResourceId::EPHEMERAL_STORAGE => {
            rng.pick(&[(3u64 << 30) as f64, 7_771_000_833.0, (16u64 << 30) as f64, (256u64 << 30) as f64])
        }
        _ => rng.pick(&[0.0, 1.0, 8.0, 20_000.0, 536_870_912.0]),
    }
}

fn vary_resource(
    subject: &Subject<'_>,
    table: &mut Table,
    row: usize,
    (resource, asked, fullness): (ResourceId, f64, Fullness),
    rng: &mut Rng,
) {
    let full = if rng.once_in(12) { 0.0 } else { machine(resource, rng) };
    let huge = matches!(fullness, Fullness::Huge);
    let allocatable = if huge { rng.pick(&[MOST, MOST - 1.0]) } else { full };
    let part = |rng: &mut Rng, of: f64| (of * rng.below(101) as f64 / 100.0).floor();
    let requested = match fullness {
        Fullness::Idle => 0.0,
        Fullness::Some => part(rng, allocatable),
        Fullness::Near => allocatable - rng.pick(&[0.0, 1.0, 2.0, (allocatable / 50.0).floor()]),
        Fullness::Fits => allocatable - asked,
        Fullness::Misses => allocatable - asked + 1.0,
        Fullness::Full => allocatable,
        Fullness::Over => allocatable + rng.pick(&[1.0, 1_000.0, allocatable]),
        Fullness::Huge => rng.pick(&[0.0, MOST / 2.0, MOST - 1.0, MOST]),
    };
    let scoring = requested
        + [100.0, (200u64 << 20) as f64].get(usize::from(resource.0)).map_or(0.0, |d| d * rng.below(4) as f64);
    let capacity = rng.pick(&[allocatable, allocatable, (allocatable * 1.125).floor(), 0.0]);
    let some = part(rng, capacity);
    let used = rng.pick(&[0.0, capacity, capacity + 1.0, (capacity * 0.7).floor(), some]);
    let cells = [
        (Column::Allocatable(resource), allocatable),
        (Column::Requested(resource), requested),
        (Column::ScoringRequested(resource), scoring),
        (Column::Capacity(resource), capacity),
        (Column::Usage(resource), if huge && rng.once_in(3) { MOST } else { used }),
        (Column::Unseen(resource), rng.pick(&[0.0, 0.0, asked, 250.0, (capacity / 10.0).floor()])),
    ];
    for (column, value) in cells {
        if subject.reads(column) {
            table.set(column, row, value.clamp(0.0, MOST));
        }
    }
}

/// When the node was sampled, and what else is derived of it.
fn vary_measures(subject: &Subject<'_>, table: &mut Table, row: usize, rng: &mut Rng) {
    let now = table.now_ms as f64;
    if subject.reads(Column::SampledAt) {
        table.set(Column::SampledAt, row, sampled(now, rng));
    }
    for (column, derived) in table.derived.clone() {
        if subject.reads(column) {
            let value = derived_value(table, row, derived, now, rng);
            table.set(column, row, value);
        }
    }
}

/// A time of a sample: none, fresh, about to be stale, old, ahead of the decision.
fn sampled(now: f64, rng: &mut Rng) -> f64 {
    let ago = rng.pick(&[0.0, 0.0, 15_000.0, 60_000.0, 179_000.0, 180_000.0, 300_000.0, 301_000.0, 1e9, -10_000.0]);
    if rng.once_in(4) || ago > now { -1.0 } else { now - ago }
}

fn derived_value(table: &Table, row: usize, derived: Derived, now: f64, rng: &mut Rng) -> f64 {
    let capacity = |resource| table.cell(Column::Capacity(resource), row);
    let part = |rng: &mut Rng, of: f64| (of * rng.pick(&[0.0, 0.1, 0.4, 0.649, 0.65, 0.66, 0.9, 1.0, 1.3])).floor();
    match derived {
        Derived::Heat { .. } => {
            rng.pick(&[0.0, 0.0, 1.0, 9_999.0, 50_000.0, 299_999.0, 300_000.0, 1_000_000.0, 31_000_000.0])
        }
        Derived::RecentBinds { .. } | Derived::BindsSeen { .. } | Derived::Pods(_) => {
            rng.pick(&[0.0, 0.0, 1.0, 2.0, 4.0, 5.0, 9.0, 10.0, 11.0, 60.0, HEAT_SLOTS as f64 * 100.0])
        }
        Derived::ForecastCpu { .. } | Derived::ProfiledCpu | Derived::NodeProfileCpu { .. } => {
            part(rng, capacity(ResourceId::CPU))
        }
        Derived::Unmeasured(spec) => part(rng, capacity(spec.resource)),
        Derived::UsageOver(_) if rng.once_in(4) => -1.0,
        Derived::UsageOver(spec) => part(rng, capacity(spec.resource)),
        Derived::UsageOverAt(_) => sampled(now, rng),
        Derived::ForecastVariance => {
            let deviation = part(rng, capacity(ResourceId::CPU)) / 10.0;
            (deviation * deviation).floor()
        }
        Derived::ExpectedOverload(_) => part(rng, capacity(ResourceId::CPU)) / 7.0,
    }
}

fn vary_bits(subject: &Subject<'_>, table: &mut Table, rng: &mut Rng) {
    let live: Vec<bool> = (0..table.rows).map(|row| table.is_live(row)).collect();
    for (bits, words) in &mut table.bits {
        if *bits != Bits::Live && subject.reads_bits(*bits) {
            *words = some_of(&live, rng);
        }
    }
}

/// None, few, half, most or all of the rows.
pub(super) fn some_of(rows: &[bool], rng: &mut Rng) -> Vec<u64> {
    let share = rng.pick(&[0, 1, 4, 9, 16]);
    packed(rows.iter().map(|&row| row && rng.below(16) < share))
}
