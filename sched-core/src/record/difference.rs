//! A decision that came out otherwise, with what explains it.

use super::counted;
use crate::explain::{Candidate, Explanation, Rejection};
use serde::Serialize;

/// What a decision ended with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A node.
    Placed {
        /// Which.
        node: String,
        /// Sum over policies of weight x score.
        total: i64,
        /// How many nodes were feasible.
        feasible: u32,
        /// No node passed all filters, and those that allow it were left out.
        fell_back: bool,
    },
    /// None.
    Unplaced {
        /// For each reason, on how many nodes it stood in the way; none where it was not recorded.
        reasons: Option<Vec<(String, u32)>>,
    },
}

impl Outcome {
    /// The node.
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Placed { node, .. } => Some(node),
            Self::Unplaced { .. } => None,
        }
    }
}

/// What the policies of the rerun say of a node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is feasible, with these scores.
    Feasible(Candidate),
    /// It is out, for these reasons.
    Rejected(Rejection),
    /// The pod is rejected as a whole, for these reasons.
    Outright(Vec<String>),
}

/// A decision that came out otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// Which decision, from 1.
    pub decision: u64,
    /// When it was made.
    pub at_ms: u64,
    /// `namespace/name`.
    pub pod: String,
    /// What came out then.
    pub recorded: Outcome,
    /// What comes out now.
    pub now: Outcome,
    /// What the policies of the rerun say of the recorded node.
    pub recorded_node: Option<Standing>,
    /// What they say of the node that they choose.
    pub chosen_node: Option<Standing>,
}

impl Difference {
    /// Fills in what the policies of the rerun say.
    pub(super) fn explain(&mut self, explanation: &Explanation) {
        if let Outcome::Unplaced { reasons } = &mut self.now {
            reasons.get_or_insert_with(|| counted(explanation));
        }
        self.recorded_node = self.recorded.node().and_then(|node| standing(explanation, node));
        self.chosen_node = self.now.node().and_then(|node| standing(explanation, node));
    }
}

fn standing(explanation: &Explanation, node: &str) -> Option<Standing> {
    if let Some(outright) = &explanation.rejected_outright {
        return Some(Standing::Outright(outright.reasons.clone()));
    }
    let feasible = explanation.candidates.iter().find(|candidate| candidate.node == node);
    let rejected = || explanation.rejected.iter().find(|rejection| rejection.node == node);
    feasible.cloned().map(Standing::Feasible).or_else(|| rejected().cloned().map(Standing::Rejected))
}
