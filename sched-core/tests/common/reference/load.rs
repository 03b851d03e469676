//! What pods and nodes use and are expected to use: estimates, what samples do not show yet, profiles, heat.

use super::forecast::{App, Entry, MILLION, Prediction, Predictions, anything_known, predict};
use super::settings::ProfileOf;
use super::world::{PodState, World};
use super::{overload, scoring_requests_existing};
use sched_core::{NodeSpec, Owner, PodSpec, Sample};

/// The time for which predictions stay the same.
const QUANTUM_MS: u64 = 300_000;
/// The length of a slot of heat.
const SLOT_MS: u64 = 15_000;
/// The largest quantity.
const MOST: i128 = 1 << 46;

/// What is learned of applications, and what was predicted when the present quantum began.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Forecast {
    /// Whether a policy of the profile asks for it; nothing is learned else.
    pub(crate) wanted: bool,
    /// What the band is published for.
    pub(crate) curve: Option<overload::Curve>,
    entries: Vec<Entry>,
    quantum: Option<u64>,
    predictions: Option<Predictions>,
    /// In thousandths.
    pub(crate) band: i128,
    /// The labels whose values make pools of nodes; nothing is learned of nodes where there are none.
    pub(crate) pools: Vec<Option<String>>,
    of_nodes: Vec<Entry>,
    node_predictions: Option<Predictions>,
    node_quantum: Option<u64>,
}

/// A node, as something that is sampled.
fn as_app(node: &str) -> App {
    (String::new(), Owner { kind: "Node".to_owned(), name: node.to_owned() })
}

/// The pool of a node.
fn pool_of(node: &NodeSpec, label: Option<&String>) -> App {
    let value = label.and_then(|label| node.labels.get(label)).cloned().unwrap_or_default();
    (label.cloned().unwrap_or_default(), Owner { kind: "Pool".to_owned(), name: value })
}

/// The application of a pod.
pub(crate) fn app(pod: &PodSpec) -> Option<App> {
    Some((pod.namespace.clone(), pod.template.owner.clone()?))
}

/// What a pod requests of CPU, or of memory, with defaults for containers that say nothing.
pub(crate) fn request(pod: &PodSpec, resource: &str) -> i128 {
    scoring_requests_existing(&pod.template).get(resource).copied().unwrap_or(0)
}

/// What the machine has.
pub(crate) fn capacity(node: &NodeSpec, resource: &str) -> i128 {
    node.capacity.get(resource).or_else(|| node.allocatable.get(resource)).copied().unwrap_or(0).into()
}

fn share(request: i128, ratio: i128) -> i128 {
    (request * ratio + MILLION / 2) / MILLION
}

impl World {
    /// Predicts anew if a quantum has begun.
    pub(crate) fn roll(&mut self, now_ms: u64) {
        self.now_ms = now_ms - now_ms % 1_000;
        let quantum = now_ms / QUANTUM_MS;
        let forecast = &mut self.forecast;
        if !forecast.pools.is_empty() && forecast.node_quantum.is_none_or(|present| present < quantum) {
            forecast.node_quantum = Some(quantum);
            forecast.of_nodes.push(Entry::Rolled);
            forecast.node_predictions = Some(predict(&forecast.of_nodes, quantum * QUANTUM_MS));
        }
        if !self.forecast.wanted || self.forecast.quantum.is_some_and(|present| present >= quantum) {
            return;
        }
        self.forecast.quantum = Some(quantum);
        self.forecast.entries.push(Entry::Rolled);
        self.forecast.predictions = Some(predict(&self.forecast.entries, quantum * QUANTUM_MS));
        if let Some(curve) = self.forecast.curve {
            self.forecast.band = overload::band(self, curve, quantum * QUANTUM_MS);
        }
    }

    /// Learns from a pod's sample.
    pub(crate) fn learn(&mut self, pod: &PodSpec, sample: &Sample) {
        let request = request(pod, "cpu");
        let Some(app) = app(pod).filter(|_| self.forecast.wanted && request > 0) else { return };
        let (used, Sample { at_ms, window_ms, .. }) = (sample.cpu_milli.into(), *sample);
        self.forecast.entries.push(Entry::Seen { app, at_ms, window_ms, used, request });
    }

    /// Learns from a node's sample.
    pub(crate) fn learn_of_node(&mut self, node: &str, sample: &Sample) {
        let (spec, Sample { at_ms, window_ms, .. }) = (&self.nodes[node], *sample);
        let (used, request) = (sample.cpu_milli.into(), capacity(spec, "cpu"));
        if self.forecast.pools.is_empty() || request == 0 {
            return;
        }
        let pools = self.forecast.pools.iter().map(|label| pool_of(spec, label.as_ref()));
        for app in [as_app(node)].into_iter().chain(pools) {
            self.forecast.of_nodes.push(Entry::Seen { app, at_ms, window_ms, used, request });
        }
    }

    /// Whether samples of pods have come, and then none for so long.
    pub(crate) fn without_pod_samples_for(&self, stale_s: u64) -> bool {
        let newest = self.newest_pod_sample_ms.map(|at_ms| at_ms - at_ms % 1_000);
        newest.is_some_and(|at_ms| self.now_ms > at_ms + stale_s * 1_000)
    }

    /// What is predicted of a pod's application.
    pub(crate) fn prediction(&self, pod: &PodSpec) -> Option<&Prediction> {
        let all = self.forecast.predictions.as_ref()?;
        Some(app(pod).and_then(|app| all.of.get(&app)).unwrap_or(&all.unknown))
    }

    /// The predicted CPU of a pod by hour ahead.
    pub(crate) fn hours(&self, pod: &PodSpec) -> [i128; 8] {
        self.prediction(pod).map_or([0; 8], |predicted| predicted.ratio.map(|ratio| share(request(pod, "cpu"), ratio)))
    }

    /// What a pod is expected to use of CPU and memory: what is predicted, once anything was seen; else what it requests.
    pub(crate) fn estimate(&self, pod: &PodSpec) -> [i128; 2] {
        let known = anything_known(&self.forecast.entries);
        let predicted = self.prediction(pod).filter(|_| known).map(|_| self.hours(pod)[0]);
        [predicted.unwrap_or_else(|| request(pod, "cpu")), request(pod, "memory")]
    }

    /// The profile of a node's use of CPU now; 0 where nothing that it comes from was seen.
    pub(crate) fn profile(&self, node: &str, of: &ProfileOf) -> i128 {
        let ProfileOf::Nodes(label) = of else { return self.profile_of_applications(node) };
        let spec = &self.nodes[node];
        let Some(all) = &self.forecast.node_predictions else { return 0 };
        let known = all.of.get(&as_app(node)).or_else(|| all.of.get(&pool_of(spec, label.as_ref())));
        known.map_or(0, |known| share(capacity(spec, "cpu"), known.ratio[0]).min(MOST))
    }

    fn profile_of_applications(&self, node: &str) -> i128 {
        let seen = |pod: &&PodState| {
            let all = self.forecast.predictions.as_ref();
            app(&pod.spec).is_some_and(|app| all.is_some_and(|all| all.of.contains_key(&app)))
        };
        if !self.on(node).any(|pod| seen(&pod)) {
            return 0;
        }
        self.on(node).map(|pod| self.hours(&pod.spec)[0]).sum::<i128>().min(MOST)
    }

    /// The newest sample of a node, if it ended no longer ago than that.
    pub(crate) fn fresh(&self, node: &str, stale_s: i128) -> Option<&Sample> {
        let age = |sample: &Sample| i128::from(self.now_ms) - i128::from(sample.at_ms);
        self.samples.get(node).filter(|sample| age(sample) <= stale_s * 1_000)
    }

    /// The estimates of the pods that were placed after the window of the node's newest sample began: CPU, memory.
    pub(crate) fn unseen(&self, node: &str) -> [i128; 2] {
        let covered = |pod: &PodState| {
            let begins = self.samples.get(node).map(|sample| sample.at_ms.saturating_sub(sample.window_ms));
            begins.is_some_and(|begins| pod.placed_at_ms <= begins)
        };
        let mut sum = [0; 2];
        for pod in self.on(node).filter(|pod| !covered(pod)) {
            sum = [sum[0] + pod.estimate[0], sum[1] + pod.estimate[1]];
        }
        sum.map(|sum| sum.min(MOST))
    }

    /// Recent placements on a node: how many slots of 15 seconds ago, and the share of the node's CPU in millionths.
    pub(crate) fn placements(&self, node: &NodeSpec) -> Vec<(u64, i128)> {
        let cpu = capacity(node, "cpu");
        let share = |pod: &PodState| if cpu > 0 { (pod.estimate[0] * MILLION / cpu).min(MILLION) } else { MILLION };
        let age = |pod: &PodState| (self.now_ms / SLOT_MS).saturating_sub(pod.placed_at_ms / SLOT_MS);
        self.on(&node.name).map(|pod| (age(pod), share(pod))).collect()
    }
}
