//! Why a simulation could not be run to its end.

use crate::trace::TraceError;
use sched_core::{ClusterError, ProfileError, ScheduleError};

/// Why a simulation stopped.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The trace cannot be simulated.
    #[error("trace `{trace}`: {source}")]
    Trace {
        /// The trace.
        trace: String,
        /// What is wrong with it.
        source: TraceError,
    },
    /// An option is out of its range.
    #[error("option `{option}`: {problem}")]
    Option {
        /// Its name.
        option: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The scheduler refused the profile.
    #[error("profile `{profile}`: {source}")]
    Profile {
        /// The profile.
        profile: String,
        /// What it said.
        source: ProfileError,
    },
    /// The cluster refused an event.
    #[error("{what} at {at_ms} ms: {source}")]
    Cluster {
        /// Whom the event was about.
        what: String,
        /// When.
        at_ms: u64,
        /// What it said.
        source: ClusterError,
    },
    /// A decision failed for another reason than that no node will do.
    #[error("pod `{pod}` at {at_ms} ms: {source}")]
    Schedule {
        /// The pod.
        pod: String,
        /// When.
        at_ms: u64,
        /// What it said.
        source: ScheduleError,
    },
    /// The run cannot be recorded.
    #[error("cannot record the run: {0}")]
    Record(#[from] sched_core::record::RecordError),
    /// The scheduler's answer names a pod or node that it was never told of.
    #[error("the scheduler lost track of {what} at {at_ms} ms")]
    Lost {
        /// Whom.
        what: String,
        /// When.
        at_ms: u64,
    },
}
