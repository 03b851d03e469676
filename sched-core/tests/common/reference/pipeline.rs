//! One decision: prefilter, filter, score, total, choose, and the reasons in the shape of an explanation.

use super::policies::{self, Prefilter, Raw};
use super::profile::{Policy, Profile};
use super::{PodKey, World, message, tie};
use sched_core::{NodeSpec, PodSpec};
use std::collections::{BTreeMap, BTreeSet};

/// Why a node is out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// The first policy that rejected it, or the one that narrowed the nodes.
    pub(crate) policy: String,
    /// It was out before any filter.
    pub(crate) narrowed: bool,
    pub(crate) unresolvable: bool,
    pub(crate) reasons: BTreeSet<String>,
    /// What later filters say, in their order.
    pub(crate) also: Vec<(String, BTreeSet<String>)>,
}

/// One policy's score of one candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) raw: i128,
    pub(crate) normalized: i128,
    pub(crate) weighted: i128,
}

/// A node that passed every filter.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Candidate {
    pub(crate) total: i128,
    /// By policy; those that skipped the pod are not there.
    pub(crate) scores: BTreeMap<String, Score>,
}

/// A decision with all its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    /// The policy that rejected the pod as a whole, and why.
    pub(crate) prefilter: Option<(String, String)>,
    /// The policy that narrowed the nodes.
    pub(crate) narrowed_by: Option<String>,
    pub(crate) rejected: BTreeMap<String, Rejection>,
    pub(crate) candidates: BTreeMap<String, Candidate>,
    pub(crate) chosen: Option<String>,
    /// Why there is no node, if there is none.
    pub(crate) message: String,
}

/// Decides where a pod of the world goes. Nothing is changed.
pub(crate) fn decide(world: &World, profile: &Profile, pod: &PodKey, seed: u64) -> Outcome {
    let pod = &world.pods[pod].spec;
    let profile = &profile.asked(world);
    let mut outcome = Outcome::default();
    let mut only: Option<BTreeSet<String>> = None;
    for policy in &profile.policies {
        match policies::prefilter(&policy.kind, pod) {
            Prefilter::Go => {}
            Prefilter::Only(names) => {
                only = Some(names);
                outcome.narrowed_by = Some(policy.name.clone());
            }
            Prefilter::Reject(reason) => {
                outcome.message = message::whole(world.nodes.len(), &reason);
                outcome.prefilter = Some((policy.name.clone(), reason));
                return outcome;
            }
        }
    }
    if !look(world, profile, pod, only.as_ref(), &mut outcome) {
        let without = |policy: &&Policy| !policies::falls_back(&policy.kind, pod);
        let less = Profile { policies: profile.policies.iter().filter(without).cloned().collect() };
        look(world, &less, pod, only.as_ref(), &mut outcome);
    }
    if outcome.candidates.is_empty() {
        outcome.message = message::rejected(world.nodes.len(), &outcome.rejected);
        return outcome;
    }
    score(world, profile, pod, &mut outcome.candidates);
    let best = outcome.candidates.values().map(|candidate| candidate.total).max();
    let top = outcome.candidates.iter().filter(|(_, candidate)| Some(candidate.total) == best);
    outcome.chosen = tie::winner(top.map(|(name, _)| name.as_str()), seed).map(str::to_owned);
    outcome
}

/// Looks at every node; says whether one is feasible.
fn look(
    world: &World,
    profile: &Profile,
    pod: &PodSpec,
    only: Option<&BTreeSet<String>>,
    outcome: &mut Outcome,
) -> bool {
    outcome.rejected.clear();
    for node in world.nodes.values() {
        let narrowed_out = only.is_some_and(|only| !only.contains(&node.name));
        let by = outcome.narrowed_by.as_ref().filter(|_| narrowed_out);
        if let Some(rejection) = filter(world, profile, pod, node, by) {
            outcome.rejected.insert(node.name.clone(), rejection);
        } else {
            outcome.candidates.insert(node.name.clone(), Candidate::default());
        }
    }
    !outcome.candidates.is_empty()
}

/// The first policy that rejects the node, and what later ones say.
fn filter(
    world: &World,
    profile: &Profile,
    pod: &PodSpec,
    node: &NodeSpec,
    narrowed_out_by: Option<&String>,
) -> Option<Rejection> {
    let mut rejection = narrowed_out_by.map(|policy| Rejection {
        policy: policy.clone(),
        narrowed: true,
        unresolvable: true,
        reasons: BTreeSet::from([format!("node(s) didn't satisfy plugin(s) [{policy}]")]),
        also: Vec::new(),
    });
    for policy in &profile.policies {
        let Some(refusal) = policies::filter(&policy.kind, pod, node, world) else { continue };
        match &mut rejection {
            Some(first) => first.also.push((policy.name.clone(), refusal.reasons)),
            None => {
                rejection = Some(Rejection {
                    policy: policy.name.clone(),
                    narrowed: false,
                    unresolvable: refusal.unresolvable,
                    reasons: refusal.reasons,
                    also: Vec::new(),
                });
            }
        }
    }
    rejection
}

/// Fills in what each policy gives each candidate, and the totals.
fn score(world: &World, profile: &Profile, pod: &PodSpec, candidates: &mut BTreeMap<String, Candidate>) {
    let nodes: Vec<&NodeSpec> = candidates.keys().map(|name| &world.nodes[name]).collect();
    for policy in &profile.policies {
        if policy.weight == 0 {
            continue;
        }
        let Raw::Scores(raw) = policies::score(&policy.kind, pod, &nodes, world) else { continue };
        let normalized = policies::normalize(&policy.kind, &raw);
        for ((candidate, raw), normalized) in candidates.values_mut().zip(raw).zip(normalized) {
            let weighted = normalized * policy.weight;
            candidate.total += weighted;
            candidate.scores.insert(policy.name.clone(), Score { raw, normalized, weighted });
        }
    }
}
