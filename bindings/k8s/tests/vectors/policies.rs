//! Two policies that put a real one into the place that a vector means: scored over given nodes, whatever it filters.

use sched_core::abi::{Hook, Manifest, Nodes, PodView, Policy, Prepared, ReasonSpec, Rows, Setup, SetupError, Verdict};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// A policy without its filter.
pub(crate) struct ScoreOnly(pub(crate) Box<dyn Policy>);

impl Policy for ScoreOnly {
    fn manifest(&self) -> Manifest {
        Manifest { filters: false, ..self.0.manifest() }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.0.setup(host)
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        Prepared { filter: Hook::Skip, reject: None, narrow: false, ..self.0.prepare(pod, nodes, block) }
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        self.0.score(pod, nodes, block, rows, out);
    }
}

const OTHER: &[ReasonSpec] = &[ReasonSpec::plain("not among the given nodes")];

/// Lets only the given rows pass; they are set once the nodes have rows.
pub(crate) struct OnlyRows(pub(crate) Arc<Mutex<BTreeSet<usize>>>);

impl Policy for OnlyRows {
    fn manifest(&self) -> Manifest {
        Manifest { filters: true, reasons: OTHER.into(), ..Manifest::new("OnlyRows") }
    }

    fn filter(&self, _: &PodView<'_>, _: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let allowed = self.0.lock().unwrap();
        for (row, verdict) in rows.iter().zip(out) {
            *verdict = if allowed.contains(&row) { Verdict::PASS } else { Verdict::reason(0) };
        }
    }
}
