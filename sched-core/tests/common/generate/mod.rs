//! Generated clusters and pods, which policy-sdk has the strategies for, and what only these tests need: profiles, event
//! sequences, and the reference's view of a cluster.

mod events;
mod profiles;
mod settings;

pub(crate) use events::{Step, bad_event, steps};
pub(crate) use policy_sdk::testing::strategies::{
    NOW_MS, Scenario, bind, config, container, late, mark, node, nodes, one_of, pod, sample, scenario, template, text,
};
pub(crate) use profiles::{any_profile, monotone_profile, profile, profile_text};

use super::reference::{Place, PodKey, PodState, World};
use sched_core::PodSpec;

/// The cluster of a scenario as the reference keeps it.
pub(crate) fn world(scenario: &Scenario) -> World {
    let mut world = World::default();
    world.nodes.extend(scenario.nodes.iter().map(|node| (node.name.clone(), node.clone())));
    for (i, (spec, node)) in scenario.bound.iter().enumerate() {
        let placed_at_ms = Scenario::bound_at_ms(i);
        let pod = PodState { placed_at_ms, ..PodState::new(spec.clone(), Place::Bound(node.clone())) };
        world.pods.insert(key(spec), pod);
    }
    for spec in &scenario.pending {
        world.pods.insert(key(spec), PodState::new(spec.clone(), Place::Pending));
    }
    scenario.told.iter().for_each(|event| world.apply(event));
    world
}

pub(crate) fn key(pod: &PodSpec) -> PodKey {
    (pod.namespace.clone(), pod.name.clone())
}
