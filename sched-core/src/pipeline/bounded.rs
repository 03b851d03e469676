//! Policies that the library does not know, held to the range that the arithmetic of totals is exact in.

use sched_abi::{Hook, Manifest, Nodes, PodView, Policy, Prepared, Rows, Setup, SetupError, Statistics, Verdict};

/// The policy, with scores out of range moved to its end.
pub(crate) fn within_range(policy: Box<dyn Policy>) -> Box<dyn Policy> {
    let manifest = policy.manifest();
    if policy.keeps_range() || !manifest.scores {
        return policy;
    }
    let (least, most) = manifest.normalize.range();
    Box::new(Bounded { policy, least, most })
}

struct Bounded {
    policy: Box<dyn Policy>,
    least: i64,
    most: i64,
}

impl Policy for Bounded {
    fn manifest(&self) -> Manifest {
        self.policy.manifest()
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.policy.setup(host)
    }

    fn configured_reasons(&self) -> &[String] {
        self.policy.configured_reasons()
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        let mut prepared = self.policy.prepare(pod, nodes, block);
        if let Hook::Constant(raw) = &mut prepared.score {
            *raw = (*raw).clamp(self.least, self.most);
        }
        prepared
    }

    fn filter(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        self.policy.filter(pod, nodes, block, rows, out);
    }

    fn filter_bits(
        &self,
        pod: &PodView<'_>,
        nodes: &dyn Nodes,
        block: &[u64; 16],
        start: usize,
        feasible: &mut [u64],
    ) -> bool {
        self.policy.filter_bits(pod, nodes, block, start, feasible)
    }

    fn failure(&self, pod: &PodView<'_>) -> Option<Prepared> {
        self.policy.failure(pod)
    }

    fn last_problem(&self) -> Option<String> {
        self.policy.last_problem()
    }

    fn statistics(&self) -> Option<Statistics> {
        self.policy.statistics()
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        self.policy.score(pod, nodes, block, rows, out);
        // One vector loop says whether any score is out of range: a difference is below 0 then.
        let (least, most) = (self.least, self.most);
        let signs = |all: i64, &raw: &i64| all | raw.wrapping_sub(least) | most.wrapping_sub(raw);
        if out.iter().fold(0, signs) < 0 {
            for raw in out {
                *raw = (*raw).clamp(least, most);
            }
        }
    }
}
