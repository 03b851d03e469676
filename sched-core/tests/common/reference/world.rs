//! The state of the cluster as two maps, and how events, holds and binds change it.

use super::requests::{Role, add};
use super::{Amounts, pod_requests, scoring_requests_existing};
use sched_core::{Event, Mark, NodeSpec, PodSpec, PodTemplate};
use std::collections::BTreeMap;

/// Namespace and name.
pub(crate) type PodKey = (String, String);

/// Where a pod is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Pending,
    Reserved(String),
    Bound(String),
    /// Its node is gone.
    Lost,
}

/// A pod and where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PodState {
    pub(crate) spec: PodSpec,
    pub(crate) place: Place,
}

/// Everything that is known of the cluster.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct World {
    pub(crate) nodes: BTreeMap<String, NodeSpec>,
    pub(crate) pods: BTreeMap<PodKey, PodState>,
    pub(crate) marks: BTreeMap<String, Mark>,
}

impl World {
    /// The pods that hold room on the node: bound, reserved, and terminating ones too.
    pub(crate) fn pods_on<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a PodTemplate> {
        let here = move |place: &Place| matches!(place, Place::Reserved(n) | Place::Bound(n) if n == node);
        self.pods.values().filter(move |pod| here(&pod.place)).map(|pod| &pod.spec.template)
    }

    /// What the pods on the node request.
    pub(crate) fn requested(&self, node: &str) -> Amounts {
        self.sum(node, |pod| pod_requests(pod, Role::Existing))
    }

    /// What the pods on the node request as resource scoring counts it.
    pub(crate) fn scoring_requested(&self, node: &str) -> Amounts {
        self.sum(node, scoring_requests_existing)
    }

    fn sum(&self, node: &str, of_pod: impl Fn(&PodTemplate) -> Amounts) -> Amounts {
        let mut total = Amounts::new();
        for pod in self.pods_on(node) {
            add(&mut total, &of_pod(pod));
        }
        total
    }

    /// Takes over an event that is known to be good.
    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::NodeAdded(node) | Event::NodeChanged(node) => {
                self.nodes.insert(node.name.clone(), node.clone());
            }
            Event::NodeRemoved { name } => self.remove_node(name),
            Event::PodAdded(spec) => self.insert(spec.clone(), Place::Pending),
            Event::PodChanged(spec) => {
                let place = self.pods.get(&key(spec)).map_or(Place::Pending, |pod| pod.place.clone());
                self.insert(spec.clone(), place);
            }
            Event::PodBound { namespace, name, node, .. } => {
                self.place(&(namespace.clone(), name.clone()), Place::Bound(node.clone()));
            }
            Event::PodRemoved { namespace, name } => {
                self.pods.remove(&(namespace.clone(), name.clone()));
            }
            Event::Marked { name, mark } => match mark {
                Some(mark) => drop(self.marks.insert(name.clone(), mark.clone())),
                None => drop(self.marks.remove(name)),
            },
            Event::NodeSample { .. } | Event::PodSample { .. } => {}
        }
    }

    /// Holds room for a pending pod.
    pub(crate) fn reserve(&mut self, pod: &PodKey, node: &str) {
        self.place(pod, Place::Reserved(node.to_owned()));
    }

    /// Turns the hold into a binding.
    pub(crate) fn commit(&mut self, pod: &PodKey) {
        if let Some(PodState { place, .. }) = self.pods.get_mut(pod)
            && let Place::Reserved(node) = place
        {
            *place = Place::Bound(std::mem::take(node));
        }
    }

    /// Gives the hold up.
    pub(crate) fn rollback(&mut self, pod: &PodKey) {
        self.place(pod, Place::Pending);
    }

    fn remove_node(&mut self, name: &str) {
        self.nodes.remove(name);
        self.marks.remove(name);
        for pod in self.pods.values_mut() {
            match &pod.place {
                Place::Bound(node) if node == name => pod.place = Place::Lost,
                Place::Reserved(node) if node == name => pod.place = Place::Pending,
                _ => {}
            }
        }
    }

    fn insert(&mut self, spec: PodSpec, place: Place) {
        self.pods.insert(key(&spec), PodState { spec, place });
    }

    fn place(&mut self, pod: &PodKey, place: Place) {
        if let Some(pod) = self.pods.get_mut(pod) {
            pod.place = place;
        }
    }
}

/// The key of a pod.
pub(crate) fn key(spec: &PodSpec) -> PodKey {
    (spec.namespace.clone(), spec.name.clone())
}
