//! Node info, real time: prefers nodes with headroom, by profile and by live samples.
//!
//! `score = sum(weight * trunc(100 * (capacity - use - pod) / capacity)) / sum(weight)` over CPU and memory, not below 0.
//! `use`, with a sample that counts: the larger of profile and `live = sample + estimate of what the sample does not cover yet`;
//! or, blended, `f * live + (1 - f) * profile`, where the freshness `f` falls from 1 to 0 at `staleAfterSeconds`. An older
//! sample counts for nothing: then `missing` says what the use is, and never that the node is idle. Only CPU has a profile.
//!
//! Units: milli-CPU and bytes in, 0..=100 out. Source: the library's own; headroom as in Koordinator's and Trimaran's
//! load-aware scores. Pods that were just placed count by estimate; heat is not read here, so nothing is charged twice.

use super::live::{self, Freshness, larger};
use super::{floor, int};
use sched_abi::{Column, Derived, Manifest, Nodes, PodView, Policy, ResourceId, Rows, Setup, SetupError};

/// How profile and live use become one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Combine {
    /// The larger of the two.
    #[default]
    Larger,
    /// The older the sample, the more the profile counts.
    Blend,
}

/// What a node without a sample that counts is taken to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Missing {
    /// What its pods request (with defaults for those that request nothing), or the profile where that is more.
    #[default]
    Requests,
    /// The profile; where there is none, what its pods request.
    Profile,
    /// All that it has.
    Full,
}

/// Configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct NodeInfoConfig {
    /// How profile and live use become one.
    pub combine: Combine,
    /// A sample that ended longer ago counts for nothing, seconds, up to a day.
    pub stale_after_seconds: u32,
    /// What missing data means.
    pub missing: Missing,
    /// Weight of CPU, 0..=100.
    pub cpu_weight: u8,
    /// Weight of memory, 0..=100.
    pub memory_weight: u8,
}

impl Default for NodeInfoConfig {
    fn default() -> Self {
        Self {
            combine: Combine::Larger,
            stale_after_seconds: 300,
            missing: Missing::Requests,
            cpu_weight: 1,
            memory_weight: 1,
        }
    }
}

/// The policy.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    config: NodeInfoConfig,
    profile: Option<Column>,
}

impl NodeInfo {
    /// The policy under a configuration.
    pub fn new(config: NodeInfoConfig) -> Self {
        Self { config, profile: None }
    }

    /// Use of one resource: its columns at a row, the profile there, and when the sample ended.
    #[inline]
    fn in_use(&self, [capacity, sample, unseen, requested]: [f64; 4], profile: f64, at: f64, fresh: Freshness) -> f64 {
        let live = sample + unseen;
        let share = if self.config.combine == Combine::Blend && profile > 0.0 { fresh.share(at) } else { 1.0 };
        let blended = share * live + (1.0 - share) * profile;
        let known = if self.config.combine == Combine::Blend { blended } else { larger(live, profile) };
        let missing = match self.config.missing {
            Missing::Full => capacity,
            Missing::Profile if profile > 0.0 => profile,
            Missing::Requests | Missing::Profile => larger(requested, profile),
        };
        if fresh.counts(at) { known } else { missing }
    }
}

/// What stays free of a resource, 0..=100.
#[inline]
fn headroom(capacity: f64, in_use: f64) -> f64 {
    let free = capacity - in_use;
    let score = floor((if free > 0.0 { free } else { 0.0 }) * 100.0 / capacity);
    if capacity > 0.0 { score } else { 0.0 }
}

impl Policy for NodeInfo {
    fn manifest(&self) -> Manifest {
        Manifest { scores: true, columns: live::COLUMNS, prefers_room: true, ..Manifest::new("NodeInfo") }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        live::check_stale(self.config.stale_after_seconds)?;
        let weights = [self.config.cpu_weight, self.config.memory_weight];
        if weights == [0, 0] || weights.iter().any(|&w| w > 100) {
            let rule = "within 0..=100 and not both 0";
            return Err(SetupError(format!("`cpuWeight` and `memoryWeight` are {weights:?}, not {rule}")));
        }
        self.profile = Some(host.derive(Derived::ProfiledCpu)?);
        Ok(())
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let fresh = Freshness::new(nodes, self.config.stale_after_seconds);
        let [cpu_weight, memory_weight] = [self.config.cpu_weight, self.config.memory_weight].map(f64::from);
        let [cpu_pod, memory_pod] = pod.estimate;
        let [c0, c1, c2, c3] = live::columns(nodes, ResourceId::CPU);
        let [m0, m1, m2, m3] = live::columns(nodes, ResourceId::MEMORY);
        let profile = self.profile.map_or(&[][..], |column| nodes.quantity(column));
        let columns = [c0, c1, c2, c3, m0, m1, m2, m3, profile, nodes.quantity(Column::SampledAt)];
        rows.map(columns, out, |[c0, c1, c2, c3, m0, m1, m2, m3, profile, at]| {
            let cpu = headroom(c0, self.in_use([c0, c1, c2, c3], profile, at, fresh) + cpu_pod);
            let memory = headroom(m0, self.in_use([m0, m1, m2, m3], 0.0, at, fresh) + memory_pod);
            let cpu_weight = if c0 > 0.0 { cpu_weight } else { 0.0 };
            let memory_weight = if m0 > 0.0 { memory_weight } else { 0.0 };
            let weights = cpu_weight + memory_weight;
            let mean = floor((cpu * cpu_weight + memory * memory_weight) / weights);
            int(if weights > 0.0 { mean } else { 0.0 })
        });
    }
}
