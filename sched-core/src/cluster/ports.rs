//! Which host ports are taken on which nodes.

use super::rowset::set_bit;
use super::spec::{HostPort, PodTemplate, Protocol};
use std::{collections::BTreeMap, sync::Arc};

/// The address that stands for every address.
const ANY: &str = "0.0.0.0";

/// The addresses on which a port is taken, each with the number of its users.
type Users = Vec<(Arc<str>, u32)>;

/// The index by port, so that a pod's wish is answered by the nodes that have that port in use.
#[derive(Debug, Default)]
pub(crate) struct PortIndex {
    taken: BTreeMap<(u16, Protocol, u32), Users>,
}

/// The host ports that a pod asks for: containers and sidecars, without 0.
pub(crate) fn wanted(pod: &PodTemplate) -> impl Iterator<Item = &HostPort> {
    let sidecars = pod.init_containers.iter().filter(|c| c.restart_always);
    pod.containers.iter().chain(sidecars).flat_map(|c| &c.host_ports).filter(|p| p.port != 0)
}

fn address(port: &HostPort) -> &str {
    if port.ip.is_empty() { ANY } else { &port.ip }
}

impl PortIndex {
    /// Entries in use.
    pub(crate) fn len(&self) -> usize {
        self.taken.len()
    }

    pub(crate) fn insert(&mut self, row: u32, port: &HostPort) {
        let users = self.taken.entry((port.port, port.protocol, row)).or_default();
        match users.iter_mut().find(|(ip, _)| &**ip == address(port)) {
            Some((_, count)) => *count += 1,
            None => users.push((Arc::from(address(port)), 1)),
        }
    }

    pub(crate) fn remove(&mut self, row: u32, port: &HostPort) {
        let key = (port.port, port.protocol, row);
        let Some(users) = self.taken.get_mut(&key) else { return };
        if let Some(at) = users.iter().position(|(ip, _)| &**ip == address(port)) {
            let Some((_, count)) = users.get_mut(at) else { return };
            *count -= 1;
            if *count == 0 {
                users.swap_remove(at);
            }
        }
        if users.is_empty() {
            self.taken.remove(&key);
        }
    }

    /// The ports taken on a row, for dumps: looks at all of them.
    pub(crate) fn of_row(&self, row: u32) -> Vec<(u16, Protocol, Users)> {
        let here = self.taken.iter().filter(|((_, _, r), _)| *r == row);
        here.map(|(&(port, protocol, _), users)| {
            let mut users = users.clone();
            users.sort();
            (port, protocol, users)
        })
        .collect()
    }

    /// Adds the rows on which `port` is taken: same port and protocol, and the same address or one of them any.
    pub(crate) fn conflicts(&self, port: &HostPort, out: &mut Vec<u64>) {
        let ip = address(port);
        for (&(_, _, row), users) in
            self.taken.range((port.port, port.protocol, 0)..=(port.port, port.protocol, u32::MAX))
        {
            if ip == ANY || users.iter().any(|(taken, _)| &**taken == ANY || &**taken == ip) {
                set_bit(out, row as usize, true);
            }
        }
    }
}
