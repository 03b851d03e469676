//! What is, without writing anything: what the checkpoint says of each container beside what the tree says.

use crate::state::Saved;
use crate::tree::{Tree, populated, read_if_there};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// A node as it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The containers of the checkpoint.
    pub containers: Vec<ContainerStatus>,
    /// What was offered last, by extended resource.
    pub offer: BTreeMap<String, i64>,
}

/// A container as it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerStatus {
    /// Its name.
    pub name: String,
    /// Its control group.
    pub cgroup: String,
    /// The CPUs that were written last; several while a plan is under way.
    pub written: Vec<String>,
    /// The CPUs that its group says; none if the group is gone.
    pub says: Option<String>,
    /// Whether processes run in it.
    pub running: bool,
}

/// What is.
pub fn status(tree: &dyn Tree, saved: &Saved) -> Status {
    let container = |(name, cgroup): (&String, &String)| ContainerStatus {
        name: name.clone(),
        cgroup: cgroup.clone(),
        written: saved.written.get(name).into_iter().flatten().map(ToString::to_string).collect(),
        says: read_if_there(tree, cgroup, "cpuset.cpus").ok().flatten().map(|text| text.trim().to_owned()),
        running: populated(tree, cgroup),
    };
    Status { containers: saved.cgroups.iter().map(container).collect(), offer: saved.offer.clone() }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ContainerStatus { name, cgroup, written, says, running } in &self.containers {
            let state = if *running { "running" } else { "not running" };
            let written = written.join(" or ");
            let agrees = match says {
                None => "; the group is gone",
                Some(says) if !says.is_empty() && *says != written => "; that is not what was written",
                Some(_) => "",
            };
            let says = says.as_deref().unwrap_or_default();
            writeln!(f, "`{name}` ({cgroup}), {state}: written {written}, is on {says}{agrees}")?;
        }
        self.offer.iter().try_for_each(|(resource, amount)| writeln!(f, "offer {resource}: {amount}"))
    }
}
