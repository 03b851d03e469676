//! Containers: requests, limits, images, host ports and what the node's agent reports of an in-place resize.

use crate::error::{FieldError, Problem, Within as _, list};
use crate::resources::{of_container, optional};
use k8s_openapi::api::core::v1 as k8s;
use sched_core::{Container, ContainerResources, HostPort, Protocol};

/// One container, without what its status tells. With `host_network` its ports are ports of the host.
pub(crate) fn container(source: &k8s::Container, host_network: bool) -> Result<Container, FieldError> {
    let amounts = of_container(source)?;
    let ports = list(source.ports.as_ref()).iter().enumerate();
    let ports = ports.map(|(i, port)| host_port(port, host_network).within_index(i).within("ports"));
    Ok(Container {
        requests: amounts.requests,
        limits: amounts.limits,
        image: source.image.clone().unwrap_or_default(),
        host_ports: ports.filter_map(Result::transpose).collect::<Result<_, _>>()?,
        restart_always: source.restart_policy.as_deref() == Some("Always"),
        status: None,
    })
}

/// The host port behind a container port, none where there is none. With `hostNetwork` it is the container port itself,
/// as the API server defaults it.
fn host_port(port: &k8s::ContainerPort, host_network: bool) -> Result<Option<HostPort>, FieldError> {
    let explicit = port.host_port.filter(|&number| number != 0);
    let default = Some(port.container_port).filter(|&number| host_network && number != 0);
    let Some(number) = explicit.or(default) else { return Ok(None) };
    let field = if explicit.is_some() { "hostPort" } else { "containerPort" };
    let in_range = u16::try_from(number).ok();
    let out_of_range = || FieldError::new(Problem::OutOfRange { value: number.into(), min: 1, max: u16::MAX.into() });
    Ok(Some(HostPort {
        port: in_range.ok_or_else(out_of_range).within(field)?,
        protocol: protocol(port.protocol.as_deref()).within("protocol")?,
        ip: port.host_ip.clone().unwrap_or_default(),
    }))
}

fn protocol(name: Option<&str>) -> Result<Protocol, FieldError> {
    match name {
        None | Some("" | "TCP") => Ok(Protocol::Tcp),
        Some("UDP") => Ok(Protocol::Udp),
        Some("SCTP") => Ok(Protocol::Sctp),
        Some(other) => Err(FieldError::unsupported(other, "`TCP`, `UDP`, `SCTP`")),
    }
}

/// Adds to the containers what the agent reports of them; only a status that has `resources` counts.
pub(crate) fn add_statuses(
    containers: &mut [Container],
    sources: &[k8s::Container],
    statuses: &[k8s::ContainerStatus],
) -> Result<(), FieldError> {
    for (index, status) in statuses.iter().enumerate() {
        let named = containers.iter_mut().zip(sources).find(|(_, source)| source.name == status.name);
        if let (Some((container, _)), Some(resources)) = (named, &status.resources) {
            container.status = Some(resize_status(status, resources).within_index(index)?);
        }
    }
    Ok(())
}

fn resize_status(
    status: &k8s::ContainerStatus,
    resources: &k8s::ResourceRequirements,
) -> Result<ContainerResources, FieldError> {
    Ok(ContainerResources {
        actual: optional(resources.requests.as_ref()).within_path(["resources", "requests"])?,
        allocated: optional(status.allocated_resources.as_ref()).within("allocatedResources")?,
    })
}
