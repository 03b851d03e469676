//! Histories of every call that a recorder has, refused ones included.

use crate::common::generate::{Scenario, Step, key, profile_text, steps};
use proptest::prelude::*;
use proptest::sample::Index;
use sched_core::record::{Record, RecordOptions, Recorder, Rerun, RerunOptions};
use sched_core::{Decision, Event, PodId, PodPhase, Profile, ProfileSet, Scheduler};
use serde_json::Value;

/// What else happens before a step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Nothing,
    Tick,
    Decide,
    Explain,
    Evaluate,
    Schedule,
    /// Decides, and keeps the decision.
    Keep,
    /// Carries a decision out that was kept, whatever happened since.
    ReserveKept,
    Take,
}

/// What happens.
pub(crate) type History = Vec<(u64, Step, Call, Index)>;

fn history_of(calls: &'static [Call]) -> impl Strategy<Value = History> {
    let more = prop::collection::vec((prop::sample::select(calls), any::<Index>()), 60);
    (steps(60), more).prop_map(|(steps, more)| {
        steps.into_iter().zip(more).map(|((now_ms, step), (call, which))| (now_ms, step, call, which)).collect()
    })
}

/// Histories of all calls.
pub(crate) fn history() -> impl Strategy<Value = History> {
    use Call::{Decide, Evaluate, Explain, Keep, Nothing, ReserveKept, Schedule, Take, Tick};
    history_of(&[Nothing, Nothing, Tick, Decide, Decide, Explain, Evaluate, Schedule, Keep, ReserveKept, Take])
}

/// Histories in which every decision that is carried out is so at once.
pub(crate) fn prompt_history() -> impl Strategy<Value = History> {
    use Call::{Decide, Nothing, Schedule, Tick};
    history_of(&[Nothing, Tick, Decide, Schedule, Schedule])
}

pub(crate) fn profile_of(profile: &Value) -> Profile {
    let text = profile_text(profile);
    let set = ProfileSet::from_text(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    set.profiles.into_iter().next().expect("a profile")
}

/// A recorder to which a history happens, and what it recorded.
pub(crate) struct Recorded {
    pub(crate) recorder: Recorder,
    pub(crate) bytes: Vec<u8>,
    /// What every call said.
    pub(crate) answers: Vec<String>,
    kept: Option<Decision>,
}

impl Recorded {
    pub(crate) fn new(recorder: Recorder) -> Self {
        Self { recorder, bytes: Vec::new(), answers: Vec::new(), kept: None }
    }

    pub(crate) fn under(profile: &Value, seed: u64, options: RecordOptions) -> Self {
        Self::new(Recorder::new(&profile_of(profile), seed, options).expect("an empty scheduler"))
    }

    /// A whole cluster, whose pods are then scheduled.
    pub(crate) fn scenario(mut self, scenario: &Scenario, now_ms: u64) -> Self {
        for event in scenario.events() {
            self.recorder.apply(&event, now_ms).expect("a good event");
        }
        for (namespace, name) in scenario.pending.iter().map(key) {
            let id = self.recorder.cluster().pod_id(&namespace, &name).expect("a pod that was added");
            let answer = format!("{:?}", self.recorder.schedule(id, now_ms));
            self.answers.push(answer);
        }
        self.taken()
    }

    pub(crate) fn history(mut self, history: &History) -> Self {
        for (now_ms, step, call, which) in history {
            self.call(*now_ms, *call, *which);
            self.step(*now_ms, step);
        }
        self.taken()
    }

    pub(crate) fn taken(mut self) -> Self {
        self.bytes.extend(self.recorder.take());
        self
    }

    fn waiting(&self, which: Index) -> Option<PodId> {
        let cluster = self.recorder.cluster();
        let names = ["default", "batch"].into_iter().flat_map(|ns| (0..6).map(move |i| (ns, format!("pod-{i}"))));
        let ids = names.filter_map(|(namespace, name)| cluster.pod_id(namespace, &name));
        let waiting: Vec<PodId> = ids.filter(|&id| cluster.pod_phase(id) == Some(PodPhase::Pending)).collect();
        (!waiting.is_empty()).then(|| *which.get(&waiting))
    }

    fn call(&mut self, now_ms: u64, call: Call, which: Index) {
        let waiting = self.waiting(which);
        let recorder = &mut self.recorder;
        let answer = match (call, waiting) {
            (Call::Tick, _) => format!("{:?}", recorder.tick(now_ms)),
            (Call::Take, _) => {
                let piece = recorder.take();
                self.bytes.extend(piece);
                return;
            }
            (Call::ReserveKept, _) => {
                format!("{:?}", self.kept.take().map(|decision| recorder.reserve(&decision, now_ms)))
            }
            (Call::Decide, Some(pod)) => format!("{:?}", recorder.decide(pod, now_ms)),
            (Call::Schedule, Some(pod)) => format!("{:?}", recorder.schedule(pod, now_ms)),
            (Call::Explain, Some(pod)) => format!("{:?}", recorder.explain(pod, now_ms)),
            (Call::Evaluate, Some(pod)) => format!("{:?}", recorder.evaluate(pod, now_ms)),
            (Call::Keep, Some(pod)) => {
                self.kept = recorder.decide(pod, now_ms).ok();
                format!("{:?}", self.kept)
            }
            _ => return,
        };
        self.answers.push(answer);
    }

    fn step(&mut self, now_ms: u64, step: &Step) {
        let recorder = &mut self.recorder;
        let id = |recorder: &Recorder, (namespace, name): &(String, String)| recorder.cluster().pod_id(namespace, name);
        let answer = match step {
            Step::Apply(event) => match &**event {
                Event::PodAdded(pod) if now_ms.is_multiple_of(2) => format!("{:?}", recorder.add_pod(pod)),
                Event::NodeSample { name, sample } if now_ms.is_multiple_of(2) => {
                    let row = recorder.cluster().row_of(name);
                    format!("{:?}", row.map(|row| recorder.node_sample(row, sample, now_ms)))
                }
                Event::PodSample { namespace, name, sample } if now_ms.is_multiple_of(2) => {
                    let pod = recorder.cluster().pod_id(namespace, name);
                    format!("{:?}", pod.map(|pod| recorder.pod_sample(pod, sample, now_ms)))
                }
                event => format!("{:?}", recorder.apply(event, now_ms)),
            },
            Step::Reserve(pod) => {
                let decided = id(recorder, pod).map(|id| recorder.decide(id, now_ms));
                let reserved = decided.and_then(Result::ok).map(|decision| recorder.reserve(&decision, now_ms));
                format!("{reserved:?}")
            }
            Step::Commit(pod) => format!("{:?}", id(recorder, pod).map(|id| recorder.commit(id, now_ms))),
            Step::Rollback(pod) => format!("{:?}", id(recorder, pod).map(|id| recorder.rollback(id))),
        };
        self.answers.push(answer);
    }

    pub(crate) fn dump(&self) -> String {
        self.recorder.cluster().dump()
    }
}

/// Runs a record again as it was recorded.
pub(crate) fn rerun(bytes: &[u8]) -> (Rerun, Scheduler) {
    let record = Record::open(bytes).expect("a record");
    let mut scheduler = record.scheduler().expect("the recorded profile");
    let rerun = record.rerun(&mut scheduler, RerunOptions::default()).expect("what was accepted once");
    (rerun, scheduler)
}
