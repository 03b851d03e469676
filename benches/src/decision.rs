//! Decisions for pods that were never seen before: filter, score and select over every node, beside their ceiling.

use crate::ceiling::{Ceiling, Reads, Recorder, Switch};
use crate::scenario::{self, FED_MS, NOW_MS, Scenario, ZONES};
use sched_core::abi::{NodeSelector, Operator, Policy, PreferredTerm, Requirement, SelectorTerm};
use sched_core::hash::fnv1a_with;
use sched_core::{
    HostPort, PodSpec, PodTemplate, Profile, Protocol, ScheduleError, Scheduler, TaintEffect, Toleration, Weighted,
};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Whatever went wrong in a measurement.
pub type Failure = Box<dyn std::error::Error>;

/// The seed of every scheduler here.
const SEED: u64 = 42;

/// What a pod asks for besides CPU, memory and its image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Nothing.
    Plain,
    /// A zone, by node selector.
    Selector,
    /// To be let onto tainted nodes.
    Tolerations,
    /// Two zones, and not the edge pool, by required node affinity.
    Affinity,
    /// A zone and a pool, by preferred node affinity.
    Preferences,
    /// A port of the host.
    Port,
}

impl Shape {
    /// What a measurement goes through: most pods ask for nothing special.
    pub const MIX: [Self; 8] = [
        Self::Plain,
        Self::Plain,
        Self::Plain,
        Self::Selector,
        Self::Tolerations,
        Self::Affinity,
        Self::Preferences,
        Self::Port,
    ];

    /// The `serial`-th pod of this shape. No two have the same requests, so nothing that was worked out for one answers for another.
    /// It is one more of the `owners` applications that the cluster has.
    pub fn pod(self, serial: u64, owners: usize) -> PodSpec {
        let memory = (256 << 20) + serial as i64 * 4096;
        let owner = serial as usize % owners.max(1);
        let mut template = scenario::owned(owner, &[("cpu", 250 + serial as i64 % 769), ("memory", memory)]);
        self.add_to(&mut template);
        PodSpec { namespace: Scenario::namespace(owner), name: format!("pod-{serial}"), template, terminating: false }
    }

    fn add_to(self, pod: &mut PodTemplate) {
        let zone = |from: usize, to: usize| {
            let zones = ZONES.get(from..to).unwrap_or_default();
            one_of("topology.kubernetes.io/zone", Operator::In, zones)
        };
        let prefer = |weight, requirement| PreferredTerm {
            weight,
            preference: SelectorTerm { match_expressions: vec![requirement], match_fields: Vec::new() },
        };
        match self {
            Self::Plain => {}
            Self::Selector => {
                pod.node_selector.insert("topology.kubernetes.io/zone".to_owned(), ZONES[2].to_owned());
            }
            Self::Tolerations => {
                let toleration =
                    |key: &str, effect| Toleration { key: key.to_owned(), effect, ..Toleration::default() };
                let dedicated =
                    Toleration { value: "batch".to_owned(), ..toleration("dedicated", Some(TaintEffect::NoSchedule)) };
                pod.tolerations = vec![dedicated, toleration("example.com/spot", None)];
            }
            Self::Affinity => {
                let expressions = vec![zone(1, 3), one_of("example.com/pool", Operator::NotIn, &["edge"])];
                let term = SelectorTerm { match_expressions: expressions, match_fields: Vec::new() };
                pod.required_nodes = Some(NodeSelector { node_selector_terms: vec![term] });
            }
            Self::Preferences => {
                let memory = one_of("example.com/pool", Operator::In, &["memory"]);
                pod.preferred_nodes = vec![prefer(80, zone(3, 4)), prefer(20, memory)];
            }
            Self::Port => {
                let port = HostPort { port: 9100, protocol: Protocol::Tcp, ip: String::new() };
                pod.containers.iter_mut().for_each(|c| c.host_ports = vec![port.clone()]);
            }
        }
    }
}

fn one_of(key: &str, operator: Operator, values: &[&str]) -> Requirement {
    Requirement { key: key.to_owned(), operator, values: values.iter().map(|&v| v.to_owned()).collect() }
}

/// A cluster under a profile, ready to decide.
pub struct Bench {
    scheduler: Scheduler,
    switch: Arc<Switch>,
    reads: Vec<Reads>,
    nodes: usize,
    owners: usize,
    serial: u64,
}

impl Bench {
    /// Builds the cluster; a small one beside it says which columns the profile reads for each shape of pod.
    pub fn new(profile: &Profile, scenario: Scenario) -> Result<Self, Failure> {
        Self::with_policies(profile.build()?, profile, scenario)
    }

    /// The same under other makes of the profile's policies.
    pub fn with_policies(mut policies: Vec<Weighted>, profile: &Profile, scenario: Scenario) -> Result<Self, Failure> {
        let switch = Arc::new(Switch::default());
        policies.push((Box::new(Ceiling(Arc::clone(&switch))), 1));
        let mut scheduler = Scheduler::with_policies(policies, SEED)?;
        scheduler.stand_in_as(profile)?;
        scenario.feed(|event| scheduler.apply(event, FED_MS))?;
        let reads = recorded_reads(profile)?;
        Ok(Self { scheduler, switch, reads, nodes: scenario.nodes, owners: scenario.owners(), serial: 0 })
    }

    /// Nodes in the cluster.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// The columns that each place of [`Shape::MIX`] reads.
    pub fn reads(&self) -> &[Reads] {
        &self.reads
    }

    /// Decides for a new pod of the shape at a place of [`Shape::MIX`]; nanoseconds. The pod is gone again afterwards.
    pub fn decide(&mut self, place: usize) -> Result<f64, Failure> {
        self.timed(place, NOW_MS)
    }

    /// The same, a slot of recent placements later than any decision before: what depends on time is published anew.
    pub fn decide_later(&mut self, place: usize) -> Result<f64, Failure> {
        self.timed(place, NOW_MS + (self.serial + 1) * sched_core::limits::HEAT_SLOT_MS)
    }

    fn timed(&mut self, place: usize, now_ms: u64) -> Result<f64, Failure> {
        let pod = self.next_pod(place);
        let id = self.scheduler.add_pod(&pod)?;
        let start = Instant::now();
        let decision = std::hint::black_box(self.scheduler.decide(id, now_ms));
        let nanos = start.elapsed().as_nanos() as f64;
        self.forget(pod)?;
        decision?;
        Ok(nanos)
    }

    /// Adds up the columns that a decision of this shape reads; nanoseconds.
    pub fn ceiling(&mut self, place: usize) -> Result<f64, Failure> {
        let pod = self.next_pod(place);
        let id = self.scheduler.add_pod(&pod)?;
        self.switch.set(self.reads.get(place).cloned());
        let outcome = self.scheduler.decide(id, NOW_MS);
        self.switch.set(None);
        self.forget(pod)?;
        match outcome {
            Err(ScheduleError::Unschedulable) => Ok(self.switch.nanos()),
            _ => Err("the ceiling did not take the place of the decision".into()),
        }
    }

    /// What is decided for the first pods of every shape, as one number: equal on every machine and in every build.
    pub fn digest(&mut self) -> Result<u64, Failure> {
        let mut digest = fnv1a_with(0xcbf2_9ce4_8422_2325, &[]);
        for serial in 0..64 {
            let place = serial as usize % Shape::MIX.len();
            let pod = shape(place).pod(1_000_000 + serial, self.owners);
            let id = self.scheduler.add_pod(&pod)?;
            let decision = self.scheduler.decide(id, NOW_MS)?;
            let node = self.scheduler.cluster().node_name(decision.row).unwrap_or_default();
            digest = fnv1a_with(digest, node.as_bytes());
            digest = fnv1a_with(digest, &decision.total.to_le_bytes());
            digest = fnv1a_with(digest, &decision.feasible.to_le_bytes());
            self.forget(pod)?;
        }
        Ok(digest)
    }

    fn next_pod(&mut self, place: usize) -> PodSpec {
        self.serial += 1;
        shape(place).pod(self.serial, self.owners)
    }

    fn forget(&mut self, pod: PodSpec) -> Result<(), Failure> {
        let gone = sched_core::Event::PodRemoved { namespace: pod.namespace, name: pod.name };
        Ok(self.scheduler.apply(&gone, NOW_MS)?)
    }
}

pub(crate) fn shape(place: usize) -> Shape {
    Shape::MIX.get(place).copied().unwrap_or(Shape::Plain)
}

/// Runs every shape of pod over a small cluster and notes what the policies read.
fn recorded_reads(profile: &Profile) -> Result<Vec<Reads>, Failure> {
    let reads = Arc::new(Mutex::new(Reads::default()));
    let watch = |(inner, weight)| -> (Box<dyn Policy>, i64) {
        (Box::new(Recorder { inner, reads: Arc::clone(&reads) }), weight)
    };
    let mut scheduler = Scheduler::with_policies(profile.build()?.into_iter().map(watch).collect(), SEED)?;
    scheduler.stand_in_as(profile)?;
    let scenario = Scenario::full(500);
    scenario.feed(|event| scheduler.apply(event, FED_MS))?;
    let mut of_place = Vec::new();
    for place in 0..Shape::MIX.len() {
        let id = scheduler.add_pod(&shape(place).pod(place as u64, scenario.owners()))?;
        Recorder::take(&reads);
        scheduler.decide(id, NOW_MS)?;
        of_place.push(Recorder::take(&reads));
    }
    Ok(of_place)
}
