//! Expected overload: places a pod where it adds least to the use that is to be expected above the water level, over the
//! hours to come; among nodes where it adds none, where the uncertainty grows least and the node is fullest, so that room for
//! large pods is kept.
//!
//! Per node and hour ahead k, with D the predicted use of its pods, x the pod's, W the water level and b the half-width of the
//! prediction's error, the use above W to be expected, were the error uniform within +-b, is
//! `F(l, b) = min(max(l + b, 0), 2b)^2 / 4b + max(l - b, 0)` at `l = D + x - W`. `b = band * sqrt(V + (floor * capacity)^2)`,
//! where the variance V counts pods of one application as varying together (`V' = V + ((R + r)^2 - R^2) * variance`, R the
//! requests of the application on the node, r the pod's). With `w_0` the part of the present hour that is left and
//! `w_k = decay^(k - 1 + w_0)`:
//!
//! - `risk = sum over k of w_k * (F(D_k + x_k - W, b') - F(D_k - W, b))`
//! - `room = 200 * (b' - b) / capacity - 10 * max over k of (D_k + x_k) / capacity`
//! - raw score = `risk + room`, milli-CPU-hours, in sixteenths; lowest is best.
//!
//! How cautious it is follows from the room that the cluster has: `band = caution * Z` within 1..=4, where
//! `Z = sum over nodes of (W - mean of D_k by w_k) / sum over nodes of sqrt(V + (floor * capacity)^2)`, published at the forecast's
//! quantum.
//!
//! Once no pod has been sampled for `staleAfterSeconds` the policy abstains, and one that stands in for it is asked.
//!
//! Source: our own, a convex cost of predicted use (the stronger form of node balance); chosen by measurement, see
//! docs/policies.md. Units: milli-CPU, hours. Cost: about ten operations a row and hour, a root and two divisions a row.

use super::live::{self, Freshness};
use super::{WHOLE, whole_bits};
use crate::limits::FORECAST_QUANTUM_MS;
use crate::profile::HORIZON_HOURS;
use sched_abi::{
    Aggregate, Column, Derived, Hook, MAX_RAW_SCORE, Manifest, NodeColumns, Nodes, Normalize, OverloadCurve, PodFields,
    PodView, Policy, Prepared, ResourceId, Rows, Sampled, Setup, SetupError,
};

/// Rows that are computed together, hour after hour: what is kept of them stays within the L1 cache, and each column is
/// read in pieces long enough for the memory's prefetching.
const BLOCK: usize = 256;

/// The same where a call is about a few rows only, as after a change.
const FEW: usize = 8;

/// Hours that are computed in one pass over a block.
const HOURS: usize = 4;
const _: () = assert!(HORIZON_HOURS.is_multiple_of(HOURS));

/// Raw scores count this many parts of a milli-CPU-hour.
const PARTS: f64 = 16.0;
/// Added to every cost, so that raw scores are not negative: a node that is predicted to be full a hundred times over is
/// below it.
const OFFSET: f64 = 1_024.0;
/// The largest cost: its parts are the largest raw score.
const MAX_COST: f64 = MAX_RAW_SCORE as f64 / PARTS;
/// What growing uncertainty costs, milli-CPU-hours for an error as wide as the node.
const UNCERTAINTY: f64 = 200.0;
/// What a full node is preferred by over an empty one, milli-CPU-hours.
const FULLNESS: f64 = 10.0;
/// The band's bounds, standard deviations.
const BAND: (f64, f64) = (1.0, 4.0);
/// The band before anything is published.
pub(crate) const FIRST_BAND: f64 = 2.0;

/// What turns predicted use into a cost. The same as the ABI's, with its arithmetic.
pub(crate) type Curve = OverloadCurve;

/// Configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct ExpectedOverloadConfig {
    /// Use above this share of the node's capacity is overload, percent, 1..=100.
    pub water_level_percent: u8,
    /// Weight of an hour against the one before it, percent, 1..=100.
    pub hour_decay_percent: u8,
    /// How much of the cluster's room is spent on caution, percent: more keeps nodes safer while there is room, less packs
    /// them tighter.
    pub caution_percent: u16,
    /// Standard deviation that every node has at least, in thousandths of its capacity.
    pub floor_permille: u16,
    /// When the newest sample of a pod ended longer ago, predictions are too old to go by and the policy abstains: seconds, up
    /// to a day.
    pub stale_after_seconds: u32,
}

impl Default for ExpectedOverloadConfig {
    fn default() -> Self {
        Self {
            water_level_percent: 65,
            hour_decay_percent: 85,
            caution_percent: 75,
            floor_permille: 30,
            stale_after_seconds: 3_600,
        }
    }
}

/// The weights of the hours ahead at one time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hours([f64; HORIZON_HOURS]);

impl Hours {
    /// Weights at a time, which is floored to the forecast's quantum.
    pub(crate) fn at(now_ms: u64, curve: Curve) -> Self {
        let now_ms = now_ms - now_ms % FORECAST_QUANTUM_MS;
        let rest = 1.0 - (now_ms % 3_600_000) as f64 / 3_600_000.0;
        let decay = f64::from(curve.hour_decay_percent) / 100.0;
        Self(std::array::from_fn(|k| if k == 0 { rest } else { libm::pow(decay, k as f64 - 1.0 + rest) }))
    }
}

/// The use above the level to be expected when `l` above it is predicted, with an error within +-b; `quarter` is `1 / 4b`.
#[inline]
fn excess(l: f64, b: f64, quarter: f64) -> f64 {
    let low = l + b;
    let low = if low > 0.0 { low } else { 0.0 };
    let wide = b + b;
    let inside = if low < wide { low } else { wide };
    let above = l - b;
    inside * inside * quarter + if above > 0.0 { above } else { 0.0 }
}

/// The standard deviation of a node's use.
#[inline]
fn deviation(curve: Curve, variance: f64, capacity: f64) -> f64 {
    let floor = f64::from(curve.floor_permille) / 1000.0 * capacity;
    // One milli-CPU at least, so that a machine without CPU divides by something.
    (variance + floor * floor + 1.0).sqrt()
}

fn level(curve: Curve, capacity: f64) -> f64 {
    f64::from(curve.water_level_percent) / 100.0 * capacity
}

/// A node as it stands: what is predicted of it, the variance of that, and its capacity.
#[derive(Clone, Copy)]
pub(crate) struct Standing<'a> {
    pub(crate) hours: &'a [f64; HORIZON_HOURS],
    pub(crate) variance: f64,
    pub(crate) capacity: f64,
}

impl Standing<'_> {
    /// What of the cost does not depend on the pod: to be subtracted from that with the pod.
    pub(crate) fn cost(self, curve: Curve, weights: &Hours, band: f64) -> f64 {
        let Self { hours, variance, capacity } = self;
        let b = band * deviation(curve, variance, capacity);
        let level = level(curve, capacity);
        let costs = weights.0.iter().zip(hours).map(|(w, d)| w * excess(d - level, b, 0.25 / b));
        costs.fold(0.0, |sum, cost| sum + cost) + UNCERTAINTY * b / (capacity + 1.0)
    }

    /// The room below the level and the standard deviation, whole milli-CPU: the two sums that the band is a quotient of.
    pub(crate) fn room(self, curve: Curve, weights: &Hours) -> (i64, i64) {
        let weighted = weights.0.iter().zip(self.hours).fold(0.0, |sum, (w, d)| sum + w * d);
        let mean = weighted / weights.0.iter().fold(0.0, |sum, w| sum + w);
        let room = libm::round(level(curve, self.capacity) - mean);
        (room as i64, libm::round(deviation(curve, self.variance, self.capacity)) as i64)
    }
}

/// The band for the sums of [`Standing::room`] over all nodes, in whole thousandths.
pub(crate) fn band(curve: Curve, room: i128, deviation: i128) -> f64 {
    let thousandths = room * i128::from(curve.caution_percent) * 10 / deviation.max(1);
    (thousandths as f64 / 1000.0).clamp(BAND.0, BAND.1)
}

/// The policy.
#[derive(Clone, Debug)]
pub struct ExpectedOverload {
    config: ExpectedOverloadConfig,
    hours: [Column; HORIZON_HOURS],
    variance: Column,
    standing: Column,
}

impl ExpectedOverload {
    /// The policy under a configuration.
    pub fn new(config: ExpectedOverloadConfig) -> Self {
        // Columns are asked for in `setup`; capacity stands in until then.
        let none = Column::Capacity(ResourceId::CPU);
        Self { config, hours: [none; HORIZON_HOURS], variance: none, standing: none }
    }

    fn curve(&self) -> Curve {
        let ExpectedOverloadConfig { water_level_percent, hour_decay_percent, caution_percent, floor_permille, .. } =
            self.config;
        Curve { water_level_percent, hour_decay_percent, caution_percent, floor_permille }
    }
}

impl Policy for ExpectedOverload {
    fn keeps_range(&self) -> bool {
        true
    }

    fn manifest(&self) -> Manifest {
        Manifest {
            scores: true,
            pod_fields: PodFields::FORECAST,
            columns: NodeColumns::CAPACITY
                .and(NodeColumns::DERIVED)
                .and(NodeColumns::AGGREGATES)
                .and(NodeColumns::TIME),
            normalize: Normalize::MinMaxReversed,
            ..Manifest::new("ExpectedOverload")
        }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        let percent = 1..=100;
        let c = self.config;
        live::check_stale(c.stale_after_seconds)?;
        if !percent.contains(&c.water_level_percent) || !percent.contains(&c.hour_decay_percent) {
            return Err(SetupError("`waterLevelPercent` and `hourDecayPercent` must be within 1..=100".into()));
        }
        for (ahead, column) in (0u32..).zip(&mut self.hours) {
            *column = host.derive(Derived::ForecastCpu { from_min: ahead * 60, to_min: (ahead + 1) * 60 })?;
        }
        self.variance = host.derive(Derived::ForecastVariance)?;
        self.standing = host.derive(Derived::ExpectedOverload(self.curve()))?;
        host.aggregate(Aggregate::OverloadBand(self.curve()))?;
        host.aggregate(Aggregate::SampledAt(Sampled::Pods))
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        let sampled_at = nodes.aggregate(Aggregate::SampledAt(Sampled::Pods));
        // Before the first sample requests are what is predicted from: that is no profile that went stale.
        if sampled_at >= 0.0 && !Freshness::new(nodes, self.config.stale_after_seconds).counts(sampled_at) {
            return Prepared::STALE;
        }
        let weights = Hours::at(nodes.now_ms(), self.curve());
        for (word, weight) in block.iter_mut().zip(weights.0) {
            *word = weight.to_bits();
        }
        if let Some(word) = block.get_mut(HORIZON_HOURS) {
            *word = nodes.aggregate(Aggregate::OverloadBand(self.curve())).to_bits();
        }
        // Without a forecast every node is as good.
        let score = if pod.forecast_cpu.is_empty() { Hook::Constant(0) } else { Hook::Run };
        Prepared { score, ..Prepared::SKIP }
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        if rows.len() <= FEW {
            self.score_by::<FEW>(pod, nodes, block, rows, out);
        } else {
            self.score_by::<BLOCK>(pod, nodes, block, rows, out);
        }
    }
}

impl ExpectedOverload {
    /// Scores rows, `BLOCK` of them at a time.
    #[allow(clippy::indexing_slicing, clippy::needless_range_loop, reason = "arrays of one length, in vector loops")]
    fn score_by<const BLOCK: usize>(
        &self,
        pod: &PodView<'_>,
        nodes: &dyn Nodes,
        block: &[u64; 16],
        rows: Rows<'_>,
        out: &mut [i64],
    ) {
        let curve = self.curve();
        let (request, own) = (pod.forecast_request, pod.forecast_variance);
        let share = f64::from(curve.water_level_percent) / 100.0;
        let band = f64::from_bits(block[HORIZON_HOURS]);
        let [mut cost, mut b, mut quarter, mut level, mut most] = [[0.0; BLOCK]; 5];
        let mut room = [[0.0; BLOCK]; 4];
        let columns = self.hours.map(|column| nodes.quantity(column));
        for (start, out) in (0..rows.len()).step_by(BLOCK).zip(out.chunks_mut(BLOCK)) {
            let piece = rows.slice(start, start + out.len());
            let [capacity, variance, same, standing] = &mut room;
            let capacity = block_of(piece, nodes.quantity(Column::Capacity(ResourceId::CPU)), capacity);
            let variance = block_of(piece, nodes.quantity(self.variance), variance);
            let same = block_of(piece, pod.same_app_requested, same);
            let standing = block_of(piece, nodes.quantity(self.standing), standing);
            for i in 0..BLOCK {
                // (R + r)^2 - R^2, times the variance of the application.
                let more = request * (same[i] + same[i] + request) * own;
                b[i] = band * deviation(curve, variance[i] + more, capacity[i]);
                quarter[i] = 0.25 / b[i];
                level[i] = share * capacity[i];
                cost[i] = -standing[i];
                most[i] = 0.0;
            }
            // Several hours a pass, so that what is kept of a row is loaded once for all of them.
            for first in (0..HORIZON_HOURS).step_by(HOURS) {
                let [x, weight]: [[f64; HOURS]; 2] = [
                    std::array::from_fn(|k| pod.forecast_cpu.get(first + k).copied().unwrap_or(0.0)),
                    std::array::from_fn(|k| f64::from_bits(block[first + k])),
                ];
                let [first_room, second, third, fourth] = &mut room;
                let hours = [
                    block_of(piece, columns[first], first_room),
                    block_of(piece, columns[first + 1], second),
                    block_of(piece, columns[first + 2], third),
                    block_of(piece, columns[first + 3], fourth),
                ];
                for i in 0..BLOCK {
                    let (mut sum, mut top) = (cost[i], most[i]);
                    for k in 0..HOURS {
                        let with = hours[k][i] + x[k];
                        top = if with > top { with } else { top };
                        sum += weight[k] * excess(with - level[i], b[i], quarter[i]);
                    }
                    (cost[i], most[i]) = (sum, top);
                }
            }
            let capacity = block_of(piece, nodes.quantity(Column::Capacity(ResourceId::CPU)), &mut room[0]);
            for i in 0..BLOCK {
                cost[i] += (UNCERTAINTY * b[i] - FULLNESS * most[i]) / (capacity[i] + 1.0) + OFFSET;
            }
            for (out, &cost) in out.iter_mut().zip(&cost) {
                let cost = if cost < MAX_COST { cost } else { MAX_COST };
                *out = (whole_bits(if cost > 0.0 { cost * PARTS } else { 0.0 }) & WHOLE) as i64;
            }
        }
    }
}

/// A block of a column: where it lies, if the rows are dense and all there; else gathered, with zeros behind them.
#[inline]
fn block_of<'a, const BLOCK: usize>(rows: Rows<'_>, column: &'a [f64], room: &'a mut [f64; BLOCK]) -> &'a [f64; BLOCK] {
    if let Rows::Range { start, .. } = rows
        && let Some(here) = column.get(start..).and_then(<[f64]>::first_chunk)
    {
        return here;
    }
    if rows.len() < BLOCK {
        room.fill(0.0);
    }
    rows.map([column], room, |[value]| value);
    room
}
