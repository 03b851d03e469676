//! Does again what a record says, entry by entry.

use super::entry::{Answer, Entry, Hold, Number, before};
use super::reader::{Read, Reader};
use super::rerun::{Compare, Course, Rerun, RerunOptions};
use super::{Difference, Outcome, RecordError, counted, settings};
use crate::cluster::{Event, LookUp, NodeSpec, PodId, PodPhase, PodSpec, PodTemplate, Row, look_up};
use crate::error::ScheduleError;
use crate::hash::{fnv1a, fnv1a_with};
use crate::limits::MAX_RECORD_KINDS;
use crate::pipeline::{Decision, Scheduler};
use std::fmt::Display;

type Played = Result<(), RecordError>;

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

struct Player<'s> {
    scheduler: &'s mut Scheduler,
    options: RerunOptions,
    /// What the record's numbers mean at present.
    nodes: LookUp<Number, Row>,
    pods: LookUp<Number, PodId>,
    kinds: LookUp<Number, (String, PodTemplate)>,
    /// On a course of its own, the decisions that are still to be carried out.
    chosen: LookUp<PodId, Decision>,
    /// The block of the present entry, for errors.
    at: usize,
    result: Rerun,
}

impl Player<'_> {
    fn contradiction(&self, problem: impl Display) -> RecordError {
        RecordError::Contradiction { at: self.at, problem: problem.to_string() }
    }

    fn node(&self, node: Number) -> Result<Row, RecordError> {
        self.nodes.get(&node).copied().ok_or_else(|| self.contradiction(format!("there is no node #{node}")))
    }

    fn node_name(&self, node: Number) -> Result<String, RecordError> {
        self.node(node).map(|row| self.scheduler.name(row))
    }

    fn pod(&self, pod: Number) -> Result<PodId, RecordError> {
        self.pods.get(&pod).copied().ok_or_else(|| self.contradiction(format!("there is no pod #{pod}")))
    }

    /// Namespace and name.
    fn pod_name(&self, pod: Number) -> Result<(String, String), RecordError> {
        let name = self.scheduler.cluster().pod_name(self.pod(pod)?).unwrap_or_default();
        Ok((name.0.to_owned(), name.1.to_owned()))
    }

    fn is_own_course(&self) -> bool {
        self.options.course == Course::Own
    }

    /// What was accepted once must be so again.
    fn must<E: Display>(&self, done: Result<(), E>) -> Played {
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
        if self.result.from_ms == 0 {
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

    fn decide(&mut self, pod: Number, answer: Answer, now_ms: u64) -> Played {
        let pod = self.pod(pod)?;
        if self.is_own_course() && self.scheduler.cluster().pod_phase(pod) != Some(PodPhase::Pending) {
            self.result.settled_before += 1;
            return Ok(());
        }
        let recorded = match answer {
            Answer::Node { node, total, feasible, fell_back } => {
                Outcome::Placed { node: self.node_name(node)?, total, feasible, fell_back }
            }
            Answer::Nowhere { reasons } => Outcome::Unplaced { reasons },
        };
        let decision = match self.scheduler.decide(pod, now_ms) {
            Ok(decision) => Some(decision),
            Err(ScheduleError::Unschedulable) => None,
            Err(error) => return Err(self.contradiction(error)),
        };
        let now = self.outcome(pod, decision, &recorded, now_ms)?;
        let recorded_placed = recorded.node().is_some();
        self.compare(pod, recorded, now, now_ms)?;
        if self.is_own_course() {
            self.choose(pod, decision, recorded_placed, now_ms);
        }
        Ok(())
    }

    fn outcome(
        &mut self,
        pod: PodId,
        decision: Option<Decision>,
        recorded: &Outcome,
        now_ms: u64,
    ) -> Result<Outcome, RecordError> {
        if let Some(Decision { row, total, feasible, fell_back, .. }) = decision {
            return Ok(Outcome::Placed { node: self.scheduler.name(row), total, feasible, fell_back });
        }
        let asked = matches!(recorded, Outcome::Unplaced { reasons: Some(_) });
        let explained = asked.then(|| self.scheduler.explain(pod, now_ms)).transpose();
        let explained = explained.map_err(|error| self.contradiction(error))?;
        Ok(Outcome::Unplaced { reasons: explained.as_ref().map(counted) })
    }

    fn compare(&mut self, pod: PodId, recorded: Outcome, now: Outcome, now_ms: u64) -> Played {
        let (namespace, name) = self.scheduler.cluster().pod_name(pod).unwrap_or_default();
        let full_name = format!("{namespace}/{name}");
        let result = &mut self.result;
        result.decisions += 1;
        for (outcome, placed, digest) in [
            (&recorded, &mut result.recorded_placed, &mut result.recorded_digest),
            (&now, &mut result.placed, &mut result.digest),
        ] {
            *placed += u64::from(outcome.node().is_some());
            for text in [name, outcome.node().unwrap_or_default()] {
                *digest = fnv1a_with(fnv1a_with(*digest, text.as_bytes()), &[0xff]);
            }
            *digest = fnv1a_with(*digest, &now_ms.to_le_bytes());
        }
        let equal = match self.options.compare {
            Compare::Everything => recorded == now,
            Compare::Node => recorded.node() == now.node(),
        };
        if equal {
            return Ok(());
        }
        result.different += 1;
        if result.differences.len() < self.options.keep {
            let decision = result.decisions;
            let mut difference = Difference {
                decision,
                at_ms: now_ms,
                pod: full_name,
                recorded,
                now,
                recorded_node: None,
                chosen_node: None,
            };
            let explanation = self.scheduler.explain(pod, now_ms).map_err(|error| self.contradiction(error))?;
            difference.explain(&explanation);
            self.result.differences.push(difference);
        }
        Ok(())
    }

    /// Its own choice waits for the moment at which the recorded one was carried out. Where there was none, that moment is now.
    fn choose(&mut self, pod: PodId, decision: Option<Decision>, recorded_placed: bool, now_ms: u64) {
        self.chosen.remove(&pod);
        match decision {
            Some(decision) if recorded_placed => drop(self.chosen.insert(pod, decision)),
            // What was decided just now stands, short of a sum beyond its limit.
            Some(decision) if self.scheduler.reserve(&decision, now_ms).is_ok() => {
                let _ = self.scheduler.commit(pod, now_ms);
            }
            _ => {}
        }
    }

    fn reserve(&mut self, pod: Number, node: Number, hold: Hold, now_ms: u64) -> Played {
        let pod = self.pod(pod)?;
        if self.is_own_course() {
            if let Some(decision) = self.chosen.remove(&pod).filter(|_| hold.done) {
                let reserved = self.scheduler.reserve(&decision, now_ms);
                self.result.holds_different += u64::from(reserved.is_err());
            }
            return Ok(());
        }
        let Some(&row) = self.nodes.get(&node) else {
            // The decision's node was gone.
            return if hold.done { self.node(node).map(drop) } else { Ok(()) };
        };
        let cluster = self.scheduler.cluster();
        let (generation, present_ms) = (cluster.generation(), cluster.present(now_ms));
        let tenancy = cluster.tenancy(row).unwrap_or_default();
        let now = Decision {
            pod,
            row,
            tenancy,
            total: 0,
            feasible: 0,
            generation,
            at_ms: present_ms,
            fell_back: hold.fell_back,
        };
        let as_recorded = Decision {
            tenancy: if hold.same_node { tenancy } else { tenancy.wrapping_add(1) },
            generation: if hold.current { generation } else { generation.wrapping_sub(1) },
            at_ms: before(now_ms, hold.age_ms),
            ..now
        };
        let reserved = self.scheduler.reserve(&as_recorded, now_ms).is_ok();
        if reserved == hold.done {
            return Ok(());
        }
        self.result.holds_different += 1;
        // What was done then is what later decisions were made on.
        let undone = if hold.done { self.scheduler.reserve(&now, now_ms) } else { self.scheduler.rollback(pod) };
        self.must(undone)
    }

    fn end(&mut self, pod: Number, end: impl FnOnce(&mut Scheduler, PodId) -> Result<(), ScheduleError>) -> Played {
        let pod = self.pod(pod)?;
        let ended = end(self.scheduler, pod);
        // On a course of its own the pod may hold no room, or be bound already.
        if self.is_own_course() { Ok(()) } else { self.must(ended) }
    }
}
