//! `sched explain`: the verdict on every node for one pod, and where it would go.

mod cluster;
mod group;
mod text;
mod trace;

pub(crate) use trace::in_replay;

use crate::args::ExplainArgs;
use crate::candidates;
use crate::choice;
use crate::error::CliError;
use crate::files::{json, print};
use crate::warnings;
use sched_core::{Explanation, PolicyConfig};
use serde::Serialize;
use text::Context;

pub(crate) fn run(args: &ExplainArgs) -> Result<(), CliError> {
    let profile = choice::profile(args.profile.as_deref(), args.profiles.as_deref())?;
    let candidate = candidates::one(&profile, &args.policies)?;
    let (explanation, moment) = match (&args.cluster, &args.pod) {
        (Some(cluster), Some(pod)) => {
            let reads_use = profile.policies.iter().any(|entry| reads_use(&entry.config));
            cluster::explain(cluster, pod, &candidate, args.seed, (args.now, reads_use))?
        }
        _ => trace::in_sample(args, &candidate)?,
    };
    let warnings = warnings::of(std::slice::from_ref(&profile), args.metrics_delay);
    let context = Context { profile: &profile.name, seed: args.seed, moment, top: args.top, warnings };
    show(&explanation, &context, args.json)
}

/// Whether a policy judges by samples of use.
fn reads_use(policy: &PolicyConfig) -> bool {
    use PolicyConfig as P;
    matches!(
        policy,
        P::NodeBalance(_)
            | P::NodeInfo(_)
            | P::WaterLevel(_)
            | P::LoadAware(_)
            | P::TargetLoadPacking(_)
            | P::Dynamic(_)
            | P::ExpectedOverload(_)
    )
}

/// When the explanation is of, and what is to be said about it.
pub(crate) struct Moment {
    /// Milliseconds: of the trace, or since 1970.
    pub(crate) at_ms: u64,
    /// Sentences without a full stop.
    pub(crate) notes: Vec<String>,
}

/// Prints an explanation as text or as JSON.
fn show(explanation: &Explanation, context: &Context<'_>, as_json: bool) -> Result<(), CliError> {
    #[derive(Serialize)]
    struct Document<'a> {
        profile: &'a str,
        seed: u64,
        #[serde(flatten)]
        explanation: &'a Explanation,
        at_ms: u64,
        notes: &'a [String],
        warnings: &'a [String],
    }
    let Context { profile, seed, warnings, moment: Moment { at_ms, notes }, .. } = context;
    warnings::show(warnings);
    let document = || json(&Document { profile, seed: *seed, explanation, at_ms: *at_ms, notes, warnings });
    print(&if as_json { document()? } else { text::render(explanation, context) })
}

#[cfg(test)]
pub(crate) mod tests {
    //! Explanations made by hand.

    use sched_core::{Candidate, Explanation, PolicyRun, PolicyScore, Rejection};

    pub(crate) fn rejection(node: &str, reasons: &[&str]) -> Rejection {
        Rejection {
            node: node.to_owned(),
            policy: "Fit".into(),
            narrowed: false,
            unresolvable: false,
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
            also: vec![],
        }
    }

    pub(crate) fn candidate(node: &str, total: i64) -> Candidate {
        let scores = vec![PolicyScore { policy: "Fit".into(), raw: total * 3, score: total, weighted: total }];
        Candidate { node: node.to_owned(), total, scores }
    }

    pub(crate) fn explanation(rejected: Vec<Rejection>, candidates: Vec<Candidate>) -> Explanation {
        Explanation {
            pod: "default/web".to_owned(),
            requests: [("cpu".to_owned(), 1_500)].into(),
            nodes: rejected.len() + candidates.len(),
            chosen: candidates.first().map(|candidate| candidate.node.clone()),
            policies: vec![PolicyRun {
                policy: "Fit".into(),
                weight: 1,
                filtered: true,
                scored: true,
                failed: None,
                stale: false,
                standing_in_for: None,
            }],
            fell_back: vec![],
            rejected_outright: None,
            rejected,
            candidates,
            not_evaluated: vec![],
            remedies: vec![],
            message: "0/5 nodes are available: 5 Insufficient cpu.".to_owned(),
        }
    }
}
