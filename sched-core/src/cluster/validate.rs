//! Refuses what Kubernetes' API server would refuse, and what is beyond a limit, before anything is changed.

use super::spec::{Container, LabelSelector, Labels, NodeSpec, PodSpec, PodTemplate, Resources, Sample};
use crate::error::ClusterError;
use crate::limits::{
    MAX_CONTAINERS, MAX_LABELS, MAX_NAME_BYTES, MAX_QUANTITY, MAX_SELECTOR_TERMS, MAX_TAINTS, MAX_TIME_MS,
};
use sched_abi::{Operator, Requirement, SelectorTerm};

type Check = Result<(), ClusterError>;

/// The object under check, for messages.
pub(crate) struct Object<'a> {
    pub(crate) kind: &'static str,
    pub(crate) name: &'a str,
}

impl Object<'_> {
    fn text(&self) -> String {
        format!("{} `{}`", self.kind, self.name)
    }

    pub(crate) fn limit(&self, what: &str, count: usize, limit: usize, name: &'static str) -> Check {
        if count <= limit {
            return Ok(());
        }
        Err(ClusterError::Limit { object: self.text(), what: format!("{what} ({count})"), limit, name })
    }

    pub(crate) fn quantity(&self, field: impl Fn() -> String, value: i64) -> Check {
        if value < 0 {
            return Err(ClusterError::Negative { object: self.text(), field: field(), value });
        }
        if value > MAX_QUANTITY {
            return Err(ClusterError::TooLarge { object: self.text(), field: field() });
        }
        Ok(())
    }

    fn resources(&self, field: &str, resources: &Resources) -> Check {
        for (name, &value) in resources {
            self.name(field, name)?;
            self.quantity(|| format!("{field}.{name}"), value)?;
        }
        Ok(())
    }

    fn name(&self, field: &str, name: &str) -> Check {
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(ClusterError::BadName { object: self.text(), field: field.to_owned() });
        }
        Ok(())
    }

    fn labels(&self, field: &str, labels: &Labels) -> Check {
        self.limit(field, labels.len(), MAX_LABELS, "MAX_LABELS")?;
        for (key, value) in labels {
            self.name(field, key)?;
            if value.len() > MAX_NAME_BYTES {
                return Err(ClusterError::BadName { object: self.text(), field: format!("{field}.{key}") });
            }
        }
        Ok(())
    }

    fn bad(&self, field: String, problem: &'static str) -> Check {
        Err(ClusterError::BadSelector { object: self.text(), field, problem })
    }

    fn requirement(&self, field: &str, requirement: &Requirement, integers: bool) -> Check {
        let field = || format!("{field} on `{}`", requirement.key);
        let values = &requirement.values;
        if requirement.key.is_empty() {
            return self.bad(field(), "the key is empty");
        }
        match requirement.operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                self.bad(field(), "In and NotIn need at least one value")
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                self.bad(field(), "Exists and DoesNotExist take no values")
            }
            Operator::Gt | Operator::Lt if !integers => {
                self.bad(field(), "Gt and Lt are not allowed in a label selector")
            }
            Operator::Gt | Operator::Lt if values.len() != 1 => self.bad(field(), "Gt and Lt need exactly one value"),
            Operator::Gt | Operator::Lt if values.iter().any(|v| v.parse::<i64>().is_err()) => {
                self.bad(field(), "Gt and Lt need an integer")
            }
            _ => Ok(()),
        }
    }

    /// A term of a node selector.
    pub(crate) fn term(&self, field: &str, term: &SelectorTerm) -> Check {
        for requirement in &term.match_expressions {
            self.requirement(field, requirement, true)?;
        }
        for requirement in &term.match_fields {
            self.requirement(field, requirement, true)?;
            if requirement.key != "metadata.name" {
                return self.bad(field.to_owned(), "matchFields knows only `metadata.name`");
            }
            if !matches!(requirement.operator, Operator::In | Operator::NotIn) || requirement.values.len() != 1 {
                return self.bad(field.to_owned(), "matchFields takes In or NotIn with exactly one value");
            }
        }
        Ok(())
    }

    fn label_selector(&self, field: &str, selector: Option<&LabelSelector>) -> Check {
        let Some(selector) = selector else { return Ok(()) };
        self.labels(field, &selector.match_labels)?;
        selector.match_expressions.iter().try_for_each(|r| self.requirement(field, r, false))
    }
}

/// Checks a node on its own.
pub(crate) fn node(node: &NodeSpec) -> Check {
    let object = Object { kind: "node", name: &node.name };
    object.name("name", &node.name)?;
    object.labels("labels", &node.labels)?;
    object.limit("taints", node.taints.len(), MAX_TAINTS, "MAX_TAINTS")?;
    for taint in &node.taints {
        object.name("taints", &taint.key)?;
    }
    object.resources("allocatable", &node.allocatable)?;
    object.resources("capacity", &node.capacity)?;
    for image in &node.images {
        object.quantity(|| format!("size of image {:?}", image.names), image.size_bytes)?;
    }
    Ok(())
}

/// Checks a pod on its own.
pub(crate) fn pod(pod: &PodSpec) -> Check {
    names(pod)?;
    template(&Object { kind: "pod", name: &pod.full_name() }, &pod.template)
}

/// Checks a pod's names alone, when its template is known to be good.
pub(crate) fn names(pod: &PodSpec) -> Check {
    let object = Object { kind: "pod", name: &pod.name };
    object.name("name", &pod.name)?;
    object.name("namespace", &pod.namespace)
}

/// Checks a selector of a policy's configuration.
pub(crate) fn selector(selector: &sched_abi::NodeSelector) -> Check {
    let object = Object { kind: "node", name: "selector" };
    let terms = &selector.node_selector_terms;
    object.limit("terms", terms.len(), MAX_SELECTOR_TERMS, "MAX_SELECTOR_TERMS")?;
    terms.iter().try_for_each(|t| object.term("terms", t))
}

/// Checks the key of a label that a policy asks for.
pub(crate) fn label_key(key: &str) -> Check {
    Object { kind: "node", name: "label" }.name("key", key)
}

/// Checks a selector of pods of a policy's configuration.
pub(crate) fn pod_selector(selector: &LabelSelector) -> Check {
    Object { kind: "pod", name: "selector" }.label_selector("pod selector", Some(selector))
}

fn template(object: &Object<'_>, pod: &PodTemplate) -> Check {
    object.labels("labels", &pod.labels)?;
    object.labels("nodeSelector", &pod.node_selector)?;
    object.limit("containers", pod.containers.len() + pod.init_containers.len(), MAX_CONTAINERS, "MAX_CONTAINERS")?;
    containers(object, "containers", &pod.containers)?;
    containers(object, "initContainers", &pod.init_containers)?;
    object.resources("overhead", &pod.overhead)?;
    if let Some(requests) = &pod.pod_requests {
        object.resources("resources.requests", requests)?;
    }
    let terms = pod.required_nodes.as_ref().map_or(&[][..], |s| &s.node_selector_terms);
    object.limit("node selector terms", terms.len(), MAX_SELECTOR_TERMS, "MAX_SELECTOR_TERMS")?;
    object.limit("preferred terms", pod.preferred_nodes.len(), MAX_SELECTOR_TERMS, "MAX_SELECTOR_TERMS")?;
    terms.iter().try_for_each(|t| object.term("required node affinity", t))?;
    for preferred in &pod.preferred_nodes {
        if !(0..=100).contains(&preferred.weight) {
            return object.bad("preferred node affinity".to_owned(), "weights are 0 to 100");
        }
        object.term("preferred node affinity", &preferred.preference)?;
    }
    for term in &pod.pod_affinity {
        object.name("pod affinity topologyKey", &term.topology_key)?;
        object.label_selector("pod affinity", term.label_selector.as_ref())?;
        object.label_selector("pod affinity", term.namespace_selector.as_ref())?;
    }
    for constraint in &pod.spread {
        object.name("topology spread topologyKey", &constraint.topology_key)?;
        object.label_selector("topology spread", constraint.label_selector.as_ref())?;
    }
    Ok(())
}

fn containers(object: &Object<'_>, field: &str, containers: &[Container]) -> Check {
    for (i, container) in containers.iter().enumerate() {
        object.resources(&format!("{field}[{i}].requests"), &container.requests)?;
        object.resources(&format!("{field}[{i}].limits"), &container.limits)?;
        if let Some(status) = &container.status {
            object.resources(&format!("{field}[{i}] status"), &status.actual)?;
            object.resources(&format!("{field}[{i}] allocated"), &status.allocated)?;
        }
    }
    Ok(())
}

/// Checks a time.
pub(crate) fn time(what: &'static str, at_ms: u64) -> Check {
    if at_ms > MAX_TIME_MS { Err(ClusterError::Time { what, at_ms }) } else { Ok(()) }
}

/// Checks a sample on its own.
pub(crate) fn sample(object: &Object<'_>, sample: &Sample) -> Check {
    time("when the sample was taken", sample.at_ms)?;
    object.quantity(|| "sample of cpu".to_owned(), sample.cpu_milli)?;
    object.quantity(|| "sample of memory".to_owned(), sample.memory_bytes)
}
