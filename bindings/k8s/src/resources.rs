//! Resource lists: amounts by name, with the API server's rule that a limit without a request is a request.

use crate::error::{FieldError, Problem, Within as _};
use crate::quantity::amount;
use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use sched_core::Resources;
use std::collections::BTreeMap;

type Quantities = BTreeMap<String, Quantity>;

/// A list as amounts in base units; an error names the resource.
pub(crate) fn resources(quantities: &Quantities) -> Result<Resources, FieldError> {
    let convert = |(name, quantity): (&String, &Quantity)| {
        let value = amount(name, &quantity.0).map_err(FieldError::new).within(name)?;
        Ok((name.clone(), value))
    };
    quantities.iter().map(convert).collect()
}

/// As [`resources`], for a list that may be absent.
pub(crate) fn optional(quantities: Option<&Quantities>) -> Result<Resources, FieldError> {
    quantities.map_or(Ok(Resources::new()), resources)
}

/// What a container requests, and its limits.
pub(crate) struct Amounts {
    /// A resource with a limit alone requests its limit, as the API server defaults it.
    pub(crate) requests: Resources,
    pub(crate) limits: Resources,
}

/// A container's requests and limits.
pub(crate) fn of_container(container: &Container) -> Result<Amounts, FieldError> {
    let none = ResourceRequirements::default();
    let source = container.resources.as_ref().unwrap_or(&none);
    let limits = optional(source.limits.as_ref()).within_path(["resources", "limits"])?;
    let mut requests = optional(source.requests.as_ref()).within_path(["resources", "requests"])?;
    for (name, &limit) in &limits {
        let request = *requests.entry(name.clone()).or_insert(limit);
        if request > limit {
            return Err(FieldError::new(Problem::Rule("is more than the limit"))).within_path([
                "resources",
                "requests",
                name,
            ]);
        }
    }
    Ok(Amounts { requests, limits })
}

/// Requests of the pod as a whole. A limit of the pod becomes its request where no container requests that resource;
/// huge pages are never over-committed, so there the limit counts in any case.
pub(crate) fn pod_requests(spec: &PodSpec) -> Result<Option<Resources>, FieldError> {
    let Some(requirements) = &spec.resources else { return Ok(None) };
    let mut requests = optional(requirements.requests.as_ref()).within_path(["resources", "requests"])?;
    let limits = optional(requirements.limits.as_ref()).within_path(["resources", "limits"])?;
    for (name, limit) in limits {
        let huge_pages = name.starts_with("hugepages-");
        let shared = huge_pages || name == "cpu" || name == "memory";
        if shared && (huge_pages || !requested_by_a_container(spec, &name)) {
            requests.entry(name).or_insert(limit);
        }
    }
    Ok((!requests.is_empty()).then_some(requests))
}

/// Whether a container or init container requests or limits the resource.
pub(crate) fn requested_by_a_container(spec: &PodSpec, name: &str) -> bool {
    let has = |list: &Option<Quantities>| list.as_ref().is_some_and(|l| l.contains_key(name));
    let asks = |c: &Container| c.resources.as_ref().is_some_and(|r| has(&r.requests) || has(&r.limits));
    spec.containers.iter().chain(spec.init_containers.iter().flatten()).any(asks)
}
