//! Expected overload: places a pod where it adds least to the use that is to be expected above the water level, over the
//! hours to come.
//!
//! Per node and hour ahead k, with D the predicted use of its pods, x the pod's, W the water level and b the half-width of the
//! prediction's error, the use above W to be expected, were the error uniform within +-b, is
//! `F(l, b) = min(max(l + b, 0), 2b)^2 / 4b + max(l - b, 0)` at `l = D + x - W`. With `b = band * sqrt(V + (floor * capacity)^2)`,
//! where the variance V counts pods of one application as varying together (`V' = V + ((R + r)^2 - R^2) * variance`, R the
//! requests of the application on the node, r the pod's):
//!
//! `cost = sum over k of w_k * (F(D_k + x_k - W, b') - F(D_k - W, b))`, `w_0` the part of the present hour that is left,
//! `w_k = decay^(k - 1 + w_0)`.
//!
//! Source: our own, a convex cost of predicted use (SEMANTICS: the stronger form of node balance); chosen by measurement, see
//! docs/policies.md. Units: milli-CPU, hours. Cost: about twenty operations a row and hour.

use super::{WHOLE, whole_bits};
use crate::limits::FORECAST_QUANTUM_MS;
use crate::profile::HORIZON_HOURS;
use sched_abi::{
    Column, Derived, Hook, Manifest, Nodes, Normalize, OverloadCurve, PodFields, PodView, Policy, Prepared, ResourceId,
    Rows, Setup, SetupError,
};

/// Rows that are computed together, hour after hour: what is kept of them stays within the L1 cache, and each column is
/// read in pieces long enough for the memory's prefetching.
const BLOCK: usize = 256;

/// Raw scores count this many parts of a milli-CPU-hour.
const PARTS: f64 = 64.0;

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
    /// Half-width of the error that is allowed for, in hundredths of a standard deviation.
    pub band_percent: u16,
    /// Standard deviation that every node has at least, in thousandths of its capacity.
    pub floor_permille: u16,
}

impl Default for ExpectedOverloadConfig {
    fn default() -> Self {
        Self { water_level_percent: 65, hour_decay_percent: 88, band_percent: 200, floor_permille: 20 }
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

/// The half-width of the error for a variance.
#[inline]
fn band(curve: Curve, variance: f64, capacity: f64) -> f64 {
    let floor = f64::from(curve.floor_permille) / 1000.0 * capacity;
    // One milli-CPU at least, so that a machine without CPU divides by something.
    f64::from(curve.band_percent) / 100.0 * (variance + floor * floor + 1.0).sqrt()
}

pub(crate) trait Overload {
    /// Expected overload of a node as it stands, milli-CPU-hours.
    fn overload(&self, weights: &Hours, hours: &[f64; HORIZON_HOURS], variance: f64, capacity: f64) -> f64;
}

impl Overload for Curve {
    fn overload(&self, weights: &Hours, hours: &[f64; HORIZON_HOURS], variance: f64, capacity: f64) -> f64 {
        let b = band(*self, variance, capacity);
        let level = f64::from(self.water_level_percent) / 100.0 * capacity;
        let costs = weights.0.iter().zip(hours).map(|(w, d)| w * excess(d - level, b, 0.25 / b));
        costs.fold(0.0, |sum, cost| sum + cost)
    }
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
        let ExpectedOverloadConfig { water_level_percent, hour_decay_percent, band_percent, floor_permille } =
            self.config;
        Curve { water_level_percent, hour_decay_percent, band_percent, floor_permille }
    }
}

impl Policy for ExpectedOverload {
    fn manifest(&self) -> Manifest {
        Manifest {
            scores: true,
            pod_fields: PodFields::FORECAST,
            normalize: Normalize::MinMaxReversed,
            ..Manifest::new("ExpectedOverload")
        }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        let percent = 1..=100;
        let c = self.config;
        if !percent.contains(&c.water_level_percent) || !percent.contains(&c.hour_decay_percent) {
            return Err(SetupError("`waterLevelPercent` and `hourDecayPercent` must be within 1..=100".into()));
        }
        for (ahead, column) in (0u32..).zip(&mut self.hours) {
            *column = host.derive(Derived::ForecastCpu { from_min: ahead * 60, to_min: (ahead + 1) * 60 })?;
        }
        self.variance = host.derive(Derived::ForecastVariance)?;
        self.standing = host.derive(Derived::ExpectedOverload(self.curve()))?;
        Ok(())
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        let weights = Hours::at(nodes.now_ms(), self.curve());
        for (word, weight) in block.iter_mut().zip(weights.0) {
            *word = weight.to_bits();
        }
        // Without a forecast every node is as good.
        let score = if pod.forecast_cpu.is_empty() { Hook::Constant(0) } else { Hook::Run };
        Prepared { score, ..Prepared::SKIP }
    }

    #[allow(clippy::indexing_slicing, clippy::needless_range_loop, reason = "arrays of one length, in vector loops")]
    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let curve = self.curve();
        let (request, own) = (pod.forecast_request, pod.forecast_variance);
        let share = f64::from(curve.water_level_percent) / 100.0;
        let [mut cost, mut b, mut quarter, mut level] = [[0.0; BLOCK]; 4];
        for (start, out) in (0..rows.len()).step_by(BLOCK).zip(out.chunks_mut(BLOCK)) {
            let piece = rows.slice(start, start + out.len());
            let mut room = [[0.0; BLOCK]; 4];
            let [capacity, variance, same, standing] = &mut room;
            let capacity = block_of(piece, nodes.quantity(Column::Capacity(ResourceId::CPU)), capacity);
            let variance = block_of(piece, nodes.quantity(self.variance), variance);
            let same = block_of(piece, pod.same_app_requested, same);
            let standing = block_of(piece, nodes.quantity(self.standing), standing);
            for i in 0..BLOCK {
                // (R + r)^2 - R^2, times the variance of the application.
                let more = request * (same[i] + same[i] + request) * own;
                b[i] = band(curve, variance[i] + more, capacity[i]);
                quarter[i] = 0.25 / b[i];
                level[i] = share * capacity[i];
                cost[i] = -standing[i];
            }
            for ((&column, &x), &weight) in self.hours.iter().zip(pod.forecast_cpu).zip(block) {
                let mut room = [0.0; BLOCK];
                let hour = block_of(piece, nodes.quantity(column), &mut room);
                let weight = f64::from_bits(weight);
                for i in 0..BLOCK {
                    cost[i] += weight * excess(hour[i] + x - level[i], b[i], quarter[i]);
                }
            }
            for (out, &cost) in out.iter_mut().zip(&cost) {
                *out = (whole_bits(if cost > 0.0 { cost * PARTS } else { 0.0 }) & WHOLE) as i64;
            }
        }
    }
}

/// A block of a column: where it lies, if the rows are dense and all there; else gathered, with zeros behind them.
#[inline]
fn block_of<'a>(rows: Rows<'_>, column: &'a [f64], room: &'a mut [f64; BLOCK]) -> &'a [f64; BLOCK] {
    if let Rows::Range { start, .. } = rows
        && let Some(here) = column.get(start..).and_then(<[f64]>::first_chunk)
    {
        return here;
    }
    rows.map([column], room, |[value]| value);
    room
}
