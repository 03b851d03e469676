//! Why an operation on the ledger was refused; then nothing has changed.

use crate::error::ClusterError;
use crate::limits;
use thiserror::Error;

/// An operation on the ledger was refused; ledger and cluster are as they were.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A hold of that name is there already.
    #[error("hold `{0}` is already there; resize, renew or release it")]
    Duplicate(String),
    /// No hold of that name.
    #[error("no hold `{0}`")]
    Unknown(String),
    /// Nobody could ever use it.
    #[error("hold `{hold}` has no owner: name a pod, a controller, labels or a namespace")]
    NoOwner {
        /// The hold.
        hold: String,
    },
    /// An owner term, or one side of a rule, would mean every pod.
    #[error(
        "{object}: an owner term that says nothing would mean every pod; name a pod, a controller, labels or a namespace"
    )]
    EveryPod {
        /// Where it stands.
        object: String,
    },
    /// It holds nothing.
    #[error("hold `{hold}` asks for nothing")]
    Empty {
        /// The hold.
        hold: String,
    },
    /// It ends before it begins.
    #[error("hold `{hold}` would end at {expires_ms} ms, and it is {now_ms} ms already")]
    Past {
        /// The hold.
        hold: String,
        /// When it was to end.
        expires_ms: u64,
        /// The present.
        now_ms: u64,
    },
    /// Its time is over.
    #[error("hold `{hold}` ended at {expires_ms} ms")]
    Expired {
        /// The hold, or the gang.
        hold: String,
        /// When it ended.
        expires_ms: u64,
    },
    /// The node does not have that much at all.
    #[error("hold `{hold}`: {amount} {resource} is more than node `{node}` has, {allocatable}")]
    MoreThanNode {
        /// The hold.
        hold: String,
        /// The node.
        node: String,
        /// The resource.
        resource: String,
        /// What was asked for.
        amount: i64,
        /// What the node has in all.
        allocatable: i64,
    },
    /// The node has too little room left.
    #[error("hold `{hold}`: node `{node}` has {free} {resource} free, {amount} are asked for")]
    NoRoom {
        /// The hold.
        hold: String,
        /// The node.
        node: String,
        /// The resource.
        resource: String,
        /// How much more was asked for.
        amount: i64,
        /// What is free; below 0 on a node that others overcommitted.
        free: i64,
    },
    /// Its pods use more than it is to have.
    #[error("hold `{hold}`: {used} {resource} are in use, it cannot shrink to {amount}")]
    BelowUsed {
        /// The hold.
        hold: String,
        /// The resource.
        resource: String,
        /// What is used.
        used: i64,
        /// What it was to have.
        amount: i64,
    },
    /// Its pods are on the node that it is to leave.
    #[error("hold `{hold}` is in use by {pods} pods; it moves once they are gone")]
    InUse {
        /// The hold.
        hold: String,
        /// How many.
        pods: usize,
    },
    /// It belongs to a pod and cannot be changed so.
    #[error("hold `{hold}` belongs to a pod: end the pod's update in place instead")]
    OfPod {
        /// The hold.
        hold: String,
    },
    /// The pod is not bound, so nothing of it can be updated in place.
    #[error("pod `{0}` is not bound to a node")]
    NotBound(String),
    /// The pod is being updated in place already.
    #[error("pod `{0}` is being updated in place already")]
    UpdateTwice(String),
    /// The pod is not being updated in place.
    #[error("pod `{0}` is not being updated in place")]
    NoUpdate(String),
    /// No node takes it.
    #[error("hold `{hold}`: no node takes it")]
    Unplaced {
        /// The hold.
        hold: String,
    },
    /// Two rules hand over what the same workload leaves.
    #[error("`{from}` hands its room over by two rules")]
    Overlap {
        /// The workload.
        from: String,
    },
    /// Rules that hand over in a circle.
    #[error("`{from}` hands its room over to itself by way of other rules, or at once")]
    Circular {
        /// The workload.
        from: String,
    },
    /// A rule says something that means nothing.
    #[error("rule `{rule}`: {problem}")]
    BadRule {
        /// The rule.
        rule: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// There would be too many of them.
    #[error("{what} would be beyond the limit of {limit} ({name})")]
    Limit {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// Its name in [`limits`].
        name: &'static str,
    },
    /// A recorder that takes names out cannot write it down.
    #[error("a record without names cannot hold operations on the ledger yet")]
    Nameless,
    /// What the cluster refuses: unknown names, bad selectors, quantities beyond their limits.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

impl LedgerError {
    pub(crate) fn too_many_holds() -> Self {
        Self::Limit { what: "the number of holds", limit: limits::MAX_HOLDS, name: "MAX_HOLDS" }
    }
}
