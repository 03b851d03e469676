//! A trace: nodes, and pods with their lives and their use. How traces are read from files is in `read`.

use crate::usage::Usage;
use sched_core::{NodeSpec, PodSpec};
use std::ops::Range;

/// A pod of a trace.
#[derive(Clone, Debug)]
pub struct TracePod {
    /// What the scheduler is told of it.
    pub spec: PodSpec,
    /// When it arrives.
    pub arrive_ms: u64,
    /// When it is gone, wherever it ran or waited; `None`: it stays.
    pub end_ms: Option<u64>,
    /// What it uses, where the trace knows.
    pub usage: Option<Usage>,
}

/// What happens to a cluster.
#[derive(Clone, Debug)]
pub struct Trace {
    /// A name for reports.
    pub name: String,
    /// The nodes, there from the beginning.
    pub nodes: Vec<NodeSpec>,
    /// The pods; of those that arrive together, the earlier here is placed first.
    pub pods: Vec<TracePod>,
    /// The end: nothing happens from here on.
    pub horizon_ms: u64,
    /// The part over which results are measured.
    pub measured_ms: Range<u64>,
}

/// Node-minutes that a trace with use may have, so that its demand fits in memory (8 bytes each).
pub const MAX_NODE_MINUTES: u64 = 1 << 28;
/// The latest end that a trace may have: a century, so that sums of times stay far from their bounds.
pub const MAX_HORIZON_MS: u64 = 100 * 366 * 86_400_000;
/// Pods that a trace may have.
pub const MAX_PODS: usize = 1 << 24;

/// A trace that cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// Nothing to place pods on.
    #[error("the trace has no nodes")]
    NoNodes,
    /// More than [`MAX_HORIZON_MS`].
    #[error("the trace ends at {found} ms; the limit MAX_HORIZON_MS is {MAX_HORIZON_MS}")]
    Horizon {
        /// The end.
        found: u64,
    },
    /// The measured part is empty or outside of the trace.
    #[error("the measured part, {from} to {to} ms, is empty or goes beyond the end of the trace at {horizon} ms")]
    Measured {
        /// Its beginning.
        from: u64,
        /// Its end.
        to: u64,
        /// The end of the trace.
        horizon: u64,
    },
    /// A pod arrives when the trace is over.
    #[error("pod `{pod}` arrives at {arrive} ms; the trace ends at {horizon} ms")]
    ArrivesAfterEnd {
        /// The pod.
        pod: String,
        /// Its arrival.
        arrive: u64,
        /// The end of the trace.
        horizon: u64,
    },
    /// A pod ends before or when it arrives.
    #[error("pod `{pod}` ends at {end} ms, not after its arrival at {arrive} ms")]
    EndsBeforeArrival {
        /// The pod.
        pod: String,
        /// Its arrival.
        arrive: u64,
        /// Its end.
        end: u64,
    },
    /// A pod's use is negative, infinite or NaN.
    #[error("the use of pod `{pod}` has a value that is negative or not finite")]
    Usage {
        /// The pod.
        pod: String,
    },
    /// More than [`MAX_NODE_MINUTES`].
    #[error("the trace has use over {found} node-minutes; the limit MAX_NODE_MINUTES is {MAX_NODE_MINUTES}")]
    NodeMinutes {
        /// Nodes times minutes.
        found: u64,
    },
    /// More than [`MAX_PODS`].
    #[error("the trace has {found} pods; the limit MAX_PODS is {MAX_PODS}")]
    Pods {
        /// Pods.
        found: usize,
    },
}

impl Trace {
    /// Whether anything is known of what pods use.
    pub fn has_usage(&self) -> bool {
        self.pods.iter().any(|pod| pod.usage.is_some())
    }

    /// Checks everything that the simulation relies on and the scheduler does not check itself.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), TraceError> {
        if self.nodes.is_empty() {
            return Err(TraceError::NoNodes);
        }
        if self.pods.len() > MAX_PODS {
            return Err(TraceError::Pods { found: self.pods.len() });
        }
        if self.horizon_ms > MAX_HORIZON_MS {
            return Err(TraceError::Horizon { found: self.horizon_ms });
        }
        let Range { start: from, end: to } = self.measured_ms;
        if from >= to || to > self.horizon_ms {
            return Err(TraceError::Measured { from, to, horizon: self.horizon_ms });
        }
        let node_minutes = (self.horizon_ms / 60_000).saturating_mul(self.nodes.len() as u64);
        if self.has_usage() && node_minutes > MAX_NODE_MINUTES {
            return Err(TraceError::NodeMinutes { found: node_minutes });
        }
        self.pods.iter().try_for_each(|pod| pod.check(self.horizon_ms))
    }
}

impl TracePod {
    fn check(&self, horizon: u64) -> Result<(), TraceError> {
        let pod = || self.spec.name.clone();
        if self.arrive_ms >= horizon {
            return Err(TraceError::ArrivesAfterEnd { pod: pod(), arrive: self.arrive_ms, horizon });
        }
        if let Some(end) = self.end_ms
            && end <= self.arrive_ms
        {
            return Err(TraceError::EndsBeforeArrival { pod: pod(), arrive: self.arrive_ms, end });
        }
        match &self.usage {
            Some(usage) if !usage.is_valid() => Err(TraceError::Usage { pod: pod() }),
            _ => Ok(()),
        }
    }
}
