//! Each policy's answers: for the pod as a whole, for one node, and how raw scores become 0..=100.

use super::profile::Kind;
use super::{World, affinity, balanced, images, marks, overload, own, ports, resources, taints};
use sched_core::{NodeSpec, PodSpec};
use std::collections::BTreeSet;

/// What a policy says of the pod before any node is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Prefilter {
    Go,
    /// Only these nodes are looked at; they need not exist.
    Only(BTreeSet<String>),
    Reject(String),
}

/// Why one policy rejects one node.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Refusal {
    pub(crate) reasons: BTreeSet<String>,
    pub(crate) unresolvable: bool,
}

/// What a policy's score is before normalisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Raw {
    /// The policy has no score, or none for this pod: it adds nothing.
    Skip,
    Scores(Vec<i128>),
}

/// Looks at the pod alone.
pub(crate) fn prefilter(kind: &Kind, pod: &PodSpec) -> Prefilter {
    if !matches!(kind, Kind::NodeAffinity { .. }) {
        return Prefilter::Go;
    }
    match affinity::named_nodes(&pod.template) {
        None => Prefilter::Go,
        Some(names) if names.is_empty() => Prefilter::Reject("pod affinity terms conflict".to_owned()),
        Some(names) => Prefilter::Only(names),
    }
}

/// Why the policy rejects the node, if it does.
pub(crate) fn filter(kind: &Kind, spec: &PodSpec, node: &NodeSpec, world: &World) -> Option<Refusal> {
    let pod = &spec.template;
    let refuse = |condition: bool, reason: &str, unresolvable: bool| {
        condition.then(|| Refusal { reasons: BTreeSet::from([reason.to_owned()]), unresolvable })
    };
    match kind {
        Kind::NodeUnschedulable => refuse(taints::is_unschedulable_for(pod, node), "node(s) were unschedulable", true),
        Kind::NodeName => {
            refuse(taints::asks_for_other_node(pod, node), "node(s) didn't match the requested node name", true)
        }
        Kind::TaintToleration => {
            refuse(taints::has_untolerated_hard_taint(pod, node), "node(s) had untolerated taint(s)", true)
        }
        Kind::NodeAffinity { added_required, .. } => {
            let added = added_required.as_ref().is_none_or(|added| affinity::selector_matches(added, node));
            refuse(!added, "node(s) didn't match scheduler-enforced node affinity", true).or_else(|| {
                let own = affinity::required_matches(pod, node);
                refuse(!own, "node(s) didn't match Pod's node affinity/selector", true)
            })
        }
        Kind::NodePorts => {
            let conflict = ports::conflict(pod, world.pods_on(&node.name));
            refuse(conflict, "node(s) didn't have free ports for the requested pod ports", false)
        }
        Kind::NodeResourcesFit { ignored, ignored_groups, .. } => {
            let ignored = |name: &str| {
                let group = name.split('/').next().unwrap_or_default();
                ignored.iter().any(|i| i == name) || ignored_groups.iter().any(|g| g == group)
            };
            let (reasons, unresolvable) = resources::misfits(pod, node, world, ignored);
            (!reasons.is_empty()).then_some(Refusal { reasons, unresolvable })
        }
        Kind::HybridUnschedulable(config) => {
            let reasons = marks::hybrid(config, spec, node, world);
            (!reasons.is_empty()).then_some(Refusal { reasons, unresolvable: true })
        }
        Kind::WaterLevel(config) => {
            let reasons = marks::water_level(config, spec, node, world);
            (!reasons.is_empty()).then_some(Refusal { reasons, unresolvable: false })
        }
        Kind::NodeResourcesBalancedAllocation { .. }
        | Kind::ImageLocality
        | Kind::CoolDown(_)
        | Kind::NodeBalance(_)
        | Kind::NodeInfo(_)
        | Kind::ExpectedOverload(_) => None,
    }
}

/// Whether a decision is made once more without the policy's filter if no node is feasible.
pub(crate) fn falls_back(kind: &Kind, pod: &PodSpec) -> bool {
    matches!(kind, Kind::WaterLevel(config) if marks::falls_back(config, pod))
}

/// The policy's raw scores of the candidates.
pub(crate) fn score(kind: &Kind, spec: &PodSpec, candidates: &[&NodeSpec], world: &World) -> Raw {
    let pod = &spec.template;
    let each = |f: &dyn Fn(&NodeSpec) -> i128| Raw::Scores(candidates.iter().map(|node| f(node)).collect());
    match kind {
        Kind::NodeUnschedulable
        | Kind::NodeName
        | Kind::NodePorts
        | Kind::HybridUnschedulable(_)
        | Kind::WaterLevel(_) => Raw::Skip,
        Kind::CoolDown(config) => each(&|node| own::cool_down(config, node, world)),
        Kind::NodeBalance(config) => each(&|node| own::node_balance(config, spec, node, world)),
        Kind::NodeInfo(config) => each(&|node| own::node_info(config, spec, node, world)),
        Kind::ExpectedOverload(curve) => each(&|node| overload::score(world, *curve, spec, node).unwrap_or(0)),
        Kind::TaintToleration => each(&|node| taints::untolerated_soft_taints(pod, node)),
        Kind::NodeAffinity { added_preferred, .. } => {
            if pod.preferred_nodes.is_empty() && added_preferred.is_empty() {
                return Raw::Skip;
            }
            let both = |node: &NodeSpec| {
                affinity::preferred_weight(&pod.preferred_nodes, node)
                    + affinity::preferred_weight(added_preferred, node)
            };
            each(&both)
        }
        Kind::NodeResourcesFit { strategy, listed, .. } => {
            each(&|node| resources::score(pod, node, world, strategy, listed))
        }
        Kind::NodeResourcesBalancedAllocation { listed } if balanced::skips(pod, listed) => Raw::Skip,
        Kind::NodeResourcesBalancedAllocation { listed } => each(&|node| balanced::score(pod, node, world, listed)),
        Kind::ImageLocality => each(&|node| images::score(pod, node, world)),
    }
}

/// Raw scores over all candidates, brought to 0..=100.
pub(crate) fn normalize(kind: &Kind, raw: &[i128]) -> Vec<i128> {
    let max = raw.iter().copied().max().unwrap_or(0);
    let share = |raw: i128| if max == 0 { 0 } else { 100 * raw / max };
    match kind {
        Kind::TaintToleration => raw.iter().map(|&raw| 100 - share(raw)).collect(),
        Kind::NodeAffinity { .. } => raw.iter().map(|&raw| share(raw)).collect(),
        Kind::ExpectedOverload(_) => {
            let min = raw.iter().copied().min().unwrap_or(0);
            raw.iter().map(|&raw| if max == min { 100 } else { 100 * (max - raw) / (max - min) }).collect()
        }
        _ => raw.to_vec(),
    }
}
