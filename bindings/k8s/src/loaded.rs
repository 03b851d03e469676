//! What was read, and the events that bring it into a cluster.

use sched_core::{Event, NodeSpec, PodSpec};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Where and when a pod was bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    /// `spec.nodeName`.
    pub node: String,
    /// Since when, milliseconds since 1970: when it was scheduled, else started, else created; 0 where nothing tells.
    pub at_ms: u64,
}

/// A pod that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadedPod {
    /// The pod; its template names no node.
    pub spec: PodSpec,
    /// Where it runs; none while it is pending.
    pub binding: Option<Binding>,
    /// Names of its scheduling gates: while there are any, Kubernetes does not schedule it.
    pub gates: Vec<String>,
}

/// Everything that was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Loaded {
    /// Nodes, in the order of the input.
    pub nodes: Vec<NodeSpec>,
    /// Pods, in the order of the input; those that have ended are left out.
    pub pods: Vec<LoadedPod>,
    /// How many pods have ended: phase `Succeeded` or `Failed`.
    pub finished: usize,
    /// How many objects of other kinds there were, by kind.
    pub ignored: BTreeMap<String, usize>,
}

/// Why [`Loaded::events`] leaves a pod out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LeftOut {
    /// It is bound to a node that was not read.
    NodeAbsent(String),
    /// It waits for these scheduling gates.
    Gated(Vec<String>),
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NodeAbsent(node) => write!(f, "bound to node `{node}`, which is not in the input"),
            Self::Gated(gates) => write!(f, "waits for scheduling gates: {}", gates.join(", ")),
        }
    }
}

impl Loaded {
    /// The events that bring an empty cluster to this state: nodes, then pods, then bindings by time.
    ///
    /// Pods in [`Loaded::left_out`] are not among them.
    pub fn events(&self) -> Vec<Event> {
        let nodes = self.node_names();
        let pods = || self.pods.iter().filter(|pod| why_left_out(pod, &nodes).is_none());
        let mut bindings: Vec<_> = pods().filter_map(|pod| Some((pod.binding.as_ref()?, &pod.spec))).collect();
        bindings.sort_by_key(|(binding, _)| binding.at_ms);
        let bound = bindings.into_iter().map(|(binding, pod)| Event::PodBound {
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            node: binding.node.clone(),
            at_ms: binding.at_ms,
        });
        let added = self.nodes.iter().cloned().map(Event::NodeAdded);
        added.chain(pods().map(|pod| Event::PodAdded(pod.spec.clone()))).chain(bound).collect()
    }

    /// Pods that [`Loaded::events`] leaves out, and why.
    pub fn left_out(&self) -> Vec<(&PodSpec, LeftOut)> {
        let nodes = self.node_names();
        self.pods.iter().filter_map(|pod| Some((&pod.spec, why_left_out(pod, &nodes)?))).collect()
    }

    fn node_names(&self) -> BTreeSet<&str> {
        self.nodes.iter().map(|node| node.name.as_str()).collect()
    }
}

fn why_left_out(pod: &LoadedPod, nodes: &BTreeSet<&str>) -> Option<LeftOut> {
    match &pod.binding {
        Some(binding) if nodes.contains(binding.node.as_str()) => None,
        Some(binding) => Some(LeftOut::NodeAbsent(binding.node.clone())),
        None if pod.gates.is_empty() => None,
        None => Some(LeftOut::Gated(pod.gates.clone())),
    }
}
