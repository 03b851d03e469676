//! `sched explain`: the verdict on every node for one pod, and where it would go.

mod group;
pub(crate) mod text;

#[cfg(test)]
pub(crate) mod tests {
    //! Explanations made by hand.

    use sched_core::{Candidate, Explanation, PolicyRun, PolicyScore, Rejection};

    pub(crate) fn rejection(node: &str, reasons: &[&str]) -> Rejection {
        Rejection {
            node: node.to_owned(),
            policy: "Fit",
            narrowed: false,
            unresolvable: false,
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
            also: vec![],
        }
    }

    pub(crate) fn candidate(node: &str, total: i64) -> Candidate {
        let scores = vec![PolicyScore { policy: "Fit", raw: total * 3, score: total, weighted: total }];
        Candidate { node: node.to_owned(), total, scores }
    }

    pub(crate) fn explanation(rejected: Vec<Rejection>, candidates: Vec<Candidate>) -> Explanation {
        Explanation {
            pod: "default/web".to_owned(),
            nodes: rejected.len() + candidates.len(),
            chosen: candidates.first().map(|candidate| candidate.node.clone()),
            policies: vec![PolicyRun { policy: "Fit", weight: 1, filtered: true, scored: true }],
            rejected_outright: None,
            rejected,
            candidates,
            not_evaluated: vec![],
            remedies: vec![],
            message: "0/5 nodes are available: 5 Insufficient cpu.".to_owned(),
        }
    }
}
