//! Trimaran's `TargetLoadPacking`: fills nodes up to a target CPU use, and beyond it prefers those with less.
//!
//! - `estimate(container)`: its CPU limit, else `round(request * multiplier)`, else a constant; a pod's: those of its containers, init
//!   containers aside, and its overhead.
//! - `u = 100 * (newest sample + estimates of pods placed less than 60 s before it or later + the pod's own) / capacity`, percent.
//! - Score at target `t`: `u <= t`: `round((100 - t) * u / t + t)`; `t < u <= 100`: `round(t * (100 - u) / (100 - t))`; above: 0.
//!   So 40, 100 at the target, a drop to 40, and 0 at 100, with the usual target of 40. 0 without a sample.
//!
//! There is no filter, and samples never expire. In f64, rounding half away from zero.
//!
//! Source: kubernetes-sigs/scheduler-plugins, `pkg/trimaran/targetloadpacking/targetloadpacking.go` at 0404cc6bab8e and
//! `pkg/trimaran/handler.go` at 1597a0b7faf7; defaults of `apis/config/v1`. Units: milli-CPU.
//!
//! Upstream forgets what it placed after one to five minutes, even if no sample shows it yet; here it counts until one does.

use super::{floor, int};
use sched_abi::{
    Column, Derived, EstimateRule, Manifest, NodeColumns, Nodes, PodView, Policy, ResourceId, Rows, Setup, SetupError,
    Unmeasured,
};

/// A pod that was placed less than this before a sample is taken as not shown by it.
const REPORT_INTERVAL_MS: u64 = 60_000;
/// The target where none is set, percent.
const DEFAULT_TARGET: i64 = 40;

/// What a container is expected to use that says nothing itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct DefaultRequests {
    /// Milli-CPU.
    pub cpu: u32,
}

/// Configuration, as in `TargetLoadPackingArgs`.
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct TargetLoadPackingConfig {
    /// CPU use to fill nodes up to, percent of their capacity; 0 or less: 40.
    pub target_utilization: i64,
    /// What a container without CPU request and limit is expected to use.
    pub default_requests: DefaultRequests,
    /// Factor on the request of a container without limit.
    pub default_requests_multiplier: f64,
}

impl Default for TargetLoadPackingConfig {
    fn default() -> Self {
        let default_requests = DefaultRequests { cpu: 1_000 };
        Self { target_utilization: DEFAULT_TARGET, default_requests, default_requests_multiplier: 1.5 }
    }
}

/// The policy.
#[derive(Clone, Debug)]
pub struct TargetLoadPacking {
    config: TargetLoadPackingConfig,
    unmeasured: Column,
    estimate: usize,
}

impl TargetLoadPacking {
    /// The policy under a configuration.
    pub fn new(config: TargetLoadPackingConfig) -> Self {
        Self { config, unmeasured: Column::Derived(u16::MAX), estimate: 0 }
    }
}

impl Policy for TargetLoadPacking {
    fn keeps_range(&self) -> bool {
        true
    }

    fn manifest(&self) -> Manifest {
        let columns =
            NodeColumns::CAPACITY.and(NodeColumns::USAGE).and(NodeColumns::SAMPLED_AT).and(NodeColumns::DERIVED);
        Manifest { scores: true, columns, ..Manifest::new("TargetLoadPacking") }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        let factor = self.config.default_requests_multiplier;
        if !(factor.is_finite() && factor >= 0.0) {
            return Err(SetupError(format!("`defaultRequestsMultiplier` {factor} is not a number of 0 or more")));
        }
        if self.config.target_utilization > 100 {
            return Err(SetupError("`targetUtilization` must be at most 100".to_owned()));
        }
        let absent_milli = self.config.default_requests.cpu;
        let rule = EstimateRule::EachContainer { factor_bits: factor.to_bits(), absent_milli };
        self.estimate = host.estimate(rule)?;
        let (resource, window_ms) = (ResourceId::CPU, REPORT_INTERVAL_MS);
        let spec = Unmeasured { rule, resource, window_ms, own_window: false, minus_measured: false };
        self.unmeasured = host.derive(Derived::Unmeasured(spec))?;
        Ok(())
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let [pod, _] = pod.estimates.get(self.estimate).copied().unwrap_or_default();
        let target = self.config.target_utilization;
        let target = if target > 0 { target } else { DEFAULT_TARGET } as f64;
        let (cpu, at) = (ResourceId::CPU, Column::SampledAt);
        let columns = [Column::Capacity(cpu), Column::Usage(cpu), self.unmeasured, at].map(|c| nodes.quantity(c));
        rows.map(columns, out, |[capacity, used, more, at]| {
            let u = 100.0 * (used + pod + more) / capacity;
            let u = if capacity > 0.0 { u } else { 0.0 };
            int(if at >= 0.0 { on_curve(target, u) } else { 0.0 })
        });
    }
}

/// The score at a predicted use of `u` percent.
#[inline]
fn on_curve(target: f64, u: f64) -> f64 {
    let rising = (100.0 - target) * u / target + target;
    let falling = target * (100.0 - u) / (100.0 - target);
    let score = if u > target { falling } else { rising };
    round(if u > 100.0 { 0.0 } else { score })
}

/// The nearest whole number of one that is not negative, half upwards; branch-free.
#[inline]
fn round(x: f64) -> f64 {
    let below = floor(x);
    below + if x - below >= 0.5 { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_rises_to_the_target_drops_and_falls_to_zero() {
        let table = include_str!("../../tests/fixtures/peers/target_load_packing.json");
        let table: serde_json::Value = serde_json::from_str(table).unwrap();
        for row in table["curve_at_target_40"]["rows"].as_array().unwrap() {
            let (u, want) = (row[0].as_f64().unwrap(), row[1].as_i64().unwrap());
            assert_eq!(int(on_curve(40.0, u)), want, "{u}");
        }
        assert_eq!([100.0, 100.5].map(|u| int(on_curve(100.0, u))), [100, 0]);
    }

    #[test]
    fn halves_round_up_and_what_is_just_below_does_not() {
        for (x, want) in
            [(0.0, 0.0), (0.499_999_999_999_999_94, 0.0), (0.5, 1.0), (1.5, 2.0), (2.4, 2.0), (99.5, 100.0)]
        {
            assert_eq!(round(x), want, "{x}");
        }
    }
}
