//! The use of a node as its newest sample shows it, for the policies that read samples: how fresh it is, and what follows.

use sched_abi::{Column, NodeColumns, Nodes, ResourceId, SetupError};

/// The longest `staleAfterSeconds`: a day.
const MAX_STALE_SECONDS: u32 = 86_400;

/// The columns of a resource that say how much of it is in use: capacity, newest sample, unseen estimate, requests with
/// defaults for containers without any.
pub(super) fn columns(nodes: &dyn Nodes, resource: ResourceId) -> [&[f64]; 4] {
    let columns = [
        Column::Capacity(resource),
        Column::Usage(resource),
        Column::Unseen(resource),
        Column::ScoringRequested(resource),
    ];
    columns.map(|column| nodes.quantity(column))
}

/// What a manifest names that reads these, samples' times and the profile.
pub(super) const COLUMNS: NodeColumns = NodeColumns::CAPACITY
    .and(NodeColumns::USAGE)
    .and(NodeColumns::UNSEEN)
    .and(NodeColumns::SCORING_REQUESTED)
    .and(NodeColumns::SAMPLED_AT)
    .and(NodeColumns::DERIVED)
    .and(NodeColumns::TIME);

/// Which samples count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Freshness {
    now_ms: f64,
    stale_ms: f64,
}

impl Freshness {
    pub(super) fn new(nodes: &dyn Nodes, stale_after_seconds: u32) -> Self {
        Self { now_ms: nodes.now_ms() as f64, stale_ms: f64::from(stale_after_seconds) * 1e3 }
    }

    /// Whether a sample that ended then counts; -1 stands for none.
    #[inline]
    pub(super) fn counts(self, sampled_at: f64) -> bool {
        // No `&&`: a jump would end the vector loop.
        (sampled_at >= 0.0) & (self.now_ms - sampled_at <= self.stale_ms)
    }

    /// 1 for a sample that ended now, falling to 0 for one that just still counts.
    #[inline]
    pub(super) fn share(self, sampled_at: f64) -> f64 {
        let left = 1.0 - (self.now_ms - sampled_at) / self.stale_ms;
        if left > 1.0 { 1.0 } else { left }
    }
}

pub(super) fn check_stale(seconds: u32) -> Result<(), SetupError> {
    if (1..=MAX_STALE_SECONDS).contains(&seconds) {
        return Ok(());
    }
    Err(SetupError(format!("`staleAfterSeconds` is {seconds}, not within 1..={MAX_STALE_SECONDS}")))
}

/// The larger of two numbers; `f64::max` does not vectorise everywhere.
#[inline]
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}
