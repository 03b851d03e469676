//! The state of the cluster as two maps, and how events, holds and binds change it.

use super::load::Forecast;
use super::requests::{Role, add};
use super::{Amounts, pod_requests, scoring_requests_existing};
use sched_core::{Event, Mark, NodeSpec, PodSpec, PodTemplate, Sample};
use std::collections::BTreeMap;

/// Namespace and name.
pub(crate) type PodKey = (String, String);

/// Where a pod is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Pending,
    Reserved(String),
    Bound(String),
    /// Its node, of this name, is gone; the pod is on it again when it comes back.
    Lost(String),
}

/// A pod and where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PodState {
    pub(crate) spec: PodSpec,
    pub(crate) place: Place,
    /// When it was reserved or bound there; 0 for one that waits.
    pub(crate) placed_at_ms: u64,
    /// What it was expected to use of CPU and memory when it was reserved or bound.
    pub(crate) estimate: [i128; 2],
    /// Its newest sample.
    pub(crate) sample: Option<Sample>,
}

impl PodState {
    pub(crate) fn new(spec: PodSpec, place: Place) -> Self {
        Self { spec, place, placed_at_ms: 0, estimate: [0; 2], sample: None }
    }
}

/// Everything that is known of the cluster.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct World {
    pub(crate) nodes: BTreeMap<String, NodeSpec>,
    pub(crate) pods: BTreeMap<PodKey, PodState>,
    pub(crate) marks: BTreeMap<String, Mark>,
    /// Newest samples of nodes.
    pub(crate) samples: BTreeMap<String, Sample>,
    /// The time, in whole seconds.
    pub(crate) now_ms: u64,
    pub(crate) forecast: Forecast,
    /// When the newest sample of any pod was taken, whether it is still there or not.
    pub(crate) newest_pod_sample_ms: Option<u64>,
}

impl World {
    /// The pods that hold room on the node: bound, reserved, and terminating ones too.
    pub(crate) fn on<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a PodState> {
        let here = move |place: &Place| matches!(place, Place::Reserved(n) | Place::Bound(n) if n == node);
        self.pods.values().filter(move |pod| here(&pod.place))
    }

    /// What they are made from.
    pub(crate) fn pods_on<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a PodTemplate> {
        self.on(node).map(|pod| &pod.spec.template)
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
    pub(crate) fn apply(&mut self, event: &Event, now_ms: u64) {
        self.roll(now_ms);
        match event {
            Event::NodeAdded(node) => self.add_node(node),
            Event::NodeChanged(node) => drop(self.nodes.insert(node.name.clone(), node.clone())),
            Event::NodeRemoved { name } => self.remove_node(name),
            Event::PodAdded(spec) => {
                self.pods.insert(key(spec), PodState::new(spec.clone(), Place::Pending));
            }
            Event::PodChanged(spec) => {
                let estimate = self.estimate(spec);
                if let Some(pod) = self.pods.get_mut(&key(spec)) {
                    pod.spec = spec.clone();
                    pod.estimate = estimate;
                }
            }
            Event::PodBound { namespace, name, node, at_ms } => {
                self.bind(&(namespace.clone(), name.clone()), node, *at_ms);
            }
            Event::PodRemoved { namespace, name } => {
                self.pods.remove(&(namespace.clone(), name.clone()));
            }
            Event::NodeSample { name, sample } => {
                let newest_ms = self.samples.get(name).map(|newest| newest.at_ms);
                if newest_ms.is_none_or(|newest_ms| newest_ms <= sample.at_ms) {
                    self.samples.insert(name.clone(), *sample);
                }
                if newest_ms.is_none_or(|newest_ms| newest_ms < sample.at_ms) {
                    self.learn_of_node(name, sample);
                }
            }
            Event::PodSample { namespace, name, sample } => {
                if let Some(pod) = self.pods.get_mut(&(namespace.clone(), name.clone()))
                    && pod.sample.is_none_or(|newest| newest.at_ms < sample.at_ms)
                {
                    pod.sample = Some(*sample);
                    self.newest_pod_sample_ms = self.newest_pod_sample_ms.max(Some(sample.at_ms));
                    let spec = pod.spec.clone();
                    self.learn(&spec, sample);
                }
            }
            Event::Marked { name, mark } => match mark {
                Some(mark) => drop(self.marks.insert(name.clone(), mark.clone())),
                None => drop(self.marks.remove(name)),
            },
        }
    }

    /// Holds room for a pending pod.
    pub(crate) fn reserve(&mut self, pod: &PodKey, node: &str, now_ms: u64) {
        self.roll(now_ms);
        self.place(pod, Place::Reserved(node.to_owned()), now_ms);
    }

    /// Turns the hold into a binding, as old as the hold.
    pub(crate) fn commit(&mut self, pod: &PodKey) {
        if let Some(PodState { place, .. }) = self.pods.get_mut(pod)
            && let Place::Reserved(node) = place
        {
            *place = Place::Bound(std::mem::take(node));
        }
    }

    /// Gives the hold up.
    pub(crate) fn rollback(&mut self, pod: &PodKey) {
        self.place(pod, Place::Pending, 0);
    }

    /// A pod that is reserved on the node already was bound by the hold's own commit; what was reserved stays.
    fn bind(&mut self, pod: &PodKey, node: &str, at_ms: u64) {
        if self.pods.get(pod).is_some_and(|state| state.place == Place::Reserved(node.to_owned())) {
            self.commit(pod);
        } else {
            self.place(pod, Place::Bound(node.to_owned()), at_ms);
        }
    }

    fn add_node(&mut self, node: &NodeSpec) {
        self.nodes.insert(node.name.clone(), node.clone());
        let back = |pod: &&PodState| pod.place == Place::Lost(node.name.clone());
        let back: Vec<_> = self.pods.values().filter(back).map(|pod| (key(&pod.spec), pod.placed_at_ms)).collect();
        for (pod, placed_at_ms) in back {
            self.place(&pod, Place::Bound(node.name.clone()), placed_at_ms);
        }
    }

    fn remove_node(&mut self, name: &str) {
        self.nodes.remove(name);
        self.marks.remove(name);
        self.samples.remove(name);
        for pod in self.pods.values_mut() {
            match &pod.place {
                Place::Bound(node) if node == name => pod.place = Place::Lost(name.to_owned()),
                Place::Reserved(node) if node == name => (pod.place, pod.placed_at_ms) = (Place::Pending, 0),
                _ => {}
            }
        }
    }

    fn place(&mut self, pod: &PodKey, place: Place, at_ms: u64) {
        let estimate = self.pods.get(pod).map(|pod| self.estimate(&pod.spec));
        if let Some(pod) = self.pods.get_mut(pod) {
            (pod.place, pod.placed_at_ms) = (place, at_ms);
            pod.estimate = estimate.unwrap_or_default();
        }
    }
}

/// The key of a pod.
pub(crate) fn key(spec: &PodSpec) -> PodKey {
    (spec.namespace.clone(), spec.name.clone())
}
