//! Names become numbered words, the same name always the same word, so that whatever compares equal still does.
//! What has a meaning of its own stays, which `words` says; names of resources are not touched.

use super::words::Of;
use crate::cluster::{
    Container, ContainerResources, HostPort, LabelSelector, Labels, Mark, NodeImage, NodeSpec, Owner, PodAffinityTerm,
    PodTemplate, SpreadConstraint, Taint, Toleration,
};
use sched_abi::{NodeSelector, PreferredTerm, Requirement, SelectorTerm};
use std::collections::BTreeMap;

/// Every name so far, with its number. Names of pods are not kept: nothing refers to them.
#[derive(Default)]
pub(super) struct Names {
    known: BTreeMap<Of, BTreeMap<String, usize>>,
    pods: u64,
}

impl Names {
    fn replace(&mut self, of: Of, text: &mut String) {
        if !of.stays(text) {
            *text = self.word(of, text);
        }
    }

    fn word(&mut self, of: Of, text: &str) -> String {
        let known = self.known.entry(of).or_default();
        let next = known.len() + 1;
        let number = match known.get(text) {
            Some(&number) => number,
            None => *known.entry(text.to_owned()).or_insert(next),
        };
        format!("{}-{number}", of.word())
    }

    /// The name of the next pod.
    pub(super) fn next_pod(&mut self) -> String {
        self.pods += 1;
        format!("pod-{}", self.pods)
    }

    pub(super) fn namespace(&mut self, name: &mut String) {
        self.replace(Of::Namespace, name);
    }

    pub(super) fn text(&mut self, text: &mut String) {
        self.replace(Of::Text, text);
    }

    pub(super) fn mark(&mut self, mark: &mut Mark) {
        let Mark { reason, from_ms: _, until_ms: _ } = mark;
        self.text(reason);
    }

    pub(super) fn node(&mut self, node: &mut NodeSpec) {
        let NodeSpec { name, labels, taints, images, unschedulable: _, allocatable: _, capacity: _ } = node;
        self.replace(Of::Node, name);
        self.labels(labels);
        for Taint { key, value, effect: _ } in taints {
            self.replace(Of::Key, key);
            self.replace(Of::Value, value);
        }
        for NodeImage { names, size_bytes: _ } in images {
            for name in names {
                self.image(name);
            }
        }
    }

    pub(super) fn labels(&mut self, labels: &mut Labels) {
        *labels = std::mem::take(labels)
            .into_iter()
            .map(|(mut key, mut value)| {
                self.replace(Of::Key, &mut key);
                self.replace(Of::Value, &mut value);
                (key, value)
            })
            .collect();
    }

    /// A name without tag or digest is looked up with `:latest`, and stays one.
    fn image(&mut self, name: &mut String) {
        let tag = name.rfind(':').filter(|&colon| name.rfind('/').is_none_or(|slash| slash < colon));
        let (named, tag) = match (tag, name.strip_suffix(":latest")) {
            _ if name.is_empty() => return,
            (None, _) => (name.as_str(), ""),
            (Some(_), Some(untagged)) => (untagged, ":latest"),
            (Some(_), None) => (name.as_str(), ":tag"),
        };
        *name = format!("{}{tag}", self.word(Of::Image, named));
    }

    pub(super) fn requirement(&mut self, Requirement { key, operator: _, values }: &mut Requirement) {
        self.replace(Of::Key, key);
        for value in values {
            self.replace(Of::Value, value);
        }
    }

    /// Of the fields there is only the node's name.
    pub(super) fn field(&mut self, Requirement { key: _, operator: _, values }: &mut Requirement) {
        for value in values {
            self.replace(Of::Node, value);
        }
    }

    fn term(&mut self, SelectorTerm { match_expressions, match_fields }: &mut SelectorTerm) {
        for requirement in match_expressions {
            self.requirement(requirement);
        }
        for requirement in match_fields {
            self.field(requirement);
        }
    }

    fn selector(&mut self, selector: &mut Option<LabelSelector>) {
        let Some(LabelSelector { match_labels, match_expressions }) = selector else { return };
        self.labels(match_labels);
        for requirement in match_expressions {
            self.requirement(requirement);
        }
    }

    pub(super) fn template(&mut self, template: &mut PodTemplate) {
        // Every field by name: one that is added does not slip through.
        let PodTemplate {
            labels,
            containers,
            init_containers,
            overhead: _,
            pod_requests: _,
            resize_infeasible: _,
            node_name,
            node_selector,
            required_nodes,
            preferred_nodes,
            tolerations,
            pod_affinity,
            spread,
            volumes,
            not_evaluated,
            priority: _,
            qos: _,
            owner,
        } = template;
        self.labels(labels);
        containers.iter_mut().chain(init_containers).for_each(|container| self.container(container));
        if let Some(name) = node_name {
            self.replace(Of::Node, name);
        }
        self.labels(node_selector);
        let required = required_nodes.iter_mut().flat_map(|NodeSelector { node_selector_terms }| node_selector_terms);
        required.for_each(|term| self.term(term));
        for PreferredTerm { weight: _, preference } in preferred_nodes {
            self.term(preference);
        }
        for Toleration { key, operator: _, value, effect: _ } in tolerations {
            self.replace(Of::Key, key);
            self.replace(Of::Value, value);
        }
        for term in pod_affinity {
            self.affinity(term);
        }
        for constraint in spread {
            self.spread(constraint);
        }
        for name in volumes {
            self.replace(Of::Volume, name);
        }
        for text in not_evaluated {
            self.text(text);
        }
        if let Some(Owner { kind, name }) = owner {
            self.replace(Of::Kind, kind);
            self.replace(Of::Owner, name);
        }
    }

    fn container(&mut self, container: &mut Container) {
        let Container { image, host_ports, requests: _, limits: _, restart_always: _, status } = container;
        if let Some(ContainerResources { actual: _, allocated: _ }) = status {}
        self.image(image);
        for HostPort { port: _, protocol: _, ip } in host_ports {
            self.replace(Of::Address, ip);
        }
    }

    fn affinity(&mut self, term: &mut PodAffinityTerm) {
        let PodAffinityTerm { label_selector, namespaces, namespace_selector, topology_key, weight: _, anti: _ } = term;
        self.selector(label_selector);
        self.selector(namespace_selector);
        for name in namespaces {
            self.namespace(name);
        }
        self.replace(Of::Key, topology_key);
    }

    fn spread(&mut self, constraint: &mut SpreadConstraint) {
        let SpreadConstraint {
            label_selector,
            topology_key,
            match_label_keys,
            max_skew: _,
            hard: _,
            min_domains: _,
            ignore_node_affinity: _,
            honor_node_taints: _,
        } = constraint;
        self.selector(label_selector);
        self.replace(Of::Key, topology_key);
        for key in match_label_keys {
            self.replace(Of::Key, key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(names: &mut Names, name: &str) -> String {
        let mut name = name.to_owned();
        names.image(&mut name);
        name
    }

    #[test]
    fn an_image_without_a_tag_stays_one_and_is_looked_up_as_the_latest() {
        let mut names = Names::default();
        assert_eq!(image(&mut names, "registry:5000/app"), "image-1");
        assert_eq!(image(&mut names, "registry:5000/app:latest"), "image-1:latest");
        assert_eq!(image(&mut names, "registry:5000/app:v1"), "image-2:tag");
        assert_eq!(image(&mut names, "app@sha256:01"), "image-3:tag");
        assert_eq!(image(&mut names, ""), "");
    }

    #[test]
    fn what_has_a_meaning_stays() {
        let mut names = Names::default();
        let mut replaced = |of, text: &str| {
            let mut text = text.to_owned();
            names.replace(of, &mut text);
            text
        };
        assert_eq!(replaced(Of::Key, "topology.kubernetes.io/zone"), "topology.kubernetes.io/zone");
        assert_eq!(replaced(Of::Key, "node-restriction.kubernetes.io/team"), "key-1");
        assert_eq!(replaced(Of::Value, "-007"), "-007");
        assert_eq!(replaced(Of::Value, "9223372036854775808"), "value-1");
        assert_eq!(replaced(Of::Kind, "DaemonSet"), "DaemonSet");
        assert_eq!(replaced(Of::Address, "0.0.0.0"), "0.0.0.0");
        assert_eq!(replaced(Of::Address, "10.0.0.1"), "address-1");
    }
}
