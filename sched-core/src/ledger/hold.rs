//! One hold: what it holds, where, for whom and until when, and the states that it goes through.

use super::amounts::Amounts;
use super::owners::OwnerTerm;
use super::rules::Workload;
use crate::cluster::{PodTemplate, Resources, Taint};
use smallvec::SmallVec;
use std::sync::Arc;

/// A hold, by its place in the ledger. A place that is used again has another generation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct HoldId {
    /// The place.
    pub slot: u32,
    /// How many holds have been there before.
    pub generation: u32,
}

/// What a hold is for. The rules for room are the same for all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum HoldKind {
    /// Room for pods that are yet to come.
    #[default]
    Reservation,
    /// Room that preemption made, for the pod that it was made for.
    Nominated,
    /// Room that a pod left which is being replaced, for the one that replaces it.
    Rolling,
    /// Room that one workload left to another.
    HandOver,
    /// The free room of a node that is kept for large or named workloads.
    Guard,
    /// Room of a pod that is being updated in place.
    InPlace,
}

impl HoldKind {
    /// What people call it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Reservation => "reservation",
            Self::Nominated => "nomination",
            Self::Rolling => "rolling update",
            Self::HandOver => "hand-over",
            Self::Guard => "guard",
            Self::InPlace => "update in place",
        }
    }
}

/// Where a hold stands. An ended hold is no longer in the ledger.
///
/// | from | to | when |
/// |---|---|---|
/// | | `Waiting` | a pod of a workload with a rolling-update rule is to be deleted |
/// | | `Open` | room was free, or a pod left it |
/// | `Waiting` | `Open` | the pod's exit is confirmed |
/// | `Open` | `Taken` | it is for one pod, and that pod was reserved |
/// | `Taken` | `Open` | the pod's reservation was rolled back, or the pod left |
/// | `Open`, `Waiting` | `Displaced` | the node left, was cordoned or is not ready |
/// | `Displaced` | `Open` | it found another place |
/// | any | ended | time over, released, consumed, no longer needed, no other place |
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum HoldState {
    /// Its room is still a pod's that is about to leave.
    Waiting,
    /// It holds room.
    Open,
    /// It holds room for the one pod that took it and is not bound yet.
    Taken,
    /// It has no node.
    Displaced,
}

/// A hold as an embedder asks for it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct HoldSpec {
    /// Its name, unique in the ledger.
    pub name: String,
    /// What it is for.
    pub kind: HoldKind,
    /// The node. None lets the scheduler find one, as for a pod with this template that requests the amounts.
    pub node: Option<String>,
    /// How much, base units. `pods` counts places for pods.
    pub amounts: Resources,
    /// Whose it is: pods that meet any of these.
    pub owners: Vec<OwnerTerm>,
    /// The first millisecond at which it no longer holds; none: until it is released.
    pub expires_ms: Option<u64>,
    /// A pod that uses it takes everything from it that it has, or nothing. Otherwise (aligned) the node's free room makes
    /// up for what is missing.
    pub restricted: bool,
    /// It ends with its first pod.
    pub once: bool,
    /// Which is used first where a pod has several: the lowest.
    pub order: i32,
    /// Room that is missing now comes from its owners' pods that leave the node.
    pub preallocate: bool,
    /// Taints of its own: pods use it that tolerate them.
    pub taints: Vec<Taint>,
    /// What restricts where it may be: selectors, affinity, tolerations. Requests are the amounts.
    pub template: PodTemplate,
}

/// A hold as the ledger keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub(crate) name: Arc<str>,
    pub(crate) kind: HoldKind,
    pub(crate) state: HoldState,
    /// Where it holds room, or waits for it.
    pub(crate) row: Option<u32>,
    /// What it has, what its pods use of that included.
    pub(crate) amounts: Amounts,
    /// What its owners' pods are still to leave to it.
    pub(crate) due: Amounts,
    /// What its pods use.
    pub(crate) used: Amounts,
    /// The pods that use it.
    pub(crate) pods: SmallVec<[u32; 2]>,
    /// The pod that it belongs to (in place), or whose exit it waits for.
    pub(crate) of: Option<u32>,
    pub(crate) expires_ms: u64,
    pub(crate) owners: Arc<[OwnerTerm]>,
    pub(crate) restricted: bool,
    pub(crate) once: bool,
    pub(crate) order: i32,
    pub(crate) taints: Arc<[Taint]>,
    pub(crate) template: Arc<PodTemplate>,
    /// The workload whose rule made it: the one that left the room.
    pub(crate) workload: Option<Arc<Workload>>,
    /// How long it is to hold from when it opens.
    pub(crate) ttl_ms: u64,
    /// Resource names that it keeps alive.
    pub(crate) names: SmallVec<[u32; 4]>,
    /// Counts the changes of the ledger; that of its own last change.
    pub(crate) revision: u64,
}

impl Hold {
    /// An open hold of nothing, for nobody, without end.
    pub(crate) fn empty(name: Arc<str>, template: Arc<PodTemplate>) -> Self {
        Self {
            name,
            kind: HoldKind::Reservation,
            state: HoldState::Open,
            row: None,
            amounts: Amounts::default(),
            due: Amounts::default(),
            used: Amounts::default(),
            pods: SmallVec::new(),
            of: None,
            expires_ms: u64::MAX,
            owners: Arc::from([]),
            restricted: false,
            once: false,
            order: 0,
            taints: Arc::from([]),
            template,
            workload: None,
            ttl_ms: 0,
            names: SmallVec::new(),
            revision: 0,
        }
    }

    /// What of its room nobody uses: this stands in its node's columns.
    pub(crate) fn unused(&self) -> Amounts {
        match self.state {
            HoldState::Open | HoldState::Taken => self.amounts.less(&self.used),
            HoldState::Waiting | HoldState::Displaced => Amounts::default(),
        }
    }
}

/// A hold as others see it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct HoldView {
    /// Its id.
    pub id: HoldId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: HoldKind,
    /// Where it stands.
    pub state: HoldState,
    /// Its node.
    pub node: Option<String>,
    /// What it has, base units; what is used included.
    pub amounts: Resources,
    /// What its pods use of that.
    pub used: Resources,
    /// The pods that use it, as `namespace/name`, by name, with what each uses.
    pub pods: Vec<(String, Resources)>,
    /// The first millisecond at which it no longer holds.
    pub expires_ms: Option<u64>,
}
