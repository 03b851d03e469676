//! Where the files are, and the machines that they speak of.

use sched_core::cpuset::{Counts, CpuPlace, CpuSet, Topology, TopologyTable};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    name: String,
    irregular: bool,
    num_cpus: usize,
    num_cores: usize,
    num_uncore: usize,
    num_sockets: usize,
    num_numa: usize,
    koord_num_nodes: usize,
    cpus: Vec<[u32; 5]>,
}

/// Machines by name; whether each is irregular.
pub(crate) struct Machines(BTreeMap<String, (Topology, bool)>);

impl Machines {
    pub(crate) fn of(&self, name: &str) -> &Topology {
        &self.0.get(name).unwrap_or_else(|| panic!("no machine `{name}` in topologies.jsonl")).0
    }
}

impl Machine {
    fn topology(&self) -> Topology {
        let counts = Counts {
            cpus: self.num_cpus,
            cores: self.num_cores,
            uncores: self.num_uncore,
            numas: self.num_numa,
            sockets: self.num_sockets,
            numas_by_socket: self.koord_num_nodes,
        };
        let place = |&[cpu, core, uncore, numa, socket]: &[u32; 5]| CpuPlace {
            cpu: u16::try_from(cpu).unwrap(),
            core,
            uncore,
            numa,
            socket,
        };
        let table = TopologyTable { cpus: self.cpus.iter().map(place).collect(), ..TopologyTable::default() };
        let topology = Topology::with_counts(&table, counts).unwrap();
        if !self.irregular {
            assert_eq!(Topology::new(&table).unwrap().counts(), counts, "{}", self.name);
        }
        topology
    }
}

/// The beginnings of the names of files that are read; of `timings` the figures are a measure for benchmarks.
const KNOWN: [&str; 8] = [
    "topologies",
    "kubelet_order",
    "kubelet_policy",
    "kubelet_table",
    "kubelet_take",
    "koord_table",
    "koord_take",
    "timings",
];

/// What is in the folder: machines, and files of cases by the beginnings of their names.
pub(crate) struct Folder {
    files: Vec<PathBuf>,
    pub(crate) machines: Machines,
}

impl Folder {
    /// The folder that `SCHED_VECTORS` names, or else `shared/vectors` beside the repository, or `cpuset` in either; nothing where the default is
    /// not there, or another folder holds no machines.
    pub(crate) fn open() -> Option<Self> {
        let named = std::env::var_os("SCHED_VECTORS").map(PathBuf::from);
        let beside = || {
            let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2);
            above.map(|above| above.join("shared/vectors")).find(|folder| folder.is_dir())
        };
        let Some(root) = named.or_else(beside) else {
            note(
                "no vectors: there is no folder `shared/vectors` beside the repository; SCHED_VECTORS may name another",
            );
            return None;
        };
        let below = root.join("cpuset");
        let root = if below.is_dir() { below } else { root };
        let entries = fs::read_dir(&root).unwrap_or_else(|error| panic!("no vectors in `{}`: {error}", root.display()));
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        files.retain(|path| {
            let known = KNOWN.iter().any(|known| name(path).starts_with(known));
            if !known {
                note(&format!("skipped `{}`: its group is not known here", path.display()));
            }
            known
        });
        files.sort();
        let mut folder = Self { files, machines: Machines(BTreeMap::new()) };
        let machines = folder.cases::<Machine>("topologies");
        if machines.is_empty() {
            assert!(folder.files.is_empty(), "`{}` has cases and no topologies.jsonl", root.display());
            note(&format!("no vectors: `{}` has no file of a known group", root.display()));
            return None;
        }
        let by_name = machines.into_iter().map(|(_, machine)| {
            let topology = machine.topology();
            (machine.name, (topology, machine.irregular))
        });
        folder.machines = Machines(by_name.collect());
        Some(folder)
    }

    /// The cases of every file whose name begins with `prefix`, each with its place.
    pub(crate) fn cases<T: DeserializeOwned>(&self, prefix: &str) -> Vec<(String, T)> {
        let mut cases = Vec::new();
        for path in self.files.iter().filter(|path| name(path).starts_with(prefix)) {
            let text = fs::read_to_string(path).unwrap();
            for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                let place = format!("{}:{}", name(path), index + 1);
                let case = serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
                cases.push((place, case));
            }
        }
        cases
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Says something that a test harness does not swallow.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "note: {text}");
}

/// A set of the files' text.
pub(crate) fn set(text: &str) -> CpuSet {
    text.parse().unwrap()
}

/// Fails with the first few of what went wrong, or says how many cases there were.
pub(crate) fn report(what: &str, cases: usize, wrong: &[String]) {
    let first = wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{what}: {} of {cases} cases are wrong:\n{first}", wrong.len());
    note(&format!("{what}: {cases} cases"));
}
