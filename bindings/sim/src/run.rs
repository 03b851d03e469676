//! One profile and one seed through a trace, and several side by side on the same events.

use crate::candidate::Candidate;
use crate::driver::Driver;
use crate::engine::{Clockwork, Outcome, Unplaced, drive};
use crate::error::SimError;
use crate::measure::{Measured, measure};
use crate::placement::Placement;
use crate::report::Comparison;
use crate::trace::Trace;
use sched_core::Profile;
use sched_core::abi::Statistics;
use std::collections::BTreeMap;

/// How a trace is replayed.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// How long after a measurement its samples become known to the scheduler.
    pub metrics_delay_ms: u64,
    /// How often use is measured; each sample is the mean over the time since the last.
    pub sample_interval_ms: u64,
    /// The share of a node's CPU above which it is hot.
    pub water_level: f64,
    /// A monotonic clock in nanoseconds, read before and after each decision; without one, latency is not measured.
    pub clock: Option<&'a dyn Fn() -> u64>,
    /// Whoever wants a record of the run; it makes sense with one profile and one seed.
    pub record: Option<Recording<'a>>,
}

/// How a run is recorded.
#[derive(Clone, Copy)]
pub struct Recording<'a> {
    /// The profile that the policies come from, if any: what the record is to run again under.
    pub profile: Option<&'a Profile>,
    /// Gets the record in pieces, in order.
    pub sink: &'a dyn Fn(&[u8]),
}

/// The shortest and the longest sample interval.
const INTERVAL_MS: std::ops::RangeInclusive<u64> = 1_000..=86_400_000;
/// Measurements that may be on their way to the scheduler at once.
pub const MAX_BATCHES_ON_THEIR_WAY: u64 = 10_000;

impl Default for Options<'_> {
    /// A minute between samples, a minute of delay, a water level of 65 %, no clock, no record.
    fn default() -> Self {
        Self { metrics_delay_ms: 60_000, sample_interval_ms: 60_000, water_level: 0.65, clock: None, record: None }
    }
}

impl Options<'_> {
    pub(crate) fn check(&self) -> Result<(), SimError> {
        let fail = |option, problem: String| Err(SimError::Option { option, problem });
        if !INTERVAL_MS.contains(&self.sample_interval_ms) {
            let problem = format!("{} ms is not from a second to a day", self.sample_interval_ms);
            return fail("sample_interval_ms", problem);
        }
        if self.metrics_delay_ms / self.sample_interval_ms >= MAX_BATCHES_ON_THEIR_WAY {
            let problem =
                format!("is more than MAX_BATCHES_ON_THEIR_WAY, {MAX_BATCHES_ON_THEIR_WAY}, sample intervals");
            return fail("metrics_delay_ms", problem);
        }
        if !(self.water_level > 0.0 && self.water_level <= 1.0) {
            return fail("water_level", format!("{} is not above 0 and at most 1", self.water_level));
        }
        Ok(())
    }
}

/// Where a comparison is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The profile that runs.
    pub profile: &'a str,
    /// Its seed.
    pub seed: u64,
    /// Runs that are done.
    pub runs_done: usize,
    /// Runs in all.
    pub runs: usize,
    /// Time in the trace.
    pub at_ms: u64,
    /// The end of the trace.
    pub horizon_ms: u64,
}

/// What came out of one profile with one seed.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// In the order in which they were made.
    pub placements: Vec<Placement>,
    /// Pods that found no place.
    pub unplaced: Vec<Unplaced>,
    /// By reason, how many of the pods that found no place were refused by at least one node for it.
    pub unplaced_reasons: BTreeMap<String, u64>,
    /// Decisions that ended with no node; a pod that waits is tried again, so there may be many a pod.
    pub failed_attempts: u64,
    /// FNV-1a (64 bits) over all decisions: pod, node (empty if none), time.
    pub digest: u64,
    /// How long each decision took (filter, score and select), nanoseconds, ascending; empty without a clock.
    pub decision_ns: Vec<u64>,
    /// What each policy did that counts it, as sandboxed ones do: calls, fuel, failures.
    pub statistics: Vec<(String, Statistics)>,
    /// The results.
    pub measured: Measured,
}

/// Replays `trace` with one candidate, a profile say, and one seed. `progress` hears the time in the trace about a hundred times.
///
/// # Errors
/// A trace, option, profile or event that was refused; nothing is returned of a run that did not reach its end.
pub fn simulate(
    trace: &Trace,
    candidate: &dyn Candidate,
    seed: u64,
    options: Options<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Run, SimError> {
    trace.check().map_err(|source| SimError::Trace { trace: trace.name.clone(), source })?;
    options.check()?;
    let Options { metrics_delay_ms, sample_interval_ms, .. } = options;
    let driver = Driver::new(candidate, seed, &trace.nodes, trace.pods.len(), options.clock, options.record)?;
    let (outcome, mut driver) = drive(trace, Clockwork { metrics_delay_ms, sample_interval_ms }, driver, progress)?;
    driver.hand_on(true);
    let Outcome { placements, unplaced, failed_attempts, digest } = outcome;
    let mut unplaced_reasons = BTreeMap::new();
    for reason in unplaced.iter().flat_map(|unplaced| &unplaced.reasons) {
        *unplaced_reasons.entry(reason.clone()).or_default() += 1;
    }
    let (mut decision_ns, statistics) = driver.into_measured();
    decision_ns.sort_unstable();
    let measured = measure(trace, &placements, options.water_level);
    Ok(Run { seed, placements, unplaced, unplaced_reasons, failed_attempts, digest, decision_ns, statistics, measured })
}

/// Replays `trace` with every candidate and every seed, one after another so that latencies do not disturb each other.
///
/// # Errors
/// Those of [`simulate`].
pub fn run(
    trace: &Trace,
    candidates: &[impl Candidate],
    seeds: &[u64],
    options: Options<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Comparison, SimError> {
    let (horizon_ms, runs) = (trace.horizon_ms, candidates.len() * seeds.len());
    let mut runs_done = 0;
    let mut results = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let name = candidate.name();
        let mut of_profile = Vec::with_capacity(seeds.len());
        for &seed in seeds {
            let mut report = |runs_done, at_ms| {
                progress(Progress { profile: name, seed, runs_done, runs, at_ms, horizon_ms });
            };
            of_profile.push(simulate(trace, candidate, seed, options, &mut |at_ms| report(runs_done, at_ms))?);
            runs_done += 1;
            report(runs_done, 0);
        }
        results.push((name.to_owned(), of_profile));
    }
    Ok(Comparison::new(trace, seeds, &options, results))
}
