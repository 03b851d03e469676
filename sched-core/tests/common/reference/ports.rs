//! Host ports.

use sched_core::{HostPort, PodTemplate};

/// Whether a port that the pod wants is taken by one of the others.
pub(crate) fn conflict<'a>(pod: &PodTemplate, others: impl Iterator<Item = &'a PodTemplate>) -> bool {
    let taken: Vec<&HostPort> = others.flat_map(host_ports).collect();
    host_ports(pod).iter().any(|wanted| taken.iter().any(|taken| clash(wanted, taken)))
}

/// The ports of containers and sidecars; ordinary init containers are gone when the pod runs.
fn host_ports(pod: &PodTemplate) -> Vec<&HostPort> {
    let sidecars = pod.init_containers.iter().filter(|c| c.restart_always);
    pod.containers.iter().chain(sidecars).flat_map(|c| &c.host_ports).filter(|p| p.port != 0).collect()
}

fn clash(a: &HostPort, b: &HostPort) -> bool {
    let (ip_a, ip_b) = (address(a), address(b));
    let same_address = ip_a == ip_b || ip_a == "0.0.0.0" || ip_b == "0.0.0.0";
    a.port == b.port && a.protocol == b.protocol && same_address
}

fn address(port: &HostPort) -> &str {
    if port.ip.is_empty() { "0.0.0.0" } else { &port.ip }
}
