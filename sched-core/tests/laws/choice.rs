//! What a decision does not depend on, and what cannot make it worse.

use crate::common::generate::{
    NOW_MS, Scenario, any_profile, config, key, monotone_profile, node, profile_text, scenario,
};
use crate::support::{apply_all, choice, node_of, pod_id, scheduler, scheduler_of};
use proptest::prelude::*;
use proptest::sample::Index;
use sched_core::{Event, NodeSpec, ProfileSet, Scheduler};

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn decisions_repeat_bit_for_bit(scenario in scenario(12), profile in any_profile(), seed: u64) {
        let mut first = scheduler_of(&scenario, &profile, seed);
        let mut second = scheduler_of(&scenario, &profile, seed);
        let decide = |scheduler: &mut Scheduler, pod: &_| scheduler.decide(pod_id(scheduler.cluster(), pod), NOW_MS);
        let pods: Vec<_> = scenario.pending.iter().map(key).collect();
        let before: Vec<_> = pods.iter().map(|pod| decide(&mut first, pod)).collect();
        // In another order, so that nothing is left over from the decision before.
        for (pod, decision) in pods.iter().zip(&before).rev() {
            prop_assert_eq!(&decide(&mut first, pod), decision);
            prop_assert_eq!(&decide(&mut second, pod), decision);
            let id = pod_id(first.cluster(), pod);
            prop_assert_eq!(first.explain(id, NOW_MS), second.explain(id, NOW_MS));
        }
    }

    #[test]
    fn a_policy_that_was_replaced_and_is_put_back_answers_as_before(
        scenario in scenario(12), profile in any_profile(), seed: u64,
    ) {
        let [mut kept, mut swapped] = [(); 2].map(|()| scheduler_of(&scenario, &profile, seed));
        let profiles = ProfileSet::from_text(&profile_text(&profile)).expect("a profile");
        for entry in &profiles.profiles[0].policies {
            let before = swapped.swap_policy(entry.config.build()).expect("a policy of that name");
            swapped.swap_policy(before).expect("it was there before");
        }
        for pod in scenario.pending.iter().map(key) {
            let id = pod_id(kept.cluster(), &pod);
            prop_assert_eq!(kept.explain(id, NOW_MS), swapped.explain(id, NOW_MS));
        }
    }

    #[test]
    fn node_order_and_row_ids_do_not_change_the_choice(
        scenario in scenario(12),
        (order, passing) in (any::<u64>(), prop::collection::vec(node(), 0..=4)),
        back_again in prop::collection::vec(any::<Index>(), 0..=4),
        profile in any_profile(),
        seed: u64,
    ) {
        let mut straight = scheduler_of(&scenario, &profile, seed);
        let mut winding = scheduler(&profile, seed);
        apply_all(&mut winding, &detours(&scenario, order, &passing, &back_again));
        for pod in scenario.pending.iter().map(key) {
            prop_assert_eq!(choice(&mut straight, &pod, NOW_MS), choice(&mut winding, &pod, NOW_MS));
            let [a, b] = [&mut straight, &mut winding].map(|scheduler| {
                let id = pod_id(scheduler.cluster(), &pod);
                scheduler.explain(id, NOW_MS)
            });
            prop_assert_eq!(a, b);
        }
    }

    #[test]
    fn more_free_capacity_never_makes_a_feasible_node_infeasible(
        scenario in scenario(12), profile in monotone_profile(), at: Index, more in prop::collection::vec(0_i64..=1 << 40, 8), seed: u64,
    ) {
        let mut scheduler = scheduler_of(&scenario, &profile, seed);
        for pod in scenario.pending.iter().map(key) {
            let id = pod_id(scheduler.cluster(), &pod);
            let feasible = scheduler.evaluate(id, NOW_MS).expect("a known pod").feasible;
            if feasible.is_empty() {
                continue;
            }
            let name = node_of(&scheduler, *at.get(&feasible));
            for event in freeing(&scenario, &name, &more) {
                // An event may come twice, or bring an amount beyond its bound: then nothing changes.
                if scheduler.apply(&event, NOW_MS).is_ok() {
                    let now = scheduler.evaluate(id, NOW_MS).expect("a known pod").feasible;
                    prop_assert!(now.iter().any(|&row| node_of(&scheduler, row) == name), "{:?} on {}", event, name);
                }
            }
        }
    }
}

/// The same cluster, reached in another way: nodes in another order, some only passing through, some leaving and coming
/// back, before and after pods are bound.
fn detours(scenario: &Scenario, order: u64, passing: &[NodeSpec], back_again: &[Index]) -> Vec<Event> {
    let mut nodes = scenario.nodes.clone();
    nodes.sort_by_key(|node| {
        node.name.bytes().fold(order, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    });
    let mut events = Vec::new();
    for (i, node) in passing.iter().enumerate() {
        events.push(Event::NodeAdded(NodeSpec { name: format!("passing-{i}"), ..node.clone() }));
    }
    for (i, node) in nodes.iter().enumerate() {
        events.push(Event::NodeAdded(node.clone()));
        if i < passing.len() {
            events.push(Event::NodeRemoved { name: format!("passing-{i}") });
        }
    }
    events.extend((nodes.len()..passing.len()).map(|i| Event::NodeRemoved { name: format!("passing-{i}") }));
    let mut comings = back_again.iter().filter(|_| !nodes.is_empty()).map(|at| at.get(&nodes));
    let mut leave_and_come = |count: usize, events: &mut Vec<Event>| {
        for node in comings.by_ref().take(count) {
            events.push(Event::NodeRemoved { name: node.name.clone() });
            events.push(Event::NodeAdded(node.clone()));
        }
    };
    leave_and_come(2, &mut events);
    events.extend(scenario.pod_events());
    leave_and_come(2, &mut events);
    events.extend(scenario.told.iter().cloned());
    events
}

/// Events that only free room on a node: more of what it has, then its pods leaving one by one.
fn freeing(scenario: &Scenario, name: &str, more: &[i64]) -> Vec<Event> {
    let node = scenario.nodes.iter().find(|node| node.name == name).expect("a node of the scenario");
    let mut larger = node.clone();
    for (amount, more) in larger.allocatable.values_mut().zip(more) {
        *amount += more;
    }
    let pods = scenario.bound.iter().filter(|(_, on)| on == name);
    let gone = pods.map(|(pod, _)| Event::PodRemoved { namespace: pod.namespace.clone(), name: pod.name.clone() });
    std::iter::once(Event::NodeChanged(larger)).chain(gone).collect()
}
