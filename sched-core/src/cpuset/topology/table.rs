//! What an embedder says of a machine before it is checked, and why it may be refused.

use crate::cpuset::set::{CpuId, CpuSet};
use crate::limits;
use thiserror::Error;

/// Where one CPU lies. Numbers are the kernel's or anyone else's: they need not be dense, nor in any order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CpuPlace {
    /// The logical CPU, a hardware thread.
    pub cpu: CpuId,
    /// Its physical core, unique on the machine; the lowest CPU of the core is a good name.
    pub core: u32,
    /// Its last-level cache.
    pub uncore: u32,
    /// Its NUMA node.
    pub numa: u32,
    /// Its socket.
    pub socket: u32,
}

/// What a machine has, before it is checked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TopologyTable {
    /// Every online CPU, in any order.
    pub cpus: Vec<CpuPlace>,
    /// CPUs that are there but offline.
    pub offline: CpuSet,
    /// NUMA nodes without CPUs, for hints about memory and devices.
    pub memory_nodes: Vec<u32>,
}

/// How many of each there are. The sizes that the peers' rules speak of (CPUs per core and so on) are quotients of these.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Online CPUs.
    pub cpus: usize,
    /// Cores.
    pub cores: usize,
    /// Uncore caches.
    pub uncores: usize,
    /// NUMA nodes with CPUs.
    pub numas: usize,
    /// Sockets.
    pub sockets: usize,
    /// Pairs of NUMA node and socket: what Koordinator counts as nodes.
    pub numas_by_socket: usize,
}

impl Counts {
    /// CPUs per core, rounded down; 0 without cores.
    pub fn per_core(&self) -> usize {
        self.cpus.checked_div(self.cores).unwrap_or(0)
    }

    /// CPUs per uncore cache, rounded down; 0 without caches.
    pub fn per_uncore(&self) -> usize {
        self.cpus.checked_div(self.uncores).unwrap_or(0)
    }

    /// CPUs per socket, rounded down; 0 without sockets.
    pub fn per_socket(&self) -> usize {
        self.cpus.checked_div(self.sockets).unwrap_or(0)
    }

    /// CPUs per pair of NUMA node and socket, rounded down; 0 without any.
    pub fn per_numa_by_socket(&self) -> usize {
        self.cpus.checked_div(self.numas_by_socket).unwrap_or(0)
    }
}

/// A table is not a machine.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum TopologyError {
    /// No online CPU.
    #[error("a machine needs at least one online cpu")]
    Empty,
    /// More CPUs than [`limits::MAX_CPUS`].
    #[error("{cpus} cpus are beyond {max} (MAX_CPUS)", max = limits::MAX_CPUS)]
    TooManyCpus {
        /// How many there are.
        cpus: usize,
    },
    /// A CPU beyond [`limits::MAX_CPU_ID`].
    #[error("cpu {cpu} is beyond {max} (MAX_CPU_ID)", max = limits::MAX_CPU_ID)]
    CpuTooHigh {
        /// The CPU.
        cpu: CpuId,
    },
    /// More NUMA nodes than [`limits::MAX_NUMA_NODES`].
    #[error("{nodes} numa nodes are beyond {max} (MAX_NUMA_NODES)", max = limits::MAX_NUMA_NODES)]
    TooManyNumaNodes {
        /// How many there are.
        nodes: usize,
    },
    /// A CPU occurs twice.
    #[error("cpu {cpu} occurs twice in the table")]
    DuplicateCpu {
        /// The CPU.
        cpu: CpuId,
    },
    /// A CPU is both online and offline.
    #[error("cpu {cpu} is in the table of online cpus and offline too")]
    OnlineAndOffline {
        /// The CPU.
        cpu: CpuId,
    },
    /// The CPUs of a core lie in two places.
    #[error(
        "core {core} lies in {level} {first} and {level} {second}: number cores so that they are unique on the machine"
    )]
    SplitCore {
        /// The core.
        core: u32,
        /// Which level differs.
        level: Level,
        /// One place.
        first: u32,
        /// The other.
        second: u32,
    },
    /// A node is said to have no CPUs and has some.
    #[error("numa node {node} is listed as one without cpus, and cpu {cpu} is in it")]
    MemoryNodeWithCpus {
        /// The node.
        node: u32,
        /// The CPU.
        cpu: CpuId,
    },
    /// CPUs that are not of this machine, or offline.
    #[error("cpus {cpus} are not online on this machine")]
    NotOnline {
        /// Which ones, as a list.
        cpus: CpuSet,
    },
}

/// A level of the machine above the CPU.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Level {
    /// Physical core.
    Core,
    /// Last-level cache.
    Uncore,
    /// NUMA node.
    Numa,
    /// Socket.
    Socket,
}

impl Level {
    /// All, from the narrowest.
    pub const ALL: [Self; 4] = [Self::Core, Self::Uncore, Self::Numa, Self::Socket];
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Core => "core",
            Self::Uncore => "uncore cache",
            Self::Numa => "numa node",
            Self::Socket => "socket",
        })
    }
}
