//! Node selector and node affinity: required, preferred, added by the configuration, and the nodes named one by one.

use sched_core::abi::{NodeSelector, Operator, PreferredTerm, Requirement, SelectorTerm};
use sched_core::{NodeSpec, PodTemplate};
use std::collections::BTreeSet;

/// Whether the node meets the pod's selector and its required affinity.
pub(crate) fn required_matches(pod: &PodTemplate, node: &NodeSpec) -> bool {
    let selector = pod.node_selector.iter().all(|(key, value)| node.labels.get(key) == Some(value));
    selector && pod.required_nodes.as_ref().is_none_or(|required| selector_matches(required, node))
}

/// Whether one of the terms holds.
pub(crate) fn selector_matches(selector: &NodeSelector, node: &NodeSpec) -> bool {
    selector.node_selector_terms.iter().any(|term| term_matches(term, node))
}

/// The weights of the preferred terms that hold.
pub(crate) fn preferred_weight(terms: &[PreferredTerm], node: &NodeSpec) -> i128 {
    terms.iter().filter(|term| term_matches(&term.preference, node)).map(|term| i128::from(term.weight)).sum()
}

/// The nodes that the pod's required affinity names; `None` where a term does not name any.
pub(crate) fn named_nodes(pod: &PodTemplate) -> Option<BTreeSet<String>> {
    let terms = &pod.required_nodes.as_ref()?.node_selector_terms;
    if terms.is_empty() {
        return None;
    }
    let mut union = BTreeSet::new();
    for term in terms {
        let mut named: Option<BTreeSet<String>> = None;
        for field in &term.match_fields {
            if field.key == "metadata.name" && field.operator == Operator::In {
                let values: BTreeSet<String> = field.values.iter().cloned().collect();
                named = Some(named.map_or(values.clone(), |before| &before & &values));
            }
        }
        union.extend(named?);
    }
    Some(union)
}

fn term_matches(term: &SelectorTerm, node: &NodeSpec) -> bool {
    if term.match_expressions.is_empty() && term.match_fields.is_empty() {
        return false;
    }
    let labels = term.match_expressions.iter().all(|r| holds(r, node.labels.get(&r.key).map(String::as_str)));
    let fields = term.match_fields.iter().all(|r| r.key == "metadata.name" && holds(r, Some(&node.name)));
    labels && fields
}

/// Whether the value of a label, if there is one, meets the requirement.
pub(crate) fn holds(requirement: &Requirement, value: Option<&str>) -> bool {
    let among = value.is_some_and(|value| requirement.values.iter().any(|v| v == value));
    let integer = value.and_then(|value| value.parse::<i64>().ok());
    let bound = requirement.values.first().and_then(|v| v.parse::<i64>().ok());
    match requirement.operator {
        Operator::In => among,
        Operator::NotIn => !among,
        Operator::Exists => value.is_some(),
        Operator::DoesNotExist => value.is_none(),
        Operator::Gt => integer.zip(bound).is_some_and(|(integer, bound)| integer > bound),
        Operator::Lt => integer.zip(bound).is_some_and(|(integer, bound)| integer < bound),
    }
}
