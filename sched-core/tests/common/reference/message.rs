//! The sentence in which kube-scheduler says why no node was found.

use super::pipeline::Rejection;
use std::collections::BTreeMap;

/// What is said of a cluster without nodes.
const NO_NODES: &str = "no nodes available to schedule pods";

/// The message where nodes were looked at one by one.
pub(crate) fn rejected(nodes: usize, rejections: &BTreeMap<String, Rejection>) -> String {
    if nodes == 0 {
        return NO_NODES.to_owned();
    }
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
    if nodes == 0 {
        return NO_NODES.to_owned();
    }
    format!("0/{nodes} nodes are available: {why}.")
}
