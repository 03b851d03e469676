//! Which resources are elastic: names from a configuration, compared with those that a pod asks for.

use sched_abi::{Nodes, PodView, SetupError};

/// The names used in the field: batch CPU and memory, and everything that begins with `ot-`.
pub(super) fn default_names() -> Vec<String> {
    ["be-cpu", "be-memory", "ot-*"].map(str::to_owned).into()
}

/// Refuses names that match nothing or everything.
pub(super) fn check(field: &str, names: &[String]) -> Result<(), SetupError> {
    for name in names {
        let stem = name.strip_suffix('*').unwrap_or(name);
        if stem.is_empty() || stem.contains('*') {
            let rule = "a resource name, or the beginning of one and a `*` at its end";
            return Err(SetupError(format!("`{field}`: `{name}` is not {rule}")));
        }
    }
    Ok(())
}

/// Whether a name of the configuration means a resource. Letters' case does not matter; a name without a `/` is compared
/// with what follows the resource's domain.
fn means(name: &str, resource: &str) -> bool {
    let domain = resource.find('/').map_or(0, |slash| slash + 1);
    let resource = if name.contains('/') { resource } else { resource.get(domain..).unwrap_or_default() };
    match name.strip_suffix('*') {
        Some(stem) => resource.get(..stem.len()).is_some_and(|start| start.eq_ignore_ascii_case(stem)),
        None => resource.eq_ignore_ascii_case(name),
    }
}

/// Whether the pod asks for more than 0 of one of them: in a container, an init container or as overhead, which are all in
/// its requests, and amounts of 0 are not.
pub(super) fn concerns(names: &[String], pod: &PodView<'_>, nodes: &dyn Nodes) -> bool {
    pod.requests.iter().any(|request| {
        let resource = nodes.resource_name(request.resource);
        names.iter().any(|name| means(name, resource))
    })
}

#[cfg(test)]
mod tests {
    use super::means;

    #[test]
    fn a_name_means_a_resource_with_any_domain_unless_it_has_its_own() {
        for (name, resource, meant) in [
            ("be-cpu", "be-cpu", true),
            ("BE-CPU", "example.com/be-cpu", true),
            ("be-cpu", "example.com/be-cpus", false),
            ("ot-*", "example.com/OT-memory", true),
            ("ot-*", "example.com/slot-1", false),
            ("kubernetes.io/batch-cpu", "kubernetes.io/batch-cpu", true),
            ("kubernetes.io/batch-cpu", "example.com/batch-cpu", false),
            ("kubernetes.io/batch-*", "kubernetes.io/batch-memory", true),
            ("be-cpu", "cpu", false),
        ] {
            assert_eq!(means(name, resource), meant, "{name} {resource}");
        }
    }
}
