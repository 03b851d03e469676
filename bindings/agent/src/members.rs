//! Which containers the pools hold: taken over from the checkpoint or from the tree, and brought to what the description says.

use crate::cpusets::CpuGroups;
use crate::error::AgentError;
use crate::node::{Container, Node};
use crate::state::{Saved, StateError};
use sched_core::cpuset::{ContainerCpus, Member, PoolError, Pools, Topology};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Differences that one message names.
const MAX_NAMED: usize = 3;

/// The pools of the checkpoint.
pub(crate) fn restored(node: &Node, topology: &Arc<Topology>, saved: &Saved) -> Result<Pools, AgentError> {
    let what =
        "the checkpoint no longer fits the machine or the settings of `pools`; `--adopt tree` divides the machine anew";
    let refused = |source| AgentError::Pools { what, source };
    let pools = Pools::restore(Arc::clone(topology), node.pools.clone(), saved.members.iter().cloned());
    let mut pools = pools.map_err(refused)?;
    pools.limit_best_effort(saved.best_effort_limit).map_err(refused)?;
    Ok(pools)
}

/// The pools that the tree shows: whoever has as many CPUs as it asks for keeps them, unless another one has them already.
pub(crate) fn adopted(node: &Node, topology: &Arc<Topology>, groups: &CpuGroups) -> Result<Pools, AgentError> {
    let divide = |members: &[Member]| Pools::restore(Arc::clone(topology), node.pools.clone(), members.iter().cloned());
    let mut members = Vec::new();
    let mut pools = divide(&members).map_err(|source| AgentError::Pools { what: "`pools`", source })?;
    for container in node.containers.iter().filter(|container| container.cpus > 0) {
        let own = groups.says(&container.name).cpus;
        if i64::try_from(own.len()) != Ok(container.cpus) {
            continue;
        }
        members.push(Member { spec: container.spec(), own });
        match divide(&members) {
            Ok(with) => pools = with,
            Err(_) => drop(members.pop()),
        }
    }
    Ok(pools)
}

/// Whether the tree says what the checkpoint says was written. A group that says nothing is a new one.
pub(crate) fn compare(saved: &Saved, groups: &CpuGroups) -> Result<(), StateError> {
    let mut differences = Vec::new();
    for (name, written) in &saved.written {
        let says = groups.says(name).cpus;
        if !says.is_empty() && !written.contains(&says) {
            let expected: Vec<String> = written.iter().map(ToString::to_string).collect();
            differences.push(format!("`{name}` is on {says}, written was {}", expected.join(" or ")));
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    let more = differences.len().saturating_sub(MAX_NAMED);
    differences.truncate(MAX_NAMED);
    if more > 0 {
        differences.push(format!("and {more} more"));
    }
    Err(StateError::Disagrees(differences.join(", ")))
}

/// One change of the pools: a container that comes, goes, or asks for something else.
#[derive(Debug)]
pub(crate) struct Transition {
    pub(crate) name: String,
    leaves: bool,
    comes: Option<ContainerCpus>,
}

impl Transition {
    /// The pools after it, with so many CPUs for best effort.
    pub(crate) fn after(&self, pools: &Pools, limit: Option<usize>) -> Result<Pools, PoolError> {
        let mut next = pools.clone();
        if self.leaves {
            next.remove(&self.name)?;
        }
        if let Some(spec) = &self.comes {
            next.add(spec.clone())?;
        }
        next.limit_best_effort(limit)?;
        Ok(next)
    }
}

/// What leads from the pools to the description: first who goes; then who shares, so that it is known when others want CPUs of their own.
pub(crate) fn transitions(pools: &Pools, node: &Node) -> Vec<Transition> {
    let described: BTreeMap<&str, &Container> = node.containers.iter().map(|one| (one.name.as_str(), one)).collect();
    let gone = pools.members().keys().filter(|name| !described.contains_key(name.as_str()));
    let mut all: Vec<Transition> =
        gone.map(|name| Transition { name: name.clone(), leaves: true, comes: None }).collect();
    let (share, own): (Vec<_>, Vec<_>) = node.containers.iter().partition(|container| container.cpus == 0);
    for container in share.into_iter().chain(own) {
        let (name, spec) = (container.name.clone(), container.spec());
        let there = pools.members().get(&name);
        if there.is_none_or(|member| member.spec != spec) {
            all.push(Transition { name, leaves: there.is_some(), comes: Some(spec) });
        }
    }
    all
}
