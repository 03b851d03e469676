//! The description of a node: its machine, its containers and the settings, as the user writes them in YAML or JSON.

use sched_core::colocation::{Amounts, Asks, ColocationConfig, Disk, GroupConfig, IoConfig, Priority, Qos};
use sched_core::cpuset::{ContainerCpus, CpuPlace, CpuSet, Exclusive, PoolConfig, TopologyTable};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Component, Path};
use thiserror::Error;

/// A node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Node {
    /// The machine's CPUs; without it they are read from `/sys`.
    #[serde(default)]
    pub machine: Option<Machine>,
    /// What the machine has: milli-CPU and bytes.
    pub capacity: Amounts,
    /// What of that is for pods; without it all.
    #[serde(default)]
    pub allocatable: Option<Amounts>,
    /// What its owner reserves besides.
    #[serde(default)]
    pub annotated_reserve: Amounts,
    /// How CPUs are divided.
    #[serde(default)]
    pub pools: PoolConfig,
    /// What is offered, squeezed and evicted.
    #[serde(default)]
    pub colocation: ColocationConfig,
    /// What control groups say.
    #[serde(default)]
    pub groups: GroupConfig,
    /// What BE and OT get of shared disks.
    #[serde(default)]
    pub io: IoConfig,
    /// The disks.
    #[serde(default)]
    pub disks: Vec<Disk>,
    /// The group that all BE and OT containers are in: it gets the CPUs of best effort, so that who starts in it starts there.
    #[serde(default)]
    pub best_effort_group: Option<String>,
    /// Other groups around containers whose CPUs the agent keeps: the shared pool, and those of all containers in them.
    #[serde(default)]
    pub parents: Vec<String>,
    /// Groups whose use is the system's.
    #[serde(default)]
    pub system_groups: Vec<String>,
    /// How BE and OT are squeezed.
    #[serde(default)]
    pub squeeze: Squeeze,
    /// The containers. One that has ended is left out.
    #[serde(default)]
    pub containers: Vec<Container>,
}

/// The CPUs of a machine as a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Machine {
    /// Every online CPU.
    pub cpus: Vec<CpuPlace>,
    /// CPUs that are offline.
    #[serde(default)]
    pub offline: CpuSet,
    /// NUMA nodes without CPUs.
    #[serde(default)]
    pub memory_nodes: Vec<u32>,
}

impl Machine {
    /// As `sched_core` takes it.
    pub fn table(&self) -> TopologyTable {
        let Self { cpus, offline, memory_nodes } = self.clone();
        TopologyTable { cpus, offline, memory_nodes }
    }
}

/// How BE and OT are kept below what suppression leaves them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Squeeze {
    /// By fewer CPUs.
    #[default]
    Cpuset,
    /// By `cpu.max` of the group that they are in.
    Quota,
}

/// A container.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Container {
    /// Its name, unique on the node.
    pub name: String,
    /// Its class.
    pub qos: Qos,
    /// Its control group below the root.
    pub cgroup: String,
    /// CPUs of its own: at least 1 for LSX and LSR, 0 for BE and OT; for LS 0 is the shared pool.
    #[serde(default)]
    pub cpus: i64,
    /// What it shares with nobody; by default cores for LSX and LSR.
    #[serde(default)]
    pub exclusive: Option<Exclusive>,
    /// NUMA nodes that its own CPUs must be of.
    #[serde(default)]
    pub numas: Vec<u32>,
    /// Its own CPUs, if a scheduler has chosen them.
    #[serde(default)]
    pub chosen: Option<CpuSet>,
    /// What it asks for. Without it nothing but its CPUs is set.
    #[serde(default)]
    pub asks: Option<Asks>,
    /// How important it is.
    #[serde(default = "least")]
    pub priority: Priority,
    /// When it started, milliseconds.
    #[serde(default)]
    pub started_ms: u64,
    /// Whether it is on its way out.
    #[serde(default)]
    pub terminating: bool,
    /// Whether it may be named for eviction.
    #[serde(default = "yes")]
    pub evictable: bool,
}

fn least() -> Priority {
    Priority::P4
}

fn yes() -> bool {
    true
}

impl Container {
    /// What it asks of the pools.
    pub(crate) fn spec(&self) -> ContainerCpus {
        let spec = ContainerCpus::new(&self.name, self.qos, self.cpus);
        let exclusive = self.exclusive.unwrap_or(spec.exclusive);
        ContainerCpus { exclusive, numas: self.numas.clone(), chosen: self.chosen.clone(), ..spec }
    }

    /// What it counts on.
    pub(crate) fn requested(&self) -> Amounts {
        let own = self.cpus.saturating_mul(1_000);
        self.asks.map_or(Amounts::new(own, 0), |asks| Amounts::new(asks.cpu_request.max(own), asks.memory_request))
    }
}

/// A description that cannot be meant.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum NodeError {
    /// It is not YAML or JSON of the form.
    #[error("{0}")]
    Text(String),
    /// Two containers of one name.
    #[error("container `{0}` is there twice")]
    TwiceNamed(String),
    /// Two users of one group.
    #[error("control group `{0}` is named twice: each container and each parent needs its own")]
    TwiceUsed(String),
    /// A group that could lie elsewhere.
    #[error("control group `{0}`: it must be a relative path below the root, without `.`, `..` or control characters")]
    Group(String),
    /// A container in the group of another one.
    #[error("control group `{inner}` lies in `{outer}`, which is a container's: a container's group holds no other")]
    Nested {
        /// The inner group.
        inner: String,
        /// The container's.
        outer: String,
    },
    /// A quota needs a group.
    #[error("`squeeze: quota` needs `bestEffortGroup`, the group that all BE and OT containers are in")]
    NoGroup,
    /// A container of best effort elsewhere.
    #[error("container `{0}` is of BE or OT and not in `bestEffortGroup`")]
    Outside(String),
}

impl Node {
    /// Reads a description.
    ///
    /// # Errors
    /// Text of another form, and descriptions that contradict themselves.
    pub fn parse(text: &str) -> Result<Self, NodeError> {
        let node: Self = serde_saphyr::from_str(text).map_err(|error| NodeError::Text(error.to_string()))?;
        node.check()?;
        Ok(node)
    }

    /// The groups around containers whose CPUs the agent keeps.
    pub(crate) fn kept_parents(&self) -> impl Iterator<Item = &str> {
        self.best_effort_group.iter().chain(&self.parents).map(String::as_str)
    }

    fn check(&self) -> Result<(), NodeError> {
        let mut groups = BTreeSet::new();
        let of_containers = || self.containers.iter().map(|container| container.cgroup.as_str());
        for group in of_containers().chain(self.kept_parents()).chain(self.system_groups.iter().map(String::as_str)) {
            if !below_root(group) {
                return Err(NodeError::Group(group.into()));
            }
            if !groups.insert(group) {
                return Err(NodeError::TwiceUsed(group.into()));
            }
        }
        for outer in of_containers() {
            if let Some(inner) = groups.iter().find(|inner| is_inside(inner, outer)) {
                return Err(NodeError::Nested { inner: (*inner).into(), outer: outer.into() });
            }
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = self.containers.iter().find(|container| !names.insert(container.name.as_str())) {
            return Err(NodeError::TwiceNamed(twice.name.clone()));
        }
        self.check_best_effort()
    }

    fn check_best_effort(&self) -> Result<(), NodeError> {
        let Some(group) = &self.best_effort_group else {
            return if self.squeeze == Squeeze::Quota { Err(NodeError::NoGroup) } else { Ok(()) };
        };
        let outside = |container: &&Container| !container.qos.online() && !is_inside(&container.cgroup, group);
        self.containers.iter().find(outside).map_or(Ok(()), |found| Err(NodeError::Outside(found.name.clone())))
    }
}

/// Whether a group lies in another one, at any depth.
pub(crate) fn is_inside(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

fn below_root(group: &str) -> bool {
    let path = Path::new(group);
    let plain = !group.is_empty() && !group.chars().any(char::is_control) && !group.ends_with('/');
    plain
        && !group.contains("//")
        && path.components().all(|part| matches!(part, Component::Normal(_)))
        && !group.contains("/./")
}
