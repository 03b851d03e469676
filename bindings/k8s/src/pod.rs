//! A Pod becomes a pod of the cluster.

use crate::affinity;
use crate::container::{add_statuses, container};
use crate::error::{FieldError, Problem, Within as _, each, list};
use crate::node::effect;
use crate::owner::{ReplicaSets, namespace};
use crate::qos::qos_class;
use crate::resources::{optional, pod_requests};
use crate::unevaluated::not_evaluated;
use crate::volumes;
use k8s_openapi::api::core::v1 as k8s;
use sched_core::abi::QosClass;
use sched_core::{Container, PodSpec, PodTemplate, Toleration, TolerationOperator};

/// What placement needs of a Pod, with the API server's defaults for hand-written manifests: a limit without a request
/// is a request, a container port of a pod in the host's network is a host port, the namespace is `default`.
///
/// `spec.nodeName` becomes the template's `node_name`, bound or not: the caller knows which it is ([`crate::Loaded::events`]
/// makes it a binding). `replica_sets` tells the controllers of `ReplicaSets`; an empty one will do.
///
/// ```
/// use sched_k8s::{ReplicaSets, pod_spec};
///
/// let pod = serde_json::from_str(
///     r#"{"metadata": {"name": "web-0"}, "spec": {"containers": [{"name": "web",
///         "resources": {"requests": {"cpu": "250m"}, "limits": {"cpu": 1, "memory": "1Gi"}}}]}}"#,
/// )?;
/// let spec = pod_spec(&pod, &ReplicaSets::default())?;
/// let requests = &spec.template.containers[0].requests;
/// assert_eq!((requests["cpu"], requests["memory"]), (250, 1 << 30));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Names the first field that cannot be used.
pub fn pod_spec(pod: &k8s::Pod, replica_sets: &ReplicaSets) -> Result<PodSpec, FieldError> {
    let name = pod.metadata.name.clone().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| FieldError::new(Problem::Missing)).within_path(["metadata", "name"])?;
    let spec = pod.spec.as_ref().ok_or_else(|| FieldError::new(Problem::Missing)).within("spec")?;
    let mut template = template(pod, spec)?;
    template.owner = replica_sets.top(&pod.metadata);
    Ok(PodSpec {
        namespace: namespace(&pod.metadata),
        name,
        template,
        terminating: pod.metadata.deletion_timestamp.is_some(),
    })
}

fn template(pod: &k8s::Pod, spec: &k8s::PodSpec) -> Result<PodTemplate, FieldError> {
    let labels = pod.metadata.labels.clone().unwrap_or_default();
    let no_affinity = k8s::Affinity::default();
    let affinity = spec.affinity.as_ref().unwrap_or(&no_affinity);
    let no_node_affinity = k8s::NodeAffinity::default();
    let node_affinity = affinity.node_affinity.as_ref().unwrap_or(&no_node_affinity);
    let in_node_affinity = ["spec", "affinity", "nodeAffinity"];
    let constraints = list(spec.topology_spread_constraints.as_ref());
    Ok(PodTemplate {
        containers: containers(pod, spec)?,
        init_containers: init_containers(pod, spec)?,
        overhead: optional(spec.overhead.as_ref()).within_path(["spec", "overhead"])?,
        pod_requests: pod_requests(spec).within("spec")?,
        resize_infeasible: resize_infeasible(pod),
        node_name: spec.node_name.clone().filter(|name| !name.is_empty()),
        node_selector: spec.node_selector.clone().unwrap_or_default(),
        required_nodes: affinity::required_nodes(node_affinity).within_path(in_node_affinity)?,
        preferred_nodes: affinity::preferred_nodes(node_affinity).within_path(in_node_affinity)?,
        tolerations: each("tolerations", list(spec.tolerations.as_ref()), toleration).within("spec")?,
        pod_affinity: affinity::pod_affinity(affinity, &labels).within_path(["spec", "affinity"])?,
        spread: each("topologySpreadConstraints", constraints, affinity::spread).within("spec")?,
        volumes: volumes::restricting(spec),
        not_evaluated: not_evaluated(pod, spec),
        priority: priority(spec),
        qos: qos(pod, spec),
        owner: None,
        labels,
    })
}

fn containers(pod: &k8s::Pod, spec: &k8s::PodSpec) -> Result<Vec<Container>, FieldError> {
    if spec.containers.is_empty() {
        return Err(FieldError::new(Problem::Missing)).within_path(["spec", "containers"]);
    }
    let host_network = spec.host_network.unwrap_or(false);
    let mut containers = each("containers", &spec.containers, |c| container(c, host_network)).within("spec")?;
    let statuses = list(pod.status.as_ref().and_then(|status| status.container_statuses.as_ref()));
    add_statuses(&mut containers, &spec.containers, statuses).within_path(["status", "containerStatuses"])?;
    Ok(containers)
}

fn init_containers(pod: &k8s::Pod, spec: &k8s::PodSpec) -> Result<Vec<Container>, FieldError> {
    let host_network = spec.host_network.unwrap_or(false);
    let sources = list(spec.init_containers.as_ref());
    let mut containers = each("initContainers", sources, |c| container(c, host_network)).within("spec")?;
    let statuses = list(pod.status.as_ref().and_then(|status| status.init_container_statuses.as_ref()));
    add_statuses(&mut containers, sources, statuses).within_path(["status", "initContainerStatuses"])?;
    Ok(containers)
}

fn toleration(source: &k8s::Toleration) -> Result<Toleration, FieldError> {
    let operator = match source.operator.as_deref() {
        None | Some("" | "Equal") => TolerationOperator::Equal,
        Some("Exists") => TolerationOperator::Exists,
        Some("Lt") => TolerationOperator::Lt,
        Some("Gt") => TolerationOperator::Gt,
        Some(other) => {
            return Err(FieldError::unsupported(other, "`Equal`, `Exists`, `Lt`, `Gt`")).within("operator");
        }
    };
    let key = source.key.clone().unwrap_or_default();
    if key.is_empty() && operator != TolerationOperator::Exists {
        return Err(FieldError::new(Problem::Rule("must be `Exists` where `key` is empty"))).within("operator");
    }
    if operator == TolerationOperator::Exists && source.value.as_deref().is_some_and(|value| !value.is_empty()) {
        return Err(FieldError::new(Problem::Rule("must be empty where `operator` is `Exists`"))).within("value");
    }
    let compares = matches!(operator, TolerationOperator::Lt | TolerationOperator::Gt);
    if compares && source.value.as_deref().unwrap_or_default().parse::<i64>().is_err() {
        return Err(FieldError::new(Problem::Rule("must be an integer where `operator` is `Lt` or `Gt`")))
            .within("value");
    }
    let named_effect = source.effect.as_deref().filter(|name| !name.is_empty());
    Ok(Toleration {
        key,
        operator,
        value: source.value.clone().unwrap_or_default(),
        effect: named_effect.map(effect).transpose().within("effect")?,
    })
}

/// `spec.priority`; admission sets it from the class, of which two are built in.
fn priority(spec: &k8s::PodSpec) -> i32 {
    let built_in = match spec.priority_class_name.as_deref() {
        Some("system-node-critical") => 2_000_001_000,
        Some("system-cluster-critical") => 2_000_000_000,
        _ => 0,
    };
    spec.priority.unwrap_or(built_in)
}

/// `status.qosClass`, which never changes; computed for a pod that the API server has not seen yet.
fn qos(pod: &k8s::Pod, spec: &k8s::PodSpec) -> QosClass {
    match pod.status.as_ref().and_then(|status| status.qos_class.as_deref()) {
        Some("Guaranteed") => QosClass::Guaranteed,
        Some("Burstable") => QosClass::Burstable,
        Some("BestEffort") => QosClass::BestEffort,
        _ => qos_class(spec),
    }
}

fn resize_infeasible(pod: &k8s::Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let mut pending = conditions.filter(|condition| condition.type_ == "PodResizePending");
    pending.any(|condition| condition.reason.as_deref() == Some("Infeasible"))
}
