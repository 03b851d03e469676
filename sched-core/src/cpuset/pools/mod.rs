//! The pools of QoS classes on one machine: who runs on which CPUs, and plans that change it safely.

mod claims;
mod class;
mod error;
mod place;
mod plan;

pub use class::{ContainerCpus, PoolConfig, PriorityClasses};
pub use error::PoolError;
pub use plan::{Binding, Plan, PlanStep};

use super::set::{CpuId, CpuSet};
use super::topology::{Level, Topology};
use crate::colocation::Qos;
use crate::limits;
use claims::Seat;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A container with the CPUs of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Member {
    /// What it asked for.
    pub spec: ContainerCpus,
    /// Its own CPUs; none if it runs on shared ones.
    pub own: CpuSet,
}

/// The pools of one machine.
///
/// Containers with CPUs of their own come first; what is neither theirs, nor reserved, nor best effort's own is the shared pool. Best effort runs on its own
/// CPUs, on the shared pool and on what is lent, unless [`Pools::limit_best_effort`] leaves it less. Everything is decided here and nothing done: each
/// change answers with a [`Plan`].
///
/// ```
/// use sched_core::colocation::Qos;
/// use sched_core::cpuset::{ContainerCpus, CpuPlace, PoolConfig, Pools, Topology, TopologyTable};
///
/// let cpus = (0..8).map(|cpu| CpuPlace { cpu, core: u32::from(cpu / 2), uncore: 0, numa: 0, socket: 0 }).collect();
/// let topology = Topology::new(&TopologyTable { cpus, ..TopologyTable::default() })?;
/// let mut pools = Pools::new(topology, PoolConfig::default())?;
/// pools.add(ContainerCpus::new("web", Qos::Ls, 0))?;
/// let plan = pools.add(ContainerCpus::new("trading", Qos::Lsx, 2))?;
/// let lines: Vec<String> = plan.steps.iter().map(|step| format!("{} {}", step.container, step.to.cpus)).collect();
/// assert_eq!(lines, ["web 2-7", "trading 0-1"]); // web leaves the core before trading starts on it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pools {
    topology: Arc<Topology>,
    config: PoolConfig,
    be_own: CpuSet,
    be_limit: Option<usize>,
    members: BTreeMap<String, Member>,
}

impl Pools {
    /// Pools without containers.
    pub fn new(topology: impl Into<Arc<Topology>>, config: PoolConfig) -> Result<Self, PoolError> {
        let topology = topology.into();
        topology.check(&config.reserved)?;
        if config.lsr_lends_percent > 100 || config.ls_lends_percent > 100 {
            return Err(PoolError::Config("a container lends at most 100 percent"));
        }
        if config.max_rebinds > limits::MAX_REBINDS {
            return Err(PoolError::Config("max_rebinds is beyond MAX_REBINDS, which is 4"));
        }
        let rest = topology.online().difference(&config.reserved);
        if rest.len() < config.be_own.saturating_add(config.min_shared) {
            return Err(PoolError::Config("best effort's own cpus and the least shared pool are more than there are"));
        }
        let be_own = by_core(&topology, &rest).into_iter().rev().take(config.be_own).collect();
        Ok(Self { topology, config, be_own, be_limit: None, members: BTreeMap::new() })
    }

    /// Pools with the containers that were there before a restart, each with the CPUs of its own that it had.
    pub fn restore(
        topology: impl Into<Arc<Topology>>,
        config: PoolConfig,
        members: impl IntoIterator<Item = Member>,
    ) -> Result<Self, PoolError> {
        let mut pools = Self::new(topology, config)?;
        for Member { spec, own } in members {
            let chosen = spec.owns().then_some(own);
            let asked = ContainerCpus { chosen, ..spec.clone() };
            pools.check(&asked)?;
            let own = pools.place(&asked)?;
            pools.members.insert(spec.container.clone(), Member { spec, own });
        }
        Ok(pools)
    }

    /// The machine.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The containers by name: what [`Pools::restore`] needs.
    pub fn members(&self) -> &BTreeMap<String, Member> {
        &self.members
    }

    /// The CPUs of the shared pool.
    pub fn shared(&self) -> CpuSet {
        let mut shared = self.topology.online().difference(&self.config.reserved);
        shared.subtract(&self.be_own);
        for member in self.members.values() {
            shared.subtract(&claims::claimed(&self.topology, &member.spec, &member.own));
        }
        shared
    }

    /// The CPUs of best effort: its own first, then the shared pool, then what is lent, as far as its limit goes.
    pub fn best_effort(&self) -> CpuSet {
        let mut lent = CpuSet::new();
        for member in self.members.values() {
            lent.add(&claims::lent(&self.topology, &self.config, &member.spec, &member.own));
        }
        let limit = self.be_limit.map_or(usize::MAX, |limit| limit.max(1));
        let tiers = [self.be_own.clone(), self.shared(), lent];
        tiers.iter().flat_map(|tier| by_core(&self.topology, tier)).take(limit).collect()
    }

    /// The CPUs that every container is to run on.
    pub fn bindings(&self) -> BTreeMap<&str, Binding> {
        let bind = |cpus| Binding::of(&self.topology, cpus);
        let (shared, best_effort) = (bind(self.shared()), bind(self.best_effort()));
        let binding = |member: &Member| match member.spec.class {
            _ if member.spec.owns() => bind(member.own.clone()),
            Qos::Be | Qos::Ot => best_effort.clone(),
            Qos::Lsx | Qos::Lsr | Qos::Ls => shared.clone(),
        };
        self.members.iter().map(|(name, member)| (name.as_str(), binding(member))).collect()
    }

    /// Finds CPUs for a container, moving others if there is no other way, and says in which order to change them. Cost: an allocation, with moves one for
    /// every container that could make room; and a comparison of every changed container with those that have CPUs of their own.
    pub fn add(&mut self, spec: ContainerCpus) -> Result<Plan, PoolError> {
        self.check(&spec)?;
        let next = match self.place(&spec) {
            Ok(own) => {
                let mut next = self.clone();
                next.members.insert(spec.container.clone(), Member { spec, own });
                next
            }
            Err(refused) => self.moves(&spec).find(|next| self.plan_to(next).is_ok()).ok_or(refused)?,
        };
        self.become_safely(next)
    }

    /// Forgets a container whose processes have ended, and gives its CPUs to the others.
    pub fn remove(&mut self, container: &str) -> Result<Plan, PoolError> {
        let mut next = self.clone();
        if next.members.remove(container).is_none() {
            return Err(PoolError::Unknown(container.to_owned()));
        }
        self.become_safely(next)
    }

    /// Leaves best effort at most so many CPUs, at least 1: the target of CPU suppression, which holds until it is changed and is not part of what
    /// [`Pools::restore`] knows. `None` lifts the limit.
    pub fn limit_best_effort(&mut self, cpus: Option<usize>) -> Result<Plan, PoolError> {
        let mut next = self.clone();
        next.be_limit = cpus;
        self.become_safely(next)
    }

    /// The changes from what containers really run on, by name, to what they are to run on; who is missing has yet to start. What is unsafe already
    /// is not made worse.
    pub fn plan_from(&self, actual: &BTreeMap<String, CpuSet>) -> Result<Plan, PoolError> {
        if let Some(unknown) = actual.keys().find(|name| !self.members.contains_key(*name)) {
            return Err(PoolError::Unknown(unknown.clone()));
        }
        let goals = self.bindings();
        // Those that share give way first.
        let mut members: Vec<&Member> = self.members.values().collect();
        members.sort_by(|a, b| (b.spec.class, &a.spec.container).cmp(&(a.spec.class, &b.spec.container)));
        let seat = |spec, cpus| Seat::new(&self.topology, &self.config, spec, cpus);
        let now = |member: &Member| actual.get(&member.spec.container).cloned().unwrap_or_default();
        let mut seats: Vec<Seat> = members.iter().map(|member| seat(&member.spec, now(member))).collect();
        let goal = |member: &&Member| goals.get(member.spec.container.as_str()).map(|goal| goal.cpus.clone());
        let goals: Vec<CpuSet> = members.iter().filter_map(goal).collect();
        plan::order(&self.topology, &mut seats, &goals, |now, cpus| seat(now.spec, cpus))
    }

    /// Takes over another division if a plan leads there.
    fn become_safely(&mut self, next: Self) -> Result<Plan, PoolError> {
        let plan = self.plan_to(&next)?;
        *self = next;
        Ok(plan)
    }

    fn plan_to(&self, next: &Self) -> Result<Plan, PoolError> {
        let now = self.bindings().into_iter().filter(|(name, _)| next.members.contains_key(*name));
        next.plan_from(&now.map(|(name, binding)| (name.to_owned(), binding.cpus)).collect())
    }

    fn check(&self, spec: &ContainerCpus) -> Result<(), PoolError> {
        let container = spec.container.clone();
        if self.members.contains_key(&container) {
            return Err(PoolError::Duplicate(container));
        }
        if self.members.len() >= limits::MAX_POOL_CONTAINERS {
            return Err(PoolError::TooMany);
        }
        if spec.own < 0 || spec.own == 0 && spec.class <= Qos::Lsr {
            return Err(PoolError::NotPositive { container, own: spec.own });
        }
        let shares = !spec.owns() && (spec.exclusive.level().is_some() || spec.chosen.is_some());
        if shares || spec.owns() && !spec.class.online() {
            return Err(PoolError::HasNoOwn { container });
        }
        Ok(())
    }
}

/// CPUs core by core.
fn by_core(topology: &Topology, cpus: &CpuSet) -> Vec<CpuId> {
    let mut by_core: Vec<CpuId> = cpus.iter().collect();
    by_core.sort_by_key(|cpu| (topology.position(Level::Core, *cpu), *cpu));
    by_core
}
