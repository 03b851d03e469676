//! Generated clusters, pods, profiles and event sequences that look like real ones, odd corners included.

mod events;
mod nodes;
mod pods;
mod profiles;
mod selectors;

pub(crate) use events::{Step, bad_event, mark, sample, steps};
pub(crate) use nodes::{node, nodes};
pub(crate) use pods::{container, pod, template};
pub(crate) use profiles::{any_profile, monotone_profile, profile, profile_text};

use super::reference::{Place, PodKey, PodState, World};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use sched_core::{Event, Mark, NodeSpec, PodSpec, Sample};
use std::hash::{BuildHasher, Hasher, RandomState};

/// How a property test runs. The seed is printed, and shown where the test fails; `PROPTEST_RNG_SEED` reruns it, and
/// `PROPTEST_CASES` overrides the number of cases.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if let RngSeed::Random = config.rng_seed {
        config.rng_seed = RngSeed::Fixed(RandomState::new().build_hasher().finish());
    }
    if let RngSeed::Fixed(seed) = config.rng_seed {
        println!("rerun with PROPTEST_RNG_SEED={seed} PROPTEST_CASES={}", config.cases);
    }
    config.failure_persistence = None;
    config.max_shrink_iters = 4096;
    config
}

/// The time of decisions on a scenario.
pub(crate) const NOW_MS: u64 = 1_000_000_000;

/// A cluster with pods on it, and pods that wait.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) nodes: Vec<NodeSpec>,
    /// Each with the name of its node, one a minute up to [`NOW_MS`], half an hour at most.
    pub(crate) bound: Vec<(PodSpec, String)>,
    pub(crate) pending: Vec<PodSpec>,
    /// What is measured and marked once all pods are bound.
    pub(crate) told: Vec<Event>,
}

impl Scenario {
    /// The events that make the cluster, in order.
    pub(crate) fn events(&self) -> Vec<Event> {
        let nodes = self.nodes.iter().cloned().map(Event::NodeAdded);
        nodes.chain(self.pod_events()).chain(self.told.iter().cloned()).collect()
    }

    /// The events of pods alone.
    pub(crate) fn pod_events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (i, (pod, node)) in self.bound.iter().enumerate() {
            events.push(Event::PodAdded(pod.clone()));
            events.push(bind(pod, node, bound_at_ms(i)));
        }
        events.extend(self.pending.iter().cloned().map(Event::PodAdded));
        events
    }

    /// The cluster as the reference keeps it.
    pub(crate) fn world(&self) -> World {
        let mut world = World::default();
        world.nodes.extend(self.nodes.iter().map(|node| (node.name.clone(), node.clone())));
        for (i, (spec, node)) in self.bound.iter().enumerate() {
            let placed_at_ms = bound_at_ms(i);
            let pod = PodState { placed_at_ms, ..PodState::new(spec.clone(), Place::Bound(node.clone())) };
            world.pods.insert(key(spec), pod);
        }
        for spec in &self.pending {
            world.pods.insert(key(spec), PodState::new(spec.clone(), Place::Pending));
        }
        self.told.iter().for_each(|event| world.apply(event));
        world
    }
}

fn bound_at_ms(i: usize) -> u64 {
    NOW_MS - (i as u64 % 30) * 60_000
}

/// The event that binds a pod.
pub(crate) fn bind(pod: &PodSpec, node: &str, at_ms: u64) -> Event {
    Event::PodBound { namespace: pod.namespace.clone(), name: pod.name.clone(), node: node.to_owned(), at_ms }
}

pub(crate) fn key(pod: &PodSpec) -> PodKey {
    (pod.namespace.clone(), pod.name.clone())
}

/// Clusters of 0 to `most` nodes: empty, one node, usually several; from idle to overcommitted.
pub(crate) fn scenario(most: usize) -> impl Strategy<Value = Scenario> {
    let size = prop_oneof![1 => Just(0), 1 => Just(1), 12 => 2..=most];
    size.prop_flat_map(|size| {
        let pods_a_node = prop_oneof![Just(1), Just(4), Just(8)];
        (nodes(size), pods_a_node, prop::collection::vec(pod("waiting"), 1..=3)).prop_flat_map(
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

/// Gives pods distinct names and nodes.
fn assemble(
    nodes: Vec<NodeSpec>,
    bound: Vec<(PodSpec, Index)>,
    mut pending: Vec<PodSpec>,
    told: Vec<(Index, Sample, Option<Mark>)>,
) -> Scenario {
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
            let (namespace, name) = key(&at.get(&bound).0);
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

/// One of a few values, each as likely.
fn one_of<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(values.to_vec())
}

/// One of a few texts.
fn text(values: &[&str]) -> impl Strategy<Value = String> + use<> {
    prop::sample::select(values.iter().map(|&v| v.to_owned()).collect::<Vec<_>>())
}
