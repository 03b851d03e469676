//! Taints and tolerations, the unschedulable flag and the node name.

use sched_core::{NodeSpec, PodTemplate, Taint, TaintEffect, Toleration, TolerationOperator};

/// Whether a `NoSchedule` or `NoExecute` taint of the node is not tolerated.
pub(crate) fn has_untolerated_hard_taint(pod: &PodTemplate, node: &NodeSpec) -> bool {
    node.taints
        .iter()
        .filter(|taint| taint.effect != TaintEffect::PreferNoSchedule)
        .any(|taint| !tolerated(&pod.tolerations, taint))
}

/// How many `PreferNoSchedule` taints of the node are not tolerated.
pub(crate) fn untolerated_soft_taints(pod: &PodTemplate, node: &NodeSpec) -> i128 {
    let soft = node.taints.iter().filter(|taint| taint.effect == TaintEffect::PreferNoSchedule);
    soft.filter(|taint| !tolerated(&pod.tolerations, taint)).map(|_| 1).sum()
}

/// Whether the node takes no new pods and the pod does not tolerate that.
pub(crate) fn is_unschedulable_for(pod: &PodTemplate, node: &NodeSpec) -> bool {
    let taint = Taint {
        key: "node.kubernetes.io/unschedulable".to_owned(),
        value: String::new(),
        effect: TaintEffect::NoSchedule,
    };
    node.unschedulable && !tolerated(&pod.tolerations, &taint)
}

/// Whether the pod asks for another node by name.
pub(crate) fn asks_for_other_node(pod: &PodTemplate, node: &NodeSpec) -> bool {
    pod.node_name.as_ref().is_some_and(|name| *name != node.name)
}

fn tolerated(tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations.iter().any(|toleration| tolerates(toleration, taint))
}

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    if toleration.effect.is_some_and(|effect| effect != taint.effect) {
        return false;
    }
    match toleration.operator {
        TolerationOperator::Exists => toleration.key.is_empty() || toleration.key == taint.key,
        TolerationOperator::Equal => toleration.key == taint.key && toleration.value == taint.value,
        TolerationOperator::Lt | TolerationOperator::Gt => {
            let numbers = taint.value.parse::<i64>().ok().zip(toleration.value.parse::<i64>().ok());
            let holds = numbers.is_some_and(|(taint, own)| match toleration.operator {
                TolerationOperator::Lt => taint < own,
                _ => taint > own,
            });
            holds && toleration.key == taint.key
        }
    }
}
