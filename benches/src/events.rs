//! A large cluster in full motion: what an event costs, by kind and in a mix, and how much memory all of it takes.

use crate::decision::Failure;
use crate::rng::Rng;
use crate::scenario::{FED_MS, NOW_MS, Scenario, node_name};
use sched_core::{Event, Mark, NodeSpec, PodSpec, Profile, Sample, Scheduler};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A kind of event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A pod is created.
    PodAdded,
    /// A pod is bound.
    PodBound,
    /// A pod is gone.
    PodRemoved,
    /// A pod's object changed: it terminates, or was resized.
    PodChanged,
    /// A node's object changed: half of them only say that the node lives, half cordon it or take that back.
    NodeChanged,
    /// A node's use.
    NodeSample,
    /// A pod's use.
    PodSample,
    /// A mark is set or taken away.
    Marked,
}

impl Kind {
    /// The mix: of every hundred events, how many are of a kind.
    pub const MIX: [(Self, usize); 8] = [
        (Self::PodAdded, 20),
        (Self::PodBound, 20),
        (Self::PodRemoved, 20),
        (Self::PodChanged, 5),
        (Self::NodeChanged, 5),
        (Self::NodeSample, 14),
        (Self::PodSample, 15),
        (Self::Marked, 1),
    ];
}

/// Events that are generated and applied together; the shares of [`Kind::MIX`] add up to it.
pub const BATCH: usize = 100;

/// A pod of the cluster, small enough to keep a million of them beside it.
#[derive(Clone, Copy)]
struct Key {
    node: u32,
    serial: u32,
}

/// The cluster, and which pods are in it.
pub struct Motion {
    scheduler: Scheduler,
    scenario: Scenario,
    bound: Vec<Key>,
    waiting: VecDeque<Key>,
    rng: Rng,
    serial: u32,
    clock_ms: u64,
}

impl Motion {
    /// Builds the cluster under a profile.
    pub fn new(profile: &Profile, scenario: Scenario) -> Result<Self, Failure> {
        let mut scheduler = Scheduler::new(profile, 42)?;
        scenario.feed(|event| scheduler.apply(event, FED_MS))?;
        let places = |node| (0..scenario.pods_on(node)).map(move |place| (node, place));
        let bound = (0..scenario.nodes).flat_map(places);
        let bound = bound.map(|(node, place)| Key { node: node as u32, serial: place as u32 }).collect();
        let (rng, clock_ms) = (Rng::new(7, 0), NOW_MS);
        Ok(Self { scheduler, scenario, bound, waiting: VecDeque::new(), rng, serial: 64, clock_ms })
    }

    /// Pods and nodes that the cluster holds.
    pub fn size(&self) -> (usize, usize) {
        (self.scheduler.cluster().pod_count(), self.scheduler.cluster().node_count())
    }

    /// Puts pods in the queue, so that there are some to bind.
    pub fn warm_up(&mut self, count: usize) -> Result<(), Failure> {
        self.of_kind(Kind::PodAdded, count)?;
        self.mixed(count)?;
        Ok(())
    }

    /// Applies so many events of one kind; time for all.
    pub fn of_kind(&mut self, kind: Kind, count: usize) -> Result<Duration, Failure> {
        let kinds = vec![kind; count];
        kinds.chunks(BATCH).map(|kinds| self.apply(kinds)).sum()
    }

    /// Applies so many events of the mix, a multiple of [`BATCH`], in random order; time for all.
    pub fn mixed(&mut self, count: usize) -> Result<Duration, Failure> {
        let shares = Kind::MIX.iter().map(|&(kind, share)| std::iter::repeat_n(kind, share));
        let mut kinds: Vec<Kind> = shares.flatten().collect();
        let mut elapsed = Duration::ZERO;
        for _ in 0..count / BATCH {
            for last in (1..kinds.len()).rev() {
                kinds.swap(last, self.rng.below(last + 1));
            }
            elapsed += self.apply(&kinds)?;
        }
        Ok(elapsed)
    }

    /// Generates a few events, which are still in the cache when they are applied, as those of an embedder are; only that is
    /// timed.
    fn apply(&mut self, kinds: &[Kind]) -> Result<Duration, Failure> {
        let mut fresh = Vec::new();
        let events: Vec<Event> = kinds.iter().map(|&kind| self.event(kind, &mut fresh)).collect();
        self.clock_ms += 10;
        let start = Instant::now();
        for event in &events {
            self.scheduler.apply(event, self.clock_ms)?;
        }
        let elapsed = start.elapsed();
        self.waiting.extend(fresh);
        Ok(elapsed)
    }

    fn event(&mut self, kind: Kind, fresh: &mut Vec<Key>) -> Event {
        match kind {
            Kind::PodAdded => Event::PodAdded(self.added(fresh)),
            Kind::PodBound => self.bound(fresh),
            Kind::PodRemoved => self.removed(),
            Kind::PodChanged => Event::PodChanged(self.changed()),
            Kind::NodeChanged => Event::NodeChanged(self.node()),
            Kind::NodeSample => Event::NodeSample { name: node_name(self.any_node()), sample: self.sample(16_000) },
            Kind::PodSample => {
                let key = self.any_bound();
                let PodSpec { namespace, name, .. } = self.pod(key);
                Event::PodSample { namespace, name, sample: self.sample(1_000) }
            }
            Kind::Marked => {
                let mark = Mark { reason: "hot".to_owned(), from_ms: None, until_ms: Some(self.clock_ms + 600_000) };
                let name = node_name(self.any_node() % 1_000);
                Event::Marked { name, mark: Some(mark).filter(|_| self.rng.once_in(2)) }
            }
        }
    }

    fn added(&mut self, fresh: &mut Vec<Key>) -> PodSpec {
        self.serial += 1;
        let key = Key { node: self.any_node() as u32, serial: self.serial };
        fresh.push(key);
        self.pod(key)
    }

    /// Binds the pod that has waited longest; where none waits (those of this batch cannot), one is added.
    fn bound(&mut self, fresh: &mut Vec<Key>) -> Event {
        let Some(key) = self.waiting.pop_front() else { return Event::PodAdded(self.added(fresh)) };
        let PodSpec { namespace, name, .. } = self.pod(key);
        self.bound.push(key);
        Event::PodBound { namespace, name, node: node_name(key.node as usize), at_ms: self.clock_ms }
    }

    fn removed(&mut self) -> Event {
        let at = self.rng.below(self.bound.len());
        let key = self.bound.swap_remove(at);
        let PodSpec { namespace, name, .. } = self.pod(key);
        Event::PodRemoved { namespace, name }
    }

    fn changed(&mut self) -> PodSpec {
        let key = self.any_bound();
        let mut pod = self.pod(key);
        if self.rng.once_in(2) {
            pod.terminating = true;
        } else {
            let other = self.any_node();
            pod.template = self.scenario.pod(other, 0).template;
        }
        pod
    }

    fn node(&mut self) -> NodeSpec {
        let mut node = Scenario::node(self.any_node());
        node.unschedulable ^= self.rng.once_in(2);
        node
    }

    fn sample(&mut self, most: usize) -> Sample {
        let cpu_milli = self.rng.below(most) as i64;
        Sample { at_ms: self.clock_ms, window_ms: 60_000, cpu_milli, memory_bytes: cpu_milli << 20 }
    }

    fn any_node(&mut self) -> usize {
        self.rng.below(self.scenario.nodes)
    }

    fn any_bound(&mut self) -> Key {
        let at = self.rng.below(self.bound.len());
        self.bound.get(at).copied().unwrap_or(Key { node: 0, serial: 0 })
    }

    /// The object of a pod: that of a place on its node, under a name of its own.
    fn pod(&self, key: Key) -> PodSpec {
        let node = key.node as usize;
        let mut pod = self.scenario.pod(node, key.serial as usize % self.scenario.pods_on(node).max(1));
        if key.serial >= 64 {
            pod.name = format!("{}-{:x}", pod.name, key.serial);
        }
        pod
    }
}
