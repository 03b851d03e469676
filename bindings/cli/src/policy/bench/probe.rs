//! A policy that stands in a scheduler and asks the makes of another one about every pod, with a clock.

use sched_core::abi::{Hook, Manifest, Nodes, PodView, Policy, Prepared, Rows, Setup, SetupError, Verdict};
use std::hint::black_box;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Rows that a policy is asked about at once, as the pipeline does.
const PIECE: usize = 1024;

/// What one make took for one pod on every row, nanoseconds. A hook that did not run took nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) whole: f64,
    pub(super) prepare: f64,
    pub(super) filter: Option<f64>,
    pub(super) score: Option<f64>,
}

/// One pod: what each make took.
#[derive(Clone, Debug, Default)]
pub(super) struct Round {
    pub(super) sandboxed: Times,
    pub(super) native: Option<Times>,
    /// Of the sandboxed one.
    pub(super) fuel: u64,
    /// Why the sandboxed one failed, if it did.
    pub(super) problem: Option<String>,
}

/// What was measured so far.
#[derive(Default)]
pub(super) struct Measured {
    /// How long the sandboxed policy took to be set up, nanoseconds.
    pub(super) setup: f64,
    pub(super) rounds: Vec<Round>,
}

/// Where it is kept.
#[derive(Clone, Default)]
pub(super) struct Record(Arc<Mutex<Measured>>);

impl Record {
    pub(super) fn get(&self) -> MutexGuard<'_, Measured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sandboxed make and, where there is one, the native make. It decides nothing itself.
pub(super) struct Probe {
    pub(super) sandboxed: Box<dyn Policy>,
    pub(super) native: Option<Box<dyn Policy>>,
    pub(super) record: Record,
}

pub(super) fn nanos<T>(call: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let value = call();
    (start.elapsed().as_nanos() as f64, value)
}

impl Policy for Probe {
    fn manifest(&self) -> Manifest {
        self.sandboxed.manifest()
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        let (setup, done) = nanos(|| self.sandboxed.setup(host));
        self.record.get().setup = setup;
        done?;
        self.native.as_mut().map_or(Ok(()), |native| native.setup(host))
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let fuel = || self.sandboxed.statistics().map_or(0, |done| done.fuel);
        let mut round = Round::default();
        let native = || self.native.as_deref().map(|native| ask(native, pod, nodes));
        // The first of two may warm the columns for the other, so they take turns.
        let native_first = self.record.get().rounds.len() % 2 == 1;
        if native_first {
            round.native = native();
        }
        let before = fuel();
        round.sandboxed = ask(&*self.sandboxed, pod, nodes);
        round.fuel = fuel() - before;
        if self.sandboxed.failure(pod).is_some() {
            round.problem = Some(self.sandboxed.last_problem().unwrap_or_default());
        }
        if !native_first {
            round.native = native();
        }
        self.record.get().rounds.push(round);
        Prepared::SKIP
    }
}

/// Asks a policy about every row, as a decision does.
fn ask(policy: &dyn Policy, pod: &PodView<'_>, nodes: &dyn Nodes) -> Times {
    let manifest = policy.manifest();
    let (mut block, mut verdicts, mut scores) = ([0; 16], [Verdict::PASS; PIECE], [0; PIECE]);
    let mut times = Times::default();
    let (prepare, prepared) = nanos(|| policy.prepare(pod, nodes, &mut block));
    let asked = prepared.reject.is_none();
    let (filters, scores_too) = (
        asked && manifest.filters && prepared.filter == Hook::Run,
        asked && manifest.scores && prepared.score == Hook::Run,
    );
    times.prepare = prepare;
    for start in (0..nodes.rows()).step_by(PIECE) {
        let end = (start + PIECE).min(nodes.rows());
        let (rows, count) = (Rows::Range { start, end }, end - start);
        let mut feasible = [u64::MAX; PIECE / 64];
        let words = feasible.get_mut(..count.div_ceil(64)).unwrap_or_default();
        if filters {
            let (took, ()) = nanos(|| {
                if !policy.filter_bits(pod, nodes, &block, start, words) {
                    policy.filter(pod, nodes, &block, rows, verdicts.get_mut(..count).unwrap_or_default());
                }
            });
            *times.filter.get_or_insert(0.0) += took;
        }
        if scores_too {
            let out = scores.get_mut(..count).unwrap_or_default();
            let (took, ()) = nanos(|| policy.score(pod, nodes, &block, rows, out));
            *times.score.get_or_insert(0.0) += took;
        }
        black_box((&verdicts, &scores, &feasible));
    }
    times.whole = times.prepare + times.filter.unwrap_or(0.0) + times.score.unwrap_or(0.0);
    times
}
