//! The settings of crane's Dynamic, with the keys of its policy file.

use super::go_duration::GoDuration;
use sched_abi::{ResourceId, SetupError, UsageOver};

const MINUTE_MS: u64 = 60_000;

/// A metric of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Metric {
    /// Mean CPU use of five minutes.
    #[cfg_attr(feature = "serde", serde(rename = "cpu_usage_avg_5m"))]
    CpuAvg5m,
    /// The greatest such mean within an hour.
    #[cfg_attr(feature = "serde", serde(rename = "cpu_usage_max_avg_1h"))]
    CpuMaxAvg1h,
    /// The greatest such mean within a day.
    #[cfg_attr(feature = "serde", serde(rename = "cpu_usage_max_avg_1d"))]
    CpuMaxAvg1d,
    /// Mean memory use of five minutes.
    #[cfg_attr(feature = "serde", serde(rename = "mem_usage_avg_5m"))]
    MemAvg5m,
    /// The greatest such mean within an hour.
    #[cfg_attr(feature = "serde", serde(rename = "mem_usage_max_avg_1h"))]
    MemMaxAvg1h,
    /// The greatest such mean within a day.
    #[cfg_attr(feature = "serde", serde(rename = "mem_usage_max_avg_1d"))]
    MemMaxAvg1d,
}

impl Metric {
    pub(super) const ALL: [Self; 6] =
        [Self::CpuAvg5m, Self::CpuMaxAvg1h, Self::CpuMaxAvg1d, Self::MemAvg5m, Self::MemMaxAvg1h, Self::MemMaxAvg1d];

    /// The metric as a statistic over samples, and the resource that it is a share of.
    pub(super) fn usage_over(self, refresh_ms: u64) -> UsageOver {
        let place = self as usize;
        let resource = if place < 3 { ResourceId::CPU } else { ResourceId::MEMORY };
        let max_ms = match place % 3 {
            0 => 0,
            1 => 60 * MINUTE_MS,
            _ => 24 * 60 * MINUTE_MS,
        };
        UsageOver { resource, mean_ms: 5 * MINUTE_MS, max_ms, refresh_ms }
    }
}

/// How often a metric is refreshed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SyncPolicy {
    /// The metric.
    pub name: Metric,
    /// Time between refreshes; 0: as if not listed. Of several entries the first counts.
    pub period: GoDuration,
}

/// A limit of the filter.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Predicate {
    /// The metric.
    pub name: Metric,
    /// The greatest usage allowed, 1 for all of the node; 0: not looked at. Spelt `maxLimitPecent`, as upstream does.
    #[cfg_attr(feature = "serde", serde(rename = "maxLimitPecent"))]
    pub max_limit: f64,
}

/// A metric in the score.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Priority {
    /// The metric.
    pub name: Metric,
    /// Its weight.
    pub weight: f64,
}

/// A window of the hot value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct HotWindow {
    /// Its length.
    pub time_range: GoDuration,
    /// Placements per unit of the hot value; 0: the window is left out.
    pub count: u32,
}

/// Configuration, as the `spec` of crane's `DynamicSchedulerPolicy`.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct DynamicConfig {
    /// How often metrics are refreshed; one that is not listed is never valid.
    pub sync_policy: Vec<SyncPolicy>,
    /// The filter's limits.
    pub predicate: Vec<Predicate>,
    /// The score's metrics.
    pub priority: Vec<Priority>,
    /// The hot value's windows.
    pub hot_value: Vec<HotWindow>,
}

/// Each metric with its entry of a list for 5 minutes, an hour and a day.
fn each<T: Clone>(of: [T; 3]) -> impl Iterator<Item = (Metric, T)> {
    Metric::ALL.into_iter().zip(of.into_iter().cycle())
}

impl Default for DynamicConfig {
    fn default() -> Self {
        let limit = |name, max_limit| Predicate { name, max_limit };
        let window = |minutes, count| HotWindow { time_range: GoDuration::minutes(minutes), count };
        let synced = each([3, 15, 180]).map(|(name, m)| SyncPolicy { name, period: GoDuration::minutes(m) });
        let weighted = each([0.2, 0.3, 0.5]).map(|(name, weight)| Priority { name, weight });
        Self {
            sync_policy: synced.collect(),
            predicate: vec![
                limit(Metric::CpuAvg5m, 0.65),
                limit(Metric::CpuMaxAvg1h, 0.75),
                limit(Metric::MemAvg5m, 0.65),
                limit(Metric::MemMaxAvg1h, 0.75),
            ],
            priority: weighted.collect(),
            hot_value: vec![window(5, 5), window(1, 2)],
        }
    }
}

impl DynamicConfig {
    /// The sync period of a metric; `None` where it has none.
    pub(super) fn period_ms(&self, metric: Metric) -> Option<u64> {
        self.sync_policy.iter().find(|s| s.name == metric && s.period.ms > 0).map(|s| s.period.ms)
    }

    pub(super) fn check(&self) -> Result<(), SetupError> {
        let numbers = self.predicate.iter().map(|p| p.max_limit).chain(self.priority.iter().map(|p| p.weight));
        match numbers.into_iter().find(|n| !n.is_finite()) {
            Some(number) => Err(SetupError(format!("limits and weights must be finite, not {number}"))),
            None => Ok(()),
        }
    }
}
