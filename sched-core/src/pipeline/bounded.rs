//! Policies that the library does not know, held to the range that the arithmetic of totals is exact in.

use crate::limits::MAX_QUANTITY;
use sched_abi::{Hook, Manifest, Nodes, Normalize, PodView, Policy, Prepared, Rows, Setup, SetupError, Verdict};

/// The policy, with scores out of range moved to its end.
pub(crate) fn within_range(policy: Box<dyn Policy>) -> Box<dyn Policy> {
    Box::new(Bounded(policy))
}

struct Bounded(Box<dyn Policy>);

impl Bounded {
    fn clamp(&self, raw: i64) -> i64 {
        match self.0.manifest().normalize {
            Normalize::None => raw.clamp(0, super::normalize::MAX_SCORE),
            // Scaled by their maximum alone, what is below 0 would leave the range of scores.
            Normalize::Max | Normalize::MaxReversed => raw.clamp(0, MAX_QUANTITY),
            Normalize::MinMaxReversed => raw.clamp(-MAX_QUANTITY, MAX_QUANTITY),
        }
    }
}

impl Policy for Bounded {
    fn manifest(&self) -> Manifest {
        self.0.manifest()
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.0.setup(host)
    }

    fn configured_reasons(&self) -> &[String] {
        self.0.configured_reasons()
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        let mut prepared = self.0.prepare(pod, nodes, block);
        if let Hook::Constant(raw) = &mut prepared.score {
            *raw = self.clamp(*raw);
        }
        prepared
    }

    fn filter(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        self.0.filter(pod, nodes, block, rows, out);
    }

    fn filter_bits(
        &self,
        pod: &PodView<'_>,
        nodes: &dyn Nodes,
        block: &[u64; 16],
        start: usize,
        feasible: &mut [u64],
    ) -> bool {
        self.0.filter_bits(pod, nodes, block, start, feasible)
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        self.0.score(pod, nodes, block, rows, out);
        for raw in out {
            *raw = self.clamp(*raw);
        }
    }
}
