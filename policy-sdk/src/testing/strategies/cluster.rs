//! Whole clusters: nodes, the pods on them, what is measured and marked, and the pods that wait.

use super::nodes::nodes;
use super::pods::pod;
use super::traces::{trace_node, trace_pod};
use super::{one_of, text};
use proptest::prelude::*;
use proptest::sample::Index;
use sched_core::{Event, Mark, NodeSpec, PodSpec, Sample, limits::MAX_QUANTITY};

/// The time of decisions on a scenario.
pub const NOW_MS: u64 = 1_000_000_000;

/// A cluster with pods on it, and pods that wait.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The nodes.
    pub nodes: Vec<NodeSpec>,
    /// Each with the name of its node, one a minute up to [`NOW_MS`], half an hour at most.
    pub bound: Vec<(PodSpec, String)>,
    /// The pods that wait.
    pub pending: Vec<PodSpec>,
    /// What is measured and marked once all pods are bound.
    pub told: Vec<Event>,
}

impl Scenario {
    /// The events that make the cluster, in order.
    pub fn events(&self) -> Vec<Event> {
        let nodes = self.nodes.iter().cloned().map(Event::NodeAdded);
        nodes.chain(self.pod_events()).chain(self.told.iter().cloned()).collect()
    }

    /// The events of pods alone.
    pub fn pod_events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (i, (pod, node)) in self.bound.iter().enumerate() {
            events.push(Event::PodAdded(pod.clone()));
            events.push(bind(pod, node, Self::bound_at_ms(i)));
        }
        events.extend(self.pending.iter().cloned().map(Event::PodAdded));
        events
    }

    /// When the `i`-th bound pod was bound.
    pub fn bound_at_ms(i: usize) -> u64 {
        NOW_MS - (i as u64 % 30) * 60_000
    }
}

/// The event that binds a pod.
pub fn bind(pod: &PodSpec, node: &str, at_ms: u64) -> Event {
    Event::PodBound { namespace: pod.namespace.clone(), name: pod.name.clone(), node: node.to_owned(), at_ms }
}

/// Clusters of 0 to `most` nodes: empty, one node, usually several, some as in real traces; from idle to overcommitted.
pub fn scenario(most: usize) -> impl Strategy<Value = Scenario> {
    let size = prop_oneof![1 => Just(0), 1 => Just(1), 12 => 2..=most];
    let real = prop::bool::weighted(0.15);
    (size, real).prop_flat_map(|(size, real)| {
        let nodes = if real { prop::collection::vec(trace_node(), size).boxed() } else { nodes(size).boxed() };
        let pod = move |name| if real { trace_pod(name).boxed() } else { pod(name).boxed() };
        let pods_a_node = prop_oneof![Just(1), Just(4), Just(8)];
        (nodes, pods_a_node, prop::collection::vec(pod("waiting"), 1..=3)).prop_flat_map(
            move |(nodes, pods_a_node, pending)| {
                let most = if size == 0 { 0 } else { size * pods_a_node };
                let bound = prop::collection::vec((pod("running"), any::<Index>()), 0..=most);
                let told =
                    prop::collection::vec((any::<Index>(), sample(), prop::option::weighted(0.2, mark())), 0..=size);
                (Just((nodes, pending)), bound, told)
                    .prop_map(|((nodes, pending), bound, told)| assemble(nodes, bound, pending, told))
            },
        )
    })
}

/// Gives nodes and pods distinct names, and pods their nodes.
fn assemble(
    mut nodes: Vec<NodeSpec>,
    bound: Vec<(PodSpec, Index)>,
    mut pending: Vec<PodSpec>,
    told: Vec<(Index, Sample, Option<Mark>)>,
) -> Scenario {
    for (i, node) in nodes.iter_mut().enumerate() {
        node.name = format!("node-{i}");
    }
    let bound = bound.into_iter().enumerate().map(|(i, (mut pod, at))| {
        pod.name = format!("{}-{i}", pod.name);
        // Where a bound pod wanted to go no longer matters.
        pod.template.node_name = None;
        (pod, at.get(&nodes).name.clone())
    });
    let bound: Vec<(PodSpec, String)> = bound.collect();
    let told = told.into_iter().flat_map(|(at, sample, mark)| {
        let sample = Sample { at_ms: NOW_MS - sample.at_ms, ..sample };
        let node = &at.get(&nodes).name;
        let of_node = Event::NodeSample { name: node.clone(), sample };
        let of_pod = (!bound.is_empty()).then(|| {
            let PodSpec { namespace, name, .. } = at.get(&bound).0.clone();
            Event::PodSample { namespace, name, sample }
        });
        let mark = mark.map(|mark| Event::Marked { name: node.clone(), mark: Some(mark) });
        std::iter::once(of_node).chain(of_pod).chain(mark)
    });
    let told = told.collect();
    for (i, pod) in pending.iter_mut().enumerate() {
        pod.name = format!("{}-{i}", pod.name);
        // The status of containers is that of running ones.
        let template = &mut pod.template;
        template.containers.iter_mut().chain(&mut template.init_containers).for_each(|c| c.status = None);
        template.resize_infeasible = false;
    }
    Scenario { nodes, bound, pending, told }
}

/// How long ago something happened that is told only now, milliseconds.
pub fn late() -> impl Strategy<Value = u64> {
    one_of(&[0, 1, 15_000, 60_000, 300_000])
}

/// A sample; its time is how long ago it was taken, to be taken off the time at which it is told.
pub fn sample() -> impl Strategy<Value = Sample> {
    let (cpu, memory) = (one_of(&[0, 1, 700, 4_000, 90_000]), one_of(&[0, 1 << 20, 5 << 30, MAX_QUANTITY]));
    (late(), one_of(&[0, 1, 15_000, 60_000]), cpu, memory)
        .prop_map(|(at_ms, window_ms, cpu_milli, memory_bytes)| Sample { at_ms, window_ms, cpu_milli, memory_bytes })
}

/// A mark, with or without an end.
pub fn mark() -> impl Strategy<Value = Mark> {
    let time = || prop::option::of(one_of(&[0, NOW_MS - 1_000, NOW_MS + 50_000, NOW_MS + 900_000]));
    (text(&["", "memory pressure"]), time(), time()).prop_map(|(reason, from_ms, until_ms)| Mark {
        reason,
        from_ms,
        until_ms,
    })
}
