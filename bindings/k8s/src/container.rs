//! Containers: requests, images, host ports and what the node's agent reports of an in-place resize.

use crate::error::{FieldError, Problem, Within as _};
use crate::resources::{container_requests, optional};
use k8s_openapi::api::core::v1 as k8s;
use sched_core::{Container, ContainerResources, HostPort, Protocol};

/// What a pod's containers share: the network they stand in, and their statuses.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    /// Every container port is a port of the host.
    pub(crate) host_network: bool,
    /// `containerStatuses` or `initContainerStatuses`.
    pub(crate) statuses: Option<&'a Vec<k8s::ContainerStatus>>,
    /// The field that the statuses stand in, for errors.
    pub(crate) status_field: &'static str,
}

/// One container; errors are relative to the pod, `field` and `index` say which container it is.
pub(crate) fn container(
    source: &k8s::Container,
    around: Surroundings<'_>,
    (field, index): (&str, usize),
) -> Result<Container, FieldError> {
    let within_spec = |result: Result<_, FieldError>| result.within_index(index).within(field).within("spec");
    let ports = source.ports.iter().flatten().enumerate();
    let ports = ports.map(|(i, port)| host_port(port, around.host_network).within_index(i).within("ports"));
    Ok(Container {
        requests: container_requests(source).within_index(index).within(field).within("spec")?,
        image: source.image.clone().unwrap_or_default(),
        host_ports: within_spec(ports.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>())?,
        restart_always: source.restart_policy.as_deref() == Some("Always"),
        status: resize_status(&source.name, around)?,
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

/// What the agent reports of the container; only a status that has `resources` counts.
fn resize_status(name: &str, around: Surroundings<'_>) -> Result<Option<ContainerResources>, FieldError> {
    let mut statuses = around.statuses.into_iter().flatten().enumerate();
    let Some((index, status)) = statuses.find(|(_, status)| status.name == name) else { return Ok(None) };
    let Some(resources) = &status.resources else { return Ok(None) };
    let read = || {
        Ok(ContainerResources {
            actual: optional(resources.requests.as_ref()).within("requests").within("resources")?,
            allocated: optional(status.allocated_resources.as_ref()).within("allocatedResources")?,
        })
    };
    read().within_index(index).within(around.status_field).within("status").map(Some)
}
