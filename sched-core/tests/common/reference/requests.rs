//! What a pod requests: by Kubernetes' rules for filters, and with default amounts for resource scoring.

use super::Amounts;
use sched_core::{Container, PodTemplate, Resources};

/// What scoring counts for a container that says nothing of CPU: 100m.
const DEFAULT_CPU_MILLI: i128 = 100;
/// What scoring counts for a container that says nothing of memory: 200Mi.
const DEFAULT_MEMORY_BYTES: i128 = 200 * 1024 * 1024;

/// Which role the pod plays: a running pod's container status counts, an incoming one's does not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// To be placed.
    Incoming,
    /// On a node.
    Existing,
}

/// What the pod requests, as filters and balanced allocation count it.
pub(crate) fn pod_requests(pod: &PodTemplate, role: Role) -> Amounts {
    let mut total = containers(pod, role, &Amounts::new());
    replace_pod_level(&mut total, pod);
    add(&mut total, &wide(&pod.overhead));
    total
}

/// What an incoming pod requests, as resource scoring counts it: defaults for each container, and no pod-level requests.
pub(crate) fn scoring_requests_incoming(pod: &PodTemplate) -> Amounts {
    let mut total = containers(pod, Role::Incoming, &defaults());
    add(&mut total, &wide(&pod.overhead));
    total
}

/// What a pod on a node requests, as resource scoring counts it. With pod-level requests the default holds only for a
/// resource that stands nowhere: in no container, not at pod level, not in the overhead.
pub(crate) fn scoring_requests_existing(pod: &PodTemplate) -> Amounts {
    let mut defaults = defaults();
    if let Some(pod_level) = &pod.pod_requests
        && pod_level.keys().any(|name| is_pod_level(name))
    {
        let said = pod_requests(pod, Role::Existing);
        defaults.retain(|name, _| !said.contains_key(name));
    }
    let mut total = containers(pod, Role::Existing, &defaults);
    replace_pod_level(&mut total, pod);
    add(&mut total, &wide(&pod.overhead));
    total
}

/// All containers and sidecars together, or the largest step of initialisation where that is more.
fn containers(pod: &PodTemplate, role: Role, defaults: &Amounts) -> Amounts {
    let mut running = Amounts::new();
    for container in &pod.containers {
        add(&mut running, &one(container, pod, role, defaults));
    }
    let mut sidecars = Amounts::new();
    let mut largest_step = Amounts::new();
    for container in &pod.init_containers {
        // An ordinary init container cannot be resized: its status does not count.
        let role = if container.restart_always { role } else { Role::Incoming };
        let mut step = one(container, pod, role, defaults);
        if container.restart_always {
            add(&mut running, &step);
            add(&mut sidecars, &step);
            step.clone_from(&sidecars);
        } else {
            add(&mut step, &sidecars);
        }
        max(&mut largest_step, &step);
    }
    max(&mut running, &largest_step);
    running
}

/// One container: its requests, what its status reports where that is more, and defaults for what is absent.
fn one(container: &Container, pod: &PodTemplate, role: Role, defaults: &Amounts) -> Amounts {
    let mut amounts = wide(&container.requests);
    if role == Role::Existing
        && let Some(status) = &container.status
    {
        if pod.resize_infeasible {
            amounts.clear();
        }
        max(&mut amounts, &wide(&status.actual));
        max(&mut amounts, &wide(&status.allocated));
    }
    for (name, &amount) in defaults {
        amounts.entry(name.clone()).or_insert(amount);
    }
    amounts
}

fn replace_pod_level(total: &mut Amounts, pod: &PodTemplate) {
    for (name, amount) in wide(&pod.pod_requests.clone().unwrap_or_default()) {
        if is_pod_level(&name) {
            total.insert(name, amount);
        }
    }
}

/// The resources that pod-level requests speak about.
fn is_pod_level(name: &str) -> bool {
    name == "cpu" || name == "memory" || name.starts_with("hugepages-")
}

fn defaults() -> Amounts {
    Amounts::from([("cpu".to_owned(), DEFAULT_CPU_MILLI), ("memory".to_owned(), DEFAULT_MEMORY_BYTES)])
}

/// Amounts as they came, wide enough that nothing overflows.
pub(crate) fn wide(resources: &Resources) -> Amounts {
    resources.iter().map(|(name, &amount)| (name.clone(), i128::from(amount))).collect()
}

pub(crate) fn add(to: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        *to.entry(name.clone()).or_insert(0) += amount;
    }
}

fn max(to: &mut Amounts, other: &Amounts) {
    for (name, &amount) in other {
        let here = to.entry(name.clone()).or_insert(amount);
        *here = amount.max(*here);
    }
}
