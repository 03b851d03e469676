//! Generated clusters and pods, which policy-sdk has the strategies for, and what only these tests need: profiles, event
//! sequences, and the reference's view of a cluster.

mod events;
mod profiles;
mod settings;

pub(crate) use events::{Step, bad_event, steps};
pub(crate) use policy_sdk::testing::strategies::{
    NOW_MS, Scenario, bind, config, container, late, mark, node, nodes, one_of, pod, sample, scenario, template, text,
};
pub(crate) use profiles::{any_profile, known_profile, monotone_profile, profile, profile_text};

use super::reference::{PodKey, World};
use sched_core::PodSpec;

/// The cluster of a scenario as the reference keeps it.
pub(crate) fn world(scenario: &Scenario) -> World {
    let mut world = World::default();
    scenario.events().iter().for_each(|event| world.apply(event, NOW_MS));
    world
}

pub(crate) fn key(pod: &PodSpec) -> PodKey {
    (pod.namespace.clone(), pod.name.clone())
}
