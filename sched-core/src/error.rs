//! Why an event, a profile or a decision was refused.

use crate::limits;
use thiserror::Error;

/// An event was refused; the cluster is as it was.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// A node of that name is there already.
    #[error("node `{0}` is already there; change it with a node-changed event")]
    DuplicateNode(String),
    /// No node of that name.
    #[error("no node `{0}`")]
    UnknownNode(String),
    /// A pod of that name is there already.
    #[error("pod `{0}` is already there; change it with a pod-changed event")]
    DuplicatePod(String),
    /// No pod of that name.
    #[error("no pod `{0}`")]
    UnknownPod(String),
    /// The pod is bound already.
    #[error("pod `{pod}` is already bound to node `{node}`")]
    AlreadyBound {
        /// The pod.
        pod: String,
        /// Where it is.
        node: String,
    },
    /// A quantity is below 0.
    #[error("{object}: {field} is {value}: quantities are never negative")]
    Negative {
        /// The object.
        object: String,
        /// Which of its fields.
        field: String,
        /// The value.
        value: i64,
    },
    /// A quantity, or a sum of quantities, is beyond [`limits::MAX_QUANTITY`].
    #[error("{object}: {field} is beyond {max} (2^46), the largest quantity", max = limits::MAX_QUANTITY)]
    TooLarge {
        /// The object.
        object: String,
        /// Which of its fields.
        field: String,
    },
    /// A time is beyond [`limits::MAX_TIME_MS`].
    #[error("{what}: {at_ms} ms is beyond {max} (2^53, MAX_TIME_MS), the latest time", max = limits::MAX_TIME_MS)]
    Time {
        /// Which time.
        what: &'static str,
        /// The time.
        at_ms: u64,
    },
    /// Something is said to have happened later than now, by more than clocks differ.
    #[error("{what}: {ahead_ms} ms after the present, more than clocks may differ ({max} ms, MAX_CLOCK_SKEW_MS)", max = limits::MAX_CLOCK_SKEW_MS)]
    Ahead {
        /// What.
        what: &'static str,
        /// By how much.
        ahead_ms: u64,
    },
    /// Something is beyond a limit.
    #[error("{object}: {what} is beyond the limit of {limit} ({name})")]
    Limit {
        /// The object.
        object: String,
        /// What there is too much of.
        what: String,
        /// The limit.
        limit: usize,
        /// Its name in `limits.rs`.
        name: &'static str,
    },
    /// A name is empty or too long.
    #[error("{object}: {field} must have 1 to {max} bytes", max = limits::MAX_NAME_BYTES)]
    BadName {
        /// The object.
        object: String,
        /// Which name.
        field: String,
    },
    /// A selector that Kubernetes refuses.
    #[error("{object}: {field}: {problem}")]
    BadSelector {
        /// The object.
        object: String,
        /// Which requirement.
        field: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// A decision was not made, or could not be carried out.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// No node is feasible; `explain` says why.
    #[error("no node is feasible")]
    Unschedulable,
    /// The pod is not known, or was removed.
    #[error("no such pod")]
    UnknownPod,
    /// The pod holds room already.
    #[error("the pod is bound or reserved already")]
    NotPending,
    /// The pod holds no reservation to commit or roll back.
    #[error("the pod holds no reservation")]
    NotReserved,
    /// The node of the decision is gone, or no longer takes the pod.
    #[error("node `{0}` no longer takes the pod: decide again")]
    Conflict(String),
    /// The node of the decision has too little of a resource by now: others were faster.
    #[error("node `{node}` no longer has enough {resource} for the pod: decide again")]
    Short {
        /// The node.
        node: String,
        /// The resource.
        resource: String,
    },
    /// The reservation would bring a sum beyond its limit.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}
