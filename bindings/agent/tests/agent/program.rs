//! The built program, from outside.

use crate::common::Folder;
use sched_core::cpuset::{SysFiles, TopologyTable};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const NODE: &str = "machine: {cpus: [{cpu: 0, core: 0, uncore: 0, numa: 0, socket: 0}, {cpu: 1, core: 1, uncore: 0, numa: 0, socket: 0}]}\n\
    capacity: {cpu: 2000, memory: 4096}\ncontainers: [{name: web, qos: LS, cgroup: web}, {name: batch, qos: BE, cgroup: batch}]\n";

/// A directory with a tree of two containers and a description.
fn prepared() -> Folder {
    let folder = Folder::new();
    for group in ["web", "batch"] {
        std::fs::create_dir_all(folder.join("tree").join(group)).unwrap();
        for file in ["cpuset.cpus", "cpuset.mems"] {
            std::fs::write(folder.join("tree").join(group).join(file), "").unwrap();
        }
    }
    std::fs::write(folder.join("node.yaml"), NODE).unwrap();
    folder
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sched-agent"));
    let fixed = if args.first() == Some(&"status") { "" } else { "--node node.yaml --host ." };
    let shared = ["--root", "tree", "--state", "checkpoint"];
    command.current_dir(folder).args(args.iter().copied().take(1)).args(shared).args(fixed.split_whitespace());
    command.args(args.iter().skip(1)).stdin(Stdio::null());
    command
}

fn ran(folder: &Folder, args: &[&str]) -> Output {
    command(&folder.0, args).output().unwrap()
}

fn ok(folder: &Folder, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = ran(folder, args);
    assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// Status 2 and one line that names something.
fn refused(folder: &Folder, args: &[&str], names: &str) {
    let Output { status, stderr, .. } = ran(folder, args);
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{args:?}: {stderr}");
    assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{args:?}: {stderr}");
    assert!(stderr.contains(names), "{args:?}: {stderr}");
}

#[test]
fn bad_input_of_every_kind_is_one_line_and_status_two() {
    let folder = prepared();
    refused(&folder, &["once", "--bogus"], "--bogus");
    refused(&folder, &["run", "--interval-s", "0"], "--interval-s");
    std::fs::write(folder.join("checkpoint"), "sched-agent-checkpoint 9 0\n{}").unwrap();
    refused(&folder, &["once"], "is of version 9");
    std::fs::write(folder.join("checkpoint"), [0xff, 0xfe]).unwrap();
    refused(&folder, &["once"], "is torn: it is not text");
    refused(&folder, &["status"], "is torn");
    std::fs::remove_file(folder.join("checkpoint")).unwrap();
    std::fs::write(folder.join("use.yaml"), "containers: 7").unwrap();
    refused(&folder, &["once", "--usage", "use.yaml"], "`use.yaml`");
    refused(&folder, &["once", "--usage", "absent.yaml"], "cannot read `absent.yaml`");
    for (node, names) in [
        ("capacity: 7", "`node.yaml`"),
        ("capacity: {cpu: 1000, memory: 1}\nmachine: {cpus: []}", "a machine needs at least one online cpu"),
        (&NODE.replace("cpu: 2000", "cpu: -1"), "capacity"),
        (&NODE.replace("cgroup: web", "cgroup: gone"), "control group `gone` of container `web` is not there"),
        ("\u{1b}[31m\n\n: [", "`node.yaml`"),
    ] {
        std::fs::write(folder.join("node.yaml"), node).unwrap();
        refused(&folder, &["once"], names);
    }
    std::fs::remove_file(folder.join("node.yaml")).unwrap();
    refused(&folder, &["once"], "cannot read `node.yaml`");
    std::fs::remove_dir_all(folder.join("tree")).unwrap();
    refused(&folder, &["once"], "cannot read `tree`");
}

#[test]
fn a_tree_of_cgroup_v1_is_refused() {
    let folder = prepared();
    std::fs::create_dir(folder.join("tree/cpuset")).unwrap();
    std::fs::write(folder.join("tree/cpuset/cpuset.sched_load_balance"), "1").unwrap();
    refused(&folder, &["once"], "this is cgroup v1");
}

#[test]
fn what_is_written_and_offered_is_there_as_json() {
    let folder = prepared();
    let planned: serde_json::Value = serde_json::from_str(&ok(&folder, &["once", "--dry-run", "--json"])).unwrap();
    assert!(!folder.join("checkpoint").exists() && !folder.join("checkpoint.lock").exists());
    let report: serde_json::Value = serde_json::from_str(&ok(&folder, &["once", "--json"])).unwrap();
    assert_eq!(planned["changes"], report["changes"]);
    assert_eq!(report["changes"][0]["file"], "cpuset.cpus");
    assert_eq!(std::fs::read_to_string(folder.join("tree/web/cpuset.cpus")).unwrap(), "0-1\n");
    let status: serde_json::Value = serde_json::from_str(&ok(&folder, &["status", "--json"])).unwrap();
    assert_eq!(status["containers"][1]["says"], "0-1");
    let patch: serde_json::Value = serde_json::from_str(&ok(&folder, &["status", "--patch"])).unwrap();
    assert_eq!(patch["status"]["capacity"]["sched/be-cpu"], "0");
}

#[test]
fn one_that_runs_on_and_is_killed_leaves_nothing_to_do_for_the_next() {
    let folder = prepared();
    let mut child =
        command(&folder.0, &["run", "--interval-s", "1"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let wait = |done: &dyn Fn() -> bool| {
        let start = Instant::now();
        while !done() {
            assert!(start.elapsed() < Duration::from_secs(30), "the agent does not go on");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let says = |text: &str| std::fs::read_to_string(folder.join("tree/web/cpuset.cpus")).unwrap() == text;
    wait(&|| folder.join("checkpoint").exists() && says("0-1\n"));
    refused(&folder, &["once"], "in use by another sched-agent");
    // It reads the description again each round, and outlives a container that is not there yet.
    let trading = "{name: trading, qos: LSX, cpus: 1, cgroup: trading}, {name: web";
    std::fs::write(folder.join("node.yaml"), NODE.replace("{name: web", trading)).unwrap();
    wait(&|| says("1\n"));
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::write(folder.join("node.yaml"), NODE).unwrap();
    assert!(ok(&folder, &["once"]).contains("set cpuset.cpus of `web` to `0-1`"));
    assert!(!ok(&folder, &["once"]).contains("set "));
}

/// What `grep` printed, as files below a directory.
fn unpacked(printed: &str, folder: &Folder) {
    for line in printed.lines().filter(|line| line.starts_with('/')) {
        let (path, text) = line.split_once(':').unwrap();
        let path = folder.join(path.trim_start_matches("/sys/"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{text}\n")).unwrap();
    }
}

#[test]
fn machines_are_read_from_sys_as_grep_prints_them() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sched-core/tests/fixtures/cpuset");
    let mut machines = 0;
    for entry in std::fs::read_dir(fixtures).unwrap() {
        let printed = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let folder = Folder::new();
        unpacked(&printed, &folder);
        let read = TopologyTable::from_sys(&sched_agent::machine(&folder.0).unwrap()).unwrap();
        assert_eq!(read, TopologyTable::from_sys(&SysFiles::from_grep(&printed).unwrap()).unwrap());
        machines += 1;
    }
    assert!(machines > 3);
}
