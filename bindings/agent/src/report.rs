//! What a round did and decided, for people and as JSON.

use crate::apply::Change;
use sched_core::colocation::{NodeDecision, Offer};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// One round.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What was written, or in a dry run would be, in order.
    pub changes: Vec<Change>,
    /// Containers that cannot have what they ask for, and why.
    pub refused: Vec<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
    /// What was decided about offers, suppression and evictions; evictions are the user's to carry out.
    pub decision: Option<NodeDecision>,
    /// What the node offers, by extended resource: milli-CPU and bytes.
    pub offer: BTreeMap<String, i64>,
}

impl Report {
    /// Whether there is nothing in it that anybody need act on.
    pub fn is_quiet(&self) -> bool {
        let evicts =
            |decision: &NodeDecision| !decision.memory.victims.is_empty() || !decision.starvation.victims.is_empty();
        self.changes.is_empty() && !self.decision.as_ref().is_some_and(evicts)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.changes.iter().try_for_each(|change| writeln!(f, "{change}"))?;
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))?;
        self.decision.iter().try_for_each(|decision| write!(f, "{decision}"))?;
        self.offer.iter().try_for_each(|(resource, amount)| writeln!(f, "offer {resource}: {amount}"))
    }
}

/// The offer as extended resources of Kubernetes: milli-CPU and bytes.
pub fn offer_of(offer: &Offer) -> BTreeMap<String, i64> {
    let (be, ot) = (offer.be.offered, offer.ot.offered);
    let all = [("be-cpu", be.cpu), ("be-memory", be.memory), ("ot-cpu", ot.cpu), ("ot-memory", ot.memory)];
    all.into_iter().map(|(name, amount)| (format!("sched/{name}"), amount)).collect()
}

/// A merge patch of a node's status, for `kubectl patch node NAME --subresource=status --type=merge`.
pub fn status_patch(offer: &BTreeMap<String, i64>) -> serde_json::Value {
    let capacity: BTreeMap<&str, String> =
        offer.iter().map(|(resource, amount)| (resource.as_str(), amount.to_string())).collect();
    serde_json::json!({"status": {"capacity": capacity}})
}
