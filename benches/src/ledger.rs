//! What holds cost: taking room that is held, deciding beside holds, and holds that end.

use sched_core::{
    Container, Decision, Event, HoldSpec, LedgerOp, NodeSpec, Owner, OwnerTerm, PodId, PodSpec, PodTemplate, Profile,
    Scheduler,
};
use std::time::Instant;

/// Whose the holds are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Each is of a workload of its own.
    Each,
    /// All are of one workload.
    One,
}

/// A cluster of equal nodes with holds on the first of them.
pub struct Held {
    scheduler: Scheduler,
    holds: usize,
    pods: usize,
}

type Failure = Box<dyn std::error::Error>;

/// When everything is held until.
pub const END_MS: u64 = 1_000_000;

impl Held {
    /// So many nodes, so many holds.
    pub fn new(profile: &Profile, nodes: usize, holds: usize, whose: Whose) -> Result<Self, Failure> {
        let mut scheduler = Scheduler::new(profile, 7)?;
        for node in 0..nodes {
            let amounts = [("cpu", 32_000), ("memory", 128 << 30), ("pods", 110)];
            let allocatable = amounts.map(|(name, amount)| (name.to_owned(), amount)).into();
            let node = NodeSpec { name: format!("node-{node}"), allocatable, ..NodeSpec::default() };
            scheduler.apply(&Event::NodeAdded(node), 0)?;
        }
        for hold in 0..holds {
            let owner = if whose == Whose::One { 0 } else { hold };
            let spec = HoldSpec {
                name: format!("hold-{hold}"),
                node: Some(format!("node-{hold}")),
                amounts: [("cpu".to_owned(), 8_000), ("memory".to_owned(), 16 << 30)].into(),
                owners: vec![OwnerTerm::controller("default", "Deployment", &format!("app-{owner}"))],
                expires_ms: Some(END_MS + hold as u64 % 1_000),
                ..HoldSpec::default()
            };
            scheduler.operate(&LedgerOp::Hold(spec), 0)?;
        }
        Ok(Self { scheduler, holds, pods: 0 })
    }

    /// A new pod of a workload.
    pub fn pod(&mut self, app: usize) -> Result<PodId, Failure> {
        self.pods += 1;
        let requests = [("cpu".to_owned(), 1_000), ("memory".to_owned(), 2 << 30)].into();
        let owner = Some(Owner { kind: "Deployment".to_owned(), name: format!("app-{app}") });
        let containers = vec![Container { requests, ..Container::default() }];
        let template = PodTemplate { owner, containers, ..PodTemplate::default() };
        let name = format!("pod-{}", self.pods);
        Ok(self.scheduler.add_pod(&PodSpec { namespace: "default".to_owned(), name, template, terminating: false })?)
    }

    /// Nanoseconds of a decision.
    pub fn decide(&mut self, pod: PodId) -> Result<f64, Failure> {
        let start = Instant::now();
        let decision = self.scheduler.decide(pod, 0)?;
        let elapsed = start.elapsed().as_nanos() as f64;
        std::hint::black_box(decision);
        Ok(elapsed)
    }

    /// Nanoseconds of reserving and committing a pod of a workload, just decided or, if `stale`, on a generation that is gone.
    /// The pod is undone after.
    pub fn reserve_and_commit(&mut self, app: usize, stale: bool) -> Result<f64, Failure> {
        let pod = self.pod(app)?;
        let decision = self.scheduler.decide(pod, 0)?;
        let decision = if stale { Decision { generation: 0, ..decision } } else { decision };
        let start = Instant::now();
        self.scheduler.reserve(&decision, 0)?;
        self.scheduler.commit(pod, 0)?;
        let elapsed = start.elapsed().as_nanos() as f64;
        let used = !self.scheduler.cluster().holds_used_by(pod).is_empty();
        if used != (app < self.holds) {
            return Err("a pod went elsewhere than into its hold".into());
        }
        let (namespace, name) = self.scheduler.cluster().pod_name(pod).unwrap_or_default();
        let event = Event::PodRemoved { namespace: namespace.to_owned(), name: name.to_owned() };
        self.scheduler.apply(&event, 0)?;
        Ok(elapsed)
    }

    /// The same for many workloads in turn, with decisions made beforehand, as one that places pod after pod finds memory:
    /// between two of them no decision goes through the whole table. Decisions count as fresh.
    pub fn reserve_and_commit_in_turn(&mut self, apps: usize) -> Result<f64, Failure> {
        let mut decisions = Vec::new();
        for app in 0..apps {
            let pod = self.pod(app)?;
            decisions.push(self.scheduler.decide(pod, 0)?);
        }
        let start = Instant::now();
        for decision in &mut decisions {
            decision.generation = self.scheduler.cluster().generation();
            self.scheduler.reserve(decision, 0)?;
            self.scheduler.commit(decision.pod, 0)?;
        }
        let elapsed = start.elapsed().as_nanos() as f64;
        for decision in &decisions {
            let (namespace, name) = self.scheduler.cluster().pod_name(decision.pod).unwrap_or_default();
            let event = Event::PodRemoved { namespace: namespace.to_owned(), name: name.to_owned() };
            self.scheduler.apply(&event, 0)?;
        }
        Ok(elapsed / apps as f64)
    }

    /// Nanoseconds for which all holds end at once.
    pub fn expire(mut self) -> Result<f64, Failure> {
        let start = Instant::now();
        self.scheduler.tick(END_MS + 1_000)?;
        let elapsed = start.elapsed().as_nanos() as f64;
        if self.scheduler.cluster().ledger().is_empty() { Ok(elapsed) } else { Err("holds that did not end".into()) }
    }
}
