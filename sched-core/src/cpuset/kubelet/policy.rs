//! The kubelet's static policy as a whole: a shared pool, reserved CPUs, hints, and containers that get CPUs of their own.

use super::options::{OptionError, StaticPolicyOptions};
use super::{Compatibility, Distribution, Sorting, TakeError, distributed, packed};
use crate::cpuset::hints::{Hint, HintError, Merged, NumaSet, ResourceHints, TopologyPolicy, cpu_hints, merge_hints};
use crate::cpuset::set::CpuSet;
use crate::cpuset::topology::{Level, Topology, TopologyError};
use std::collections::BTreeMap;
use thiserror::Error;

/// Which CPUs are kept for the system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reserved {
    /// So many; the policy chooses which.
    Count(i64),
    /// These.
    Cpus(CpuSet),
}

/// The static policy cannot do that; nothing has changed. Texts are the kubelet's where it has one.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum StaticPolicyError {
    /// Options that do not go together.
    #[error(transparent)]
    Options(#[from] OptionError),
    /// CPUs cannot be taken.
    #[error(transparent)]
    Take(#[from] TakeError),
    /// CPUs that the machine does not have.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// Hints cannot be merged.
    #[error(transparent)]
    Hints(#[from] HintError),
    /// Only whole cores are given.
    #[error("SMT Alignment Error: requested {requested} cpus not multiple cpus per core = {per_core}")]
    NotWholeCores {
        /// CPUs asked for.
        requested: usize,
        /// CPUs per core.
        per_core: usize,
    },
    /// Fewer CPUs than asked for are outside of the cores that are reserved.
    #[error(
        "SMT Alignment Error: not enough free physical CPUs: available physical CPUs = {available}, requested CPUs = {requested}, CPUs per core = {per_core}"
    )]
    NotEnoughCores {
        /// CPUs asked for.
        requested: usize,
        /// CPUs that there are.
        available: usize,
        /// CPUs per core.
        per_core: usize,
    },
    /// The count is not positive.
    #[error("container `{container}` asks for {cpus} cpus: ask for at least 1")]
    NotPositive {
        /// The container.
        container: String,
        /// What it asks for.
        cpus: i64,
    },
    /// The topology manager's policy does not let the container in.
    #[error("container `{container}` cannot be aligned to numa nodes as the topology policy requires")]
    NotAligned {
        /// The container.
        container: String,
    },
    /// The container has CPUs already.
    #[error("container `{0}` has cpus already; free them first")]
    Duplicate(String),
    /// No container of that name has CPUs.
    #[error("container `{0}` has no cpus of its own")]
    Unknown(String),
    /// CPUs of a container that are not in the shared pool.
    #[error("cpus {cpus} of container `{container}` are reserved or another container's")]
    NotShared {
        /// The container.
        container: String,
        /// The CPUs.
        cpus: CpuSet,
    },
}

/// The kubelet's static policy.
///
/// ```
/// use sched_core::cpuset::{CpuPlace, Reserved, StaticPolicy, StaticPolicyOptions, Topology, TopologyPolicy, TopologyTable};
///
/// let cpus = (0..8).map(|cpu| CpuPlace { cpu, core: u32::from(cpu / 2), uncore: 0, numa: 0, socket: 0 }).collect();
/// let topology = Topology::new(&TopologyTable { cpus, ..TopologyTable::default() })?;
/// let options = StaticPolicyOptions { full_pcpus_only: true, ..StaticPolicyOptions::default() };
/// let mut policy = StaticPolicy::new(topology, options, TopologyPolicy::Restricted, &Reserved::Count(1))?;
/// assert_eq!(policy.admit("web", 4, &[])?.to_string(), "2-5");
/// assert_eq!(policy.shared().to_string(), "0-1,6-7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct StaticPolicy {
    topology: Topology,
    options: StaticPolicyOptions,
    manager: TopologyPolicy,
    compatibility: Compatibility,
    reserved: CpuSet,
    shared: CpuSet,
    containers: BTreeMap<String, CpuSet>,
}

impl StaticPolicy {
    /// A policy without containers.
    pub fn new(
        topology: Topology,
        options: StaticPolicyOptions,
        manager: TopologyPolicy,
        reserved: &Reserved,
    ) -> Result<Self, StaticPolicyError> {
        options.check(&topology, manager)?;
        let shared = topology.online().clone();
        let containers = BTreeMap::new();
        let (compatibility, reserved_yet) = (Compatibility::default(), CpuSet::new());
        let mut policy = Self { topology, options, manager, compatibility, reserved: reserved_yet, shared, containers };
        policy.reserved = match reserved {
            Reserved::Cpus(cpus) => {
                policy.topology.check(cpus)?;
                cpus.clone()
            }
            Reserved::Count(count) => policy.take(policy.shared.clone(), super::whole_number(*count))?,
        };
        if policy.options.strict_cpu_reservation {
            policy.shared.subtract(&policy.reserved);
        }
        Ok(policy)
    }

    /// The same policy with the kubelet's own answers where they have faults.
    #[must_use]
    pub fn with_compatibility(self, compatibility: Compatibility) -> Self {
        Self { compatibility, ..self }
    }

    /// The CPUs kept for the system.
    pub fn reserved(&self) -> &CpuSet {
        &self.reserved
    }

    /// Those and their siblings.
    pub fn reserved_cores(&self) -> CpuSet {
        self.topology.siblings(&self.reserved)
    }

    /// The CPUs that nobody has for itself: where everyone else runs.
    pub fn shared(&self) -> &CpuSet {
        &self.shared
    }

    /// Who has which CPUs.
    pub fn containers(&self) -> &BTreeMap<String, CpuSet> {
        &self.containers
    }

    /// What can be given away.
    pub fn available(&self) -> CpuSet {
        self.shared.difference(&self.reserved)
    }

    /// From which NUMA nodes so many CPUs could be had.
    pub fn hints(&self, want: i64) -> Vec<Hint> {
        cpu_hints(&self.topology, &self.available(), want, self.options.align_by_socket)
    }

    /// Merges hints about CPUs with those about other resources.
    pub fn merge(&self, cpus: Vec<Hint>, others: &[ResourceHints]) -> Result<Merged, HintError> {
        let mut resources = vec![Some(cpus)];
        resources.extend_from_slice(others);
        merge_hints(&self.topology, self.manager, &resources)
    }

    /// Lets a container in as the topology policy requires, with hints about its other resources, and gives it CPUs of its own.
    pub fn admit(&mut self, container: &str, want: i64, others: &[ResourceHints]) -> Result<CpuSet, StaticPolicyError> {
        let merged = self.merge(self.hints(want), others)?;
        if !merged.admit {
            return Err(StaticPolicyError::NotAligned { container: container.to_owned() });
        }
        self.allocate(container, want, merged.hint.numas)
    }

    /// Gives a container CPUs of its own, those of `numas` first.
    pub fn allocate(
        &mut self,
        container: &str,
        want: i64,
        numas: Option<NumaSet>,
    ) -> Result<CpuSet, StaticPolicyError> {
        if self.containers.contains_key(container) {
            return Err(StaticPolicyError::Duplicate(container.to_owned()));
        }
        if want < 1 {
            return Err(StaticPolicyError::NotPositive { container: container.to_owned(), cpus: want });
        }
        let want = super::whole_number(want);
        self.check_cores(want)?;
        let available = self.available();
        let mut cpus = CpuSet::new();
        if let Some(numas) = numas {
            let mut affine = numas.cpus(&self.topology);
            if self.options.align_by_socket {
                affine = self.topology.widen(Level::Socket, &affine);
            }
            let aligned = available.intersection(&affine);
            let count = want.min(aligned.len());
            cpus = self.take(aligned, count)?;
        }
        let rest = self.take(available.difference(&cpus), want - cpus.len())?;
        cpus.add(&rest);
        self.shared.subtract(&cpus);
        self.containers.insert(container.to_owned(), cpus.clone());
        Ok(cpus)
    }

    /// Takes note of a container that has CPUs already, after a restart.
    pub fn restore(&mut self, container: &str, cpus: &CpuSet) -> Result<(), StaticPolicyError> {
        if self.containers.contains_key(container) {
            return Err(StaticPolicyError::Duplicate(container.to_owned()));
        }
        self.topology.check(cpus)?;
        let foreign = cpus.difference(&self.available());
        if !foreign.is_empty() {
            return Err(StaticPolicyError::NotShared { container: container.to_owned(), cpus: foreign });
        }
        self.shared.subtract(cpus);
        self.containers.insert(container.to_owned(), cpus.clone());
        Ok(())
    }

    /// Takes a container's CPUs back.
    pub fn free(&mut self, container: &str) -> Result<CpuSet, StaticPolicyError> {
        let cpus = self.containers.remove(container);
        let cpus = cpus.ok_or_else(|| StaticPolicyError::Unknown(container.to_owned()))?;
        self.shared.add(&cpus);
        Ok(cpus)
    }

    fn check_cores(&self, requested: usize) -> Result<(), StaticPolicyError> {
        if !self.options.full_pcpus_only {
            return Ok(());
        }
        let per_core = self.topology.counts().per_core().max(1);
        if !requested.is_multiple_of(per_core) {
            return Err(StaticPolicyError::NotWholeCores { requested, per_core });
        }
        let available = self.shared.difference(&self.reserved_cores()).len();
        if requested > available {
            return Err(StaticPolicyError::NotEnoughCores { requested, available, per_core });
        }
        Ok(())
    }

    fn take(&self, from: CpuSet, want: usize) -> Result<CpuSet, TakeError> {
        let options = &self.options;
        let sorting = if options.distribute_cpus_across_cores { Sorting::Spread } else { Sorting::Packed };
        let taken = if options.distribute_cpus_across_numa {
            let group = if options.full_pcpus_only { self.topology.counts().per_core().max(1) } else { 1 };
            distributed::take(
                &self.topology,
                from,
                want,
                &Distribution { group, sorting, compatibility: self.compatibility },
            )
        } else {
            packed::take(&self.topology, from, want, sorting, options.prefer_align_cpus_by_uncorecache)
        };
        Ok(taken?.cpus)
    }
}
