//! A scheduler whose past is written down as it happens.

use super::entry::{Answer, Entry, Hold, Use, since};
use super::log::Log;
use super::writer::size;
use super::{RecordError, counted};
use crate::cluster::{Cluster, Event, PodId, PodPhase, PodSpec, Row, Sample};
use crate::config::{PolicyEntry, Profile, ProfileError};
use crate::error::{ClusterError, ScheduleError};
use crate::explain::Explanation;
use crate::limits::MAX_RECORD_OBJECT_BYTES;
use crate::pipeline::{Decision, Evaluation, Scheduler};
use crate::registry::PolicyConfig;
use sched_abi::Policy;

/// What a record holds beyond what it needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordOptions {
    /// Where no node is feasible, on how many nodes each reason stood in the way. Costs as much as an explanation for each
    /// such decision, and ends once a sandboxed policy has failed, which asking twice would count twice.
    pub reasons: bool,
    /// Names are replaced; see [`Record::anonymised`](super::Record::anonymised). Leaves `reasons` out.
    pub anonymise: bool,
}

impl Default for RecordOptions {
    /// With reasons and names.
    fn default() -> Self {
        Self { reasons: true, anonymise: false }
    }
}

/// A scheduler, with the calls of one, and a record of them that grows in memory until it is [taken](Recorder::take).
///
/// What is refused changes nothing and is not recorded; everything else is, in the order of the calls. An object whose own
/// entry would be beyond [`MAX_RECORD_OBJECT_BYTES`] is refused, since what was applied could not be run again.
pub struct Recorder {
    scheduler: Scheduler,
    log: Option<Log>,
}

impl Recorder {
    /// An empty cluster under a profile, recorded from the beginning.
    pub fn new(profile: &Profile, seed: u64, options: RecordOptions) -> Result<Self, RecordError> {
        Self::over(Scheduler::new(profile, seed)?, Some(profile), options)
    }

    /// Records a scheduler to which nothing has happened yet. With the profile that its policies were made from, or that
    /// gives equal ones, the record can be run again without being told which they were.
    pub fn over(scheduler: Scheduler, profile: Option<&Profile>, options: RecordOptions) -> Result<Self, RecordError> {
        if !scheduler.cluster().is_untouched() {
            return Err(RecordError::Used);
        }
        let log = Some(Log::new(&scheduler, profile, options)?);
        Ok(Self { scheduler, log })
    }

    /// The same calls without a record, for embedders that let their users choose.
    pub fn off(scheduler: Scheduler) -> Self {
        Self { scheduler, log: None }
    }

    /// What has been recorded since the last call, for the embedder to append to what it has. The pieces together are the
    /// record; a piece on its own is not. Each call ends a block, so calls far apart pack better.
    pub fn take(&mut self) -> Vec<u8> {
        self.log.as_mut().map_or_else(Vec::new, |log| log.writer.take())
    }

    /// How many bytes [`take`](Self::take) would give, or somewhat more: they are memory until then.
    pub fn waiting(&self) -> usize {
        self.log.as_ref().map_or(0, |log| log.writer.waiting())
    }

    /// The scheduler, to look at.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// The state.
    pub fn cluster(&self) -> &Cluster {
        self.scheduler.cluster()
    }

    /// Ends the record; what was not taken is lost.
    pub fn into_scheduler(self) -> Scheduler {
        self.scheduler
    }

    fn write(&mut self, now_ms: u64, entry: &Entry<'_>) {
        if let Some(log) = &mut self.log {
            log.writer.write(now_ms, entry);
        }
    }

    /// See [`Scheduler::apply`].
    pub fn apply(&mut self, event: &Event, now_ms: u64) -> Result<(), ClusterError> {
        let Self { scheduler, log } = self;
        let Some(log) = log else { return scheduler.apply(event, now_ms) };
        let draft = log.draft(scheduler.cluster(), event, now_ms)?;
        scheduler.apply(event, now_ms)?;
        debug_assert!(draft.is_some(), "accepted, though it is about what is not there");
        if let Some(mut entry) = draft {
            Log::number(&mut entry, event, scheduler.cluster());
            log.writer.write(now_ms, &entry);
        }
        Ok(())
    }

    /// See [`Scheduler::tick`].
    pub fn tick(&mut self, now_ms: u64) -> Result<(), ClusterError> {
        self.scheduler.tick(now_ms)?;
        self.write(now_ms, &Entry::Tick);
        Ok(())
    }

    /// See [`Scheduler::add_pod`].
    pub fn add_pod(&mut self, spec: &PodSpec) -> Result<PodId, ClusterError> {
        let Self { scheduler, log } = self;
        let Some(log) = log else { return scheduler.add_pod(spec) };
        let mut entry = log.pod_added(spec)?;
        let id = scheduler.add_pod(spec)?;
        if let Entry::PodAdded { pod, .. } = &mut entry {
            *pod = id.0;
        }
        // A time that moves nothing.
        log.writer.write(scheduler.cluster().clock_ms(), &entry);
        Ok(id)
    }

    /// See [`Scheduler::node_sample`].
    pub fn node_sample(&mut self, row: Row, sample: &Sample, now_ms: u64) -> Result<(), ClusterError> {
        self.scheduler.node_sample(row, sample, now_ms)?;
        self.write(now_ms, &Entry::NodeSample { node: row.0, use_: Use::new(sample, now_ms) });
        Ok(())
    }

    /// See [`Scheduler::pod_sample`].
    pub fn pod_sample(&mut self, pod: PodId, sample: &Sample, now_ms: u64) -> Result<(), ClusterError> {
        self.scheduler.pod_sample(pod, sample, now_ms)?;
        self.write(now_ms, &Entry::PodSample { pod: pod.0, use_: Use::new(sample, now_ms) });
        Ok(())
    }

    /// See [`Scheduler::decide`].
    pub fn decide(&mut self, pod: PodId, now_ms: u64) -> Result<Decision, ScheduleError> {
        let decided = self.scheduler.decide(pod, now_ms);
        let answer = match &decided {
            _ if self.log.is_none() => return decided,
            Ok(decision) => {
                let Decision { row, total, feasible, fell_back, .. } = *decision;
                Answer::Node { node: row.0, total, feasible, fell_back }
            }
            Err(ScheduleError::Unschedulable) => Answer::Nowhere { reasons: self.reasons(pod, now_ms) },
            // Nobody was asked.
            Err(_) => return decided,
        };
        self.write(now_ms, &Entry::Decided { pod: pod.0, answer });
        decided
    }

    fn reasons(&mut self, pod: PodId, now_ms: u64) -> Option<Vec<(String, u32)>> {
        let fails = || self.scheduler.statistics().any(|(_, of)| of.is_some_and(|of| of.failed_decisions > 0));
        if !self.log.as_ref().is_some_and(Log::keeps_reasons) || fails() {
            return None;
        }
        let reasons = counted(&self.scheduler.explain(pod, now_ms).ok()?);
        (size(&reasons) <= MAX_RECORD_OBJECT_BYTES).then_some(reasons)
    }

    /// See [`Scheduler::evaluate`].
    pub fn evaluate(&mut self, pod: PodId, now_ms: u64) -> Result<Evaluation, ScheduleError> {
        let evaluation = self.scheduler.evaluate(pod, now_ms)?;
        self.write(now_ms, &Entry::Looked { pod: pod.0 });
        Ok(evaluation)
    }

    /// See [`Scheduler::explain`].
    pub fn explain(&mut self, pod: PodId, now_ms: u64) -> Result<Explanation, ScheduleError> {
        let explanation = self.scheduler.explain(pod, now_ms)?;
        self.write(now_ms, &Entry::Looked { pod: pod.0 });
        Ok(explanation)
    }

    /// See [`Scheduler::reserve`].
    pub fn reserve(&mut self, decision: &Decision, now_ms: u64) -> Result<(), ScheduleError> {
        let cluster = self.scheduler.cluster();
        let waits = cluster.pod_phase(decision.pod) == Some(PodPhase::Pending);
        let hold = Hold {
            current: cluster.generation() == decision.generation,
            same_node: cluster.tenancy(decision.row) == Some(decision.tenancy),
            age_ms: since(decision.at_ms, now_ms),
            fell_back: decision.fell_back,
            done: false,
        };
        let reserved = self.scheduler.reserve(decision, now_ms);
        // Of a pod that does not wait nobody was asked.
        if waits {
            let hold = Hold { done: reserved.is_ok(), ..hold };
            self.write(now_ms, &Entry::Reserved { pod: decision.pod.0, node: decision.row.0, hold });
        }
        reserved
    }

    /// See [`Scheduler::commit`].
    pub fn commit(&mut self, pod: PodId, now_ms: u64) -> Result<(), ScheduleError> {
        self.scheduler.commit(pod, now_ms)?;
        self.write(now_ms, &Entry::Committed { pod: pod.0 });
        Ok(())
    }

    /// See [`Scheduler::rollback`].
    pub fn rollback(&mut self, pod: PodId) -> Result<(), ScheduleError> {
        self.scheduler.rollback(pod)?;
        if let Some(log) = &mut self.log {
            log.writer.write_timeless(&Entry::RolledBack { pod: pod.0 });
        }
        Ok(())
    }

    /// See [`Scheduler::schedule`].
    pub fn schedule(&mut self, pod: PodId, now_ms: u64) -> Result<Decision, ScheduleError> {
        self.tick(now_ms)?;
        let decision = self.decide(pod, now_ms)?;
        self.reserve(&decision, now_ms)?;
        self.commit(pod, now_ms)?;
        Ok(decision)
    }

    /// See [`Scheduler::swap_policy`]. `config` is what the new policy does if it is one of the library's, sandboxed or not;
    /// without it the record runs again only under other policies.
    pub fn swap_policy(
        &mut self,
        policy: Box<dyn Policy>,
        config: Option<&PolicyConfig>,
    ) -> Result<Box<dyn Policy>, ProfileError> {
        let old = self.scheduler.swap_policy(policy)?;
        if let Some(log) = &mut self.log {
            let entry = config.map(|config| PolicyEntry::new(0, config.clone()));
            let profile = entry.map(|entry| Profile { name: "swapped".to_owned(), policies: vec![entry] });
            log.swapped(profile.as_ref());
        }
        Ok(old)
    }
}
