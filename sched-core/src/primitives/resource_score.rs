//! How much of a node's resources would be in use: least, most, and requested-to-capacity-ratio scoring.
//!
//! `requested` = the node's scoring requests + the pod's, `a` = allocatable. Resources with `a = 0`, and extended ones or huge
//! pages that the pod does not ask for, leave the average. With integer division at each step:
//! - least: `requested > a ? 0 : (a - requested) * 100 / a`; most: `min(requested, a) * 100 / a`; `sum(score * weight) / sum(weight)`;
//! - ratio: `requested * 100 / a` (100 when over) looked up in a piecewise linear shape whose scores count ten times;
//!   resources that score 0 leave the average, which is rounded half away from zero.
//!
//! Source: kube-scheduler 1.35, `noderesources/{least_allocated,most_allocated,requested_to_capacity_ratio}.go`.
//! Units: base units in, 0..=100 out. The divisions are done in f64: within 2^46 their truncated quotients are exact.

use super::{WHOLE, floor, int, whole_bits};
use sched_abi::{Column, Nodes, PodView, ResourceId, Rows, Setup, SetupError, amount_of};

/// Which formula scores.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum StrategyKind {
    /// More free room is better.
    #[default]
    LeastAllocated,
    /// Less free room is better.
    MostAllocated,
    /// A shape over utilisation.
    RequestedToCapacityRatio,
}

/// A resource and how much it counts.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct ResourceWeight {
    /// The resource.
    pub name: String,
    /// Its weight, 1..=100; 0 means 1.
    #[cfg_attr(feature = "serde", serde(default))]
    pub weight: u8,
}

/// A point of a shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct ShapePoint {
    /// Utilisation in percent, ascending from point to point.
    pub utilization: u8,
    /// Score there, 0..=10.
    pub score: u8,
}

/// A piecewise linear shape, flat outside.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct RatioShape {
    /// Its points.
    pub shape: Vec<ShapePoint>,
}

/// A formula and the resources that it looks at.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct ScoringStrategy {
    /// The formula.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub kind: StrategyKind,
    /// The resources; CPU and memory with weight 1 by default.
    pub resources: Vec<ResourceWeight>,
    /// The shape, for [`StrategyKind::RequestedToCapacityRatio`].
    pub requested_to_capacity_ratio: Option<RatioShape>,
}

impl Default for ScoringStrategy {
    fn default() -> Self {
        Self { kind: StrategyKind::default(), resources: cpu_and_memory(), requested_to_capacity_ratio: None }
    }
}

/// CPU and memory with weight 1.
pub(super) fn cpu_and_memory() -> Vec<ResourceWeight> {
    ["cpu", "memory"].map(|name| ResourceWeight { name: name.to_owned(), weight: 1 }).into()
}

/// Whether a resource that the pod does not ask for leaves the average: extended resources, huge pages, volumes.
pub(super) fn is_scalar(resource: &str) -> bool {
    resource.contains('/') || resource.starts_with("hugepages-") || resource.starts_with("attachable-volumes-")
}

/// A strategy, set up.
#[derive(Clone, Debug)]
pub(super) struct ResourceScore {
    strategy: ScoringStrategy,
    resources: Vec<(ResourceId, f64, bool)>,
}

/// One resource as a pod sees it.
#[derive(Clone, Copy)]
struct Term<'a> {
    allocatable: &'a [f64],
    held: &'a [f64],
    amount: f64,
    weight: f64,
}

impl ResourceScore {
    pub(super) fn new(strategy: ScoringStrategy) -> Self {
        Self { strategy, resources: Vec::new() }
    }

    pub(super) fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.resources.clear();
        let shape = self.strategy.requested_to_capacity_ratio.as_ref().map_or(&[][..], |r| &r.shape);
        if self.strategy.kind == StrategyKind::RequestedToCapacityRatio {
            check_shape(shape)?;
        }
        for resource in &self.strategy.resources {
            if resource.weight > 100 {
                return Err(SetupError(format!("weight of resource `{}` is above 100", resource.name)));
            }
            let id = host.resource(&resource.name)?;
            self.resources.push((id, f64::from(resource.weight.max(1)), is_scalar(&resource.name)));
        }
        Ok(())
    }

    /// Whether any resource counts for this pod.
    pub(super) fn concerns(&self, pod: &PodView<'_>) -> bool {
        self.resources.iter().any(|&(id, _, scalar)| !scalar || amount_of(pod.scoring_requests, id) > 0.0)
    }

    fn terms<'a>(&'a self, pod: &'a PodView<'_>, nodes: &'a dyn Nodes) -> impl Iterator<Item = Term<'a>> + Clone {
        self.resources.iter().filter_map(move |&(id, weight, scalar)| {
            let amount = amount_of(pod.scoring_requests, id);
            (!scalar || amount > 0.0).then(|| Term {
                allocatable: nodes.quantity(Column::Allocatable(id)),
                held: nodes.quantity(Column::ScoringRequested(id)),
                amount,
                weight,
            })
        })
    }

    pub(super) fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, rows: Rows<'_>, out: &mut [i64]) {
        let mut terms = self.terms(pod, nodes);
        let first_two = (terms.next(), terms.next(), terms.next());
        match (self.strategy.kind, first_two) {
            (StrategyKind::LeastAllocated, (Some(a), Some(b), None)) => pair(rows, a, b, out, least),
            (StrategyKind::MostAllocated, (Some(a), Some(b), None)) => pair(rows, a, b, out, most),
            (StrategyKind::LeastAllocated, _) => average(&self.terms(pod, nodes), rows, out, least),
            (StrategyKind::MostAllocated, _) => average(&self.terms(pod, nodes), rows, out, most),
            (StrategyKind::RequestedToCapacityRatio, _) => {
                let shape = self.strategy.requested_to_capacity_ratio.as_ref().map_or(&[][..], |r| &r.shape);
                ratio(shape, &self.terms(pod, nodes), rows, out);
            }
        }
    }
}

/// Score of one resource, 0..=100, before its fraction is cut off. Only for `allocatable` above 0.
#[inline]
fn least(allocatable: f64, requested: f64) -> f64 {
    let free = allocatable - requested;
    (if free > 0.0 { free } else { 0.0 }) * 100.0 / allocatable
}

/// The same, for most allocated.
#[inline]
fn most(allocatable: f64, requested: f64) -> f64 {
    (if requested > allocatable { allocatable } else { requested }) * 100.0 / allocatable
}

/// The usual case, two resources: one vector loop.
fn pair(rows: Rows<'_>, a: Term<'_>, b: Term<'_>, out: &mut [i64], score: impl Fn(f64, f64) -> f64) {
    let columns = [a.allocatable, a.held, b.allocatable, b.held];
    if a.weight == b.weight {
        // Equal weights cancel out: the mean of two, or the only one.
        rows.map(columns, out, |[alloc_a, held_a, alloc_b, held_b]| {
            // Computed before it is asked whether they count: a branch would end the vector loop.
            let (of_a, of_b) = (score(alloc_a, held_a + a.amount), score(alloc_b, held_b + b.amount));
            let (of_a, of_b) = (whole_bits(of_a), whole_bits(of_b));
            let of_a = if alloc_a > 0.0 { of_a } else { 0 };
            let of_b = if alloc_b > 0.0 { of_b } else { 0 };
            let sum = of_a.wrapping_add(of_b) & WHOLE;
            let both = (alloc_a > 0.0) & (alloc_b > 0.0);
            ((sum + if both { 0 } else { sum }) >> 1) as i64
        });
    } else {
        rows.map(columns, out, |[alloc_a, held_a, alloc_b, held_b]| {
            let of_a = floor(score(alloc_a, held_a + a.amount)) * a.weight;
            let of_b = floor(score(alloc_b, held_b + b.amount)) * b.weight;
            let of_a = if alloc_a > 0.0 { of_a } else { 0.0 };
            let of_b = if alloc_b > 0.0 { of_b } else { 0.0 };
            let weight = if alloc_a > 0.0 { a.weight } else { 0.0 } + if alloc_b > 0.0 { b.weight } else { 0.0 };
            int(floor(if weight > 0.0 { (of_a + of_b) / weight } else { 0.0 }))
        });
    }
}

fn cell(column: &[f64], row: usize) -> f64 {
    column.get(row).copied().unwrap_or(0.0)
}

/// Any number of resources, row by row.
fn average<'a>(
    terms: &(impl Iterator<Item = Term<'a>> + Clone),
    rows: Rows<'_>,
    out: &mut [i64],
    score: impl Fn(f64, f64) -> f64,
) {
    for (row, out) in rows.iter().zip(out) {
        let (mut sum, mut weights) = (0.0, 0.0);
        for term in terms.clone() {
            let allocatable = cell(term.allocatable, row);
            if allocatable > 0.0 {
                sum += floor(score(allocatable, cell(term.held, row) + term.amount)) * term.weight;
                weights += term.weight;
            }
        }
        *out = if weights > 0.0 { int(floor(sum / weights)) } else { 0 };
    }
}

fn ratio<'a>(shape: &[ShapePoint], terms: &(impl Iterator<Item = Term<'a>> + Clone), rows: Rows<'_>, out: &mut [i64]) {
    for (row, out) in rows.iter().zip(out) {
        let (mut sum, mut weights) = (0, 0);
        for term in terms.clone() {
            let allocatable = cell(term.allocatable, row);
            let requested = cell(term.held, row) + term.amount;
            if allocatable <= 0.0 {
                continue;
            }
            let utilization = if requested > allocatable { 100 } else { int(floor(requested * 100.0 / allocatable)) };
            let score = on_shape(shape, utilization);
            if score > 0 {
                sum += score * term.weight as i64;
                weights += term.weight as i64;
            }
        }
        // Rounded half away from zero; both are positive.
        *out = if weights > 0 { (2 * sum + weights) / (2 * weights) } else { 0 };
    }
}

/// The shape's score at a utilisation, times ten; divisions truncate.
fn on_shape(shape: &[ShapePoint], utilization: i64) -> i64 {
    let mut before: Option<&ShapePoint> = None;
    for point in shape {
        let (x, y) = (i64::from(point.utilization), 10 * i64::from(point.score));
        if utilization <= x {
            let Some(before) = before else { return y };
            let (x0, y0) = (i64::from(before.utilization), 10 * i64::from(before.score));
            return y0 + (y - y0) * (utilization - x0) / (x - x0);
        }
        before = Some(point);
    }
    before.map_or(0, |last| 10 * i64::from(last.score))
}

fn check_shape(shape: &[ShapePoint]) -> Result<(), SetupError> {
    let rising = shape.is_sorted_by(|a, b| a.utilization < b.utilization);
    if shape.is_empty() || !rising || shape.iter().any(|p| p.utilization > 100 || p.score > 10) {
        let rule = "needs at least one point, utilization rising within 0..=100 and scores within 0..=10";
        return Err(SetupError(format!("`requestedToCapacityRatio.shape` {rule}")));
    }
    Ok(())
}
