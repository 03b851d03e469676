//! A Node becomes a node of the cluster.

use crate::error::{FieldError, Problem, Within as _, each, list};
use crate::resources::optional;
use k8s_openapi::api::core::v1 as k8s;
use sched_core::{NodeImage, NodeSpec, Taint, TaintEffect};

/// What placement needs of a Node: labels, taints, `unschedulable`, allocatable, capacity and images.
///
/// Quantities become milli-CPU for `cpu` and whole units for all other resources, rounded up.
///
/// ```
/// let node = serde_json::from_str(
///     r#"{"metadata": {"name": "n1"}, "status": {"allocatable": {"cpu": "3920m", "memory": "16Gi", "pods": "110"}}}"#,
/// )?;
/// let spec = sched_k8s::node_spec(&node)?;
/// assert_eq!((spec.name.as_str(), spec.allocatable["cpu"], spec.allocatable["memory"]), ("n1", 3_920, 16 << 30));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Names the first field that cannot be used.
pub fn node_spec(node: &k8s::Node) -> Result<NodeSpec, FieldError> {
    let name = node.metadata.name.clone().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| FieldError::new(Problem::Missing)).within_path(["metadata", "name"])?;
    let spec = node.spec.clone().unwrap_or_default();
    let mut status = node.status.clone().unwrap_or_default();
    // As the API server has it.
    if status.allocatable.is_none() {
        status.allocatable.clone_from(&status.capacity);
    }
    Ok(NodeSpec {
        name,
        labels: node.metadata.labels.clone().unwrap_or_default(),
        taints: each("taints", list(spec.taints.as_ref()), taint).within("spec")?,
        unschedulable: spec.unschedulable.unwrap_or(false),
        allocatable: optional(status.allocatable.as_ref()).within_path(["status", "allocatable"])?,
        capacity: optional(status.capacity.as_ref()).within_path(["status", "capacity"])?,
        images: each("images", list(status.images.as_ref()), node_image).within("status")?,
    })
}

fn taint(taint: &k8s::Taint) -> Result<Taint, FieldError> {
    Ok(Taint {
        key: taint.key.clone(),
        value: taint.value.clone().unwrap_or_default(),
        effect: effect(&taint.effect).within("effect")?,
    })
}

/// A taint's effect by its name.
pub(crate) fn effect(text: &str) -> Result<TaintEffect, FieldError> {
    match text {
        "NoSchedule" => Ok(TaintEffect::NoSchedule),
        "PreferNoSchedule" => Ok(TaintEffect::PreferNoSchedule),
        "NoExecute" => Ok(TaintEffect::NoExecute),
        _ => Err(FieldError::unsupported(text, "`NoSchedule`, `PreferNoSchedule`, `NoExecute`")),
    }
}

fn node_image(image: &k8s::ContainerImage) -> Result<NodeImage, FieldError> {
    let size_bytes = image.size_bytes.unwrap_or(0);
    if size_bytes < 0 {
        let problem = Problem::OutOfRange { value: size_bytes, min: 0, max: i64::MAX };
        return Err(FieldError::new(problem)).within("sizeBytes");
    }
    Ok(NodeImage { names: image.names.clone().unwrap_or_default(), size_bytes })
}
