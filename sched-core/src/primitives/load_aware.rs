//! Koordinator's `LoadAware`: keeps pods off nodes whose measured use is high, and prefers nodes with little use; what samples
//! do not show yet is added by estimate.
//!
//! - `estimate(pod)` per resource: `q = max(request, limit)`; `q = 0`: 250m or 200 MiB; else `min(round(q * factor / 100), limit)`.
//! - `used` = newest sample of the node + sum over pods that were placed within a window before it of
//!   `max(0, estimate - own newest sample)` + the estimate of the pod to be placed.
//! - Filter: `round(used / capacity * 100) > threshold` rejects, CPU before memory. No sample passes; one of
//!   `nodeMetricExpirationSeconds` or older rejects. Pods of a `DaemonSet` pass.
//! - Score, in integers: `s = (capacity - used) * 100 / capacity`, 0 when over; `sum(s * weight) / sum(weight)`, where the smaller `s`
//!   counts once more with `dominantResourceWeight`. 0 without a sample, or with an expired one.
//!
//! Source: koordinator-sh/koordinator, `pkg/scheduler/plugins/loadaware/{load_aware,helper,pod_assign_cache}.go` and
//! `estimator/default_estimator.go` at 0ca2bb1f5713 (after v1.7.0). Units: milli-CPU and bytes.
//!
//! Upstream divides by the allocatable amount, or by the raw one where the node amplifies it; use is measured against the
//! machine, so here it is `capacity`. The window is that of the node's sample, else upstream's 60 s. Not fed and therefore not built: thresholds and scores
//! by use of Prod pods or by percentiles, thresholds of single nodes, estimates for a set time, factors of single pods, and
//! the resource names of Batch and Mid pods.

use super::{floor, int};
use sched_abi::{
    Column, Derived, EstimateRule, Hook, Manifest, NodeColumns, Nodes, PodView, Policy, Prepared, ReasonSpec,
    ResourceId, Rows, Setup, SetupError, Unmeasured, Verdict,
};

/// Estimates of a pod that asks for nothing: 250m and 200 MiB.
const ABSENT: [u32; 2] = [250, 200 << 20];
/// Time between two reports of a node that does not say it.
const REPORT_INTERVAL_MS: u64 = 60_000;

/// Numbers for CPU and memory; a resource that is left out has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct CpuMemory {
    /// For CPU.
    pub cpu: Option<u8>,
    /// For memory.
    pub memory: Option<u8>,
}

impl CpuMemory {
    const fn both(cpu: u8, memory: u8) -> Self {
        Self { cpu: Some(cpu), memory: Some(memory) }
    }

    fn or_zero(self) -> [f64; 2] {
        [self.cpu, self.memory].map(|n| f64::from(n.unwrap_or(0)))
    }
}

/// Configuration, as in `LoadAwareSchedulingArgs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct LoadAwareConfig {
    /// Whether the filter looks at the age of samples.
    pub filter_expired_node_metrics: bool,
    /// Whether a node whose sample has expired stays feasible.
    pub enable_schedule_when_node_metrics_expired: bool,
    /// Age at which a sample has expired, seconds.
    pub node_metric_expiration_seconds: u32,
    /// Weights in the score, 1..=100.
    pub resource_weights: CpuMemory,
    /// Weight of the smaller of the two scores, 0..=100.
    pub dominant_resource_weight: u8,
    /// Use above which a node is rejected, percent of its capacity; 0: not looked at.
    pub usage_thresholds: CpuMemory,
    /// What a pod is expected to use of what it asks for, percent.
    pub estimated_scaling_factors: CpuMemory,
}

impl Default for LoadAwareConfig {
    fn default() -> Self {
        Self {
            filter_expired_node_metrics: true,
            enable_schedule_when_node_metrics_expired: false,
            node_metric_expiration_seconds: 180,
            resource_weights: CpuMemory::both(1, 1),
            dominant_resource_weight: 0,
            usage_thresholds: CpuMemory::both(65, 95),
            estimated_scaling_factors: CpuMemory::both(85, 70),
        }
    }
}

impl LoadAwareConfig {
    fn check(&self) -> Result<(), SetupError> {
        let wrong = |what: &str| Err(SetupError(what.to_owned()));
        let Self { resource_weights: weights, estimated_scaling_factors: factors, .. } = self;
        if self.node_metric_expiration_seconds == 0 {
            return wrong("`nodeMetricExpirationSeconds` must be above 0");
        }
        if [weights.cpu, weights.memory].into_iter().flatten().any(|weight| !(1..=100).contains(&weight)) {
            return wrong("`resourceWeights` must be within 1..=100");
        }
        if self.dominant_resource_weight > 100 {
            return wrong("`dominantResourceWeight` must be within 0..=100");
        }
        if [self.usage_thresholds.cpu, self.usage_thresholds.memory].into_iter().flatten().any(|percent| percent > 100)
        {
            return wrong("`usageThresholds` must be within 0..=100");
        }
        if [factors.cpu, factors.memory].into_iter().flatten().any(|percent| !(1..=100).contains(&percent)) {
            return wrong("`estimatedScalingFactors` must be within 1..=100");
        }
        if weights.cpu.is_some() && factors.cpu.is_none() || weights.memory.is_some() && factors.memory.is_none() {
            return wrong("a resource in `resourceWeights` needs one of `estimatedScalingFactors`");
        }
        Ok(())
    }
}

/// The policy.
#[derive(Clone, Debug)]
pub struct LoadAware {
    config: LoadAwareConfig,
    unmeasured: [Column; 2],
    estimate: usize,
}

const REASONS: &[ReasonSpec] = &[
    ReasonSpec::plain("node(s) nodeMetric expired"),
    ReasonSpec::plain("node(s) cpu usage exceed threshold"),
    ReasonSpec::plain("node(s) memory usage exceed threshold"),
];

impl LoadAware {
    /// The policy under a configuration.
    pub fn new(config: LoadAwareConfig) -> Self {
        Self { config, unmeasured: [Column::Derived(u16::MAX); 2], estimate: 0 }
    }

    /// Capacity, newest sample, and what it does not show, each CPU then memory; and the time of the sample.
    fn columns<'a>(&self, nodes: &'a dyn Nodes) -> [&'a [f64]; 7] {
        let [cpu, memory] = [ResourceId::CPU, ResourceId::MEMORY];
        [
            Column::Capacity(cpu),
            Column::Capacity(memory),
            Column::Usage(cpu),
            Column::Usage(memory),
            self.unmeasured[0],
            self.unmeasured[1],
            Column::SampledAt,
        ]
        .map(|column| nodes.quantity(column))
    }

    fn pod(&self, pod: &PodView<'_>) -> [f64; 2] {
        pod.estimates.get(self.estimate).copied().unwrap_or_default()
    }

    /// A sample taken at or before this time has expired.
    fn expired_until(&self, nodes: &dyn Nodes) -> f64 {
        nodes.now_ms() as f64 - f64::from(self.config.node_metric_expiration_seconds) * 1e3
    }
}

impl Policy for LoadAware {
    fn keeps_range(&self) -> bool {
        true
    }

    fn manifest(&self) -> Manifest {
        // Not monotone: a capacity of 0 is not looked at, one above it is.
        let columns = NodeColumns::CAPACITY
            .and(NodeColumns::USAGE)
            .and(NodeColumns::SAMPLED_AT)
            .and(NodeColumns::DERIVED)
            .and(NodeColumns::TIME);
        Manifest {
            filters: true,
            scores: true,
            columns,
            reasons: REASONS.into(),
            monotone: false,
            prefers_room: true,
            ..Manifest::new("LoadAware")
        }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.config.check()?;
        let factors = self.config.estimated_scaling_factors;
        let percent = [factors.cpu, factors.memory].map(|percent| percent.map(u16::from));
        let rule = EstimateRule::PodTotal { percent, absent: ABSENT };
        self.estimate = host.estimate(rule)?;
        for (column, resource) in self.unmeasured.iter_mut().zip([ResourceId::CPU, ResourceId::MEMORY]) {
            let window_ms = REPORT_INTERVAL_MS;
            let spec = Unmeasured { rule, resource, window_ms, own_window: true, minus_measured: true };
            *column = host.derive(Derived::Unmeasured(spec))?;
        }
        Ok(())
    }

    fn prepare(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let unchecked = self.config.usage_thresholds.or_zero() == [0.0; 2];
        let filter = if pod.daemon_set || unchecked { Hook::Skip } else { Hook::Run };
        let unweighted =
            self.config.resource_weights.or_zero() == [0.0; 2] && self.config.dominant_resource_weight == 0;
        let score = if unweighted { Hook::Constant(0) } else { Hook::Run };
        Prepared { filter, score, ..Prepared::RUN }
    }

    fn filter(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let (pod, limits) = (self.pod(pod), self.config.usage_thresholds.or_zero());
        let checked = self.config.filter_expired_node_metrics;
        let expired_until = if checked { self.expired_until(nodes) } else { f64::NEG_INFINITY };
        let on_expired = Verdict::reason(0).when(!self.config.enable_schedule_when_node_metrics_expired);
        rows.map(self.columns(nodes), out, |[cpu, memory, used_cpu, used_memory, more_cpu, more_memory, at]| {
            let (reported, expired) = (at >= 0.0, at <= expired_until);
            let cpu = exceeds(used_cpu + more_cpu + pod[0], cpu, limits[0]);
            let memory = exceeds(used_memory + more_memory + pod[1], memory, limits[1]);
            let over = Verdict::reason(1).when(cpu).and(Verdict::reason(2).when(memory && !cpu));
            Verdict((on_expired.when(expired).0 | over.when(!expired).0) & u64::from(reported).wrapping_neg())
        });
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let (pod, weights) = (self.pod(pod), self.config.resource_weights.or_zero());
        let dominant = f64::from(self.config.dominant_resource_weight);
        let sum = weights[0] + weights[1] + dominant;
        let expired_until = self.expired_until(nodes);
        rows.map(self.columns(nodes), out, |[cpu, memory, used_cpu, used_memory, more_cpu, more_memory, at]| {
            let cpu = least_used(used_cpu + more_cpu + pod[0], cpu);
            let memory = least_used(used_memory + more_memory + pod[1], memory);
            let smaller = if memory < cpu { memory } else { cpu };
            let score = floor((cpu * weights[0] + memory * weights[1] + smaller * dominant) / sum);
            int(if at >= 0.0 && at > expired_until { score } else { 0.0 })
        });
    }
}

/// Whether `round(used / capacity * 100) > limit`: for whole limits, whether the quotient is half a percent above.
#[inline]
fn exceeds(used: f64, capacity: f64, limit: f64) -> bool {
    limit > 0.0 && capacity > 0.0 && used / capacity * 100.0 >= limit + 0.5
}

/// The unused share of a resource in whole percent; 0 for a capacity of 0, or less than is used.
#[inline]
fn least_used(used: f64, capacity: f64) -> f64 {
    let free = floor((capacity - used) * 100.0 / capacity);
    if capacity > 0.0 && used <= capacity { free } else { 0.0 }
}
