//! One round of the agent: what is, is read from tree and checkpoint; what shall be, is asked of `sched_core`; the difference is written. Nothing is
//! kept between rounds but the checkpoint, so a restart is a round like any other.

use crate::apply::carry_out;
use crate::cpusets::{CpuGroups, clipped};
use crate::error::AgentError;
use crate::members::{adopted, compare, restored, transitions};
use crate::node::{Node, Squeeze};
use crate::owner::partition;
use crate::report::{Report, offer_of};
use crate::settings::settings;
use crate::state::{Saved, Store};
use crate::tree::{Tree, populated};
use crate::usage::{Usage, report};
use sched_core::colocation::Suppression;
use sched_core::cpuset::{PlanStep, PoolError, Pools, Topology};
use sched_core::limits::MAX_CLOCK_SKEW_MS;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whose word counts where checkpoint and tree disagree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Adopt {
    /// The tree's: who has as many CPUs as it asks for keeps them.
    Tree,
    /// The checkpoint's: what it says is written again.
    Checkpoint,
}

/// What a round goes by.
#[derive(Debug)]
pub struct Round<'a> {
    /// The description of the node.
    pub node: &'a Node,
    /// Its machine.
    pub topology: Arc<Topology>,
    /// Uses that were measured elsewhere; without them the tree is asked.
    pub usage: Option<&'a Usage>,
    /// What to do about a disagreement; without it the round refuses.
    pub adopt: Option<Adopt>,
    /// The time, milliseconds.
    pub now_ms: u64,
}

/// Does one round; what was done is in `report` even if it fails half way.
///
/// # Errors
/// [`AgentError`]; after [`AgentError::Refused`] everything else is done, after [`AgentError::Stopped`] another round goes on.
pub fn round(inputs: &Round, tree: &mut dyn Tree, store: &Store, report: &mut Report) -> Result<(), AgentError> {
    let saved = match (store.load(), inputs.adopt) {
        (Err(_), Some(Adopt::Tree)) => None,
        (saved, _) => saved?,
    };
    let groups = read_groups(inputs.node, &inputs.topology, tree, saved.as_ref())?;
    let from_tree = saved.is_none() || inputs.adopt == Some(Adopt::Tree);
    let saved = saved.unwrap_or_default();
    let pools = if from_tree {
        adopted(inputs.node, &inputs.topology, &groups)?
    } else {
        if inputs.adopt.is_none() {
            compare(&saved, &groups)?;
        }
        restored(inputs.node, &inputs.topology, &saved)?
    };
    let mut work = Work { inputs, tree, store, report, groups, pools, adopted: from_tree, saved };
    work.all()?;
    let refused = &work.report.refused;
    if refused.is_empty() { Ok(()) } else { Err(AgentError::Refused(refused.join("; "))) }
}

/// The groups of the description, and those of the checkpoint that the description leaves out.
fn read_groups(
    node: &Node,
    topology: &Topology,
    tree: &dyn Tree,
    saved: Option<&Saved>,
) -> Result<CpuGroups, AgentError> {
    let mut all: BTreeMap<&str, &str> =
        saved.iter().flat_map(|saved| &saved.cgroups).map(|(name, group)| (name.as_str(), group.as_str())).collect();
    all.extend(node.containers.iter().map(|one| (one.name.as_str(), one.cgroup.as_str())));
    partition(tree, all.values().copied().chain(node.kept_parents()))?;
    Ok(CpuGroups::read(tree, topology, node, all.into_iter())?)
}

/// A round under way.
struct Work<'a> {
    inputs: &'a Round<'a>,
    tree: &'a mut dyn Tree,
    store: &'a Store,
    report: &'a mut Report,
    groups: CpuGroups,
    pools: Pools,
    /// Whether the pools are the tree's, not the checkpoint's.
    adopted: bool,
    saved: Saved,
}

impl Work<'_> {
    fn all(&mut self) -> Result<(), AgentError> {
        let suppression = self.colocation()?;
        let squeeze = self.inputs.node.squeeze == Squeeze::Cpuset;
        let limit = squeeze.then(|| suppression.cpus() as usize);
        self.resume(limit)?;
        self.saved.best_effort_limit = limit;
        let mut refused = self.containers(limit)?;
        self.squeeze(limit)?;
        if !refused.is_empty() {
            // Others have moved since, so there may be a safe way now.
            refused = self.containers(limit)?;
        }
        self.report.refused.extend(refused.into_iter().chain(self.missing()));
        self.settings(&suppression)?;
        self.remember(&self.pools.clone(), &[]);
        self.store.save(&self.saved)?;
        self.notes()
    }

    /// What an interrupted round has left, or what was adopted.
    fn resume(&mut self, limit: Option<usize>) -> Result<(), AgentError> {
        let what = "what runs cannot be brought to what the checkpoint says";
        let mut start = self.pools.clone();
        if self.adopted {
            start.limit_best_effort(limit).map_err(|source| AgentError::Pools { what, source })?;
        }
        self.become_pools(start).map_err(|failure| match failure {
            Failure::Pools(source) => AgentError::Pools { what, source },
            Failure::Agent(error) => error,
        })
    }

    /// Containers come, go and change, one by one, and best effort gives way with the first of them; who is refused stays as it was.
    fn containers(&mut self, limit: Option<usize>) -> Result<Vec<String>, AgentError> {
        let mut refused = Vec::new();
        for transition in transitions(&self.pools, self.inputs.node) {
            let name = &transition.name;
            let described = self.inputs.node.containers.iter().any(|container| container.name == *name);
            let group = self.saved.cgroups.get(name).filter(|_| !described);
            if let Some(group) = group.filter(|group| populated(self.tree, group)) {
                refused.push(format!(
                    "container `{name}` is not in the description, and `{group}` has processes: end them, or put it back"
                ));
                continue;
            }
            let next = transition.after(&self.pools, limit).map_err(Failure::Pools);
            let done = next.and_then(|next| self.become_pools(next));
            refused.extend(done.map_or_else(Failure::refusal, |()| Ok(None))?);
        }
        Ok(refused)
    }

    /// Containers whose groups are not there; their CPUs are kept for them.
    fn missing(&self) -> Vec<String> {
        let missing = self.inputs.node.containers.iter().filter(|container| !self.groups.has(&container.name));
        let text = |group: &str, name: &str| {
            format!("control group `{group}` of container `{name}` is not there: start it, or leave it out")
        };
        missing.map(|one| text(&one.cgroup, &one.name)).collect()
    }

    /// Takes over another division: what is planned is saved, then written, and what was written is saved with the next.
    fn become_pools(&mut self, next: Pools) -> Result<(), Failure> {
        let known = |name: &String| next.members().contains_key(name);
        let actual = self.groups.runs().iter().filter(|(name, _)| known(name));
        let actual = actual.map(|(name, cpus)| (name.clone(), cpus.clone())).collect();
        let plan = next.plan_from(&actual).map_err(Failure::Pools)?;
        let mut after = self.groups.clone();
        let changes = after.changes(&next, &plan);
        if !changes.is_empty() {
            self.remember(&next, &plan.steps);
            self.store.save(&self.saved).map_err(|error| Failure::Agent(error.into()))?;
            carry_out(self.tree, changes, &mut self.report.changes).map_err(|error| Failure::Agent(error.into()))?;
        }
        (self.groups, self.pools) = (after, next);
        Ok(())
    }

    fn colocation(&mut self) -> Result<Suppression, AgentError> {
        let node = self.inputs.node;
        let late = self.saved.at_ms.saturating_sub(self.inputs.now_ms);
        // A clock that was set back a little stands still for as long.
        let now_ms =
            if late <= MAX_CLOCK_SKEW_MS { self.inputs.now_ms.max(self.saved.at_ms) } else { self.inputs.now_ms };
        self.saved.at_ms = now_ms;
        let seen = report(self.tree, node, self.inputs.usage, &mut self.saved)?;
        let decision = self.saved.colocation.step(&node.colocation, &seen, now_ms)?;
        let suppression = decision.suppression;
        self.saved.offer = offer_of(&decision.offer);
        self.report.offer.clone_from(&self.saved.offer);
        self.report.decision = Some(decision);
        Ok(suppression)
    }

    fn squeeze(&mut self, limit: Option<usize>) -> Result<(), AgentError> {
        let mut next = self.pools.clone();
        let limited = next.limit_best_effort(limit).map_err(Failure::Pools).and_then(|_| self.become_pools(next));
        self.report.refused.extend(limited.map_or_else(Failure::refusal, |()| Ok(None))?);
        Ok(())
    }

    fn settings(&mut self, suppression: &Suppression) -> Result<(), AgentError> {
        let node = self.inputs.node;
        let group = node.best_effort_group.as_ref().filter(|_| node.squeeze == Squeeze::Quota);
        let besides = group.map(|group| suppression.wanted(group)).into_iter().collect();
        let planned = settings(self.tree, node, besides)?;
        self.report.notes.extend(planned.notes);
        Ok(carry_out(self.tree, planned.changes, &mut self.report.changes)?)
    }

    /// What the checkpoint is to say: the division, and every value that the tree may show while `steps` are under way.
    fn remember(&mut self, pools: &Pools, steps: &[PlanStep]) {
        let of_node = |name: &String| self.inputs.node.containers.iter().find(|one| one.name == *name);
        let group = |name: &String| {
            of_node(name).map(|one| one.cgroup.clone()).or_else(|| self.saved.cgroups.get(name).cloned())
        };
        let goals = pools.bindings();
        let written = |name: &String| {
            let on_the_way = steps.iter().filter(|step| step.container == *name).map(|step| step.to.cpus.clone());
            let mut all: Vec<_> = std::iter::once(self.groups.says(name).cpus).chain(on_the_way).collect();
            all.extend(goals.get(name.as_str()).map(|goal| goal.cpus.clone()));
            all.retain(|cpus| !cpus.is_empty());
            all.dedup();
            (name.clone(), all)
        };
        let names = || pools.members().keys();
        self.saved.written = names().map(written).collect();
        self.saved.cgroups = names().filter_map(|name| Some((name.clone(), group(name)?))).collect();
        self.saved.members = pools.members().values().cloned().collect();
    }

    fn notes(&mut self) -> Result<(), AgentError> {
        for container in &self.inputs.node.containers {
            if self.groups.has(&container.name) {
                self.report.notes.extend(clipped(self.tree, &container.cgroup)?);
            }
        }
        Ok(())
    }
}

/// Why a division was not taken over.
enum Failure {
    /// The pools refuse; nothing was changed.
    Pools(PoolError),
    /// It was begun, and stopped.
    Agent(AgentError),
}

impl Failure {
    /// What the pools refuse is told at the end; everything else ends the round.
    fn refusal(self) -> Result<Option<String>, AgentError> {
        match self {
            Self::Pools(error) => Ok(Some(error.to_string())),
            Self::Agent(error) => Err(error),
        }
    }
}
