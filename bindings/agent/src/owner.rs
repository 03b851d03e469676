//! Whether somebody else owns CPU sets on this node: two owners would undo each other's work, and the exclusivity of both.

use crate::tree::{Tree, read_bounded};
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Where the kubelet keeps what its CPU manager does.
const KUBELET: &str = "var/lib/kubelet/cpu_manager_state";

/// Files that other owners of CPU sets leave while they run, and who they are.
const OTHERS: [(&str, &str); 3] = [
    ("var/run/koordlet/koordlet.sock", "koordlet"),
    ("var/lib/nri-resource-policy/cache", "nri-resource-policy"),
    ("var/lib/cri-resmgr/cache", "cri-resource-manager"),
];

/// What is read of the kubelet's file at most.
const MAX_BYTES: u64 = 16 << 20;

/// Somebody else owns CPU sets.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OwnerError {
    /// The kubelet's static policy.
    #[error(
        "kubelet's cpu manager policy `{policy}` owns cpusets (`{}`): set `cpuManagerPolicy: none` in the kubelet's configuration, remove that file and restart the kubelet",
        path.display()
    )]
    Kubelet {
        /// The file that says so.
        path: PathBuf,
        /// Its policy.
        policy: String,
    },
    /// The kubelet's file cannot be read, so what it does is not known.
    #[error("cannot tell whether the kubelet owns cpusets: `{}`: {problem}", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// Another agent.
    #[error("{who} owns cpusets on this node (`{}`): stop it and remove that file, or do not run this agent", path.display())]
    Agent {
        /// What it leaves.
        path: PathBuf,
        /// Who it is.
        who: &'static str,
    },
    /// A partition: its CPUs are taken out of the groups around it, which only its owner may undo.
    #[error(
        "control group `{group}` is a cpuset partition (`{partition}`) of somebody else: write `member` to its cpuset.cpus.partition, or leave it out of the description"
    )]
    Partition {
        /// The group.
        group: String,
        /// What it says.
        partition: String,
    },
}

#[derive(Deserialize)]
struct CpuManager {
    #[serde(rename = "policyName")]
    policy: String,
}

/// Looks for another owner of CPU sets below `host`, usually `/`.
///
/// # Errors
/// There is one, or it cannot be told.
pub fn other_owner(host: &Path) -> Result<(), OwnerError> {
    kubelet(host.join(KUBELET))?;
    let found = OTHERS.iter().map(|(path, who)| (host.join(path), who)).find(|(path, _)| path.exists());
    found.map_or(Ok(()), |(path, who)| Err(OwnerError::Agent { path, who }))
}

fn kubelet(path: PathBuf) -> Result<(), OwnerError> {
    let text = match read_bounded(&path, MAX_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(OwnerError::Unknown { path, problem: error.to_string() }),
    };
    match serde_json::from_str::<CpuManager>(&text) {
        Ok(CpuManager { policy }) if policy == "none" => Ok(()),
        Ok(CpuManager { policy }) => Err(OwnerError::Kubelet { path, policy }),
        Err(error) => Err(OwnerError::Unknown { path, problem: error.to_string() }),
    }
}

/// Looks for partitions among the groups that would be written.
pub(crate) fn partition<'a>(tree: &dyn Tree, groups: impl IntoIterator<Item = &'a str>) -> Result<(), OwnerError> {
    for group in groups {
        let Ok(partition) = tree.read(group, "cpuset.cpus.partition") else { continue };
        if partition.trim() != "member" {
            return Err(OwnerError::Partition { group: group.into(), partition: partition.trim().into() });
        }
    }
    Ok(())
}
