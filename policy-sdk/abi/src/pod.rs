//! What a policy can read of the pod to be placed, with everything the host can answer faster: selectors evaluated to
//! bitmaps over rows, tolerations to one answer a list of taints, images and ports to rows.

use crate::column::ResourceId;

/// An amount of one resource, base units.
#[derive(Clone, Copy, PartialEq, Debug)]
#[repr(C)]
pub struct Request {
    /// The resource.
    pub resource: ResourceId,
    /// How much, base units, a whole number.
    pub amount: f64,
}

/// Kubernetes' QoS class of a pod, from its requests and limits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum QosClass {
    /// No requests at all.
    #[default]
    BestEffort,
    /// Some requests.
    Burstable,
    /// Requests equal limits for CPU and memory.
    Guaranteed,
}

/// `spec.nodeName` of the pod to be placed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NodeNameField {
    /// Not set: any node will do.
    #[default]
    Any,
    /// Set to the node in this row.
    Row(u32),
    /// Set to a name that no node has.
    Unknown,
}

/// What the pod's tolerations say of one list of taints.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct TaintAnswer {
    /// A `NoSchedule` or `NoExecute` taint is not tolerated.
    pub rejected: bool,
    /// How many `PreferNoSchedule` taints are not tolerated.
    pub untolerated_soft: u32,
}

/// The preferred terms of the pod's node affinity.
#[derive(Clone, Copy, Debug, Default)]
pub struct Preferred<'a> {
    /// What a match of each term is worth.
    pub weights: &'a [i64],
    /// The rows that match: one bitmap of `words` words a term, one after the other.
    pub rows: &'a [u64],
    /// Words a bitmap.
    pub words: usize,
}

impl<'a> Preferred<'a> {
    /// Each term's weight and bitmap.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &'a [u64])> {
        self.weights.iter().copied().zip(self.rows.chunks(self.words.max(1)))
    }
}

/// A node that has one of the pod's images.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct ImageRow {
    /// The node's row.
    pub row: u32,
    /// Size of the image scaled by how widely it is spread, bytes (see the image locality primitive).
    pub scaled_bytes: i64,
}

/// A selector of pods that a policy asked for in [`crate::Setup::pod_selector`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct PodMatch(pub u8);

/// The pod to be placed.
#[derive(Clone, Copy, Debug, Default)]
pub struct PodView<'a> {
    /// `metadata.name`.
    pub name: &'a str,
    /// `metadata.namespace`.
    pub namespace: &'a str,
    /// What it requests by Kubernetes' rules, without zero amounts, the resources with fixed ids first, then by name; `pods: 1` is among them.
    pub requests: &'a [Request],
    /// What resource scoring counts: containers' and overhead's requests with kube-scheduler's defaults for absent CPU and
    /// memory, without pod-level requests; `pods` is not among them.
    pub scoring_requests: &'a [Request],
    /// `spec.priority`.
    pub priority: i32,
    /// QoS class.
    pub qos: QosClass,
    /// Owned by a `DaemonSet`.
    pub daemon_set: bool,
    /// `spec.nodeName`.
    pub node_name: NodeNameField,
    /// Rows that match node selector and required node affinity; `None` where the pod has neither.
    pub required_nodes: Option<&'a [u64]>,
    /// Rows that the pod's affinity names one by one (`metadata.name In`); `None` where not every term does.
    pub named_nodes: Option<&'a [u64]>,
    /// Every term names nodes, and no node is named by all that must agree.
    pub names_conflict: bool,
    /// Preferred terms of the pod's node affinity.
    pub preferred_nodes: Preferred<'a>,
    /// Per list of taints, by its id, what the tolerations say.
    pub taints: &'a [TaintAnswer],
    /// Whether the pod tolerates `node.kubernetes.io/unschedulable:NoSchedule`.
    pub tolerates_unschedulable: bool,
    /// Rows on which one of the pod's host ports is taken; `None` where it asks for none.
    pub port_conflicts: Option<&'a [u64]>,
    /// Nodes that have images of the pod, ascending by row; a node that has several stands several times.
    pub images: &'a [ImageRow],
    /// Containers, init containers included: image locality scales with it.
    pub containers: u32,
    /// Predicted CPU use of the pod by clock hour ahead, milli-CPU; empty where nothing is predicted.
    pub forecast_cpu: &'a [f64],
    /// The CPU request that the prediction is a share of, milli-CPU.
    pub forecast_request: f64,
    /// Variance of the ratio of its application's use to request.
    pub forecast_variance: f64,
    /// Per row, CPU requests of the pods of the same application there, milli-CPU; may be shorter than the table.
    pub same_app_requested: &'a [f64],
    /// The rows where that is not 0, for hosts that keep copies; `None` where the host of this view does not say.
    pub same_app_rows: Option<&'a [u32]>,
    /// Estimated use now: CPU in milli-CPU, memory in bytes.
    pub estimate: [f64; 2],
    /// The same by each rule asked for in [`crate::Setup::estimate`], in its order.
    pub estimates: &'a [[f64; 2]],
    /// A bit for each [`PodMatch`]; read through [`PodView::is`].
    pub matches: u64,
    /// Views of one host with the same number are equal, whatever they are of; 0 says nothing. For hosts that keep copies.
    pub version: u64,
}

impl PodView<'_> {
    /// Whether the pod matches a selector that the policy asked for.
    #[must_use]
    pub fn is(&self, selector: PodMatch) -> bool {
        self.matches.checked_shr(u32::from(selector.0)).is_some_and(|bits| bits & 1 == 1)
    }
}

/// The amount of `resource` in a list of requests, 0 if it is not there.
#[must_use]
pub fn amount_of(requests: &[Request], resource: ResourceId) -> f64 {
    requests.iter().find(|r| r.resource == resource).map_or(0.0, |r| r.amount)
}
