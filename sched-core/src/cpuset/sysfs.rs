//! A machine's table from the texts under `/sys/devices/system`, which the embedder has read.

use super::list::CpuListError;
use super::set::{CpuId, CpuSet};
use super::topology::{CpuPlace, TopologyTable};
use crate::limits;
use std::collections::BTreeMap;
use thiserror::Error;

/// Contents of files by path below `/sys/devices/system`, for example `cpu/online`.
///
/// What is read: `cpu/online`, `cpu/offline`; of each online CPU `topology/core_cpus_list` (or `thread_siblings_list`, or `core_id` with `die_id`),
/// `topology/physical_package_id` and `cache/indexN/{level,type,shared_cpu_list}`; `node/nodeN/cpulist`. Others do no harm.
///
/// ```
/// use sched_core::cpuset::{SysFiles, Topology, TopologyTable};
///
/// let printed = "/sys/devices/system/cpu/online:0-1\n\
///     /sys/devices/system/cpu/cpu0/topology/core_cpus_list:0-1\n\
///     /sys/devices/system/cpu/cpu0/topology/physical_package_id:0\n\
///     /sys/devices/system/cpu/cpu1/topology/core_cpus_list:0-1\n\
///     /sys/devices/system/cpu/cpu1/topology/physical_package_id:0\n";
/// let topology = Topology::new(&TopologyTable::from_sys(&SysFiles::from_grep(printed)?)?)?;
/// assert_eq!((topology.counts().cpus, topology.counts().cores), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SysFiles {
    files: BTreeMap<String, String>,
    bytes: usize,
}

/// The texts do not describe a machine.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum SysError {
    /// A file is missing.
    #[error("`{file}` is missing: read it under /sys/devices/system")]
    Missing {
        /// Its path.
        file: String,
    },
    /// A file does not hold a number.
    #[error("`{file}` holds `{text}`, not a number")]
    Number {
        /// Its path.
        file: String,
        /// What it holds, cut to 40 characters.
        text: String,
    },
    /// A file does not hold a list of CPUs.
    #[error("`{file}`: {error}")]
    List {
        /// Its path.
        file: String,
        /// Why not.
        error: CpuListError,
    },
    /// A CPU is not in a list of its own.
    #[error("`{file}` is of cpu {cpu}, which is not in its list")]
    NotItself {
        /// The path of the list.
        file: String,
        /// The CPU.
        cpu: CpuId,
    },
    /// A CPU is in two NUMA nodes.
    #[error("cpu {cpu} is in numa node {first} and in numa node {second}")]
    TwoNodes {
        /// The CPU.
        cpu: CpuId,
        /// One node.
        first: u32,
        /// The other.
        second: u32,
    },
    /// There are NUMA nodes, and a CPU is in none.
    #[error("cpu {cpu} is online and in no `node/nodeN/cpulist`")]
    NoNode {
        /// The CPU.
        cpu: CpuId,
    },
    /// A line that `grep` would not print.
    #[error(
        "line {line} is not `PATH:TEXT`: print the files with `grep -rs . /sys/devices/system/cpu /sys/devices/system/node`"
    )]
    NotGrep {
        /// Which line, from 1.
        line: usize,
    },
    /// More than [`limits::MAX_SYS_BYTES`], or more CPUs than [`limits::MAX_CPUS`].
    #[error("what describes the machine is beyond {bytes} bytes (MAX_SYS_BYTES) or {cpus} cpus (MAX_CPUS)", bytes = limits::MAX_SYS_BYTES, cpus = limits::MAX_CPUS)]
    TooLarge,
}

impl SysFiles {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, or replaces it. What stands before `cpu/` or `node/` in the path does not matter.
    pub fn insert(&mut self, path: &str, text: &str) -> Result<(), SysError> {
        let path = path.rsplit_once("/system/").map_or(path, |(_, below)| below);
        self.bytes = self.bytes.saturating_add(path.len() + text.len());
        if self.bytes > limits::MAX_SYS_BYTES {
            return Err(SysError::TooLarge);
        }
        self.files.insert(path.to_owned(), text.trim().to_owned());
        Ok(())
    }

    /// The files as `grep -rs . /sys/devices/system/cpu /sys/devices/system/node` prints them; of a file of several lines the first counts.
    pub fn from_grep(printed: &str) -> Result<Self, SysError> {
        let mut files = Self::new();
        for (index, line) in printed.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let (path, text) = line.split_once(':').ok_or(SysError::NotGrep { line: index + 1 })?;
            let known = path.rsplit_once("/system/").map_or(path, |(_, below)| below);
            if !files.files.contains_key(known) {
                files.insert(path, text)?;
            }
        }
        Ok(files)
    }

    fn text(&self, file: &str) -> Option<&str> {
        self.files.get(file).map(String::as_str)
    }

    fn list(&self, file: &str) -> Result<Option<CpuSet>, SysError> {
        let list = self.text(file).map(str::parse).transpose();
        list.map_err(|error| SysError::List { file: file.to_owned(), error })
    }

    /// A number; -1, which the kernel writes where it does not know, is 0.
    fn number(&self, file: &str) -> Result<Option<u32>, SysError> {
        let number = |text: &str| {
            let number = if text == "-1" { Ok(0) } else { text.parse() };
            number.map_err(|_| SysError::Number { file: file.to_owned(), text: text.chars().take(40).collect() })
        };
        self.text(file).map(number).transpose()
    }

    /// What files of the form `BEFORE N AFTER` there are: their numbers, ascending.
    fn numbered(&self, before: &str, after: &str) -> Vec<u32> {
        let from = self.files.range(before.to_owned()..).map(|(path, _)| path.strip_prefix(before));
        let middles = from.map_while(|path| path).filter_map(|path| path.strip_suffix(after));
        let mut numbers: Vec<u32> = middles.filter_map(|middle| middle.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }
}

impl TopologyTable {
    /// The table that the texts describe. Cores, and caches of the last level, are named after their lowest online CPU. A machine without such a
    /// cache of level 3 or above counts the CPUs that a node and a socket have in common as sharing one.
    ///
    /// Cost: reading a few lists for each CPU.
    pub fn from_sys(files: &SysFiles) -> Result<Self, SysError> {
        let online = files.list("cpu/online")?.ok_or_else(|| SysError::Missing { file: "cpu/online".to_owned() })?;
        if online.len() > limits::MAX_CPUS {
            return Err(SysError::TooLarge);
        }
        let offline = files.list("cpu/offline")?.unwrap_or_default();
        let (nodes, memory_nodes) = nodes(files, &online)?;
        let mut cores = BTreeMap::new();
        let mut caches = BTreeMap::new();
        let mut cpus = Vec::new();
        for cpu in online.iter() {
            let numa = match nodes.get(&cpu) {
                Some(node) => *node,
                None if nodes.is_empty() => 0,
                None => return Err(SysError::NoNode { cpu }),
            };
            let package = format!("cpu/cpu{cpu}/topology/physical_package_id");
            let socket = files.number(&package)?.ok_or(SysError::Missing { file: package })?;
            let core = core(files, cpu, &online)?;
            let core = core.unwrap_or_else(|key| *cores.entry((socket, key)).or_insert(cpu));
            let cache = cache(files, cpu, &online)?;
            let uncore = cache.unwrap_or_else(|| *caches.entry((numa, socket)).or_insert(cpu));
            cpus.push(CpuPlace { cpu, core: core.into(), uncore: uncore.into(), numa, socket });
        }
        Ok(Self { cpus, offline, memory_nodes })
    }
}

/// Of each online CPU its node; and the nodes without one.
fn nodes(files: &SysFiles, online: &CpuSet) -> Result<(BTreeMap<CpuId, u32>, Vec<u32>), SysError> {
    let mut nodes = BTreeMap::new();
    let mut without = Vec::new();
    for node in files.numbered("node/node", "/cpulist") {
        let cpus = files.list(&format!("node/node{node}/cpulist"))?.unwrap_or_default().intersection(online);
        if cpus.is_empty() {
            without.push(node);
        }
        for cpu in cpus.iter() {
            if let Some(first) = nodes.insert(cpu, node) {
                return Err(SysError::TwoNodes { cpu, first, second: node });
            }
        }
    }
    // A node that is there although no CPU is says nothing about those that are.
    if nodes.is_empty() {
        without.retain(|node| *node != 0);
    }
    Ok((nodes, without))
}

/// The lowest CPU of a CPU's core; or what is the same for all CPUs of that core and its socket alone.
fn core(files: &SysFiles, cpu: CpuId, online: &CpuSet) -> Result<Result<CpuId, (u32, u32)>, SysError> {
    let folder = format!("cpu/cpu{cpu}/topology");
    for name in ["core_cpus_list", "thread_siblings_list"] {
        let file = format!("{folder}/{name}");
        if let Some(cpus) = files.list(&file)? {
            return Ok(Ok(lowest(file, cpu, &cpus, online)?));
        }
    }
    let die = files.number(&format!("{folder}/die_id"))?.unwrap_or(0);
    let file = format!("{folder}/core_id");
    let core = files.number(&file)?.ok_or(SysError::Missing { file })?;
    Ok(Err((die, core)))
}

/// The lowest CPU of a CPU's last-level cache, if it has one of level 3 or above.
fn cache(files: &SysFiles, cpu: CpuId, online: &CpuSet) -> Result<Option<CpuId>, SysError> {
    let folder = format!("cpu/cpu{cpu}/cache/index");
    let mut last: Option<(u32, u32)> = None;
    for index in files.numbered(&folder, "/level") {
        let level = files.number(&format!("{folder}{index}/level"))?.unwrap_or(0);
        let instructions = files.text(&format!("{folder}{index}/type")) == Some("Instruction");
        if level >= 3 && !instructions {
            last = last.max(Some((level, index)));
        }
    }
    let Some((_, index)) = last else { return Ok(None) };
    let file = format!("{folder}{index}/shared_cpu_list");
    let cpus = files.list(&file)?.ok_or_else(|| SysError::Missing { file: file.clone() })?;
    lowest(file, cpu, &cpus, online).map(Some)
}

fn lowest(file: String, cpu: CpuId, cpus: &CpuSet, online: &CpuSet) -> Result<CpuId, SysError> {
    if !cpus.contains(cpu) {
        return Err(SysError::NotItself { file, cpu });
    }
    Ok(cpus.intersection(online).first().unwrap_or(cpu))
}
