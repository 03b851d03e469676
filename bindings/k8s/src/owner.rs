//! The controller at the top of a pod: the Deployment behind a `ReplicaSet`, otherwise the pod's own controller.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use sched_core::Owner;
use std::collections::BTreeMap;

/// The label in which a Deployment leaves the suffix of its `ReplicaSet`'s name.
const HASH_LABEL: &str = "pod-template-hash";

/// Who controls the `ReplicaSets` of an input.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReplicaSets {
    controllers: BTreeMap<(String, String), Option<Owner>>,
}

impl ReplicaSets {
    /// Remembers a `ReplicaSet` by its metadata. One without a name is of no use and left out.
    pub fn insert(&mut self, replica_set: &ObjectMeta) {
        let Some(name) = replica_set.name.clone() else { return };
        self.controllers.insert((namespace(replica_set), name), controller(replica_set).map(as_owner));
    }

    /// Takes over what another input knew.
    pub(crate) fn extend(&mut self, other: Self) {
        self.controllers.extend(other.controllers);
    }

    /// The top controller of a pod.
    ///
    /// A `ReplicaSet` gives way to its own controller. Where the `ReplicaSet` is not known, the label `pod-template-hash` tells
    /// its Deployment's name; without it the `ReplicaSet` itself stands. Every other controller (`StatefulSet`, Job,
    /// `DaemonSet`, `CloneSet`, ...) is the top, whoever may own it.
    pub fn top(&self, pod: &ObjectMeta) -> Option<Owner> {
        let owner = as_owner(controller(pod)?);
        if owner.kind != "ReplicaSet" {
            return Some(owner);
        }
        match self.controllers.get(&(namespace(pod), owner.name.clone())) {
            Some(Some(above)) => Some(above.clone()),
            Some(None) => Some(owner),
            None => Some(deployment_by_hash(pod, &owner).unwrap_or(owner)),
        }
    }
}

/// The namespace of an object, `default` where it names none.
pub(crate) fn namespace(object: &ObjectMeta) -> String {
    object.namespace.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned())
}

fn controller(object: &ObjectMeta) -> Option<&OwnerReference> {
    object.owner_references.iter().flatten().find(|reference| reference.controller == Some(true))
}

fn as_owner(reference: &OwnerReference) -> Owner {
    Owner { kind: reference.kind.clone(), name: reference.name.clone() }
}

fn deployment_by_hash(pod: &ObjectMeta, replica_set: &Owner) -> Option<Owner> {
    let hash = pod.labels.as_ref()?.get(HASH_LABEL)?;
    let name = replica_set.name.strip_suffix(hash.as_str())?.strip_suffix('-')?;
    (!name.is_empty()).then(|| Owner { kind: "Deployment".to_owned(), name: name.to_owned() })
}
