//! Does again what a record says, entry by entry. Decisions and what follows from them are in `decide`.

use super::entry::{Entry, Number, before};
use super::reader::{Read, Reader};
use super::rerun::{Course, Rerun, RerunOptions};
use super::{RecordError, settings};
use crate::cluster::{Event, LookUp, NodeSpec, PodId, PodSpec, PodTemplate, Row, look_up};
use crate::error::ScheduleError;
use crate::hash::fnv1a;
use crate::limits::MAX_RECORD_KINDS;
use crate::pipeline::{Decision, Scheduler};
use std::fmt::Display;

pub(super) type Played = Result<(), RecordError>;

pub(super) fn rerun(bytes: &[u8], scheduler: &mut Scheduler, options: RerunOptions) -> Result<Rerun, RecordError> {
    if !scheduler.cluster().is_untouched() {
        return Err(RecordError::Used);
    }
    let (_, entries) = Reader::open(bytes)?;
    let empty = fnv1a(&[]);
    let result = Rerun { recorded_digest: empty, digest: empty, ..Rerun::default() };
    let (nodes, pods, kinds) = (look_up(), look_up(), look_up());
    let mut player = Player { scheduler, options, nodes, pods, kinds, chosen: look_up(), at: 0, result };
    for read in entries {
        match read {
            Ok(read) => player.play(read)?,
            Err(error) => player.result.damage = Some(error),
        }
    }
    Ok(player.result)
}

pub(super) struct Player<'s> {
    pub(super) scheduler: &'s mut Scheduler,
    pub(super) options: RerunOptions,
    /// What the record's numbers mean at present.
    pub(super) nodes: LookUp<Number, Row>,
    pods: LookUp<Number, PodId>,
    kinds: LookUp<Number, (String, PodTemplate)>,
    /// On a course of its own, the decisions that are still to be carried out.
    pub(super) chosen: LookUp<PodId, Decision>,
    /// The block of the present entry, for errors.
    at: usize,
    pub(super) result: Rerun,
}

impl Player<'_> {
    pub(super) fn contradiction(&self, problem: impl Display) -> RecordError {
        RecordError::Contradiction { at: self.at, problem: problem.to_string() }
    }

    pub(super) fn node(&self, node: Number) -> Result<Row, RecordError> {
        self.nodes.get(&node).copied().ok_or_else(|| self.contradiction(format!("there is no node #{node}")))
    }

    pub(super) fn node_name(&self, node: Number) -> Result<String, RecordError> {
        self.node(node).map(|row| self.scheduler.name(row))
    }

    pub(super) fn pod(&self, pod: Number) -> Result<PodId, RecordError> {
        self.pods.get(&pod).copied().ok_or_else(|| self.contradiction(format!("there is no pod #{pod}")))
    }

    /// Namespace and name.
    fn pod_name(&self, pod: Number) -> Result<(String, String), RecordError> {
        let name = self.scheduler.cluster().pod_name(self.pod(pod)?).unwrap_or_default();
        Ok((name.0.to_owned(), name.1.to_owned()))
    }

    pub(super) fn is_own_course(&self) -> bool {
        self.options.course == Course::Own
    }

    /// What was accepted once must be so again.
    pub(super) fn must<E: Display>(&self, done: Result<(), E>) -> Played {
        done.map_err(|error| self.contradiction(error))
    }

    fn apply(&mut self, event: &Event, now_ms: u64) -> Played {
        let applied = self.scheduler.apply(event, now_ms);
        self.must(applied)
    }

    fn spec(&self, kind: Number, name: String, terminating: bool) -> Result<PodSpec, RecordError> {
        let known = self.kinds.get(&kind).cloned();
        let unknown = || self.contradiction(format!("there is no template #{kind}"));
        let (namespace, template) = known.ok_or_else(unknown)?;
        Ok(PodSpec { namespace, name, template, terminating })
    }

    fn play(&mut self, read: Read) -> Played {
        let Read { at, now_ms, entry } = read;
        (self.at, self.result.entries) = (at, self.result.entries + 1);
        self.result.until_ms = self.result.until_ms.max(now_ms);
        if self.result.entries == 1 {
            self.result.from_ms = now_ms;
        }
        match entry {
            Entry::Kind { kind, namespace, template } => self.kind(kind, namespace.into_owned(), template.into_owned()),
            Entry::NodeAdded { node, tie, spec } => self.add_node(node, tie, spec.into_owned(), now_ms),
            Entry::NodeChanged { spec } => self.apply(&Event::NodeChanged(spec.into_owned()), now_ms),
            Entry::NodeRemoved { node } => {
                let name = self.node_name(node)?;
                self.nodes.remove(&node);
                self.apply(&Event::NodeRemoved { name }, now_ms)
            }
            Entry::PodAdded { pod, kind, name, terminating } => {
                self.add_pod(pod, self.spec(kind, name.into_owned(), terminating)?, now_ms)
            }
            Entry::PodChanged { pod, kind, terminating } => {
                let (namespace, name) = self.pod_name(pod)?;
                let spec = PodSpec { namespace, ..self.spec(kind, name, terminating)? };
                self.apply(&Event::PodChanged(spec), now_ms)
            }
            Entry::PodBound { pod, node, age_ms } => self.bind(pod, node, before(now_ms, age_ms), now_ms),
            Entry::PodRemoved { pod } => {
                let (namespace, name) = self.pod_name(pod)?;
                self.pods.remove(&pod).map(|id| self.chosen.remove(&id));
                self.apply(&Event::PodRemoved { namespace, name }, now_ms)
            }
            Entry::NodeSample { node, use_ } => {
                let taken = self.scheduler.node_sample(self.node(node)?, &use_.sample(now_ms), now_ms);
                self.must(taken)
            }
            Entry::PodSample { pod, use_ } => {
                let taken = self.scheduler.pod_sample(self.pod(pod)?, &use_.sample(now_ms), now_ms);
                self.must(taken)
            }
            Entry::Marked { node, mark } => {
                let name = self.node_name(node)?;
                self.apply(&Event::Marked { name, mark: mark.map(std::borrow::Cow::into_owned) }, now_ms)
            }
            Entry::Tick => {
                let done = self.scheduler.tick(now_ms);
                self.must(done)
            }
            Entry::Decided { pod, answer } => self.decide(pod, answer, now_ms),
            Entry::Looked { pod } => {
                let looked = self.scheduler.evaluate(self.pod(pod)?, now_ms);
                self.must(looked.map(drop))
            }
            Entry::Reserved { pod, node, hold } => self.reserve(pod, node, hold, now_ms),
            Entry::Committed { pod } => self.end(pod, |scheduler, pod| scheduler.commit(pod, now_ms)),
            Entry::RolledBack { pod } => self.end(pod, Scheduler::rollback),
            Entry::Swapped { profile } => self.swap(profile.as_deref()),
            Entry::Operated { op } => self.operate(&op, now_ms),
            Entry::Restored { lines } => {
                let restored = self.scheduler.restore(&lines, now_ms);
                self.must(restored.map(drop))
            }
            Entry::GangOpened { spec } => {
                let opened = self.scheduler.open_gang(&spec, now_ms);
                self.must(opened)
            }
            Entry::GangPlaced { gang, members, holds, done } => self.place_gang(&gang, &members, [holds, done], now_ms),
            Entry::GangCommitted { gang } => {
                let committed = self.scheduler.commit_gang(&gang, now_ms);
                // What was placed otherwise cannot end as it did.
                self.result.holds_different += u64::from(committed.is_err());
                Ok(())
            }
            Entry::GangRolledBack { gang } => {
                let rolled_back = self.scheduler.rollback_gang(&gang);
                self.result.holds_different += u64::from(rolled_back.is_err());
                Ok(())
            }
        }
    }

    fn kind(&mut self, kind: Number, namespace: String, template: PodTemplate) -> Played {
        if kind as usize >= MAX_RECORD_KINDS {
            return Err(self.contradiction(format!("template #{kind} is beyond MAX_RECORD_KINDS, {MAX_RECORD_KINDS}")));
        }
        self.kinds.insert(kind, (namespace, template));
        Ok(())
    }

    fn add_node(&mut self, node: Number, tie: Option<u64>, spec: NodeSpec, now_ms: u64) -> Played {
        let name = spec.name.clone();
        self.apply(&Event::NodeAdded(spec), now_ms)?;
        if let Some(row) = self.scheduler.cluster().row_of(&name) {
            self.nodes.insert(node, row);
            if let Some(hash) = tie {
                self.scheduler.set_tie(row, hash);
            }
        }
        Ok(())
    }

    fn add_pod(&mut self, pod: Number, spec: PodSpec, now_ms: u64) -> Played {
        let event = Event::PodAdded(spec);
        self.apply(&event, now_ms)?;
        if let Event::PodAdded(spec) = event
            && let Some(id) = self.scheduler.cluster().pod_id(&spec.namespace, &spec.name)
        {
            self.pods.insert(pod, id);
        }
        Ok(())
    }

    fn bind(&mut self, pod: Number, node: Number, at_ms: u64, now_ms: u64) -> Played {
        let ((namespace, name), node) = (self.pod_name(pod)?, self.node_name(node)?);
        let bound = self.scheduler.apply(&Event::PodBound { namespace, name, node, at_ms }, now_ms);
        // Its own course may have bound the pod before others did.
        if self.is_own_course() { Ok(()) } else { self.must(bound) }
    }

    fn swap(&mut self, profile: Option<&str>) -> Played {
        if !self.options.swap {
            return Ok(());
        }
        let unknown = || self.contradiction("a policy was replaced by one that is none of the library's");
        let profile = settings::read(profile.ok_or_else(unknown)?).map_err(|error| self.contradiction(error))?;
        for entry in &profile.policies {
            let swapped = self.scheduler.swap_policy(entry.config.build());
            self.must(swapped.map(drop))?;
        }
        Ok(())
    }

    fn end(&mut self, pod: Number, end: impl FnOnce(&mut Scheduler, PodId) -> Result<(), ScheduleError>) -> Played {
        let pod = self.pod(pod)?;
        let ended = end(self.scheduler, pod);
        // On a course of its own the pod may hold no room, or be bound already.
        if self.is_own_course() { Ok(()) } else { self.must(ended) }
    }
}
