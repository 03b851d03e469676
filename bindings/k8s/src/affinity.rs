//! Selectors, node affinity, pod (anti-)affinity and topology spread constraints.

use crate::error::{FieldError, Problem, Within as _, each, in_range, list};
use k8s_openapi::api::core::v1 as k8s;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use sched_core::abi::{NodeSelector, Operator, PreferredTerm, Requirement, SelectorTerm};
use sched_core::{LabelSelector, Labels, PodAffinityTerm, SpreadConstraint};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// `requiredDuringSchedulingIgnoredDuringExecution` of a node affinity.
pub(crate) fn required_nodes(affinity: &k8s::NodeAffinity) -> Result<Option<NodeSelector>, FieldError> {
    let Some(selector) = &affinity.required_during_scheduling_ignored_during_execution else { return Ok(None) };
    let node_selector_terms = each("nodeSelectorTerms", &selector.node_selector_terms, term).within(REQUIRED)?;
    Ok(Some(NodeSelector { node_selector_terms }))
}

/// `preferredDuringSchedulingIgnoredDuringExecution` of a node affinity.
pub(crate) fn preferred_nodes(affinity: &k8s::NodeAffinity) -> Result<Vec<PreferredTerm>, FieldError> {
    each(PREFERRED, list(affinity.preferred_during_scheduling_ignored_during_execution.as_ref()), |preferred| {
        let weight = weight(preferred.weight)?;
        Ok(PreferredTerm { weight, preference: term(&preferred.preference).within("preference")? })
    })
}

/// The weight of a preferred term.
fn weight(weight: i32) -> Result<i32, FieldError> {
    in_range(weight, 1, 100).within("weight")
}

fn term(term: &k8s::NodeSelectorTerm) -> Result<SelectorTerm, FieldError> {
    Ok(SelectorTerm {
        match_expressions: each("matchExpressions", list(term.match_expressions.as_ref()), node_requirement)?,
        match_fields: each("matchFields", list(term.match_fields.as_ref()), node_requirement)?,
    })
}

fn node_requirement(source: &k8s::NodeSelectorRequirement) -> Result<Requirement, FieldError> {
    let operator = match source.operator.as_str() {
        "Gt" => Operator::Gt,
        "Lt" => Operator::Lt,
        name => set_operator(name, "`In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`")?,
    };
    Ok(Requirement { key: source.key.clone(), operator, values: source.values.clone().unwrap_or_default() })
}

fn set_operator(name: &str, allowed: &'static str) -> Result<Operator, FieldError> {
    match name {
        "In" => Ok(Operator::In),
        "NotIn" => Ok(Operator::NotIn),
        "Exists" => Ok(Operator::Exists),
        "DoesNotExist" => Ok(Operator::DoesNotExist),
        _ => Err(FieldError::unsupported(name, allowed)).within("operator"),
    }
}

fn label_selector(source: &meta::LabelSelector) -> Result<LabelSelector, FieldError> {
    let requirement = |source: &meta::LabelSelectorRequirement| {
        let operator = set_operator(&source.operator, "`In`, `NotIn`, `Exists`, `DoesNotExist`")?;
        Ok(Requirement { key: source.key.clone(), operator, values: source.values.clone().unwrap_or_default() })
    };
    Ok(LabelSelector {
        match_labels: source.match_labels.clone().unwrap_or_default(),
        match_expressions: each("matchExpressions", list(source.match_expressions.as_ref()), requirement)?,
    })
}

fn optional_selector(field: &str, source: Option<&meta::LabelSelector>) -> Result<Option<LabelSelector>, FieldError> {
    source.map(label_selector).transpose().within(field)
}

/// All terms of pod affinity and anti-affinity. `labels` are the pod's own, for `matchLabelKeys`.
pub(crate) fn pod_affinity(affinity: &k8s::Affinity, labels: &Labels) -> Result<Vec<PodAffinityTerm>, FieldError> {
    let mut terms = Vec::new();
    if let Some(together) = &affinity.pod_affinity {
        let required = list(together.required_during_scheduling_ignored_during_execution.as_ref());
        let preferred = list(together.preferred_during_scheduling_ignored_during_execution.as_ref());
        terms.extend(affinity_terms(required, preferred, labels, false).within("podAffinity")?);
    }
    if let Some(apart) = &affinity.pod_anti_affinity {
        let required = list(apart.required_during_scheduling_ignored_during_execution.as_ref());
        let preferred = list(apart.preferred_during_scheduling_ignored_during_execution.as_ref());
        terms.extend(affinity_terms(required, preferred, labels, true).within("podAntiAffinity")?);
    }
    Ok(terms)
}

fn affinity_terms(
    required: &[k8s::PodAffinityTerm],
    preferred: &[k8s::WeightedPodAffinityTerm],
    labels: &Labels,
    anti: bool,
) -> Result<Vec<PodAffinityTerm>, FieldError> {
    let mut terms = each(REQUIRED, required, |term| affinity_term(term, labels, anti))?;
    terms.extend(each(PREFERRED, preferred, |weighted| {
        let weight = weight(weighted.weight)?;
        let term = affinity_term(&weighted.pod_affinity_term, labels, anti).within("podAffinityTerm")?;
        Ok(PodAffinityTerm { weight, ..term })
    })?);
    Ok(terms)
}

fn affinity_term(term: &k8s::PodAffinityTerm, labels: &Labels, anti: bool) -> Result<PodAffinityTerm, FieldError> {
    let mut label_selector = optional_selector("labelSelector", term.label_selector.as_ref())?;
    if let Some(selector) = &mut label_selector {
        merge_label_keys(selector, list(term.match_label_keys.as_ref()), labels, Operator::In);
        merge_label_keys(selector, list(term.mismatch_label_keys.as_ref()), labels, Operator::NotIn);
    }
    Ok(PodAffinityTerm {
        label_selector,
        namespaces: term.namespaces.clone().unwrap_or_default(),
        namespace_selector: optional_selector("namespaceSelector", term.namespace_selector.as_ref())?,
        topology_key: term.topology_key.clone(),
        weight: 0,
        anti,
    })
}

/// Adds the pod's own values of `keys` to the selector, as the API server does when it stores the pod.
fn merge_label_keys(selector: &mut LabelSelector, keys: &[String], labels: &Labels, operator: Operator) {
    for key in keys {
        let Some(value) = labels.get(key) else { continue };
        let merged = Requirement { key: key.clone(), operator, values: vec![value.clone()] };
        if !selector.match_expressions.contains(&merged) {
            selector.match_expressions.push(merged);
        }
    }
}

/// One topology spread constraint.
pub(crate) fn spread(source: &k8s::TopologySpreadConstraint) -> Result<SpreadConstraint, FieldError> {
    let hard = match source.when_unsatisfiable.as_str() {
        "DoNotSchedule" => Ok(true),
        "ScheduleAnyway" => Ok(false),
        other => Err(FieldError::unsupported(other, "`DoNotSchedule`, `ScheduleAnyway`")),
    };
    let min_domains = source.min_domains.map(|least| in_range(least, 1, i32::MAX.into()));
    if min_domains.is_some() && source.when_unsatisfiable != "DoNotSchedule" {
        let rule = "is allowed only where `whenUnsatisfiable` is `DoNotSchedule`";
        return Err(FieldError::new(Problem::Rule(rule))).within("minDomains");
    }
    let node_affinity_policy = source.node_affinity_policy.as_deref();
    let node_taints_policy = source.node_taints_policy.as_deref();
    Ok(SpreadConstraint {
        max_skew: in_range(source.max_skew, 1, i32::MAX.into()).within("maxSkew")?,
        topology_key: source.topology_key.clone(),
        hard: hard.within("whenUnsatisfiable")?,
        label_selector: optional_selector("labelSelector", source.label_selector.as_ref())?,
        min_domains: min_domains.transpose().within("minDomains")?,
        match_label_keys: source.match_label_keys.clone().unwrap_or_default(),
        ignore_node_affinity: !honours(node_affinity_policy, true).within("nodeAffinityPolicy")?,
        honor_node_taints: honours(node_taints_policy, false).within("nodeTaintsPolicy")?,
    })
}

fn honours(policy: Option<&str>, default: bool) -> Result<bool, FieldError> {
    match policy {
        None => Ok(default),
        Some("Honor") => Ok(true),
        Some("Ignore") => Ok(false),
        Some(other) => Err(FieldError::unsupported(other, "`Honor`, `Ignore`")),
    }
}
