//! Rejected nodes grouped by policy and reason, as people know it from events of Kubernetes.

use sched_core::Explanation;
use std::collections::BTreeMap;

/// How many nodes of a group are named.
const EXAMPLES: usize = 3;

/// Nodes that are out for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group<'a> {
    pub(super) policy: &'a str,
    pub(super) reason: &'a str,
    pub(super) count: usize,
    /// Of these, how many would stay out if pods were removed from them.
    pub(super) unresolvable: usize,
    /// Of these, how many are rejected by a later policy too.
    pub(super) also: usize,
    pub(super) examples: Vec<&'a str>,
}

/// The groups, largest first. A node with several reasons is in several groups.
pub(super) fn groups(explanation: &Explanation) -> Vec<Group<'_>> {
    let mut found: BTreeMap<(&str, &str), Group<'_>> = BTreeMap::new();
    for rejection in &explanation.rejected {
        for reason in &rejection.reasons {
            let group = found.entry((&*rejection.policy, reason)).or_insert_with(|| Group {
                policy: &rejection.policy,
                reason,
                count: 0,
                unresolvable: 0,
                also: 0,
                examples: Vec::new(),
            });
            group.count += 1;
            group.unresolvable += usize::from(rejection.unresolvable);
            group.also += usize::from(!rejection.also.is_empty());
            if group.examples.len() < EXAMPLES {
                group.examples.push(&rejection.node);
            }
        }
    }
    let mut groups: Vec<Group<'_>> = found.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::tests::{explanation, rejection};

    #[test]
    fn a_node_with_two_reasons_counts_in_both_groups() {
        let explanation = explanation(
            vec![
                rejection("n1", &["Insufficient cpu", "Insufficient memory"]),
                rejection("n2", &["Insufficient cpu"]),
                rejection("n3", &["Insufficient cpu"]),
                rejection("n4", &["Insufficient cpu"]),
            ],
            vec![],
        );
        let groups = groups(&explanation);
        let shown: Vec<(&str, usize)> = groups.iter().map(|group| (group.reason, group.count)).collect();
        assert_eq!(shown, [("Insufficient cpu", 4), ("Insufficient memory", 1)]);
        assert_eq!(groups[0].examples, ["n1", "n2", "n3"]);
    }
}
