//! Why a pod of a trace went where it went: a run in which the scheduler is asked for its reasons just before it decides.

use crate::candidate::Candidate;
use crate::driver::Driver;
use crate::engine::{Clockwork, drive};
use crate::error::SimError;
use crate::host::{Host, Known};
use crate::run::Options;
use crate::trace::Trace;
use sched_core::{Explanation, Sample};

/// A decision and the reasons for it.
#[derive(Clone, Debug)]
pub struct Explained {
    /// When it was made.
    pub at_ms: u64,
    /// The how manyth attempt it was, from 1; a pod that finds no node is tried again.
    pub attempt: u64,
    /// The reasons.
    pub explanation: Explanation,
}

/// Replays `trace` and explains the decision that placed the pod in this place of [`Trace::pods`], or the last attempt if
/// none did; `None` if there was no attempt. The run is that of [`crate::simulate`] with the same arguments.
///
/// # Errors
/// Those of [`crate::simulate`].
pub fn explain(
    trace: &Trace,
    candidate: &dyn Candidate,
    seed: u64,
    options: Options<'_>,
    pod: usize,
) -> Result<Option<Explained>, SimError> {
    trace.check().map_err(|source| SimError::Trace { trace: trace.name.clone(), source })?;
    options.check()?;
    let Options { metrics_delay_ms, sample_interval_ms, .. } = options;
    let driver = Driver::new(candidate, seed, &trace.nodes, trace.pods.len(), None, None)?;
    let asker = Asker { driver, pod, explained: None };
    let (_, asker) = drive(trace, Clockwork { metrics_delay_ms, sample_interval_ms }, asker, &mut |_| {})?;
    Ok(asker.explained)
}

/// The driver, with a question before each attempt to place one pod.
struct Asker<'c> {
    driver: Driver<'c>,
    pod: usize,
    explained: Option<Explained>,
}

impl Host for Asker<'_> {
    fn place(&mut self, pod: Known<'_>, now_ms: u64) -> Result<Option<usize>, SimError> {
        if pod.index == self.pod {
            let attempt = self.explained.as_ref().map_or(1, |before| before.attempt + 1);
            let explanation = self.driver.explain(pod, now_ms)?;
            self.explained = Some(Explained { at_ms: now_ms, attempt, explanation });
        }
        self.driver.place(pod, now_ms)
    }

    fn add_pod(&mut self, pod: Known<'_>, now_ms: u64) -> Result<(), SimError> {
        self.driver.add_pod(pod, now_ms)
    }

    fn reasons(&mut self, pod: Known<'_>, now_ms: u64) -> Result<Vec<String>, SimError> {
        self.driver.reasons(pod, now_ms)
    }

    fn remove_pod(&mut self, pod: Known<'_>, now_ms: u64) -> Result<(), SimError> {
        self.driver.remove_pod(pod, now_ms)
    }

    fn node_sample(&mut self, node: usize, sample: Sample, now_ms: u64) -> Result<(), SimError> {
        self.driver.node_sample(node, sample, now_ms)
    }

    fn pod_sample(&mut self, pod: Known<'_>, sample: Sample, now_ms: u64) -> Result<(), SimError> {
        self.driver.pod_sample(pod, sample, now_ms)
    }
}
