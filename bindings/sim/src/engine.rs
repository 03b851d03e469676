//! The event loop: what happens at each moment, in which order. Of the scheduler it knows [`Host`] alone, through which
//! specifications and samples that are due go in, and decisions come out.

use crate::error::SimError;
use crate::host::{Host, Known};
use crate::placement::Placement;
use crate::stats::Digest;
use crate::trace::Trace;
use crate::world::{DelayLine, World};
use sched_core::PodTemplate;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Pods that wait are tried again after this time even if nothing departed, since load may have gone: kube-scheduler's
/// `podMaxInUnschedulablePodsDuration`. Without samples nothing but a departure makes room.
const RETRY_MS: u64 = 300_000;
/// How often a run reports how far it is.
const REPORTS: u64 = 100;

/// When use is measured and when it becomes known.
#[derive(Clone, Copy)]
pub(crate) struct Clockwork {
    pub(crate) metrics_delay_ms: u64,
    pub(crate) sample_interval_ms: u64,
}

/// A pod that found no place in its life, or by the end of the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplaced {
    /// Its place in [`Trace::pods`].
    pub pod: usize,
    /// Every reason for which at least one node was refused to it when it was given up.
    pub reasons: Vec<String>,
}

/// What came out of a run.
pub(crate) struct Outcome {
    pub(crate) placements: Vec<Placement>,
    pub(crate) unplaced: Vec<Unplaced>,
    pub(crate) failed_attempts: u64,
    pub(crate) digest: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Absent,
    Pending,
    Bound,
}

/// Drives `host` through the trace.
pub(crate) fn drive<H: Host>(
    trace: &Trace,
    clockwork: Clockwork,
    host: H,
    progress: &mut dyn FnMut(u64),
) -> Result<(Outcome, H), SimError> {
    let mut engine = Engine::new(trace, clockwork, host);
    let mut reported = 0;
    while let Some(now_ms) = engine.next_ms().filter(|&now_ms| now_ms < trace.horizon_ms) {
        engine.step(now_ms)?;
        if now_ms * REPORTS / trace.horizon_ms != reported {
            reported = now_ms * REPORTS / trace.horizon_ms;
            progress(now_ms);
        }
    }
    engine.finish()
}

struct Engine<'t, H> {
    trace: &'t Trace,
    host: H,
    interval_ms: u64,
    world: World<'t>,
    line: DelayLine,
    /// Pods by arrival, the next last.
    arrivals: Vec<usize>,
    ends: BinaryHeap<Reverse<(u64, usize)>>,
    /// When use is measured next; `None` where there is none.
    next_sample_ms: Option<u64>,
    states: Vec<State>,
    /// Pods that wait, in order of arrival.
    pending: Vec<usize>,
    last_retry_ms: u64,
    /// By pod: pods of one class have equal templates and get equal answers.
    classes: Vec<usize>,
    outcome: Outcome,
    digest: Digest,
}

impl<'t, H: Host> Engine<'t, H> {
    fn new(trace: &'t Trace, clockwork: Clockwork, host: H) -> Self {
        let arrive_ms = |&pod: &usize| trace.pods.get(pod).map_or(0, |pod| pod.arrive_ms);
        let mut arrivals: Vec<usize> = (0..trace.pods.len()).collect();
        arrivals.sort_by_key(arrive_ms);
        arrivals.reverse();
        let mut known: HashMap<&PodTemplate, usize> = HashMap::new();
        let mut class = |template| {
            let next = known.len();
            *known.entry(template).or_insert(next)
        };
        Self {
            trace,
            host,
            interval_ms: clockwork.sample_interval_ms,
            world: World::new(trace),
            line: DelayLine::new(clockwork.metrics_delay_ms),
            arrivals,
            ends: BinaryHeap::new(),
            next_sample_ms: trace.has_usage().then_some(clockwork.sample_interval_ms),
            states: vec![State::Absent; trace.pods.len()],
            pending: Vec::new(),
            last_retry_ms: 0,
            classes: trace.pods.iter().map(|pod| class(&pod.spec.template)).collect(),
            outcome: Outcome { placements: Vec::new(), unplaced: Vec::new(), failed_attempts: 0, digest: 0 },
            digest: Digest::new(),
        }
    }

    fn arrive_ms(&self) -> Option<u64> {
        self.arrivals.last().and_then(|&pod| self.trace.pods.get(pod)).map(|pod| pod.arrive_ms)
    }

    fn end_ms(&self) -> Option<u64> {
        self.ends.peek().map(|&Reverse((end, _))| end)
    }

    fn retry_ms(&self) -> Option<u64> {
        let waits = !self.pending.is_empty() && self.next_sample_ms.is_some();
        waits.then_some(self.last_retry_ms + RETRY_MS)
    }

    /// The next moment at which anything happens.
    fn next_ms(&self) -> Option<u64> {
        let all = [self.arrive_ms(), self.end_ms(), self.retry_ms(), self.next_sample_ms, self.line.next_ms()];
        all.into_iter().flatten().min()
    }

    /// Everything that happens at `now_ms`: use of the time before is measured; pods end; samples that are due become known;
    /// pods that wait are tried again if there is cause; pods arrive.
    fn step(&mut self, now_ms: u64) -> Result<(), SimError> {
        if self.next_sample_ms == Some(now_ms) {
            let mut batch = self.line.empty();
            self.world.measure(now_ms, &mut batch);
            self.line.send(batch);
            self.next_sample_ms = Some(now_ms + self.interval_ms);
        }
        let departed = self.depart(now_ms)?;
        self.deliver(now_ms)?;
        if departed || self.retry_ms().is_some_and(|at| at <= now_ms) {
            self.retry(now_ms)?;
        }
        while self.arrive_ms() == Some(now_ms) {
            let Some(pod) = self.arrivals.pop() else { break };
            self.arrive(pod, now_ms)?;
        }
        Ok(())
    }

    /// Ends the pods whose time is over; whether one of them freed room. Those that still wait go first, so that their
    /// reasons are those of the cluster that they waited for.
    fn depart(&mut self, now_ms: u64) -> Result<bool, SimError> {
        let mut bound = Vec::new();
        while self.end_ms() == Some(now_ms) {
            let Some(Reverse((_, pod))) = self.ends.pop() else { break };
            if self.states.get(pod) == Some(&State::Bound) {
                bound.push(pod);
            } else {
                self.give_up(pod, now_ms)?;
                self.remove(pod, now_ms)?;
                self.pending.retain(|&other| other != pod);
            }
        }
        for &pod in &bound {
            self.remove(pod, now_ms)?;
        }
        if !bound.is_empty() {
            self.world.depart(now_ms);
        }
        Ok(!bound.is_empty())
    }

    fn remove(&mut self, pod: usize, now_ms: u64) -> Result<(), SimError> {
        self.set_state(pod, State::Absent);
        match self.known(pod) {
            Some(known) => self.host.remove_pod(known, now_ms),
            None => Ok(()),
        }
    }

    fn known(&self, pod: usize) -> Option<Known<'t>> {
        self.trace.pods.get(pod).map(|entry| Known { index: pod, spec: &entry.spec })
    }

    fn set_state(&mut self, pod: usize, state: State) {
        if let Some(entry) = self.states.get_mut(pod) {
            *entry = state;
        }
    }

    fn give_up(&mut self, pod: usize, now_ms: u64) -> Result<(), SimError> {
        let Some(known) = self.known(pod) else { return Ok(()) };
        let reasons = self.host.reasons(known, now_ms)?;
        self.outcome.unplaced.push(Unplaced { pod, reasons });
        Ok(())
    }

    /// Makes known what is due. Samples of pods that are gone are of no use to anyone.
    fn deliver(&mut self, now_ms: u64) -> Result<(), SimError> {
        while let Some(batch) = self.line.receive(now_ms) {
            for (node, &sample) in batch.nodes.iter().enumerate() {
                self.host.node_sample(node, sample, now_ms)?;
            }
            for &(pod, sample) in &batch.pods {
                if self.states.get(pod) == Some(&State::Bound)
                    && let Some(known) = self.known(pod)
                {
                    self.host.pod_sample(known, sample, now_ms)?;
                }
            }
            self.line.recycle(batch);
        }
        Ok(())
    }

    /// Tries the pods that wait, in order of arrival. Within one round room only shrinks, so that a class that found none
    /// is not asked for again.
    fn retry(&mut self, now_ms: u64) -> Result<(), SimError> {
        self.last_retry_ms = now_ms;
        let mut failed = vec![false; if self.pending.is_empty() { 0 } else { self.classes.len() }];
        for pod in std::mem::take(&mut self.pending) {
            let mut spare = false;
            let class = self.classes.get(pod).and_then(|&class| failed.get_mut(class)).unwrap_or(&mut spare);
            if *class || !self.place(pod, now_ms)? {
                *class = true;
                self.pending.push(pod);
            }
        }
        Ok(())
    }

    fn arrive(&mut self, pod: usize, now_ms: u64) -> Result<(), SimError> {
        let (Some(entry), Some(known)) = (self.trace.pods.get(pod), self.known(pod)) else { return Ok(()) };
        self.host.add_pod(known, now_ms)?;
        self.set_state(pod, State::Pending);
        self.ends.extend(entry.end_ms.map(|end| Reverse((end, pod))));
        if !self.place(pod, now_ms)? {
            if self.pending.is_empty() {
                self.last_retry_ms = now_ms;
            }
            self.pending.push(pod);
        }
        Ok(())
    }

    /// One attempt; whether it succeeded. Attempts that fail are decisions too.
    fn place(&mut self, pod: usize, now_ms: u64) -> Result<bool, SimError> {
        let Some(known) = self.known(pod) else { return Ok(false) };
        let node = self.host.place(known, now_ms)?;
        let name = |node: usize| self.trace.nodes.get(node).map_or("", |node| node.name.as_str());
        self.digest.add_text(&known.spec.name);
        self.digest.add_text(node.map_or("", name));
        self.digest.add(&now_ms.to_le_bytes());
        let Some(node) = node else {
            self.outcome.failed_attempts += 1;
            return Ok(false);
        };
        self.set_state(pod, State::Bound);
        self.world.bind(pod, node, now_ms);
        self.outcome.placements.push(Placement { pod, node, bind_ms: now_ms });
        Ok(true)
    }

    fn finish(mut self) -> Result<(Outcome, H), SimError> {
        for pod in std::mem::take(&mut self.pending) {
            self.give_up(pod, self.trace.horizon_ms)?;
        }
        self.outcome.digest = self.digest.value();
        Ok((self.outcome, self.host))
    }
}

#[cfg(test)]
mod tests;
