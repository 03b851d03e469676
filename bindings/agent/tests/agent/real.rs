//! The real cgroup v2 tree, where it may be written.

use crate::common::Folder;
use sched_agent::{Node, RealTree, Report, Round, Store, machine, round};
use sched_core::cpuset::{Topology, TopologyTable};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// Groups of this test, removed with the processes in them when it ends.
struct Groups {
    top: PathBuf,
    /// The group in which the controller was turned on for this.
    enabled: Option<PathBuf>,
    processes: Vec<Child>,
}

impl Groups {
    /// Groups in the first tree of cgroup v2 that is mounted, or why not.
    fn new(names: &[&str]) -> Result<Self, String> {
        let mounts = std::fs::read_to_string("/proc/self/mounts").map_err(|error| error.to_string())?;
        let mounted = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2"));
        let root = PathBuf::from(mounted.and_then(|line| line.split(' ').nth(1)).ok_or("no cgroup v2 is mounted")?);
        let has = |file: &str| std::fs::read_to_string(root.join(file)).is_ok_and(|text| text.contains("cpuset"));
        if !has("cgroup.controllers") {
            return Err(format!("{} has no cpuset controller", root.display()));
        }
        let mut groups = Self {
            top: root.join(format!("sched-agent-test-{}", std::process::id())),
            enabled: None,
            processes: Vec::new(),
        };
        let refused = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        std::fs::create_dir(&groups.top).map_err(|error| refused(&groups.top, error))?;
        if !has("cgroup.subtree_control") {
            std::fs::write(root.join("cgroup.subtree_control"), "+cpuset").map_err(|error| refused(&root, error))?;
            groups.enabled = Some(root);
        }
        std::fs::write(groups.top.join("cgroup.subtree_control"), "+cpuset")
            .map_err(|error| refused(&groups.top, error))?;
        for name in names {
            std::fs::create_dir(groups.top.join(name)).map_err(|error| refused(&groups.top, error))?;
        }
        Ok(groups)
    }

    /// Starts a process in a group.
    fn start(&mut self, name: &str) -> u32 {
        let child = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
        let id = child.id();
        self.processes.push(child);
        std::fs::write(self.top.join(name).join("cgroup.procs"), id.to_string()).unwrap();
        id
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for child in &mut self.processes {
            let _ = child.kill();
            let _ = child.wait();
        }
        let inner = std::fs::read_dir(&self.top).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
        inner.for_each(|entry| drop(std::fs::remove_dir(entry.path())));
        let _ = std::fs::remove_dir(&self.top);
        if let Some(root) = &self.enabled {
            let _ = std::fs::write(root.join("cgroup.subtree_control"), "-cpuset");
        }
    }
}

/// Past the harness, which keeps what is printed by tests that pass.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn allowed(process: u32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    line.unwrap().trim().to_owned()
}

#[test]
fn the_kernel_puts_processes_where_the_agent_says() {
    let table = TopologyTable::from_sys(&machine(Path::new("/sys")).unwrap()).unwrap();
    let topology = Arc::new(Topology::new(&table).unwrap());
    let mut groups = match Groups::new(&["web", "trading"]) {
        Ok(groups) if topology.counts().cores > 1 => groups,
        Ok(_) => return say("skipped: the_kernel_puts_processes_where_the_agent_says: a machine of one core"),
        Err(why) => return say(&format!("skipped: the_kernel_puts_processes_where_the_agent_says: {why}")),
    };
    let (web, trading) = (groups.start("web"), groups.start("trading"));
    let node = Node::parse(
        "capacity: {cpu: 1000, memory: 1}\ncontainers:\n- {name: web, qos: LS, cgroup: web}\n\
         - {name: trading, qos: LSX, cpus: 1, cgroup: trading}\n",
    )
    .unwrap();
    let folder = Folder::new();
    let store = Store::open(folder.join("checkpoint")).unwrap();
    let mut tree = RealTree::open(&groups.top).unwrap();
    let mut once = || {
        let inputs = Round { node: &node, topology: Arc::clone(&topology), usage: None, adopt: None, now_ms: 1_000 };
        let mut report = Report::default();
        round(&inputs, &mut tree, &store, &mut report).unwrap();
        report.changes.len()
    };
    assert!(once() > 0);
    let (of_web, of_trading): (sched_core::cpuset::CpuSet, sched_core::cpuset::CpuSet) =
        (allowed(web).parse().unwrap(), allowed(trading).parse().unwrap());
    assert_eq!(of_trading.len(), 1);
    assert!(topology.siblings(&of_trading).is_disjoint(&of_web) && !of_web.is_empty());
    assert_eq!(once(), 0, "the kernel shows what was written");
}
