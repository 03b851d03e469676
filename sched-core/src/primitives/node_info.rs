//! Node info, real time: prefers nodes with headroom, by profile and by live samples.
//!
//! `score = sum(weight * trunc(100 * (capacity - use - pod) / capacity)) / sum(weight)` over CPU and memory, not below 0.
//! `use`, with a sample that counts: the larger of profile and `live = sample + estimate of what the sample does not cover yet`;
//! or, blended, `f * live + (1 - f) * profile`, where the freshness `f` falls from 1 to 0 at `staleAfterSeconds`. An older
//! sample counts for nothing: then `missing` says what the use is, and never that the node is idle. Only CPU has a profile.
//!
//! Units: milli-CPU and bytes in, 0..=100 out. Source: the library's own; headroom as in Koordinator's and Trimaran's
//! load-aware scores. Pods that were just placed count by estimate; heat is not read here, so nothing is charged twice.

use super::live::{self, Freshness, ProfileOf, larger};
use super::{float, floor, int};
use sched_abi::{Column, Manifest, Nodes, PodView, Policy, ResourceId, Rows, Setup, SetupError};

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
    /// Where the profile comes from.
    pub profile: ProfileOf,
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
            profile: ProfileOf::default(),
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

    /// Scores rows, resource by resource: a loop over all columns of both has more of them than compilers make a vector loop of.
    fn score_by<const BLEND: bool>(&self, pod: &PodView<'_>, nodes: &dyn Nodes, rows: Rows<'_>, out: &mut [i64]) {
        let fresh = Freshness::new(nodes, self.config.stale_after_seconds);
        let [cpu_weight, memory_weight] = [self.config.cpu_weight, self.config.memory_weight].map(f64::from);
        let [cpu_pod, memory_pod] = pod.estimate;
        let missing = [Missing::Full, Missing::Profile].map(|missing| self.config.missing == missing);
        let use_of = |row, profile, at| in_use::<BLEND>(row, profile, at, fresh, missing);
        let [capacity, sample, unseen, requested] = live::columns(nodes, ResourceId::CPU);
        let profile = self.profile.map_or(&[][..], |column| nodes.quantity(column));
        let at = nodes.quantity(Column::SampledAt);
        rows.map([capacity, sample, unseen, requested, profile, at], out, |[c0, c1, c2, c3, profile, at]| {
            let score = headroom(c0, use_of([c0, c1, c2, c3], profile, at) + cpu_pod);
            int(score + if c0 > 0.0 { HAS_CPU } else { 0.0 })
        });
        let [capacity, sample, unseen, requested] = live::columns(nodes, ResourceId::MEMORY);
        rows.update([capacity, sample, unseen, requested, at], out, |out, [m0, m1, m2, m3, at]| {
            let memory = headroom(m0, use_of([m0, m1, m2, m3], 0.0, at) + memory_pod);
            let of_cpu = float(*out);
            let (cpu, cpu_weight) = if of_cpu >= HAS_CPU { (of_cpu - HAS_CPU, cpu_weight) } else { (0.0, 0.0) };
            let memory_weight = if m0 > 0.0 { memory_weight } else { 0.0 };
            let weights = cpu_weight + memory_weight;
            let mean = floor((cpu * cpu_weight + memory * memory_weight) / weights);
            *out = int(if weights > 0.0 { mean } else { 0.0 });
        });
    }
}

/// Added to the score of CPU, which is at most 100, where a node has any.
const HAS_CPU: f64 = 128.0;

/// Use of one resource: its columns at a row, the profile there, and when the sample ended.
#[inline]
fn in_use<const BLEND: bool>(
    [capacity, sample, unseen, requested]: [f64; 4],
    profile: f64,
    at: f64,
    fresh: Freshness,
    [full, by_profile]: [bool; 2],
) -> f64 {
    let live = sample + unseen;
    let known = if BLEND {
        let share = if profile > 0.0 { fresh.share(at) } else { 1.0 };
        share * live + (1.0 - share) * profile
    } else {
        larger(live, profile)
    };
    let missing = if by_profile & (profile > 0.0) { profile } else { larger(requested, profile) };
    let missing = if full { capacity } else { missing };
    if fresh.counts(at) { known } else { missing }
}

/// What stays free of a resource, 0..=100.
#[inline]
fn headroom(capacity: f64, in_use: f64) -> f64 {
    let free = capacity - in_use;
    let score = floor((if free > 0.0 { free } else { 0.0 }) * 100.0 / capacity);
    if capacity > 0.0 { score } else { 0.0 }
}

impl Policy for NodeInfo {
    fn keeps_range(&self) -> bool {
        true
    }

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
        self.profile = Some(self.config.profile.column(host)?);
        Ok(())
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        match self.config.combine {
            Combine::Larger => self.score_by::<false>(pod, nodes, rows, out),
            Combine::Blend => self.score_by::<true>(pod, nodes, rows, out),
        }
    }
}
