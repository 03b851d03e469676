//! The results of several profiles side by side, as `replay --json` prints them (docs/replay-json.md).

use crate::run::{Options, Run};
use crate::stats::{Digest, Stat, percentile};
use crate::trace::Trace;
use sched_core::ProfileSet;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Profiles side by side.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The profile to take (see [`recommended`]); empty if there was none.
    pub recommended: String,
    /// The profile that did best on this trace (see [`ProfileResult::rank`]); empty if there was none.
    pub best: String,
    /// The trace's name.
    pub trace: String,
    /// Nodes in the trace.
    pub nodes: usize,
    /// Pods in the trace.
    pub pods: usize,
    /// The seeds, in the order of every `per_seed`.
    pub seeds: Vec<u64>,
    /// How late samples were.
    pub metrics_delay_ms: u64,
    /// How often use was measured.
    pub sample_interval_ms: u64,
    /// The share of a node's CPU above which it was hot.
    pub water_level: f64,
    /// The profiles, in the order in which they were given.
    pub profiles: Vec<ProfileResult>,
}

/// What came out of one profile. What the trace cannot tell is `None`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProfileResult {
    /// Its name.
    pub profile: String,
    /// Pods that were placed.
    pub placed: Stat,
    /// Pods that found no place in their life, or by the end of the trace.
    pub unplaced: Stat,
    /// By reason, how many unplaced pods were refused by at least one node for it; summed over the seeds.
    pub unplaced_reasons: BTreeMap<String, u64>,
    /// Decisions that ended with no node, retries included.
    pub failed_attempts: Stat,
    /// Node-minutes with demand above the water level.
    pub hot_node_minutes: Option<Stat>,
    /// What demand exceeded the water level by, core-minutes.
    pub overload_core_minutes: Option<Stat>,
    /// Node-minutes with demand above the whole node.
    pub saturated_node_minutes: Option<Stat>,
    /// CPU demand by the machines' CPU, mean over time.
    pub utilisation_mean: Option<Stat>,
    /// Standard deviation over nodes of their utilisation, mean over time.
    pub utilisation_sd: Option<Stat>,
    /// Median over nodes and time of a node's utilisation.
    pub utilisation_p50: Option<Stat>,
    /// 90th percentile of the same.
    pub utilisation_p90: Option<Stat>,
    /// 99th percentile of the same.
    pub utilisation_p99: Option<Stat>,
    /// Requested by allocatable CPU, mean over time.
    pub allocation: Stat,
    /// Standard deviation over nodes of their allocation, mean over time.
    pub allocation_sd: Stat,
    /// Median over nodes and time of a node's allocation.
    pub allocation_p50: Stat,
    /// 90th percentile of the same.
    pub allocation_p90: Stat,
    /// 99th percentile of the same.
    pub allocation_p99: Stat,
    /// Requested GPU time by that of all cards, mean over time.
    pub gpu_allocation: Option<Stat>,
    /// Share of the free GPU time (of the free CPU without GPUs) that typical pods cannot use, mean over time.
    pub fragmentation: Stat,
    /// Median duration of a decision, microseconds.
    pub decision_us_p50: Option<Stat>,
    /// 90th percentile of the same.
    pub decision_us_p90: Option<Stat>,
    /// 99th percentile of the same.
    pub decision_us_p99: Option<Stat>,
    /// Hash over the decisions of all seeds, 16 hexadecimal digits.
    pub digest: String,
    /// Hash over the decisions of each run, in the order of the seeds.
    pub digests: Vec<String>,
    /// The runs themselves, in the order of the seeds.
    #[serde(skip)]
    pub runs: Vec<Run>,
}

/// Which of the profiles that ran is to be taken: the one that the library recommends, which is judged on more than one
/// trace, or where it did not run the `best` on this one.
pub fn recommended<'a>(mut ran: impl Iterator<Item = &'a str>, best: &'a str) -> &'a str {
    ran.find(|&name| name == ProfileSet::RECOMMENDED).unwrap_or(best)
}

impl Comparison {
    pub(crate) fn new(trace: &Trace, seeds: &[u64], options: &Options<'_>, results: Vec<(String, Vec<Run>)>) -> Self {
        let pods = trace.pods.len();
        let profiles: Vec<_> = results.into_iter().map(|(name, runs)| ProfileResult::new(name, pods, runs)).collect();
        // `min_by` keeps the first of equals.
        let best = profiles.iter().min_by(|a, b| a.rank(b)).map(|best| best.profile.clone()).unwrap_or_default();
        Self {
            recommended: recommended(profiles.iter().map(|result| &*result.profile), &best).to_owned(),
            best,
            trace: trace.name.clone(),
            nodes: trace.nodes.len(),
            pods,
            seeds: seeds.to_vec(),
            metrics_delay_ms: options.metrics_delay_ms,
            sample_interval_ms: options.sample_interval_ms,
            water_level: options.water_level,
            profiles,
        }
    }
}

impl ProfileResult {
    fn new(profile: String, pods: usize, runs: Vec<Run>) -> Self {
        let stat = |value: &dyn Fn(&Run) -> f64| Stat::of(runs.iter().map(value).collect());
        let known = |value: &dyn Fn(&Run) -> Option<f64>| {
            runs.iter().map(value).collect::<Option<Vec<f64>>>().filter(|values| !values.is_empty()).map(Stat::of)
        };
        let decision_us = |percent| known(&|run| percentile(&run.decision_ns, percent).map(|ns| ns as f64 / 1000.0));
        let mut unplaced_reasons = BTreeMap::new();
        for (reason, count) in runs.iter().flat_map(|run| &run.unplaced_reasons) {
            *unplaced_reasons.entry(reason.clone()).or_default() += count;
        }
        Self {
            profile,
            placed: stat(&|run| run.placements.len() as f64),
            unplaced: stat(&|run| (pods - run.placements.len()) as f64),
            unplaced_reasons,
            failed_attempts: stat(&|run| run.failed_attempts as f64),
            hot_node_minutes: known(&|run| Some(run.measured.hot?.hot_node_minutes as f64)),
            overload_core_minutes: known(&|run| Some(run.measured.hot?.overload_core_minutes)),
            saturated_node_minutes: known(&|run| Some(run.measured.hot?.saturated_node_minutes as f64)),
            utilisation_mean: known(&|run| Some(run.measured.utilisation?.mean)),
            utilisation_sd: known(&|run| Some(run.measured.utilisation?.sd)),
            utilisation_p50: known(&|run| Some(run.measured.utilisation?.p50)),
            utilisation_p90: known(&|run| Some(run.measured.utilisation?.p90)),
            utilisation_p99: known(&|run| Some(run.measured.utilisation?.p99)),
            allocation: stat(&|run| run.measured.allocation.mean),
            allocation_sd: stat(&|run| run.measured.allocation.sd),
            allocation_p50: stat(&|run| run.measured.allocation.p50),
            allocation_p90: stat(&|run| run.measured.allocation.p90),
            allocation_p99: stat(&|run| run.measured.allocation.p99),
            gpu_allocation: known(&|run| run.measured.gpu_allocation),
            fragmentation: stat(&|run| run.measured.fragmentation),
            decision_us_p50: decision_us(50),
            decision_us_p90: decision_us(90),
            decision_us_p99: decision_us(99),
            digest: digest(&runs),
            digests: runs.iter().map(|run| hex(run.digest)).collect(),
            runs,
        }
    }

    /// Which of two profiles did better, the better first: fewer unplaced pods; then, where use is known, fewer hot-node
    /// minutes, less overload, fewer saturated minutes; then less fragmentation. All by the mean over the seeds.
    pub fn rank(&self, other: &Self) -> Ordering {
        let order = |value: fn(&Self) -> f64| value(self).total_cmp(&value(other));
        order(|result| result.unplaced.mean)
            .then_with(|| order(|result| known_mean(result.hot_node_minutes.as_ref())))
            .then_with(|| order(|result| known_mean(result.overload_core_minutes.as_ref())))
            .then_with(|| order(|result| known_mean(result.saturated_node_minutes.as_ref())))
            .then_with(|| order(|result| result.fragmentation.mean))
    }
}

/// Known of all profiles of a trace or of none, so that any constant will do.
fn known_mean(stat: Option<&Stat>) -> f64 {
    stat.map_or(0.0, |stat| stat.mean)
}

fn digest(runs: &[Run]) -> String {
    let mut all = Digest::new();
    for run in runs {
        all.add(&run.digest.to_le_bytes());
    }
    hex(all.value())
}

fn hex(digest: u64) -> String {
    format!("{digest:016x}")
}
