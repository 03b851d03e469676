//! The use of a node as its newest sample shows it, for the policies that read samples: how fresh it is, and what follows.

use sched_abi::{Column, Derived, NodeColumns, Nodes, ResourceId, Setup, SetupError};

/// The longest `staleAfterSeconds`: a day.
const MAX_STALE_SECONDS: u32 = 86_400;

/// Where the profile of a node's CPU use comes from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)
)]
pub enum ProfileOf {
    /// The applications of the pods on it, from samples of pods.
    #[default]
    Applications,
    /// The machine itself, the system included, from samples of nodes; one that was not sampled yet stands at its pool's.
    Nodes {
        /// Nodes with the same value of this label are a pool; without one all nodes are.
        #[cfg_attr(feature = "serde", serde(default))]
        pool_label: Option<String>,
    },
}

impl ProfileOf {
    /// Asks for the column of the present hour.
    pub(super) fn column(&self, host: &mut dyn Setup) -> Result<Column, SetupError> {
        match self {
            Self::Applications => host.derive(Derived::ProfiledCpu),
            Self::Nodes { pool_label } => {
                let pool = pool_label.as_ref().map(|key| host.label(key)).transpose()?;
                host.derive(Derived::NodeProfileCpu { hours_ahead: 0, pool })
            }
        }
    }
}

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
