//! Every policy's full answer about one pod, node by node: slower than a decision and never short-cut, for explanations and
//! for comparing implementations.

use super::chunk::is_normalized;
use super::normalize::{Extremes, normalize};
use super::snapshot::{self, PodScratch};
use super::{Entry, Ready, Scheduler};
use crate::cluster::{PodId, Row, Snapshot, ones};
use crate::error::ScheduleError;
use sched_abi::{Bits, Hook, MAX_REASONS, Nodes, PodView, ReasonArg, ResourceId, Rows, Verdict};
use std::borrow::Cow;

/// One policy's answer.
#[derive(Clone, Debug)]
pub struct PolicyAnswer {
    /// The policy.
    pub policy: Cow<'static, str>,
    /// Its weight.
    pub weight: i64,
    /// Whether it has a filter that ran for this pod.
    pub filtered: bool,
    /// Whether it scored this pod; one that did not adds nothing.
    pub scored: bool,
    /// Why it failed for this pod, or before so often that it is asked no more.
    pub failed: Option<String>,
    /// It abstained: what it reads is too old to go by.
    pub stale: bool,
    /// The policy that it was asked in the place of.
    pub standing_in_for: Option<Cow<'static, str>>,
    /// It rejected the pod as a whole, for this reason.
    pub reject: Option<String>,
    /// It narrowed the nodes to those in [`Evaluation::named`].
    pub narrowed: bool,
    /// No node passed all filters, and this one was left out: its verdicts are kept, but do not count.
    pub fell_back: bool,
    /// Its reason table, expanded for the pod.
    pub reasons: Vec<String>,
    /// Which of the reasons the node's mark completes, a bit for each place.
    pub(crate) marks: u64,
    /// Its verdict on every node, in the order of [`Evaluation::rows`], whatever other policies say.
    pub verdicts: Vec<Verdict>,
    /// Raw scores of the feasible nodes, in the order of [`Evaluation::feasible`]; empty if it did not score.
    pub raw: Vec<i64>,
    /// The same, normalised to 0..=100.
    pub scores: Vec<i64>,
}

impl PolicyAnswer {
    /// Whether the `k`-th node passes this policy.
    pub(crate) fn passes(&self, k: usize) -> bool {
        self.fell_back || self.verdicts.get(k).is_none_or(|v| v.passes())
    }

    /// The texts of a verdict's reasons.
    pub fn texts(&self, verdict: Verdict) -> impl Iterator<Item = &str> {
        verdict.reasons().filter_map(|place| self.reasons.get(place as usize)).map(String::as_str)
    }
}

/// What every policy says of a pod on every node.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// All nodes, by name.
    pub rows: Vec<Row>,
    /// The nodes that the pod names one by one, where a policy narrowed to them.
    pub named: Vec<Row>,
    /// The nodes that pass everything, by name.
    pub feasible: Vec<Row>,
    /// The policies' answers, in profile order.
    pub answers: Vec<PolicyAnswer>,
    /// Sum of weight x score, in the order of `feasible`.
    pub totals: Vec<i64>,
    /// The choice.
    pub chosen: Option<Row>,
}

impl Scheduler {
    /// Asks every policy about every node, whatever the others say. The choice equals that of [`Scheduler::decide`] for a
    /// pod that waits; a pod that is placed is looked at as the cluster is now, with itself in it.
    ///
    /// Cost: O(nodes x policies), with allocations.
    pub fn evaluate(&mut self, pod: PodId, now_ms: u64) -> Result<Evaluation, ScheduleError> {
        self.cluster.publish(now_ms);
        let nodes = Snapshot::new(&self.cluster, now_ms);
        let mut scratch = PodScratch::default();
        let view = snapshot::view(&self.cluster, pod, self.fields, &mut scratch).ok_or(ScheduleError::UnknownPod)?;
        let mut ready = Vec::new();
        snapshot::prepare(&self.entries, &view, &nodes, &mut ready);
        loop {
            let evaluation = self.ask_all(&view, &nodes, &mut ready);
            if !snapshot::substitute(&self.entries, &view, &nodes, &mut ready) {
                return Ok(evaluation);
            }
        }
    }

    /// Asks every policy about every node, as `prepare` said.
    fn ask_all(&self, view: &PodView<'_>, nodes: &Snapshot<'_>, ready: &mut [Ready]) -> Evaluation {
        let mut rows: Vec<Row> = ones(nodes.bits(Bits::Live)).map(Row).collect();
        rows.sort_by_key(|&row| self.cluster.node_name(row));
        let list: Vec<u32> = rows.iter().map(|row| row.0).collect();
        let mut answers: Vec<PolicyAnswer> = Vec::new();
        for (entry, ready) in self.entries.iter().zip(&*ready) {
            let mut answer = self.open_answer(entry, ready, view);
            if answer.filtered && answer.reject.is_none() {
                entry.policy.filter(view, nodes, &ready.block, Rows::List(&list), &mut answer.verdicts);
            }
            answers.push(answer);
        }
        let narrowed = answers.iter().any(|a| a.narrowed);
        let named = |row: &Row| view.named_nodes.is_none_or(|named| sched_abi::bit(named, row.0 as usize));
        let rejected = answers.iter().any(|a| a.reject.is_some());
        let feasible = |answers: &[PolicyAnswer]| -> Vec<Row> {
            let passes = |k: usize| answers.iter().all(|a| a.passes(k));
            let open = (0..).zip(&rows).filter(|&(k, row)| !rejected && (!narrowed || named(row)) && passes(k));
            open.map(|(_, &row)| row).collect()
        };
        let mut found = feasible(&answers);
        if found.is_empty() && snapshot::fall_back(&self.entries, ready) {
            for (answer, ready) in answers.iter_mut().zip(&*ready) {
                answer.fell_back = answer.filtered && ready.prepared.filter == Hook::Skip;
            }
            found = feasible(&answers);
        }
        let feasible = found;
        let list: Vec<u32> = feasible.iter().map(|row| row.0).collect();
        let mut totals = vec![0; list.len()];
        for ((entry, ready), answer) in self.entries.iter().zip(&*ready).zip(&mut answers) {
            match ready.prepared.score {
                _ if !answer.scored => {}
                Hook::Constant(raw) => answer.raw = vec![raw; list.len()],
                _ => {
                    answer.raw = vec![0; list.len()];
                    entry.policy.score(view, nodes, &ready.block, Rows::List(&list), &mut answer.raw);
                }
            }
            let extremes = answer
                .raw
                .iter()
                .fold(Extremes::default(), |e, &raw| Extremes { min: e.min.min(raw), max: e.max.max(raw) });
            debug_assert!(!is_normalized(entry, ready) || answer.raw.len() == list.len());
            answer.scores = answer.raw.iter().map(|&raw| normalize(entry.manifest.normalize, raw, extremes)).collect();
            totals.iter_mut().zip(&answer.scores).for_each(|(total, score)| *total += entry.weight * score);
        }
        let chosen = self.choose(&feasible, &totals);
        let named = if narrowed { rows.iter().copied().filter(named).collect() } else { Vec::new() };
        Evaluation { rows, named, feasible, answers, totals, chosen }
    }

    fn open_answer(&self, entry: &Entry, ready: &Ready, pod: &PodView<'_>) -> PolicyAnswer {
        let manifest = &entry.manifest;
        let (reasons, marks) = self.reason_table(entry, pod);
        let prepared = ready.prepared;
        let reject = prepared.reject.map(|place| reasons.get(place as usize).cloned().unwrap_or_default());
        let quarantined = entry.policy.statistics().is_some_and(|statistics| statistics.quarantined);
        let failed = quarantined || entry.policy.failure(pod).is_some();
        let standing_in_for =
            entry.stands_in_for.filter(|_| ready.standing_in).and_then(|place| self.entries.get(place));
        PolicyAnswer {
            policy: manifest.name.clone(),
            weight: entry.weight,
            failed: if failed { entry.policy.last_problem() } else { None },
            stale: prepared.stale,
            standing_in_for: standing_in_for.map(|of| of.manifest.name.clone()),
            filtered: manifest.filters && prepared.filter == Hook::Run,
            scored: manifest.scores && entry.weight != 0 && prepared.score != Hook::Skip,
            reject,
            narrowed: prepared.narrow,
            fell_back: false,
            reasons,
            marks,
            verdicts: vec![Verdict::PASS; self.cluster.node_count()],
            raw: Vec::new(),
            scores: Vec::new(),
        }
    }

    /// The texts of a verdict's reasons on a node, with what its mark adds to them.
    pub(crate) fn texts(&self, answer: &PolicyAnswer, verdict: Verdict, row: Row) -> Vec<String> {
        let mark = self.cluster.nodes.marks.get(&row.0).map_or("", |mark| &mark.reason);
        let completed = |place: u32, text: &String| {
            let marked = answer.marks >> place & 1 == 1 && !mark.is_empty();
            if marked { format!("{text}: {mark}") } else { text.clone() }
        };
        let text = |place: u32| answer.reasons.get(place as usize).map(|text| completed(place, text));
        let mut texts: Vec<String> = Vec::new();
        for text in verdict.reasons().filter_map(text) {
            // Two marks may say the same of one node, which is one node all the same.
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts
    }

    /// A policy's reasons with their arguments, for a pod; and a bit for each place that the node's mark completes.
    fn reason_table(&self, entry: &Entry, pod: &PodView<'_>) -> (Vec<String>, u64) {
        let (mut table, mut marks) = (Vec::new(), 0);
        for reason in &*entry.manifest.reasons {
            match reason.arg {
                ReasonArg::None => table.push(reason.text.to_string()),
                ReasonArg::Mark => {
                    marks |= 1 << table.len().min(MAX_REASONS as usize);
                    table.push(reason.text.to_string());
                }
                ReasonArg::RequestedResource => {
                    for request in pod.requests.iter().filter(|r| r.resource != ResourceId::PODS) {
                        let name = self.cluster.nodes.resource_names.get(u32::from(request.resource.0));
                        table.push(reason.text.replace("{}", name.map_or("", |n| n)));
                    }
                }
            }
        }
        table.extend_from_slice(entry.policy.configured_reasons());
        (table, marks)
    }

    fn choose(&self, feasible: &[Row], totals: &[i64]) -> Option<Row> {
        let nodes = &self.cluster.nodes;
        let ties = super::select::Ties { seed: self.seed, hashes: &nodes.name_hash, names: &nodes.names };
        let best = totals.iter().max()?;
        let equals = feasible.iter().zip(totals).filter(|(_, total)| *total == best).map(|(&row, _)| row);
        equals.reduce(|a, b| if ties.before(b.0, a.0) { b } else { a })
    }
}
