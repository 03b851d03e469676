//! What an embedder tells the cluster: nodes, pods, samples and marks, as plain data in the words of Kubernetes.
//! Nothing here is interned or indexed yet.

pub use sched_abi::LabelSelector;
use sched_abi::{NodeSelector, PreferredTerm, QosClass};
use std::collections::BTreeMap;

/// Amounts by resource name, in base units: milli-CPU for `cpu`, bytes for memory and storage, counts for the rest.
pub type Resources = BTreeMap<String, i64>;

/// Labels.
pub type Labels = BTreeMap<String, String>;

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TaintEffect {
    /// They are not placed there.
    NoSchedule,
    /// They are rather placed elsewhere.
    PreferNoSchedule,
    /// They are not placed there, and evicted.
    NoExecute,
}

/// A taint of a node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct Taint {
    /// Key.
    pub key: String,
    /// Value, often empty.
    #[cfg_attr(feature = "serde", serde(default))]
    pub value: String,
    /// Effect.
    pub effect: TaintEffect,
}

/// How a toleration compares.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TolerationOperator {
    /// Key and value are equal.
    #[default]
    Equal,
    /// The key is equal; with an empty key, every taint.
    Exists,
    /// The key is equal, and the taint's value is an integer below this one's.
    Lt,
    /// The key is equal, and the taint's value is an integer above this one's.
    Gt,
}

/// A toleration of a pod.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct Toleration {
    /// Key; empty with `Exists` means every key.
    pub key: String,
    /// Comparison.
    pub operator: TolerationOperator,
    /// Value, for all but `Exists`.
    pub value: String,
    /// Effect; none means every effect.
    pub effect: Option<TaintEffect>,
}

/// An image that a node has.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct NodeImage {
    /// All names it goes by.
    pub names: Vec<String>,
    /// Its size in bytes.
    pub size_bytes: i64,
}

/// A node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct NodeSpec {
    /// Name, unique in the cluster.
    pub name: String,
    /// Labels.
    pub labels: Labels,
    /// Taints, in the node's order.
    pub taints: Vec<Taint>,
    /// `spec.unschedulable`.
    pub unschedulable: bool,
    /// What pods may request in all.
    pub allocatable: Resources,
    /// What the machine has; where a resource is missing, its allocatable amount. Use is measured against this.
    pub capacity: Resources,
    /// Images on the node.
    pub images: Vec<NodeImage>,
}

/// A port on the host that a container asks for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct HostPort {
    /// Port, 1..=65535.
    pub port: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// Address; empty means `0.0.0.0`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub ip: String,
}

/// A port's protocol.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Protocol {
    /// TCP.
    #[default]
    #[cfg_attr(feature = "serde", serde(rename = "TCP"))]
    Tcp,
    /// UDP.
    #[cfg_attr(feature = "serde", serde(rename = "UDP"))]
    Udp,
    /// SCTP.
    #[cfg_attr(feature = "serde", serde(rename = "SCTP"))]
    Sctp,
}

/// What the node's agent reports of a container that was resized in place.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct ContainerResources {
    /// `status.containerStatuses[].resources.requests`: what the container actually has.
    pub actual: Resources,
    /// `status.containerStatuses[].allocatedResources`: what the agent granted.
    pub allocated: Resources,
}

/// A container or init container.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct Container {
    /// Requests. An absent key and an explicit 0 differ: scoring gives the former a default.
    pub requests: Resources,
    /// Limits. Placement looks at requests; some policies estimate use from limits.
    pub limits: Resources,
    /// Image name, as in the pod; empty where there is none.
    pub image: String,
    /// Host ports.
    pub host_ports: Vec<HostPort>,
    /// An init container that keeps running (`restartPolicy: Always`): a sidecar.
    pub restart_always: bool,
    /// Resize status, where the agent reports one.
    pub status: Option<ContainerResources>,
}

/// A term of pod affinity or anti-affinity. Kept with the pod; not evaluated yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct PodAffinityTerm {
    /// Which pods; none matches nothing.
    pub label_selector: Option<LabelSelector>,
    /// In which namespaces, by name.
    pub namespaces: Vec<String>,
    /// In which namespaces, by label.
    pub namespace_selector: Option<LabelSelector>,
    /// Over which domains.
    pub topology_key: String,
    /// Weight of a preferred term; 0 for a required one.
    pub weight: i32,
    /// Apart rather than together.
    pub anti: bool,
}

/// A topology spread constraint. Kept with the pod; not evaluated yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct SpreadConstraint {
    /// Largest difference allowed.
    pub max_skew: i32,
    /// Over which domains.
    pub topology_key: String,
    /// `DoNotSchedule` (true) or `ScheduleAnyway`.
    pub hard: bool,
    /// Which pods count.
    pub label_selector: Option<LabelSelector>,
    /// Least number of domains.
    pub min_domains: Option<i32>,
    /// Labels whose values are added to the selector.
    pub match_label_keys: Vec<String>,
    /// `nodeAffinityPolicy: Honor` (the default) or `Ignore`.
    pub ignore_node_affinity: bool,
    /// `nodeTaintsPolicy: Honor` or `Ignore` (the default).
    pub honor_node_taints: bool,
}

/// The controller at the top that a pod belongs to: a `Deployment` rather than its `ReplicaSet`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct Owner {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// A pod.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct PodSpec {
    /// Namespace.
    pub namespace: String,
    /// Name, unique in its namespace.
    pub name: String,
    /// The part that pods made from one template share.
    pub template: PodTemplate,
    /// Marked for deletion; keeps its room until it is removed.
    pub terminating: bool,
}

impl PodSpec {
    /// `namespace/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

/// Everything of a pod that matters to placement, its name aside. Pods with equal templates share one copy.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct PodTemplate {
    /// Labels.
    pub labels: Labels,
    /// Containers.
    pub containers: Vec<Container>,
    /// Init containers and sidecars, in order.
    pub init_containers: Vec<Container>,
    /// Overhead of the runtime class.
    pub overhead: Resources,
    /// Pod-level requests (`spec.resources.requests`); they replace the containers' for CPU, memory and huge pages.
    pub pod_requests: Option<Resources>,
    /// The node's agent said that a pending resize is infeasible: the spec does not count then.
    pub resize_infeasible: bool,
    /// `spec.nodeName` of a pod that is not bound yet: the only node it may go to.
    pub node_name: Option<String>,
    /// `spec.nodeSelector`.
    pub node_selector: Labels,
    /// Required node affinity.
    pub required_nodes: Option<NodeSelector>,
    /// Preferred node affinity.
    pub preferred_nodes: Vec<PreferredTerm>,
    /// Tolerations.
    pub tolerations: Vec<Toleration>,
    /// Pod affinity and anti-affinity.
    pub pod_affinity: Vec<PodAffinityTerm>,
    /// Topology spread constraints.
    pub spread: Vec<SpreadConstraint>,
    /// Names of volumes that restrict placement (claims, CSI, host-bound ones). Not evaluated yet.
    pub volumes: Vec<String>,
    /// What else it asks for that no policy looks at, in words: explanations repeat them.
    pub not_evaluated: Vec<String>,
    /// `spec.priority`.
    pub priority: i32,
    /// QoS class.
    pub qos: QosClass,
    /// Top controller.
    pub owner: Option<Owner>,
}

/// A sample of a pod's or a node's use, averaged over the window that ends at `at_ms`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct Sample {
    /// End of the window, milliseconds.
    pub at_ms: u64,
    /// Length of the window, milliseconds.
    pub window_ms: u64,
    /// CPU, milli-CPU.
    pub cpu_milli: i64,
    /// Memory, bytes.
    pub memory_bytes: i64,
}

/// A change of the cluster. Events of one object must be applied in the order in which they happened.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", rename_all_fields = "camelCase")
)]
pub enum Event {
    /// A node joined.
    NodeAdded(NodeSpec),
    /// A node that is known changed.
    NodeChanged(NodeSpec),
    /// A node left. Its pods stay, unbound from it (`Lost`), until they are removed.
    NodeRemoved {
        /// Its name.
        name: String,
    },
    /// A pod appeared, not bound.
    PodAdded(PodSpec),
    /// A pod that is known changed; where it is bound stays.
    PodChanged(PodSpec),
    /// A pod was bound, by whomever.
    PodBound {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
        /// To which node.
        node: String,
        /// When, milliseconds.
        at_ms: u64,
    },
    /// A pod is gone, its room free.
    PodRemoved {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
    },
    /// A sample of a node's use.
    NodeSample {
        /// Node.
        name: String,
        /// The sample.
        sample: Sample,
    },
    /// A sample of a pod's use.
    PodSample {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
        /// The sample.
        sample: Sample,
    },
    /// Marks a node, or takes its mark away (see the hybrid-unschedulable primitive).
    Marked {
        /// Node.
        name: String,
        /// The mark; none takes it away.
        mark: Option<Mark>,
    },
}

/// A mark on a node that keeps pods with elastic resources away.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct Mark {
    /// Why, for explanations.
    pub reason: String,
    /// First millisecond at which it holds; none: from the beginning.
    pub from_ms: Option<u64>,
    /// First millisecond at which it no longer holds; none: for good.
    pub until_ms: Option<u64>,
}
