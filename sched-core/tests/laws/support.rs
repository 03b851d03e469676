//! Schedulers and reference worlds that live through the same history.

use crate::common::generate::{NOW_MS, Scenario, Step, bind, key, profile_text};
use crate::common::reference::{Outcome, Place, PodKey, Profile, World, decide};
use sched_core::{Cluster, Event, NodeSpec, PodId, ProfileSet, Row, ScheduleError, Scheduler};
use serde_json::Value;
use std::collections::BTreeSet;

/// An empty scheduler under a generated profile.
pub(crate) fn scheduler(profile: &Value, seed: u64) -> Scheduler {
    let text = profile_text(profile);
    let profiles = ProfileSet::from_text(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    Scheduler::new(&profiles.profiles[0], seed).expect("policies that can be set up")
}

/// A scheduler that has been told everything of a scenario.
pub(crate) fn scheduler_of(scenario: &Scenario, profile: &Value, seed: u64) -> Scheduler {
    let mut scheduler = scheduler(profile, seed);
    apply_all(&mut scheduler, &scenario.events());
    scheduler
}

/// Applies events that must be accepted.
pub(crate) fn apply_all(scheduler: &mut Scheduler, events: &[Event]) {
    for event in events {
        scheduler.apply(event, NOW_MS).unwrap_or_else(|error| panic!("{event:?}: {error}"));
    }
}

pub(crate) fn pod_id(cluster: &Cluster, pod: &PodKey) -> PodId {
    cluster.pod_id(&pod.0, &pod.1).unwrap_or_else(|| panic!("no pod {pod:?}"))
}

pub(crate) fn node_of(scheduler: &Scheduler, row: Row) -> String {
    scheduler.cluster().node_name(row).expect("a live row").to_owned()
}

/// The choice of a decision: node, total and number of feasible nodes; `None` where there is none.
pub(crate) fn choice(scheduler: &mut Scheduler, pod: &PodKey, now_ms: u64) -> Option<(String, i64, u32)> {
    match scheduler.decide(pod_id(scheduler.cluster(), pod), now_ms) {
        Ok(decision) => Some((node_of(scheduler, decision.row), decision.total, decision.feasible)),
        Err(ScheduleError::Unschedulable) => None,
        Err(error) => panic!("{pod:?}: {error}"),
    }
}

/// A scheduler and the reference's world, told the same.
pub(crate) struct Pair {
    pub(crate) scheduler: Scheduler,
    pub(crate) world: World,
    pub(crate) profile: Profile,
}

impl Pair {
    pub(crate) fn new(profile: &Value, seed: u64) -> Self {
        let scheduler = scheduler(profile, seed);
        let profile = Profile::from_json(profile);
        let mut world = World::default();
        (world.forecast.wanted, world.forecast.curve) = (profile.forecasts(), profile.curve());
        world.forecast.pools = profile.pools();
        Self { scheduler, world, profile }
    }

    /// A scheduler that is told what a world holds.
    pub(crate) fn of_world(world: World, profile: &Value, seed: u64) -> Self {
        let mut pair = Self::new(profile, seed);
        apply_all(&mut pair.scheduler, &events_of(&world));
        Self { world, ..pair }
    }

    pub(crate) fn of(scenario: &Scenario, profile: &Value, seed: u64) -> Self {
        let mut pair = Self::new(profile, seed);
        for event in scenario.events() {
            assert!(pair.step(NOW_MS, &Step::Apply(Box::new(event.clone()))), "{event:?}");
        }
        pair
    }

    /// Does one step on both sides; what the scheduler refuses the world does not see. Returns whether it was accepted.
    pub(crate) fn step(&mut self, now_ms: u64, step: &Step) -> bool {
        match step {
            Step::Apply(event) => {
                let accepted = self.scheduler.apply(event, now_ms).is_ok();
                if accepted {
                    self.world.apply(event, now_ms);
                }
                accepted
            }
            Step::Reserve(pod) => self.reserve(now_ms, pod),
            Step::Commit(pod) => self.end(pod, |scheduler, id| scheduler.commit(id, now_ms), World::commit),
            Step::Rollback(pod) => self.end(pod, Scheduler::rollback, World::rollback),
        }
    }

    fn reserve(&mut self, now_ms: u64, pod: &PodKey) -> bool {
        let Some(id) = self.scheduler.cluster().pod_id(&pod.0, &pod.1) else { return false };
        // A decision only looks: time moves on if the room is held.
        let Ok(decision) = self.scheduler.decide(id, now_ms) else { return false };
        let node = node_of(&self.scheduler, decision.row);
        let reserved = self.scheduler.reserve(&decision, now_ms).is_ok();
        if reserved {
            self.world.reserve(pod, &node, now_ms);
        }
        reserved
    }

    fn end(
        &mut self,
        pod: &PodKey,
        real: impl FnOnce(&mut Scheduler, PodId) -> Result<(), ScheduleError>,
        reference: impl FnOnce(&mut World, &PodKey),
    ) -> bool {
        let Some(id) = self.scheduler.cluster().pod_id(&pod.0, &pod.1) else { return false };
        let ended = real(&mut self.scheduler, id).is_ok();
        if ended {
            reference(&mut self.world, pod);
        }
        ended
    }

    /// The pods that wait.
    pub(crate) fn pending(&self) -> Vec<PodKey> {
        let waiting = self.world.pods.iter().filter(|(_, pod)| pod.place == Place::Pending);
        waiting.map(|(key, _)| key.clone()).collect()
    }

    /// What the reference decides.
    pub(crate) fn reference(&mut self, pod: &PodKey, now_ms: u64) -> Outcome {
        self.world.roll(now_ms);
        decide(&self.world, &self.profile, pod, self.scheduler.seed())
    }
}

/// The events that tell a fresh cluster what there is now.
pub(crate) fn events_of(world: &World) -> Vec<Event> {
    let mut events = Vec::new();
    for pod in world.pods.values() {
        events.push(Event::PodAdded(pod.spec.clone()));
        if let Place::Lost(node) = &pod.place {
            events.push(Event::NodeAdded(NodeSpec { name: node.clone(), ..NodeSpec::default() }));
            events.push(bind(&pod.spec, node, pod.placed_at_ms));
            events.push(Event::NodeRemoved { name: node.clone() });
        }
        if let Some(sample) = pod.sample {
            let (namespace, name) = key(&pod.spec);
            events.push(Event::PodSample { namespace, name, sample });
        }
    }
    events.extend(world.nodes.values().cloned().map(Event::NodeAdded));
    let samples = world.samples.iter().map(|(name, &sample)| Event::NodeSample { name: name.clone(), sample });
    events.extend(samples);
    let marks = world.marks.iter().map(|(name, mark)| Event::Marked { name: name.clone(), mark: Some(mark.clone()) });
    events.extend(marks);
    for pod in world.pods.values() {
        if let Place::Bound(node) = &pod.place {
            events.push(bind(&pod.spec, node, pod.placed_at_ms));
        }
    }
    events
}

/// Compares dumps and shows the lines that differ.
pub(crate) fn assert_same_dump(left: &str, right: &str, context: &str) {
    if left != right {
        let only = |a: &str, b: &str| a.lines().filter(|line| !b.contains(line)).collect::<Vec<_>>().join("\n");
        panic!("{context}\nonly left:\n{}\nonly right:\n{}", only(left, right), only(right, left));
    }
}

/// Texts as a set.
pub(crate) fn set<'a>(texts: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
    texts.into_iter().cloned().collect()
}
