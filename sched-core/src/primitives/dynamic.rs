//! crane's Dynamic: keeps pods off nodes whose use over several windows is high, prefers little used ones, and takes points
//! off for every pod that was placed there lately (the hot value).
//!
//! - Usage = statistic / capacity, rounded to 5 decimals. Valid while `now < taken at + sync period + 5 min`.
//! - Filter, in order: a predicate whose metric is valid and above its limit rejects. Pods of a `DaemonSet` pass.
//! - `base = trunc(sum((1 - usage) * weight * 100) / sum(weight))` over the priorities, in f64 and in their order; a metric that is not valid
//!   adds nothing to the first sum, so counts as fully used.
//! - `hot = sum over windows of floor(pods placed within the window / count)`; score = `clamp(base - 10 * hot, 0, 100)`.
//!
//! Source: gocrane/crane-scheduler, `pkg/plugins/dynamic/{plugins,stats}.go` at 52fb9b8f2aaa, `pkg/controller/annotator/node.go`
//! at 826d05696d41, the policy file `deploy/manifests/dynamic/policy.yaml` at 6a6bc150dbae. Upstream has no test of it.
//!
//! Upstream refreshes a metric once a sync period, and the hot value with whichever metric is refreshed, so that both lag;
//! so do they here, at multiples of the period and of the shortest period. Left out: the cap of 1024 remembered placements, and those of pods that are gone.

use super::dynamic_config::{DynamicConfig, Metric};
use sched_abi::{
    Column, Derived, Hook, Manifest, NodeColumns, Nodes, PodView, Policy, Prepared, ReasonSpec, Rows, Setup,
    SetupError, Verdict,
};

/// How long a metric stays valid beyond its sync period, milliseconds.
const EXTRA_ACTIVE_MS: u64 = 300_000;
/// Time between refreshes of the hot value where no metric is refreshed, milliseconds.
const HOT_REFRESH_MS: u64 = 180_000;
/// Points that one unit of the hot value takes off.
const HOT_POINTS: i64 = 10;

/// The policy.
#[derive(Clone, Debug)]
pub struct Dynamic {
    config: DynamicConfig,
    /// One a metric; `None` where it is never refreshed.
    metrics: [Option<MetricColumns>; 6],
    /// Windows of the hot value: placements, and how many make a unit.
    hot: Vec<(Column, i64)>,
}

#[derive(Clone, Copy, Debug)]
struct MetricColumns {
    value: Column,
    taken_at: Column,
    capacity: Column,
    active_ms: f64,
}

const REASONS: &[ReasonSpec] = &[
    ReasonSpec::plain("Load[cpu_usage_avg_5m] of node is too high"),
    ReasonSpec::plain("Load[cpu_usage_max_avg_1h] of node is too high"),
    ReasonSpec::plain("Load[cpu_usage_max_avg_1d] of node is too high"),
    ReasonSpec::plain("Load[mem_usage_avg_5m] of node is too high"),
    ReasonSpec::plain("Load[mem_usage_max_avg_1h] of node is too high"),
    ReasonSpec::plain("Load[mem_usage_max_avg_1d] of node is too high"),
];

impl Dynamic {
    /// The policy under a configuration.
    pub fn new(config: DynamicConfig) -> Self {
        Self { config, metrics: [None; 6], hot: Vec::new() }
    }

    fn usages<'a>(&self, nodes: &'a dyn Nodes) -> Usages<'a> {
        let of = |columns: MetricColumns| MetricSlices {
            value: nodes.quantity(columns.value),
            taken_at: nodes.quantity(columns.taken_at),
            capacity: nodes.quantity(columns.capacity),
            active_ms: columns.active_ms,
        };
        Usages { now_ms: nodes.now_ms() as f64, metrics: self.metrics.map(|columns| columns.map(of)) }
    }

    /// The first metric that breaks its limit.
    fn broken(&self, usages: &Usages<'_>, row: usize) -> Option<Metric> {
        let breaks = |limit: f64, usage: f64| limit != 0.0 && usage > limit;
        let broken = |metric, limit| usages.of(metric, row).is_some_and(|usage| breaks(limit, usage));
        self.config.predicate.iter().find(|p| broken(p.name, p.max_limit)).map(|p| p.name)
    }

    /// The score before the hot value; it may be below 0.
    fn base(&self, usages: &Usages<'_>, row: usize) -> i64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for priority in &self.config.priority {
            weights += priority.weight;
            if let Some(usage) = usages.of(priority.name, row) {
                sum += (1.0 - usage) * priority.weight * 100.0;
            }
        }
        // Weights that add up to nothing divide by zero upstream.
        if weights == 0.0 { 0 } else { (sum / weights) as i64 }
    }
}

impl Policy for Dynamic {
    fn keeps_range(&self) -> bool {
        true
    }

    fn manifest(&self) -> Manifest {
        // Not monotone: use of a node without capacity is not known, so that it passes.
        let columns = NodeColumns::CAPACITY.and(NodeColumns::DERIVED).and(NodeColumns::TIME);
        Manifest {
            filters: true,
            scores: true,
            columns,
            reasons: REASONS.into(),
            monotone: false,
            ..Manifest::new("Dynamic")
        }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.config.check()?;
        for (metric, columns) in Metric::ALL.into_iter().zip(&mut self.metrics) {
            let Some(period_ms) = self.config.period_ms(metric) else { continue };
            let spec = metric.usage_over(period_ms);
            *columns = Some(MetricColumns {
                value: host.derive(Derived::UsageOver(spec))?,
                taken_at: host.derive(Derived::UsageOverAt(spec))?,
                capacity: Column::Capacity(spec.resource),
                active_ms: period_ms.saturating_add(EXTRA_ACTIVE_MS) as f64,
            });
        }
        let periods = Metric::ALL.into_iter().filter_map(|metric| self.config.period_ms(metric));
        let refresh_ms = periods.min().unwrap_or(HOT_REFRESH_MS);
        for window in self.config.hot_value.iter().filter(|w| w.count > 0) {
            let binds = Derived::BindsSeen { window_ms: window.time_range.ms, refresh_ms };
            self.hot.push((host.derive(binds)?, i64::from(window.count)));
        }
        Ok(())
    }

    fn prepare(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let filter = if pod.daemon_set || self.config.predicate.is_empty() { Hook::Skip } else { Hook::Run };
        Prepared { filter, ..Prepared::RUN }
    }

    fn filter(&self, _: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let usages = self.usages(nodes);
        for (row, out) in rows.iter().zip(out) {
            let broken = self.broken(&usages, row);
            *out = broken.map_or(Verdict::PASS, |metric| Verdict::reason(metric as u32));
        }
    }

    fn score(&self, _: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let usages = self.usages(nodes);
        for (row, out) in rows.iter().zip(&mut *out) {
            *out = self.base(&usages, row);
        }
        for &(binds, count) in &self.hot {
            let binds = nodes.quantity(binds);
            rows.update([binds], out, |score, [binds]| *score -= binds as i64 / count * HOT_POINTS);
        }
        for score in out {
            *score = (*score).clamp(0, 100);
        }
    }
}

/// The metrics of all nodes at one time.
struct Usages<'a> {
    now_ms: f64,
    metrics: [Option<MetricSlices<'a>>; 6],
}

struct MetricSlices<'a> {
    value: &'a [f64],
    taken_at: &'a [f64],
    capacity: &'a [f64],
    active_ms: f64,
}

impl Usages<'_> {
    /// A metric of a node, 1 for all of it, if it is valid.
    fn of(&self, metric: Metric, row: usize) -> Option<f64> {
        let metric = self.metrics.get(metric as usize)?.as_ref()?;
        let columns = [metric.value, metric.taken_at, metric.capacity];
        let [value, taken_at, capacity] = columns.map(|column| column.get(row).copied().unwrap_or(0.0));
        let valid = value >= 0.0 && capacity > 0.0 && self.now_ms < taken_at + metric.active_ms;
        valid.then(|| stored_ratio(value / capacity))
    }
}

/// A usage as upstream stores it: printed with 5 decimals, that is rounded to the nearest, and a tie of the exact binary
/// value to the even digit.
fn stored_ratio(ratio: f64) -> f64 {
    let scaled = ratio * 1e5;
    let below = libm::floor(scaled);
    let half = scaled - below - 0.5;
    // The product is off by less than a millionth as long as it is below 2^32: only close to a tie must it be exact.
    if libm::fabs(half) < 1e-3 || scaled >= 4e9 {
        return exactly_rounded(ratio);
    }
    (if half > 0.0 { below + 1.0 } else { below }) / 1e5
}

/// The same in integers: the ratio is `mantissa / 2^shift`.
fn exactly_rounded(ratio: f64) -> f64 {
    let exponent = (ratio.to_bits() >> 52) as i64 - 1_075;
    if exponent >= 0 {
        return ratio;
    }
    let mantissa = ratio.to_bits() & ((1 << 52) - 1) | 1 << 52;
    let Some(unit) = 1u128.checked_shl(exponent.unsigned_abs() as u32) else { return 0.0 };
    let scaled = u128::from(mantissa) * 100_000;
    let (whole, rest) = (scaled / unit, scaled % unit);
    let up = rest > unit / 2 || rest == unit / 2 && whole % 2 == 1;
    (whole + u128::from(up)) as f64 / 1e5
}

#[cfg(test)]
mod tests;
