//! The sentence in which kube-scheduler says why no node was found.

use super::pipeline::Rejection;
use std::collections::BTreeMap;

/// The message where nodes were looked at one by one.
pub(crate) fn rejected(nodes: usize, rejections: &BTreeMap<String, Rejection>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in rejections.values().flat_map(|rejection| &rejection.reasons) {
        *counts.entry(reason).or_insert(0) += 1;
    }
    let mut parts: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    parts.sort();
    whole(nodes, &parts.join(", "))
}

/// The message where the pod was rejected before any node was looked at.
pub(crate) fn whole(nodes: usize, why: &str) -> String {
    if why.is_empty() {
        return format!("0/{nodes} nodes are available:");
    }
    format!("0/{nodes} nodes are available: {why}.")
}
