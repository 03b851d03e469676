//! The CPUs of one machine and how they lie in cores, uncore caches, NUMA nodes and sockets. Which of them are free is elsewhere.

mod parts;
mod table;

pub(crate) use parts::{Parts, Within};
pub use table::{Counts, CpuPlace, Level, TopologyError, TopologyTable};

use super::set::{CpuId, CpuSet};
use parts::{Nested, add_memory_nodes, check_cpus, parts_of};

/// A machine, checked: what every allocator reads. Built once; positions and sizes are looked up in constant time.
///
/// ```
/// use sched_core::cpuset::{CpuPlace, Topology, TopologyTable};
///
/// let cpus = (0..8).map(|cpu| CpuPlace { cpu, core: u32::from(cpu % 4), uncore: 0, numa: 0, socket: 0 }).collect();
/// let topology = Topology::new(&TopologyTable { cpus, ..TopologyTable::default() })?;
/// assert_eq!(topology.siblings(&"1".parse()?).to_string(), "1,5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Topology {
    online: CpuSet,
    counts: Counts,
    /// By CPU, the position of its part on each level.
    places: Vec<[u16; 4]>,
    parts: [Parts; 4],
    /// The parts of one level in those of another, by [`Within`].
    nested: [Nested; 6],
}

impl Topology {
    /// Checks a table. Cost: sorting the CPUs a few times.
    pub fn new(table: &TopologyTable) -> Result<Self, TopologyError> {
        let topology = Self::unchecked_cores(table)?;
        topology.check_cores()?;
        Ok(topology)
    }

    /// As [`Topology::new`], with counts that are declared rather than counted, and cores that may lie in several places: machines as
    /// the kubelet sees them when what it read of them does not add up.
    pub fn with_counts(table: &TopologyTable, counts: Counts) -> Result<Self, TopologyError> {
        Ok(Self { counts, ..Self::unchecked_cores(table)? })
    }

    fn unchecked_cores(table: &TopologyTable) -> Result<Self, TopologyError> {
        let mut cpus = table.cpus.clone();
        cpus.sort_by_key(|place| place.cpu);
        check_cpus(&cpus, table)?;
        let keys: [fn(&CpuPlace) -> u32; 4] = [|p| p.core, |p| p.uncore, |p| p.numa, |p| p.socket];
        let mut parts = keys.map(|key| parts_of(&cpus, key));
        let [cores, uncores, numas, sockets] = &parts;
        let mut pairs: Vec<(u32, u32)> = cpus.iter().map(|place| (place.numa, place.socket)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let counts = Counts {
            cpus: cpus.len(),
            cores: cores.len(),
            uncores: uncores.len(),
            numas: numas.len(),
            sockets: sockets.len(),
            numas_by_socket: pairs.len(),
        };
        add_memory_nodes(&mut parts, table)?;
        let room = cpus.last().map_or(0, |place| usize::from(place.cpu) + 1);
        let mut places = vec![[u16::MAX; 4]; room];
        for (level, parts) in parts.iter().enumerate() {
            for part in 0..parts.len() {
                for cpu in parts.cpus(part) {
                    let place = places.get_mut(usize::from(*cpu)).and_then(|place| place.get_mut(level));
                    if let Some(place) = place {
                        *place = part as u16;
                    }
                }
            }
        }
        let online = cpus.iter().map(|place| place.cpu).collect();
        let mut topology = Self { online, counts, places, parts, nested: std::array::from_fn(|_| Nested::default()) };
        topology.nested = Within::ALL.map(|within| topology.nest(within));
        Ok(topology)
    }

    fn check_cores(&self) -> Result<(), TopologyError> {
        let cores = self.parts(Level::Core);
        for core in 0..cores.len() {
            let mut cpus = cores.cpus(core).iter();
            let Some(first) = cpus.next() else { continue };
            for cpu in cpus {
                let differs = |level: &&Level| self.position(**level, *first) != self.position(**level, *cpu);
                if let Some(&level) = [Level::Socket, Level::Numa, Level::Uncore].iter().find(differs) {
                    let number = |cpu| self.number(level, usize::from(self.position(level, cpu)));
                    let (first, second) = (number(*first), number(*cpu));
                    return Err(TopologyError::SplitCore {
                        core: self.number(Level::Core, core),
                        level,
                        first,
                        second,
                    });
                }
            }
        }
        Ok(())
    }

    fn nest(&self, within: Within) -> Nested {
        let (outer, inner) = within.levels();
        let mut nested = Nested { starts: vec![0], ..Nested::default() };
        let mut seen = vec![false; self.parts(inner).len()];
        for part in 0..self.parts(outer).len() {
            let cpus = self.parts(outer).cpus(part).iter();
            let mut items: Vec<u16> = cpus.map(|cpu| self.position(inner, *cpu)).collect();
            items.sort_unstable();
            items.dedup();
            for item in &items {
                let seen = seen.get_mut(usize::from(*item));
                nested.spans |= seen.is_some_and(|seen| std::mem::replace(seen, true));
            }
            nested.items.extend(items);
            nested.starts.push(nested.items.len() as u32);
        }
        nested
    }

    /// The online CPUs.
    pub fn online(&self) -> &CpuSet {
        &self.online
    }

    /// How many of each there are.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The numbers of a level's parts, ascending; for NUMA nodes those without CPUs are among them.
    pub fn numbers(&self, level: Level) -> &[u32] {
        &self.parts(level).ids
    }

    /// The CPUs of a part of a level, ascending; none of a number that the machine does not have.
    pub fn cpus_of(&self, level: Level, number: u32) -> &[CpuId] {
        let parts = self.parts(level);
        parts.ids.binary_search(&number).map_or(&[], |part| parts.cpus(part))
    }

    /// The number of the part of a level that the CPU is in; none of a CPU that is not online.
    pub fn number_of(&self, level: Level, cpu: CpuId) -> Option<u32> {
        self.parts(level).ids.get(usize::from(self.position(level, cpu))).copied()
    }

    /// The CPUs of every core that has one in `cpus`: they and their siblings.
    pub fn siblings(&self, cpus: &CpuSet) -> CpuSet {
        self.widen(Level::Core, cpus)
    }

    /// The CPUs of every part of a level that has one in `cpus`.
    pub fn widen(&self, level: Level, cpus: &CpuSet) -> CpuSet {
        let mut wide = cpus.intersection(&self.online);
        cpus.for_each(|cpu| {
            let part = usize::from(self.position(level, cpu));
            self.parts(level).cpus(part).iter().for_each(|cpu| wide.insert(*cpu));
        });
        wide
    }

    /// Whether every CPU is online on this machine.
    pub fn check(&self, cpus: &CpuSet) -> Result<(), TopologyError> {
        if cpus.is_subset(&self.online) {
            return Ok(());
        }
        Err(TopologyError::NotOnline { cpus: cpus.difference(&self.online) })
    }

    /// Room for every CPU, in a set.
    pub(crate) fn room(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn parts(&self, level: Level) -> &Parts {
        let [cores, uncores, numas, sockets] = &self.parts;
        match level {
            Level::Core => cores,
            Level::Uncore => uncores,
            Level::Numa => numas,
            Level::Socket => sockets,
        }
    }

    /// The positions of the parts that the CPU is in, by level; past every end for a CPU that is not there.
    pub(crate) fn place(&self, cpu: CpuId) -> [u16; 4] {
        self.places.get(usize::from(cpu)).copied().unwrap_or([u16::MAX; 4])
    }

    /// The position of the part of a level that the CPU is in.
    pub(crate) fn position(&self, level: Level, cpu: CpuId) -> u16 {
        let [core, uncore, numa, socket] = self.place(cpu);
        match level {
            Level::Core => core,
            Level::Uncore => uncore,
            Level::Numa => numa,
            Level::Socket => socket,
        }
    }

    pub(crate) fn number(&self, level: Level, part: usize) -> u32 {
        self.parts(level).ids.get(part).copied().unwrap_or_default()
    }

    /// The inner parts within an outer one, ascending, and whether inner parts may lie in several outer ones.
    pub(crate) fn within(&self, within: Within, outer: usize) -> (&[u16], bool) {
        let Some(nested) = self.nested.get(within as usize) else { return (&[], false) };
        let bounds = nested.starts.get(outer).zip(nested.starts.get(outer + 1));
        let items = bounds.and_then(|(from, to)| nested.items.get(*from as usize..*to as usize));
        (items.unwrap_or(&[]), nested.spans)
    }
}
