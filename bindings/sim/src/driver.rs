//! The scheduler of the core behind [`Host`]: places in the trace become ids and rows, and decisions are timed.
//! Nothing of a trace but specifications and samples reaches this file.

use crate::candidate::Candidate;
use crate::error::SimError;
use crate::host::{Host, Known};
use crate::run::Recording;
use sched_core::abi::Statistics;
use sched_core::record::{RecordOptions, Recorder};
use sched_core::{Event, Explanation, NodeSpec, PodId, Row, Sample, ScheduleError};
use std::collections::{BTreeSet, HashMap};

/// A record is handed on in pieces of this many bytes.
const PIECE_BYTES: usize = 1 << 20;

/// A scheduler with the trace's nodes.
pub(crate) struct Driver<'c> {
    scheduler: Recorder,
    recording: Option<Recording<'c>>,
    clock: Option<&'c dyn Fn() -> u64>,
    /// By node.
    rows: Vec<Row>,
    nodes: HashMap<Row, usize>,
    /// By pod, while it is there.
    pods: Vec<Option<PodId>>,
    decision_ns: Vec<u64>,
}

impl<'c> Driver<'c> {
    pub(crate) fn new(
        candidate: &dyn Candidate,
        seed: u64,
        nodes: &[NodeSpec],
        pods: usize,
        clock: Option<&'c dyn Fn() -> u64>,
        recording: Option<Recording<'c>>,
    ) -> Result<Self, SimError> {
        let scheduler = candidate
            .scheduler(seed)
            .map_err(|source| SimError::Profile { profile: candidate.name().to_owned(), source })?;
        let scheduler = match recording {
            None => Recorder::off(scheduler),
            Some(Recording { profile, .. }) => Recorder::over(scheduler, profile, RecordOptions::default())?,
        };
        let mut driver = Self {
            scheduler,
            recording,
            clock,
            rows: Vec::new(),
            nodes: HashMap::new(),
            pods: vec![None; pods],
            decision_ns: Vec::new(),
        };
        for (index, node) in nodes.iter().enumerate() {
            let what = || format!("node `{}`", node.name);
            driver.apply(&Event::NodeAdded(node.clone()), 0, what)?;
            let row = driver.scheduler.cluster().row_of(&node.name);
            let row = row.ok_or_else(|| SimError::Lost { what: what(), at_ms: 0 })?;
            driver.rows.push(row);
            driver.nodes.insert(row, index);
        }
        Ok(driver)
    }

    /// Hands the record on, as far as it is worth it, or all of it.
    pub(crate) fn hand_on(&mut self, all: bool) {
        if let Some(Recording { sink, .. }) = self.recording
            && (all || self.scheduler.waiting() >= PIECE_BYTES)
        {
            sink(&self.scheduler.take());
        }
    }

    /// How long each decision took, in the order in which they were made; and what the policies did that count it.
    pub(crate) fn into_measured(self) -> (Vec<u64>, Vec<(String, Statistics)>) {
        let counted = self.scheduler.scheduler().statistics();
        let counted = counted.filter_map(|(name, done)| Some((name.to_owned(), done?))).collect();
        (self.decision_ns, counted)
    }

    pub(crate) fn explain(&mut self, pod: Known<'_>, now_ms: u64) -> Result<Explanation, SimError> {
        let id = self.id(pod, now_ms)?;
        self.scheduler.explain(id, now_ms).map_err(failed(pod, now_ms))
    }

    fn apply(&mut self, event: &Event, at_ms: u64, what: impl Fn() -> String) -> Result<(), SimError> {
        self.scheduler.apply(event, at_ms).map_err(|source| SimError::Cluster { what: what(), at_ms, source })
    }

    fn id(&self, pod: Known<'_>, at_ms: u64) -> Result<PodId, SimError> {
        let id = self.pods.get(pod.index).copied().flatten();
        id.ok_or_else(|| SimError::Lost { what: name(pod), at_ms })
    }

    fn set_id(&mut self, pod: Known<'_>, id: Option<PodId>) {
        if let Some(entry) = self.pods.get_mut(pod.index) {
            *entry = id;
        }
    }
}

fn name(pod: Known<'_>) -> String {
    format!("pod `{}`", pod.spec.name)
}

/// What to make of an error of the scheduler.
fn failed(pod: Known<'_>, at_ms: u64) -> impl Fn(ScheduleError) -> SimError {
    move |source| SimError::Schedule { pod: pod.spec.name.clone(), at_ms, source }
}

impl Host for Driver<'_> {
    fn add_pod(&mut self, pod: Known<'_>, now_ms: u64) -> Result<(), SimError> {
        let refused = |source| SimError::Cluster { what: name(pod), at_ms: now_ms, source };
        let id = self.scheduler.add_pod(pod.spec).map_err(refused)?;
        self.set_id(pod, Some(id));
        Ok(())
    }

    fn place(&mut self, pod: Known<'_>, now_ms: u64) -> Result<Option<usize>, SimError> {
        let id = self.id(pod, now_ms)?;
        // What is drawn up once a quantum is no part of a decision.
        let late = |source| SimError::Cluster { what: name(pod), at_ms: now_ms, source };
        self.scheduler.tick(now_ms).map_err(late)?;
        self.hand_on(false);
        let before = self.clock.map(|clock| clock());
        let decision = self.scheduler.decide(id, now_ms);
        if let (Some(clock), Some(before)) = (self.clock, before) {
            self.decision_ns.push(clock().saturating_sub(before));
        }
        let decision = match decision {
            Ok(decision) => decision,
            Err(ScheduleError::Unschedulable) => return Ok(None),
            Err(source) => return Err(failed(pod, now_ms)(source)),
        };
        self.scheduler.reserve(&decision, now_ms).map_err(failed(pod, now_ms))?;
        self.scheduler.commit(id, now_ms).map_err(failed(pod, now_ms))?;
        let node = self.nodes.get(&decision.row).copied();
        node.map(Some).ok_or_else(|| SimError::Lost { what: format!("the node of {}", name(pod)), at_ms: now_ms })
    }

    fn reasons(&mut self, pod: Known<'_>, now_ms: u64) -> Result<Vec<String>, SimError> {
        let explanation = self.explain(pod, now_ms)?;
        let outright = explanation.rejected_outright.into_iter().flat_map(|rejected| rejected.reasons);
        let by_node = explanation.rejected.into_iter().flat_map(|rejected| rejected.reasons);
        Ok(outright.chain(by_node).collect::<BTreeSet<String>>().into_iter().collect())
    }

    fn remove_pod(&mut self, pod: Known<'_>, now_ms: u64) -> Result<(), SimError> {
        let event = Event::PodRemoved { namespace: pod.spec.namespace.clone(), name: pod.spec.name.clone() };
        self.apply(&event, now_ms, || name(pod))?;
        self.set_id(pod, None);
        Ok(())
    }

    fn node_sample(&mut self, node: usize, sample: Sample, now_ms: u64) -> Result<(), SimError> {
        let Some(&row) = self.rows.get(node) else { return Ok(()) };
        let taken = self.scheduler.node_sample(row, &sample, now_ms);
        let name = || self.scheduler.cluster().node_name(row).unwrap_or_default().to_owned();
        taken.map_err(|source| SimError::Cluster {
            what: format!("sample of node `{}`", name()),
            at_ms: now_ms,
            source,
        })
    }

    fn pod_sample(&mut self, pod: Known<'_>, sample: Sample, now_ms: u64) -> Result<(), SimError> {
        let id = self.id(pod, now_ms)?;
        let what = || format!("sample of {}", name(pod));
        let refused = |source| SimError::Cluster { what: what(), at_ms: now_ms, source };
        self.scheduler.pod_sample(id, &sample, now_ms).map_err(refused)
    }
}
