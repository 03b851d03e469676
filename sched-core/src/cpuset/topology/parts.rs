//! The parts of each level (cores, caches, nodes, sockets) by position, and which lie within which.

use super::table::{CpuPlace, Level, TopologyError, TopologyTable};
use crate::cpuset::set::CpuId;
use crate::limits;

/// A level's parts by position: ascending by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    /// The number of each part.
    pub(crate) ids: Vec<u32>,
    starts: Vec<u32>,
    members: Vec<CpuId>,
}

impl Parts {
    /// Every part's CPUs, ascending.
    pub(crate) fn cpus(&self, part: usize) -> &[CpuId] {
        let bounds = self.starts.get(part).zip(self.starts.get(part + 1));
        bounds.and_then(|(from, to)| self.members.get(*from as usize..*to as usize)).unwrap_or(&[])
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }
}

/// For each part of one level the parts of a narrower (or other) level that have a CPU in it, ascending.
#[derive(Clone, Debug, Default)]
pub(super) struct Nested {
    pub(super) starts: Vec<u32>,
    pub(super) items: Vec<u16>,
    /// Whether some part lies in several: then only its CPUs say where it has free ones.
    pub(super) spans: bool,
}

/// Which parts within which: the pairs that orders walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Within {
    CoresInUncore,
    CoresInNuma,
    CoresInSocket,
    UncoresInNuma,
    NumasInSocket,
    SocketsInNuma,
}

impl Within {
    pub(super) const ALL: [Self; 6] = [
        Self::CoresInUncore,
        Self::CoresInNuma,
        Self::CoresInSocket,
        Self::UncoresInNuma,
        Self::NumasInSocket,
        Self::SocketsInNuma,
    ];

    /// The outer and the inner level.
    pub(crate) fn levels(self) -> (Level, Level) {
        match self {
            Self::CoresInUncore => (Level::Uncore, Level::Core),
            Self::CoresInNuma => (Level::Numa, Level::Core),
            Self::CoresInSocket => (Level::Socket, Level::Core),
            Self::UncoresInNuma => (Level::Numa, Level::Uncore),
            Self::NumasInSocket => (Level::Socket, Level::Numa),
            Self::SocketsInNuma => (Level::Numa, Level::Socket),
        }
    }
}

pub(super) fn check_cpus(sorted: &[CpuPlace], table: &TopologyTable) -> Result<(), TopologyError> {
    let Some(last) = sorted.last() else { return Err(TopologyError::Empty) };
    if sorted.len() > limits::MAX_CPUS {
        return Err(TopologyError::TooManyCpus { cpus: sorted.len() });
    }
    if last.cpu > limits::MAX_CPU_ID {
        return Err(TopologyError::CpuTooHigh { cpu: last.cpu });
    }
    let twice = sorted.iter().zip(sorted.iter().skip(1)).find(|(a, b)| a.cpu == b.cpu);
    if let Some((place, _)) = twice {
        return Err(TopologyError::DuplicateCpu { cpu: place.cpu });
    }
    let both = sorted.iter().find(|place| table.offline.contains(place.cpu));
    both.map_or(Ok(()), |place| Err(TopologyError::OnlineAndOffline { cpu: place.cpu }))
}

pub(super) fn parts_of(sorted: &[CpuPlace], key: fn(&CpuPlace) -> u32) -> Parts {
    let mut members: Vec<(u32, CpuId)> = sorted.iter().map(|place| (key(place), place.cpu)).collect();
    members.sort_unstable();
    let mut parts = Parts { members: members.iter().map(|(_, cpu)| *cpu).collect(), ..Parts::default() };
    for (index, (id, _)) in members.iter().enumerate() {
        if parts.ids.last() != Some(id) {
            parts.ids.push(*id);
            parts.starts.push(index as u32);
        }
    }
    parts.starts.push(members.len() as u32);
    parts
}

/// Nodes without CPUs take their places among the others.
pub(super) fn add_memory_nodes(parts: &mut [Parts; 4], table: &TopologyTable) -> Result<(), TopologyError> {
    let [_, _, numas, _] = parts;
    let mut nodes = table.memory_nodes.clone();
    nodes.sort_unstable();
    nodes.dedup();
    for node in nodes {
        match numas.ids.binary_search(&node) {
            Ok(part) => {
                let cpu = numas.cpus(part).first().copied().unwrap_or_default();
                return Err(TopologyError::MemoryNodeWithCpus { node, cpu });
            }
            Err(at) => {
                let start = numas.starts.get(at).copied().unwrap_or_default();
                numas.ids.insert(at, node);
                numas.starts.insert(at, start);
            }
        }
    }
    if numas.len() > limits::MAX_NUMA_NODES {
        return Err(TopologyError::TooManyNumaNodes { nodes: numas.len() });
    }
    Ok(())
}
