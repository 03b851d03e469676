//! Asks a policy as a host does, and what it answers.

use super::pod::Pod;
use sched_abi::{Hook, Manifest, Nodes, PodView, Policy, Prepared, Rows, Verdict};
use std::fmt;

/// What a policy says of one row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Answer {
    pub(super) verdict: Verdict,
    /// `None` where it adds nothing to any score.
    pub(super) score: Option<i64>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.verdict.passes() {
            write!(f, "passes")?;
        } else {
            let places: Vec<String> = self.verdict.reasons().map(|place| place.to_string()).collect();
            let never = if self.verdict.is_unresolvable() { ", unresolvable" } else { "" };
            write!(f, "rejected (reasons [{}]{never})", places.join(", "))?;
        }
        match self.score {
            Some(score) => write!(f, " with score {score}"),
            None => write!(f, " without a score"),
        }
    }
}

/// What a policy says of a pod on all rows of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Answers {
    pub(super) prepared: Prepared,
    pub(super) block: [u64; 16],
    pub(super) rows: Vec<Answer>,
}

impl Answers {
    /// What of [`Prepared`] is about the pod as a whole.
    pub(super) fn outright(&self) -> (Option<u32>, bool, bool) {
        (self.prepared.reject, self.prepared.narrow, self.prepared.fall_back)
    }
}

/// A policy that was prepared for a pod before a table.
pub(super) struct Asked<'a> {
    policy: &'a dyn Policy,
    manifest: Manifest,
    pod: PodView<'a>,
    nodes: &'a dyn Nodes,
    pub(super) prepared: Prepared,
    pub(super) block: [u64; 16],
    /// What stands in the output before the policy writes to it.
    pub(super) litter: u64,
}

impl<'a> Asked<'a> {
    pub(super) fn new(policy: &'a dyn Policy, manifest: Manifest, pod: &'a Pod, nodes: &'a dyn Nodes) -> Self {
        let (pod, mut block) = (pod.view(), [0; 16]);
        let prepared = policy.prepare(&pod, nodes, &mut block);
        Self { policy, manifest, pod, nodes, prepared, block, litter: 0x55 }
    }

    pub(super) fn filters(&self) -> bool {
        self.manifest.filters && self.prepared.filter == Hook::Run
    }

    pub(super) fn verdicts(&self, rows: Rows<'_>) -> Vec<Verdict> {
        let mut verdicts = vec![Verdict(if self.filters() { self.litter } else { 0 }); rows.len()];
        if self.filters() {
            self.policy.filter(&self.pod, self.nodes, &self.block, rows, &mut verdicts);
        }
        verdicts
    }

    pub(super) fn scores(&self, rows: Rows<'_>) -> Vec<Option<i64>> {
        match self.prepared.score {
            _ if !self.manifest.scores => vec![None; rows.len()],
            Hook::Skip => vec![None; rows.len()],
            Hook::Constant(score) => vec![Some(score); rows.len()],
            Hook::Run => {
                let mut scores = vec![self.litter as i64; rows.len()];
                self.policy.score(&self.pod, self.nodes, &self.block, rows, &mut scores);
                scores.into_iter().map(Some).collect()
            }
        }
    }

    /// The answers for some rows, in their order.
    pub(super) fn rows(&self, rows: Rows<'_>) -> Vec<Answer> {
        let answers = self.verdicts(rows).into_iter().zip(self.scores(rows));
        answers.map(|(verdict, score)| Answer { verdict, score }).collect()
    }

    /// The answers for a whole table.
    pub(super) fn answers(&self, rows: usize) -> Answers {
        let rows = self.rows(Rows::Range { start: 0, end: rows });
        Answers { prepared: self.prepared, block: self.block, rows }
    }

    /// What a call that failed said; only sandboxed policies fail.
    pub(super) fn problem(&self) -> Option<String> {
        let failed = self.policy.failure(&self.pod).is_some();
        failed.then(|| format!("it fails: {}", self.policy.last_problem().unwrap_or_default()))
    }

    /// See [`Policy::filter_bits`].
    pub(super) fn filter_bits(&self, start: usize, feasible: &mut [u64]) -> bool {
        self.policy.filter_bits(&self.pod, self.nodes, &self.block, start, feasible)
    }
}
