//! The `QoS` class of a pod, by the rules of Kubernetes' `ComputePodQOS`: only CPU and memory above 0 count, and Guaranteed
//! means that every container limits both and requests exactly its limits.

use crate::Quantity;
use crate::resources::requested_by_a_container;
use k8s_openapi::api::core::v1::{PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;
use sched_core::abi::QosClass;
use std::collections::BTreeMap;

const NAMES: [&str; 2] = ["cpu", "memory"];

/// What has been seen of CPU and memory: the sum in nano-units, none where nothing above 0 was.
#[derive(Default)]
struct Sums([Option<i128>; 2]);

impl Sums {
    /// Adds a list; tells whether both CPU and memory were in it.
    fn add(&mut self, list: Option<&BTreeMap<String, Text>>) -> bool {
        let mut both = true;
        for (sum, name) in self.0.iter_mut().zip(NAMES) {
            let quantity = list.and_then(|l| l.get(name)).and_then(|text| text.0.parse::<Quantity>().ok());
            match quantity {
                Some(quantity) if quantity.is_positive() => {
                    *sum = Some(sum.unwrap_or(0).saturating_add(quantity.nanos()));
                }
                _ => both = false,
            }
        }
        both
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

/// The class of a pod that the API server has not classified. Quantities that do not parse count as absent.
pub(crate) fn qos_class(spec: &PodSpec) -> QosClass {
    let (mut requests, mut limits) = (Sums::default(), Sums::default());
    let mut all_limited = true;
    if let Some(pod) = &spec.resources {
        requests.add(Some(&defaulted_pod_requests(spec, pod)));
        all_limited = limits.add(pod.limits.as_ref());
    } else {
        let unset = ResourceRequirements::default();
        for container in spec.containers.iter().chain(spec.init_containers.iter().flatten()) {
            let resources = container.resources.as_ref().unwrap_or(&unset);
            requests.add(Some(&defaulted_requests(resources)));
            all_limited &= limits.add(resources.limits.as_ref());
        }
    }
    if requests.is_empty() && limits.is_empty() {
        QosClass::BestEffort
    } else if all_limited && requests.0 == limits.0 {
        QosClass::Guaranteed
    } else {
        QosClass::Burstable
    }
}

/// Requests of the pod, with its limit for each resource that no container requests either.
fn defaulted_pod_requests(spec: &PodSpec, pod: &ResourceRequirements) -> BTreeMap<String, Text> {
    let mut requests = pod.limits.clone().unwrap_or_default();
    requests.retain(|name, _| !requested_by_a_container(spec, name));
    requests.extend(pod.requests.clone().unwrap_or_default());
    requests
}

/// Requests, with the limit of each resource that has no request.
fn defaulted_requests(resources: &ResourceRequirements) -> BTreeMap<String, Text> {
    let mut requests = resources.limits.clone().unwrap_or_default();
    requests.extend(resources.requests.clone().unwrap_or_default());
    requests
}
