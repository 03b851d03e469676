//! Machines, descriptions and rounds that the tests share.

use crate::kernel::{Alone, KernelTree};
use sched_agent::{Adopt, AgentError, Node, Report, Round, StateError, Store, Tree, round};
use sched_core::cpuset::{CpuPlace, Topology, TopologyTable};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A machine of so many cores of two threads, siblings side by side, in so many NUMA nodes.
pub(crate) fn topology(cores: u16, numas: u16) -> Arc<Topology> {
    let place = |cpu: u16| {
        let core = u32::from(cpu / 2);
        let numa = core * u32::from(numas) / u32::from(cores);
        CpuPlace { cpu, core, uncore: numa, numa, socket: numa }
    };
    let table = TopologyTable { cpus: (0..cores * 2).map(place).collect(), ..TopologyTable::default() };
    Arc::new(Topology::new(&table).unwrap())
}

/// A directory of a test, gone when it is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A container as a test describes it: name, class, CPUs of its own. Its group follows from name and class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) qos: &'static str,
    pub(crate) cpus: u16,
}

pub(crate) fn wish(name: &str, qos: &'static str, cpus: u16) -> Wish {
    Wish { name: name.into(), qos, cpus }
}

impl Wish {
    pub(crate) fn group(&self) -> String {
        match self.qos {
            "BE" | "OT" => format!("kubepods/besteffort/{}", self.name),
            "LS" => format!("kubepods/burstable/{}", self.name),
            _ => format!("kubepods/{}", self.name),
        }
    }

    pub(crate) fn alone(&self) -> Alone {
        match self.qos {
            "LSX" => Alone::FromAll,
            "LSR" => Alone::FromOnline,
            "LS" => Alone::No,
            _ => Alone::BestEffort,
        }
    }
}

/// A description; `more` are lines besides.
pub(crate) fn node(wishes: &[Wish], more: &str) -> Node {
    let mut text = format!(
        "capacity: {{cpu: 16000, memory: 68719476736}}\nbestEffortGroup: kubepods/besteffort\n\
         parents: [kubepods, kubepods/burstable]\n{more}\ncontainers:\n"
    );
    for wish in wishes {
        let Wish { name, qos, cpus } = wish;
        writeln!(text, "- {{name: {name}, qos: {qos}, cpus: {cpus}, cgroup: {}}}", wish.group()).unwrap();
    }
    if wishes.is_empty() {
        text = text.replace("containers:\n", "");
    }
    Node::parse(&text).unwrap()
}

/// A node under test: the kernel's tree, and a checkpoint in a directory.
pub(crate) struct Bench {
    pub(crate) tree: KernelTree,
    pub(crate) folder: Folder,
    pub(crate) now_ms: u64,
}

impl Bench {
    pub(crate) fn new(topology: Arc<Topology>) -> Self {
        let mut tree = KernelTree::new(topology);
        tree.mkdir("kubepods/besteffort");
        tree.mkdir("kubepods/burstable");
        Self { tree, folder: Folder::new(), now_ms: 1_000_000 }
    }

    pub(crate) fn store(&self) -> Store {
        loop {
            match Store::open(self.folder.join("checkpoint")) {
                // A process that another test has just begun to start holds every lock of this one for a moment.
                Err(StateError::InUse { .. }) => std::thread::yield_now(),
                store => return store.unwrap(),
            }
        }
    }

    /// Makes the groups of containers that are not there, without processes.
    pub(crate) fn make(&mut self, wishes: &[Wish]) {
        for wish in wishes {
            self.tree.container(&wish.group(), wish.alone());
        }
    }

    /// A round by an agent that has just been started.
    pub(crate) fn round(&mut self, node: &Node, adopt: Option<Adopt>) -> (Report, Result<(), AgentError>) {
        let store = self.store();
        let (topology, now_ms) = (Arc::clone(&self.tree.topology), self.now_ms);
        let inputs = Round { node, topology, usage: None, adopt, now_ms };
        let mut report = Report::default();
        let done = round(&inputs, &mut self.tree, &store, &mut report);
        (report, done)
    }

    /// Groups, a round that must do, and the start of everybody.
    pub(crate) fn settle(&mut self, wishes: &[Wish]) -> Report {
        self.make(wishes);
        let (report, done) = self.round(&node(wishes, ""), None);
        done.unwrap();
        for wish in wishes {
            self.tree.start(&wish.group());
        }
        report
    }

    pub(crate) fn cpus(&self, wish: &Wish) -> String {
        self.tree.says(&wish.group(), "cpuset.cpus").to_owned()
    }
}

/// Every file of a directory tree with what it says.
pub(crate) fn everything(tree: &KernelTree) -> Vec<(String, String, String)> {
    let all = tree.groups.iter();
    all.flat_map(|(group, files)| {
        files.files.iter().map(move |(file, text)| (group.clone(), file.clone(), text.clone()))
    })
    .filter(|(group, ..)| tree.has(group))
    .collect()
}
