//! The scheduler as the engine sees it: specifications and samples that are due go in, decisions come out. Nothing else of a
//! trace passes here, which is what keeps the future away from every policy.

use crate::error::SimError;
use sched_core::{PodSpec, Sample};

/// A pod as the scheduler's side may know it.
#[derive(Clone, Copy)]
pub(crate) struct Known<'t> {
    /// Its place in the trace.
    pub(crate) index: usize,
    /// What it asks for.
    pub(crate) spec: &'t PodSpec,
}

/// The scheduler's side of the simulation. Nodes are named by their place in the trace.
pub(crate) trait Host {
    /// A pod appeared.
    fn add_pod(&mut self, pod: Known<'_>, now_ms: u64) -> Result<(), SimError>;
    /// Decides and binds; `None` if no node will do.
    fn place(&mut self, pod: Known<'_>, now_ms: u64) -> Result<Option<usize>, SimError>;
    /// Why no node will do: each reason once.
    fn reasons(&mut self, pod: Known<'_>, now_ms: u64) -> Result<Vec<String>, SimError>;
    /// A pod is gone.
    fn remove_pod(&mut self, pod: Known<'_>, now_ms: u64) -> Result<(), SimError>;
    /// A node's use became known.
    fn node_sample(&mut self, node: usize, sample: Sample, now_ms: u64) -> Result<(), SimError>;
    /// A pod's use became known.
    fn pod_sample(&mut self, pod: Known<'_>, sample: Sample, now_ms: u64) -> Result<(), SimError>;
}
