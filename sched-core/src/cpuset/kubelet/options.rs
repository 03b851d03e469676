//! The options of the static policy, and which of them exclude each other.

use crate::cpuset::hints::TopologyPolicy;
use crate::cpuset::topology::Topology;
use thiserror::Error;

/// The static policy's options, by the kubelet's names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case", default))]
pub struct StaticPolicyOptions {
    /// Only whole cores are given.
    pub full_pcpus_only: bool,
    /// CPUs are spread evenly over the NUMA nodes that are needed.
    pub distribute_cpus_across_numa: bool,
    /// Single CPUs are taken by number rather than core by core.
    pub distribute_cpus_across_cores: bool,
    /// CPUs of one socket count as aligned.
    pub align_by_socket: bool,
    /// CPUs of one uncore cache are preferred.
    pub prefer_align_cpus_by_uncorecache: bool,
    /// Reserved CPUs are not in the shared pool either.
    pub strict_cpu_reservation: bool,
}

/// Options that do not go together. The texts are the kubelet's.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum OptionError {
    /// No option of that name.
    #[error("unsupported cpumanager option: `{0}`")]
    Unknown(String),
    /// Two options exclude each other.
    #[error("static policy options {first} and {second} can not be used at the same time")]
    Exclusive {
        /// One.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// Sockets are aligned to while single nodes are demanded.
    #[error("Topolgy manager single-numa-node policy is incompatible with CPUManager align-by-socket policy option")]
    SocketsAndSingleNode,
    /// Sockets are smaller than NUMA nodes.
    #[error("Align by socket is not compatible with hardware where number of sockets are more than number of NUMA")]
    SocketsWithinNodes,
}

const FULL: &str = "full-pcpus-only";
const NUMA: &str = "distribute-cpus-across-numa";
const CORES: &str = "distribute-cpus-across-cores";
const SOCKET: &str = "align-by-socket";
const UNCORE: &str = "prefer-align-cpus-by-uncorecache";
const STRICT: &str = "strict-cpu-reservation";

impl StaticPolicyOptions {
    /// The options of these names.
    pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, OptionError> {
        let mut options = Self::default();
        for name in names {
            let option = match name {
                FULL => &mut options.full_pcpus_only,
                NUMA => &mut options.distribute_cpus_across_numa,
                CORES => &mut options.distribute_cpus_across_cores,
                SOCKET => &mut options.align_by_socket,
                UNCORE => &mut options.prefer_align_cpus_by_uncorecache,
                STRICT => &mut options.strict_cpu_reservation,
                _ => return Err(OptionError::Unknown(name.to_owned())),
            };
            *option = true;
        }
        Ok(options)
    }

    /// Whether they go together, with the topology manager's policy and on this machine.
    pub fn check(&self, topology: &Topology, policy: TopologyPolicy) -> Result<(), OptionError> {
        let (cores, numa) = (self.distribute_cpus_across_cores, self.distribute_cpus_across_numa);
        let uncore = self.prefer_align_cpus_by_uncorecache;
        let pairs = [
            (self.full_pcpus_only && cores, FULL, CORES),
            (numa && cores, NUMA, CORES),
            (uncore && cores, UNCORE, CORES),
            (uncore && numa, UNCORE, NUMA),
        ];
        if let Some((_, first, second)) = pairs.into_iter().find(|(both, ..)| *both) {
            return Err(OptionError::Exclusive { first, second });
        }
        let counts = topology.counts();
        if self.align_by_socket && policy == TopologyPolicy::SingleNumaNode {
            return Err(OptionError::SocketsAndSingleNode);
        }
        if self.align_by_socket && counts.sockets > counts.numas {
            return Err(OptionError::SocketsWithinNodes);
        }
        Ok(())
    }
}
