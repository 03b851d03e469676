//! Why a pod goes where it goes, or nowhere: as data, and as the text that people know from kube-scheduler.

use crate::cluster::{PodId, PodTemplate, Row};
use crate::error::ScheduleError;
use crate::pipeline::{Evaluation, Scheduler};
use sched_abi::ResourceId;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// What a policy did with the pod.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PolicyRun {
    /// The policy.
    pub policy: Cow<'static, str>,
    /// Its weight.
    pub weight: i64,
    /// Whether it filtered.
    pub filtered: bool,
    /// Whether it scored.
    pub scored: bool,
    /// Why it failed, where it did: then its failure mode stands instead of what it said.
    pub failed: Option<String>,
    /// It abstained: what it reads is too old to go by.
    pub stale: bool,
    /// The policy that failed or abstained, in whose place it was asked.
    pub standing_in_for: Option<Cow<'static, str>>,
}

/// A policy and what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PolicyReasons {
    /// The policy.
    pub policy: Cow<'static, str>,
    /// Its reasons.
    pub reasons: Vec<String>,
}

/// Why a node is out.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rejection {
    /// The node.
    pub node: String,
    /// The first policy, in profile order, that rejected it.
    pub policy: Cow<'static, str>,
    /// It was out before any filter: the pod names its nodes one by one, and this is none of them.
    pub narrowed: bool,
    /// Removing pods from it would not help.
    pub unresolvable: bool,
    /// That policy's reasons.
    pub reasons: Vec<String>,
    /// What later policies have against it.
    pub also: Vec<PolicyReasons>,
}

/// One policy's score of a candidate.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PolicyScore {
    /// The policy.
    pub policy: Cow<'static, str>,
    /// Before normalisation.
    pub raw: i64,
    /// 0..=100.
    pub score: i64,
    /// Weight x score.
    pub weighted: i64,
}

/// A feasible node.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Candidate {
    /// The node.
    pub node: String,
    /// Sum of the weighted scores.
    pub total: i64,
    /// By policy.
    pub scores: Vec<PolicyScore>,
}

/// The verdict on a pod, for every node. Its [`Display`](fmt::Display) is a short text.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Explanation {
    /// `namespace/name`.
    pub pod: String,
    /// What it requests in all, by resource, in base units: milli-CPU for `cpu`, bytes, counts.
    pub requests: BTreeMap<String, i64>,
    /// How many nodes there are.
    pub nodes: usize,
    /// Where it goes.
    pub chosen: Option<String>,
    /// The policies, in profile order.
    pub policies: Vec<PolicyRun>,
    /// The policies whose filter was set aside, as their configuration allows, because no node passed.
    pub fell_back: Vec<Cow<'static, str>>,
    /// The pod was rejected as a whole.
    pub rejected_outright: Option<PolicyReasons>,
    /// The nodes that are out, by name.
    pub rejected: Vec<Rejection>,
    /// The nodes that are feasible, best first; among equals the one that would be chosen first.
    pub candidates: Vec<Candidate>,
    /// What the pod asks for that no policy evaluates yet.
    pub not_evaluated: Vec<String>,
    /// What would have to change for the pod to fit more nodes.
    pub remedies: Vec<String>,
    /// One line, as kube-scheduler words it when no node is feasible.
    pub message: String,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.pod, self.message)?;
        writeln!(f, "  requests {}", self.requested())?;
        for candidate in self.candidates.iter().take(3) {
            write!(f, "  {} {}:", candidate.node, candidate.total)?;
            for score in &candidate.scores {
                write!(f, " {} {}", score.policy, score.weighted)?;
            }
            writeln!(f)?;
        }
        self.remedies.iter().try_for_each(|remedy| writeln!(f, "  {remedy}"))?;
        self.not_evaluated.iter().try_for_each(|what| writeln!(f, "  not evaluated: {what}"))
    }
}

impl Explanation {
    /// What the pod requests, as `cpu 250m, memory 1Gi`.
    pub fn requested(&self) -> String {
        if self.requests.is_empty() {
            return "nothing".to_owned();
        }
        let amounts = self.requests.iter().map(|(name, &value)| format!("{name} {}", amount(name, value)));
        amounts.collect::<Vec<_>>().join(", ")
    }
}

impl Scheduler {
    /// Says of every node why the pod would go there or not. The choice equals that of [`Scheduler::decide`].
    ///
    /// Cost: O(nodes x policies), with allocations.
    pub fn explain(&mut self, pod: PodId, now_ms: u64) -> Result<Explanation, ScheduleError> {
        let evaluation = self.evaluate(pod, now_ms)?;
        let template = self.cluster().pods.class_of(pod.0).map(|c| &*c.template).ok_or(ScheduleError::UnknownPod)?;
        let rejected = self.rejections(&evaluation);
        let message = self.message(&evaluation, &rejected);
        let rejecting = evaluation.answers.iter().find_map(|a| Some((a.policy.clone(), a.reject.clone()?)));
        Ok(Explanation {
            pod: self.cluster().pods.full_name(pod.0),
            requests: self.requests(pod),
            nodes: evaluation.rows.len(),
            chosen: evaluation.chosen.map(|row| self.name(row)),
            policies: evaluation.answers.iter().map(run).collect(),
            fell_back: fell_back(&evaluation),
            rejected_outright: rejecting.map(|(policy, reason)| PolicyReasons { policy, reasons: vec![reason] }),
            candidates: self.candidates(&evaluation),
            not_evaluated: not_evaluated(template),
            remedies: self.remedies(pod, &evaluation),
            rejected,
            message,
        })
    }

    /// What the pod adds to its node; that it is a pod goes without saying.
    fn requests(&self, pod: PodId) -> BTreeMap<String, i64> {
        let requests = self.cluster().pods.class_of(pod.0).into_iter().flat_map(|class| &class.requests);
        let named = requests.filter(|request| request.resource != ResourceId::PODS).filter_map(|request| {
            let name = self.cluster().nodes.resource_names.get(u32::from(request.resource.0))?;
            Some((name.to_string(), request.amount as i64))
        });
        named.collect()
    }

    pub(crate) fn name(&self, row: Row) -> String {
        self.cluster().node_name(row).unwrap_or_default().to_owned()
    }

    fn rejections(&self, evaluation: &Evaluation) -> Vec<Rejection> {
        let narrowing = evaluation.answers.iter().find(|a| a.narrowed).map(|a| &a.policy);
        let outright = evaluation.answers.iter().any(|a| a.reject.is_some());
        let mut list = Vec::new();
        for (k, &row) in evaluation.rows.iter().enumerate().filter(|_| !outright) {
            let mut against: Vec<(bool, PolicyReasons)> = Vec::new();
            for answer in &evaluation.answers {
                let verdict = answer.verdicts.get(k).copied().unwrap_or_default();
                if !answer.passes(k) {
                    // Not in the order of resource ids, which depends on what was interned first.
                    let mut reasons = self.texts(answer, verdict, row);
                    reasons.sort_unstable();
                    against.push((verdict.is_unresolvable(), PolicyReasons { policy: answer.policy.clone(), reasons }));
                }
            }
            let outside = narrowing.filter(|_| {
                evaluation
                    .named
                    .binary_search_by_key(&self.cluster().node_name(row), |&r| self.cluster().node_name(r))
                    .is_err()
            });
            if let Some(policy) = outside {
                let reasons = vec![format!("node(s) didn't satisfy plugin(s) [{policy}]")];
                against.insert(0, (true, PolicyReasons { policy: policy.clone(), reasons }));
            }
            let mut against = against.into_iter();
            if let Some((unresolvable, PolicyReasons { policy, reasons })) = against.next() {
                let also = against.map(|(_, also)| also).collect();
                list.push(Rejection {
                    node: self.name(row),
                    policy,
                    narrowed: outside.is_some(),
                    unresolvable,
                    reasons,
                    also,
                });
            }
        }
        list
    }

    fn candidates(&self, evaluation: &Evaluation) -> Vec<Candidate> {
        let mut order: Vec<usize> = (0..evaluation.feasible.len()).collect();
        let nodes = &self.cluster().nodes;
        let ties = crate::pipeline::Ties { seed: self.seed(), hashes: &nodes.name_hash, names: &nodes.names };
        let row = |k: usize| evaluation.feasible.get(k).map_or(0, |row| row.0);
        order.sort_by(|&a, &b| {
            let total = |k: usize| evaluation.totals.get(k);
            total(b).cmp(&total(a)).then_with(|| ties.order(row(a), row(b)))
        });
        let scores = |k: usize| {
            let scored = evaluation.answers.iter().filter(|a| a.scored);
            scored.map(move |a| {
                let score = a.scores.get(k).copied().unwrap_or(0);
                PolicyScore {
                    policy: a.policy.clone(),
                    raw: a.raw.get(k).copied().unwrap_or(0),
                    score,
                    weighted: a.weight * score,
                }
            })
        };
        order
            .into_iter()
            .map(|k| Candidate {
                node: self.name(Row(row(k))),
                total: evaluation.totals.get(k).copied().unwrap_or(0),
                scores: scores(k).collect(),
            })
            .collect()
    }

    /// kube-scheduler's sentence: counts and reasons, sorted as text.
    fn message(&self, evaluation: &Evaluation, rejected: &[Rejection]) -> String {
        let all = evaluation.rows.len();
        if let Some(row) = evaluation.chosen {
            let left_out = fell_back(evaluation);
            let without =
                if left_out.is_empty() { String::new() } else { format!(" without {}", left_out.join(" and ")) };
            let feasible = evaluation.feasible.len();
            return format!("{feasible} of {all} nodes are feasible{without}, best is {}", self.name(row));
        }
        if all == 0 {
            return "no nodes available to schedule pods".to_owned();
        }
        if let Some(reason) = evaluation.answers.iter().find_map(|a| a.reject.as_ref()) {
            return format!("0/{all} nodes are available: {reason}.");
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for reason in rejected.iter().flat_map(|r| &r.reasons) {
            *counts.entry(reason).or_default() += 1;
        }
        let mut parts: Vec<String> = counts.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        parts.sort();
        format!("0/{all} nodes are available: {}.", parts.join(", "))
    }
}

/// The policies that were set aside because no node passed.
fn fell_back(evaluation: &Evaluation) -> Vec<Cow<'static, str>> {
    evaluation.answers.iter().filter(|a| a.fell_back).map(|a| a.policy.clone()).collect()
}

/// An amount in the notation of Kubernetes, exactly.
fn amount(resource: &str, value: i64) -> String {
    let bytes = matches!(resource, "memory" | "ephemeral-storage") || resource.starts_with("hugepages-");
    match resource {
        "cpu" if value % 1_000 == 0 => (value / 1_000).to_string(),
        "cpu" => format!("{value}m"),
        _ if bytes && value > 0 => {
            let power = (value.trailing_zeros() / 10).min(4);
            let unit = ["", "Ki", "Mi", "Gi", "Ti"].get(power as usize).copied().unwrap_or_default();
            format!("{}{unit}", value >> (10 * power))
        }
        _ => value.to_string(),
    }
}

fn run(answer: &crate::pipeline::PolicyAnswer) -> PolicyRun {
    let crate::pipeline::PolicyAnswer { policy, weight, filtered, scored, failed, stale, standing_in_for, .. } =
        answer.clone();
    PolicyRun { policy, weight, filtered, scored, failed, stale, standing_in_for }
}

/// What the pod asks for that the library keeps but does not evaluate.
fn not_evaluated(pod: &PodTemplate) -> Vec<String> {
    let affinity = pod.pod_affinity.iter().filter(|t| !t.anti).count();
    let anti = pod.pod_affinity.len() - affinity;
    let counted = [
        (pod.spread.len(), "topology spread constraints"),
        (affinity, "pod affinity terms"),
        (anti, "pod anti-affinity terms"),
    ];
    let mut list: Vec<String> =
        counted.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{what} ({n})")).collect();
    if !pod.volumes.is_empty() {
        list.push(format!("volumes: {}", pod.volumes.join(", ")));
    }
    list.extend_from_slice(&pod.not_evaluated);
    list
}
