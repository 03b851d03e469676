//! Whose a hold is: terms over a pod's name, controller, labels, namespace and size, and an index that finds a pod's holds
//! without looking at the others.

use crate::cluster::{LabelSelector, LookUp, PodTemplate, Resources, hasher, look_up, pod_meets};
use sched_abi::Request;
use smallvec::SmallVec;

/// Pods that may use a hold: those that meet everything the term says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct OwnerTerm {
    /// Their namespace.
    pub namespace: Option<String>,
    /// The one pod of this name.
    pub pod: Option<String>,
    /// The kind of their top controller, such as `Deployment` or `DaemonSet`.
    pub kind: Option<String>,
    /// The name of their top controller.
    pub controller: Option<String>,
    /// Their labels.
    pub selector: Option<LabelSelector>,
    /// What they request at least, base units.
    pub min_requests: Resources,
}

impl OwnerTerm {
    /// The pods of one controller.
    pub fn controller(namespace: &str, kind: &str, name: &str) -> Self {
        let [namespace, kind, controller] = [namespace, kind, name].map(|text| Some(text.to_owned()));
        Self { namespace, kind, controller, ..Self::default() }
    }

    /// One pod.
    pub fn pod(namespace: &str, name: &str) -> Self {
        let [namespace, pod] = [namespace, name].map(|text| Some(text.to_owned()));
        Self { namespace, pod, ..Self::default() }
    }

    /// Whether it says nothing, and so would mean every pod.
    pub(crate) fn is_empty(&self) -> bool {
        let selector = self.selector.as_ref();
        let no_label = selector.is_none_or(|s| s.match_labels.is_empty() && s.match_expressions.is_empty());
        let texts = [&self.namespace, &self.pod, &self.kind, &self.controller];
        no_label && texts.iter().all(|text| text.is_none()) && self.min_requests.is_empty()
    }

    /// Whether a pod meets it. `requests` says how much the pod asks of a resource.
    pub(crate) fn meets(&self, pod: &Candidate<'_>) -> bool {
        let owner = pod.template.owner.as_ref();
        let is =
            |wanted: &Option<String>, given: Option<&str>| wanted.as_deref().is_none_or(|text| given == Some(text));
        is(&self.namespace, Some(pod.namespace))
            && is(&self.pod, Some(pod.name))
            && is(&self.kind, owner.map(|owner| owner.kind.as_str()))
            && is(&self.controller, owner.map(|owner| owner.name.as_str()))
            && self.selector.as_ref().is_none_or(|selector| pod_meets(selector, &pod.template.labels))
            && self.min_requests.iter().all(|(name, &least)| pod.requests(name) >= least)
    }

    /// Under what the term is found: the rarest thing that it says.
    fn key(&self) -> u64 {
        let label = self.selector.as_ref().and_then(|selector| selector.match_labels.first_key_value());
        match (&self.pod, &self.controller, label, &self.namespace) {
            (Some(pod), ..) => key(Of::Pod, pod, ""),
            (_, Some(controller), ..) => key(Of::Controller, controller, ""),
            (_, _, Some((name, value)), _) => key(Of::Label, name, value),
            (_, _, _, Some(namespace)) => key(Of::Namespace, namespace, ""),
            _ => key(Of::All, "", ""),
        }
    }
}

/// A pod as owner terms see it.
#[derive(Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) template: &'a PodTemplate,
    pub(crate) requests: &'a [Request],
    /// Ids of resources by name.
    pub(crate) resource: &'a dyn Fn(&str) -> Option<u32>,
}

impl Candidate<'_> {
    fn requests(&self, resource: &str) -> i64 {
        let id = (self.resource)(resource);
        self.requests.iter().find(|r| Some(u32::from(r.resource.0)) == id).map_or(0, |r| r.amount as i64)
    }
}

#[derive(Hash)]
enum Of {
    Pod,
    Controller,
    Label,
    Namespace,
    All,
}

fn key(of: Of, first: &str, second: &str) -> u64 {
    hasher().hash_one((of, first, second))
}

/// Holds by the keys of their terms. Two keys of one hash cost a comparison more, nothing else: what is found is checked.
#[derive(Debug)]
pub(crate) struct OwnerIndex {
    holds: LookUp<u64, SmallVec<[u32; 4]>>,
}

impl OwnerIndex {
    pub(crate) fn new() -> Self {
        Self { holds: look_up() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.holds.is_empty()
    }

    pub(crate) fn insert(&mut self, hold: u32, terms: &[OwnerTerm]) {
        for term in terms {
            let holds = self.holds.entry(term.key()).or_default();
            if !holds.contains(&hold) {
                holds.push(hold);
            }
        }
    }

    pub(crate) fn remove(&mut self, hold: u32, terms: &[OwnerTerm]) {
        for term in terms {
            if let Some(holds) = self.holds.get_mut(&term.key()) {
                holds.retain(|&mut other| other != hold);
                if holds.is_empty() {
                    self.holds.remove(&term.key());
                }
            }
        }
    }

    /// Holds that may be the pod's, ascending, into `found`.
    pub(crate) fn find(&self, pod: &Candidate<'_>, found: &mut Vec<u32>) {
        found.clear();
        let mut look = |key: u64| found.extend(self.holds.get(&key).into_iter().flatten());
        look(key(Of::Pod, pod.name, ""));
        look(key(Of::Namespace, pod.namespace, ""));
        look(key(Of::All, "", ""));
        if let Some(owner) = &pod.template.owner {
            look(key(Of::Controller, &owner.name, ""));
        }
        pod.template.labels.iter().for_each(|(name, value)| look(key(Of::Label, name, value)));
        found.sort_unstable();
        found.dedup();
    }
}
