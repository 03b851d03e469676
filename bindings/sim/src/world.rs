//! The machines and what runs on them, measured at the end of each interval, and the line that holds samples back until they
//! may be known. A scheduler learns of use through this line only: what is not yet due cannot be taken from it.

use crate::trace::Trace;
use sched_core::Sample;
use std::collections::VecDeque;

/// A pod that runs.
#[derive(Clone, Copy)]
struct Live {
    pod: usize,
    node: usize,
    bind_ms: u64,
}

/// What runs where.
pub(crate) struct World<'t> {
    trace: &'t Trace,
    /// In the order in which they were bound.
    live: Vec<Live>,
    /// Per node, milli-CPU times ms since the last measurement by pods that have left since.
    left: Vec<f64>,
    measured_ms: u64,
    sums: Vec<f64>,
}

/// The samples of one moment.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) at_ms: u64,
    pub(crate) nodes: Vec<Sample>,
    /// By pod.
    pub(crate) pods: Vec<(usize, Sample)>,
}

impl<'t> World<'t> {
    pub(crate) fn new(trace: &'t Trace) -> Self {
        let nodes = trace.nodes.len();
        Self { trace, live: Vec::new(), left: vec![0.0; nodes], measured_ms: 0, sums: vec![0.0; nodes] }
    }

    pub(crate) fn bind(&mut self, pod: usize, node: usize, bind_ms: u64) {
        self.live.push(Live { pod, node, bind_ms });
    }

    /// Takes away the pods that end at or before `now_ms`.
    pub(crate) fn depart(&mut self, now_ms: u64) {
        let Self { trace, live, left, measured_ms, .. } = self;
        live.retain(|live| {
            let Some(pod) = trace.pods.get(live.pod) else { return false };
            let Some(end) = pod.end_ms.filter(|&end| end <= now_ms) else { return true };
            let from = live.bind_ms.max(*measured_ms);
            if let (Some(usage), Some(left), true) = (&pod.usage, left.get_mut(live.node), from < end) {
                *left += usage.mean_milli(from, end) * (end - from) as f64;
            }
            false
        });
    }

    /// Use over the time since the last measurement, into `batch`. A pod that was bound in between is averaged over
    /// the time since then.
    pub(crate) fn measure(&mut self, now_ms: u64, batch: &mut Batch) {
        let window_ms = now_ms - self.measured_ms;
        let sample = |milli: f64, window_ms| Sample {
            at_ms: now_ms,
            window_ms,
            cpu_milli: milli.round() as i64,
            ..Sample::default()
        };
        batch.at_ms = now_ms;
        batch.pods.clear();
        batch.nodes.clear();
        self.sums.clear();
        self.sums.extend(self.left.iter().map(|sum| sum / window_ms as f64));
        self.left.fill(0.0);
        for live in &self.live {
            let from = live.bind_ms.max(self.measured_ms);
            let usage = self.trace.pods.get(live.pod).and_then(|pod| pod.usage.as_ref());
            let (Some(usage), true) = (usage, from < now_ms) else { continue };
            let milli = usage.mean_milli(from, now_ms);
            batch.pods.push((live.pod, sample(milli, now_ms - from)));
            if let Some(sum) = self.sums.get_mut(live.node) {
                // A pod that ran throughout counts whole; dividing would cost it a bit.
                let part = (now_ms - from) as f64 / window_ms as f64;
                *sum += if from == self.measured_ms { milli } else { milli * part };
            }
        }
        batch.nodes.extend(self.sums.iter().map(|&milli| sample(milli, window_ms)));
        self.measured_ms = now_ms;
    }
}

/// Batches on their way; each comes out `delay_ms` after it was measured.
pub(crate) struct DelayLine {
    delay_ms: u64,
    batches: VecDeque<Batch>,
    /// Batches that were delivered, for reuse.
    spare: Vec<Batch>,
}

impl DelayLine {
    pub(crate) fn new(delay_ms: u64) -> Self {
        Self { delay_ms, batches: VecDeque::new(), spare: Vec::new() }
    }

    /// An empty batch to fill.
    pub(crate) fn empty(&mut self) -> Batch {
        self.spare.pop().unwrap_or_default()
    }

    /// Sends a batch on its way.
    pub(crate) fn send(&mut self, batch: Batch) {
        self.batches.push_back(batch);
    }

    /// When the next batch comes out.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.batches.front().map(|batch| batch.at_ms + self.delay_ms)
    }

    /// The oldest batch, if it is due.
    pub(crate) fn receive(&mut self, now_ms: u64) -> Option<Batch> {
        if self.next_ms()? > now_ms { None } else { self.batches.pop_front() }
    }

    /// Gives a delivered batch back.
    pub(crate) fn recycle(&mut self, batch: Batch) {
        self.spare.push(batch);
    }
}
