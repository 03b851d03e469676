//! CPU demand per node and minute, from placements and use. The arithmetic is that of `score.py` of the hot-node workloads,
//! addition by addition, so that both arrive at the same numbers.

use crate::placement::{Placement, minute};
use crate::resource::{Amounts, CPU};
use crate::trace::Trace;

const MINUTE_MS: u64 = 60_000;
/// Whole steps of this many minutes are added up apart from single minutes at the ends of a pod's life.
const STEP_MIN: u64 = 5;

/// CPU demand, never clipped at what the machine has.
pub(crate) struct Demand {
    minutes: usize,
    /// Per node and five minutes, milli-CPU.
    steps: Vec<f64>,
    /// Per node and minute, on top of `steps`, milli-CPU.
    singles: Vec<f64>,
    /// Per node, what the machine has, milli-CPU.
    capacity: Vec<f64>,
}

impl Demand {
    /// The demand that these placements lead to; `None` where the trace does not know what pods use.
    pub(crate) fn of(trace: &Trace, placements: &[Placement]) -> Option<Self> {
        if !trace.has_usage() {
            return None;
        }
        let minutes = minute(trace.horizon_ms) as usize;
        let steps = minutes.div_ceil(STEP_MIN as usize);
        let nodes = trace.nodes.len();
        let mut demand = Self {
            minutes,
            steps: vec![0.0; nodes * steps],
            singles: vec![0.0; nodes * minutes],
            capacity: trace.nodes.iter().map(capacity_milli).collect(),
        };
        for placement in placements {
            demand.add(trace, placement);
        }
        Some(demand)
    }

    fn add(&mut self, trace: &Trace, placement: &Placement) {
        let Some((pod, usage)) = trace.pods.get(placement.pod).and_then(|pod| Some((pod, pod.usage.as_ref()?))) else {
            return;
        };
        let end = pod.end_ms.map_or(self.minutes as u64, minute).min(self.minutes as u64);
        let stepped = usage.curve.step_ms().is_multiple_of(STEP_MIN * MINUTE_MS);
        let mut t = minute(placement.bind_ms);
        while t < end {
            let use_milli = usage.at_milli(t * MINUTE_MS);
            let whole_step = stepped && t.is_multiple_of(STEP_MIN) && t + STEP_MIN <= end;
            let (cell, passed) = if whole_step {
                (self.step_index(placement.node, t).and_then(|index| self.steps.get_mut(index)), STEP_MIN)
            } else {
                (self.single_index(placement.node, t).and_then(|index| self.singles.get_mut(index)), 1)
            };
            if let Some(cell) = cell {
                *cell += use_milli;
            }
            t += passed;
        }
    }

    fn step_index(&self, node: usize, minute: u64) -> Option<usize> {
        let steps = self.minutes.div_ceil(STEP_MIN as usize);
        (node < self.capacity.len()).then(|| node * steps + (minute / STEP_MIN) as usize)
    }

    fn single_index(&self, node: usize, minute: u64) -> Option<usize> {
        (node < self.capacity.len()).then(|| node * self.minutes + minute as usize)
    }

    /// What the machines have, milli-CPU.
    pub(crate) fn capacity(&self) -> &[f64] {
        &self.capacity
    }

    /// Demand in a minute, milli-CPU; 0 beyond the trace.
    pub(crate) fn at(&self, node: usize, minute: u64) -> f64 {
        if minute as usize >= self.minutes {
            return 0.0;
        }
        let read =
            |cells: &[f64], index: Option<usize>| index.and_then(|index| cells.get(index)).copied().unwrap_or(0.0);
        read(&self.steps, self.step_index(node, minute)) + read(&self.singles, self.single_index(node, minute))
    }

    /// Demand as a share of the machine.
    pub(crate) fn share(&self, node: usize, minute: u64) -> f64 {
        match self.capacity.get(node) {
            Some(&capacity) if capacity > 0.0 => self.at(node, minute) / capacity,
            _ => 0.0,
        }
    }
}

/// What the machine has; where that is not said, what it offers.
fn capacity_milli(node: &sched_core::NodeSpec) -> f64 {
    let has = if node.capacity.contains_key(CPU) { &node.capacity } else { &node.allocatable };
    Amounts::of(has).cpu
}
