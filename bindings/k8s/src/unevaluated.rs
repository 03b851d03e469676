//! What decides where a pod may go and the cluster has no field for: it is named, so that nobody takes a verdict without it
//! for the whole.

use k8s_openapi::api::core::v1::{Pod, PodSpec};

/// One text for each kind of demand. Volumes, spreading and affinity between pods have fields, and are not among them.
pub(crate) fn not_evaluated(pod: &Pod, spec: &PodSpec) -> Vec<String> {
    let claims = spec.resource_claims.iter().flatten().map(|claim| claim.name.as_str());
    let gates = spec.scheduling_gates.iter().flatten().map(|gate| gate.name.as_str());
    let workload = spec.workload_ref.iter().map(|workload| workload.name.as_str());
    // No scheduler looks at it, but an agent refuses a pod of another system.
    let system = spec.os.iter().map(|os| os.name.as_str());
    // Admission adds what a runtime class asks of a node to the pod; only an object that was stored went through it.
    let stored = pod.metadata.uid.is_some();
    let runtime = spec.runtime_class_name.as_deref().filter(|name| !stored && !name.is_empty());
    let lists = [
        list("resource claims", claims),
        list("scheduling gates", gates),
        list("workload", workload),
        list("operating system", system),
        list("runtime class", runtime.into_iter()),
    ];
    lists.into_iter().flatten().collect()
}

fn list<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
}
