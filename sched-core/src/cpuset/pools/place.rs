//! Where a container's own CPUs are taken, and who is moved to make room for it.

use super::claims::{claimed, exclusive};
use super::class::ContainerCpus;
use super::{Member, PoolError, Pools};
use crate::cpuset::hints::NumaSet;
use crate::cpuset::koordinator::{Allocated, Exclusive, usable};
use crate::cpuset::kubelet::{Sorting, TakeError, take_packed};
use crate::cpuset::set::CpuSet;
use crate::cpuset::topology::Level;
use crate::limits;

impl Pools {
    /// The CPUs that a container would have of its own; none if it shares.
    pub(super) fn place(&self, spec: &ContainerCpus) -> Result<CpuSet, PoolError> {
        let own = match &spec.chosen {
            _ if !spec.owns() => CpuSet::new(),
            Some(chosen) => self.chosen(spec, chosen)?,
            None => self.take(spec).map_err(|error| PoolError::NoRoom {
                container: spec.container.clone(),
                error,
                moves: self.config.max_rebinds,
            })?,
        };
        let left = self.shared().difference(&claimed(&self.topology, spec, &own)).len();
        // Who shares needs something to run on, even where no least size is set.
        let least = self.config.min_shared.max(usize::from(self.someone_shares(spec)));
        if left < least {
            return Err(PoolError::PoolTooSmall { container: spec.container.clone(), left, least });
        }
        Ok(own)
    }

    fn someone_shares(&self, spec: &ContainerCpus) -> bool {
        !spec.owns() || self.members.values().any(|member| !member.spec.owns())
    }

    /// What others have, with what of it is theirs alone.
    fn allocated(&self) -> Vec<Allocated> {
        let group = |cpus: &CpuSet, exclusive| Allocated { cpus: cpus.clone(), references: 1, exclusive };
        let owners = self.members.values().filter(|member| member.spec.owns());
        let mut groups: Vec<Allocated> = owners.map(|member| group(&member.own, exclusive(&member.spec))).collect();
        groups.push(group(&self.config.reserved, Exclusive::None));
        groups.push(group(&self.be_own, Exclusive::None));
        groups
    }

    /// Where a container's own CPUs may be.
    fn region(&self, spec: &ContainerCpus) -> CpuSet {
        if spec.numas.is_empty() {
            return self.topology.online().clone();
        }
        NumaSet::of(&self.topology, &spec.numas).cpus(&self.topology)
    }

    fn usable(&self, spec: &ContainerCpus) -> CpuSet {
        let free = self.shared().intersection(&self.region(spec));
        usable(&self.topology, &free, &self.allocated(), exclusive(spec))
    }

    /// Packed, on the fullest NUMA node with room enough, or else on the fullest such socket, or else anywhere.
    fn take(&self, spec: &ContainerCpus) -> Result<CpuSet, TakeError> {
        let usable = self.usable(spec);
        let want = usize::try_from(spec.own).unwrap_or(0);
        let narrow = [Level::Numa, Level::Socket].into_iter().find_map(|level| {
            let parts = self.topology.parts(level);
            let free = |part: usize| parts.cpus(part).iter().filter(|cpu| usable.contains(**cpu)).count();
            let roomy = (0..parts.len()).map(|part| (free(part), part)).filter(|(free, _)| *free >= want);
            let (_, part) = roomy.min()?;
            Some(parts.cpus(part).iter().copied().filter(|cpu| usable.contains(*cpu)).collect())
        });
        let available = narrow.unwrap_or(usable);
        // Keeping to one cache may break a whole core open, which only those that have their cores for themselves can afford.
        let one_cache = exclusive(spec).level().is_some();
        Ok(take_packed(&self.topology, &available, spec.own, Sorting::Packed, one_cache)?.cpus)
    }

    fn chosen(&self, spec: &ContainerCpus, chosen: &CpuSet) -> Result<CpuSet, PoolError> {
        self.topology.check(chosen)?;
        let foreign = chosen.difference(&self.usable(spec));
        let counts = i64::try_from(chosen.len()) == Ok(spec.own);
        if counts && foreign.is_empty() {
            return Ok(chosen.clone());
        }
        let cpus = if foreign.is_empty() { chosen.clone() } else { foreign };
        Err(PoolError::NotUsable { container: spec.container.clone(), cpus })
    }

    /// Divisions of the machine in which there is room for `spec` because others have moved: first one of those that could make room, then several,
    /// small ones first. Those whose CPUs someone has chosen stay.
    pub(super) fn moves<'a>(&'a self, spec: &'a ContainerCpus) -> impl Iterator<Item = Self> + 'a {
        let region = self.region(spec);
        let in_region = |member: &&Member| {
            member.spec.chosen.is_none() && !claimed(&self.topology, &member.spec, &member.own).is_disjoint(&region)
        };
        let mut movable: Vec<&Member> = self.members.values().filter(in_region).collect();
        movable.sort_by_key(|member| member.own.len());
        movable.truncate(limits::MAX_REBIND_CANDIDATES);
        let most = if spec.owns() && spec.chosen.is_none() { self.config.max_rebinds.min(movable.len()) } else { 0 };
        let one = movable.clone().into_iter().filter(move |_| most > 0).map(|member| vec![member]);
        let several = (2..=most).map(move |count| movable.iter().take(count).copied().collect());
        one.chain(several).filter_map(|moved: Vec<&Member>| self.moved(spec, &moved))
    }

    /// The division with `spec` in it and `moved` elsewhere, if all of them fit.
    fn moved(&self, spec: &ContainerCpus, moved: &[&Member]) -> Option<Self> {
        let mut next = self.clone();
        for member in moved {
            next.members.remove(&member.spec.container);
        }
        let mut seat = |spec: &ContainerCpus| {
            let spec = spec.clone();
            let own = next.place(&ContainerCpus { chosen: None, ..spec.clone() }).ok()?;
            next.members.insert(spec.container.clone(), Member { spec, own });
            Some(())
        };
        seat(spec)?;
        // The largest first: small ones fit into what is left.
        moved.iter().rev().try_for_each(|member| seat(&member.spec))?;
        Some(next)
    }
}
