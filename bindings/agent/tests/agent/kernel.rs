//! A cgroup tree in memory with the kernel's rules, which can be made to refuse, and which looks after every write whether all is well.

use sched_agent::Tree;
use sched_core::cpuset::{CpuSet, Level, Topology};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

pub(crate) const ENOENT: i32 = 2;
pub(crate) const EACCES: i32 = 13;
pub(crate) const EBUSY: i32 = 16;
pub(crate) const EINVAL: i32 = 22;
pub(crate) const ENOSPC: i32 = 28;

const PAGE: i64 = 4_096;

/// What a container keeps others from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Alone {
    /// Nobody on its cores.
    FromAll,
    /// Nobody but best effort on its cores.
    FromOnline,
    /// Online, and keeps nobody away.
    No,
    /// Best effort.
    BestEffort,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) tasks: bool,
    alone: Option<Alone>,
}

pub(crate) struct KernelTree {
    pub(crate) topology: Arc<Topology>,
    pub(crate) groups: BTreeMap<String, Group>,
    /// Writes that were tried.
    pub(crate) tried: usize,
    /// Writes that were done, in order: group, file, value.
    pub(crate) done: Vec<(String, String, String)>,
    /// Which of the writes from now on is refused, and with what.
    pub(crate) refuse: Option<(usize, i32)>,
    /// The first moment at which something was wrong.
    pub(crate) wrong: Option<String>,
}

fn error<T>(code: i32) -> io::Result<T> {
    Err(io::Error::from_raw_os_error(code))
}

fn parent(group: &str) -> Option<&str> {
    group.rsplit_once('/').map(|(parent, _)| parent)
}

impl KernelTree {
    pub(crate) fn new(topology: Arc<Topology>) -> Self {
        Self { topology, groups: BTreeMap::new(), tried: 0, done: Vec::new(), refuse: None, wrong: None }
    }

    /// Makes a group, and those around it, as the kernel makes them: nothing set.
    pub(crate) fn mkdir(&mut self, group: &str) {
        if let Some(parent) = parent(group) {
            self.mkdir(parent);
        }
        let fresh = [
            ("cpuset.cpus", ""),
            ("cpuset.mems", ""),
            ("cpuset.cpus.partition", "member"),
            ("cpu.max", "max 100000"),
            ("cpu.max.burst", "0"),
            ("cpu.weight", "100"),
            ("cpu.idle", "0"),
            ("cpu.stat", "usage_usec 0\nuser_usec 0"),
            ("memory.current", "0"),
            ("memory.min", "0"),
            ("memory.low", "0"),
            ("memory.high", "max"),
            ("memory.max", "max"),
            ("io.max", ""),
            ("io.weight", "default 100"),
        ];
        let files = fresh.map(|(file, text)| (file.to_owned(), text.to_owned())).into();
        self.groups.entry(group.to_owned()).or_insert(Group { files, tasks: false, alone: None });
    }

    /// Makes the group of a container.
    pub(crate) fn container(&mut self, group: &str, alone: Alone) {
        self.mkdir(group);
        self.groups.get_mut(group).unwrap().alone = Some(alone);
    }

    pub(crate) fn start(&mut self, group: &str) {
        self.groups.get_mut(group).unwrap().tasks = true;
        self.look(&format!("the start of {group}"));
    }

    pub(crate) fn set(&mut self, group: &str, file: &str, text: &str) {
        self.groups.get_mut(group).unwrap().files.insert(file.into(), text.into());
    }

    pub(crate) fn says(&self, group: &str, file: &str) -> &str {
        &self.groups[group].files[file]
    }

    fn own(&self, group: &str, file: &str) -> CpuSet {
        self.groups[group].files[file].parse().unwrap()
    }

    /// What the kernel grants: what the group says, or what the group around it has.
    pub(crate) fn granted(&self, group: Option<&str>, file: &str) -> CpuSet {
        let Some(group) = group else {
            let nodes = self.topology.numbers(Level::Numa).iter().map(|node| *node as u16);
            return if file == "cpuset.cpus" { self.topology.online().clone() } else { nodes.collect() };
        };
        let own = self.own(group, file);
        if own.is_empty() { self.granted(parent(group), file) } else { own }
    }

    fn set_cpus(&self, group: &str, file: &str, value: &str) -> io::Result<String> {
        let Ok(to) = value.parse::<CpuSet>() else { return error(EINVAL) };
        if to.is_empty() && self.groups[group].tasks {
            return error(ENOSPC);
        }
        if !to.is_subset(&self.granted(parent(group), file)) {
            return error(EINVAL);
        }
        let inside = format!("{group}/");
        let children = self.groups.keys().filter(|child| child.starts_with(&inside));
        if !to.is_empty() && children.into_iter().any(|child| !self.own(child, file).is_subset(&to)) {
            return error(EBUSY);
        }
        Ok(to.to_string())
    }

    fn checked(&self, group: &str, file: &str, value: &str) -> io::Result<String> {
        let number = |text: &str| text.parse::<i64>().or_else(|_| error(EINVAL));
        match file {
            "cpuset.cpus" | "cpuset.mems" => self.set_cpus(group, file, value),
            "cpu.weight" if self.groups[group].files.get("cpu.idle").is_some_and(|idle| idle == "1") => error(EINVAL),
            "cpu.weight" if !(1..=10_000).contains(&number(value)?) => error(EINVAL),
            "cpu.max.burst" => {
                let quota = self.says(group, "cpu.max").split(' ').next().unwrap_or_default().to_owned();
                if quota != "max" && number(value)? > number(&quota)? { error(EINVAL) } else { Ok(value.into()) }
            }
            "memory.min" | "memory.low" | "memory.high" | "memory.max" if value != "max" => {
                Ok((number(value)? / PAGE * PAGE).to_string())
            }
            "io.max" | "io.weight" => {
                let device = value.split(' ').next().unwrap_or_default();
                let others = self.says(group, file).lines().filter(|line| !line.starts_with(device));
                Ok(others.chain([value]).collect::<Vec<_>>().join("\n"))
            }
            _ => Ok(value.to_owned()),
        }
    }

    fn cores(&self, cpus: &CpuSet) -> CpuSet {
        cpus.iter()
            .flat_map(|cpu| self.topology.siblings(&CpuSet::from_iter([cpu])).iter().collect::<Vec<_>>())
            .collect()
    }

    /// Whether no container that runs is without a CPU, and none is where another one runs that wants to be alone there.
    fn look(&mut self, when: &str) {
        let running: Vec<(&String, Alone, CpuSet)> = self
            .groups
            .iter()
            .filter(|(_, group)| group.tasks)
            .filter_map(|(name, group)| Some((name, group.alone?, self.granted(Some(name), "cpuset.cpus"))))
            .collect();
        for (name, alone, cpus) in &running {
            let keeps_off = |other: Alone| match alone {
                Alone::FromAll => true,
                Alone::FromOnline => other != Alone::BestEffort,
                Alone::No | Alone::BestEffort => false,
            };
            let near = self.cores(cpus);
            let met = running.iter().find(|(other, theirs_alone, theirs)| {
                other != name && keeps_off(*theirs_alone) && !theirs.is_disjoint(&near)
            });
            let problem = match met {
                _ if cpus.is_empty() => format!("{name} has no cpu"),
                Some((other, _, theirs)) => format!("{other} on {theirs} beside {name} on {cpus}"),
                None => continue,
            };
            self.wrong.get_or_insert(format!("after {when}: {problem}"));
            return;
        }
    }
}

impl Tree for KernelTree {
    fn has(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    fn read(&self, group: &str, file: &str) -> io::Result<String> {
        let Some(there) = self.groups.get(group) else { return error(ENOENT) };
        match file {
            "cgroup.events" => Ok(format!("populated {}\nfrozen 0\n", u8::from(there.tasks))),
            "cpuset.cpus.effective" => Ok(self.granted(Some(group), "cpuset.cpus").to_string()),
            _ => there.files.get(file).map_or_else(|| error(ENOENT), |text| Ok(format!("{text}\n"))),
        }
    }

    fn write(&mut self, group: &str, file: &str, value: &str) -> io::Result<()> {
        self.tried += 1;
        if let Some((left, code)) = self.refuse {
            if left == 0 {
                self.refuse = None;
                return error(code);
            }
            self.refuse = Some((left - 1, code));
        }
        if !self.groups.get(group).is_some_and(|there| there.files.contains_key(file)) {
            return error(ENOENT);
        }
        let text = self.checked(group, file, value)?;
        self.set(group, file, &text);
        self.done.push((group.into(), file.into(), value.into()));
        self.look(&format!("{file} of {group} became {value}"));
        Ok(())
    }
}
