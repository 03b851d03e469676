//! What kube-scheduler's own plugins answered, case by case, against what the library answers through its public interface.
//!
//! The files are looked for in the folder that `SCHED_VECTORS` names, otherwise in `../shared/vectors` beside the
//! repository. Every case of every file counts; a field that is not known here fails the case.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "functions that tests share")]

mod case;
mod compare;
mod policies;
mod run;

use std::fs;
use std::path::{Path, PathBuf};

/// Groups of cases that are compared: the beginnings of file names.
const COMPARED: [&str; 4] = ["resources", "taints", "node_affinity", "ports_images"];

/// Groups about primitives that the library does not have yet.
const LATER: [&str; 5] = ["topology_spread", "inter_pod_affinity", "volumes", "mixed", "preemption"];

/// The folder with the cases. Only the default may be missing: the repository stands alone without it.
fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("SCHED_VECTORS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let root = named.clone().unwrap_or(beside);
    if named.is_none() && !root.is_dir() {
        eprintln!("no vectors: {} is not there", root.display());
        return None;
    }
    let below = root.join("kube-scheduler");
    Some(if below.is_dir() { below } else { root })
}

/// Files of the folder with the group that each belongs to.
fn files() -> Vec<(PathBuf, &'static str)> {
    let Some(folder) = folder() else { return Vec::new() };
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files.into_iter().map(|path| (path.clone(), group_of(&path))).collect()
}

/// `resources`, `resources-2` and `resources_2` are of one group.
fn group_of(path: &Path) -> &'static str {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let belongs = |group: &&str| {
        let rest = stem.strip_prefix(*group);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.']))
    };
    let group = COMPARED.iter().chain(&LATER).find(|group| belongs(group));
    group.unwrap_or_else(|| panic!("{}: of no group that is known here", path.display()))
}

fn check(group: &str) {
    let mut failures = Vec::new();
    let (mut cases, mut comparisons) = (0, 0);
    for (path, _) in files().into_iter().filter(|(_, g)| *g == group) {
        for (line, text) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let case = case::Case::parse(text).unwrap_or_else(|e| panic!("{}:{}: {e}", path.display(), line + 1));
            let report = run::run(&case);
            cases += 1;
            comparisons += report.comparisons;
            failures.extend(report.failures.into_iter().map(|failure| format!("{}: {failure}", case.id)));
        }
    }
    println!("{group}: {cases} cases, {comparisons} comparisons, {} failures", failures.len());
    let first: Vec<String> = failures.iter().take(20).cloned().collect();
    assert!(failures.is_empty(), "{} of {comparisons} comparisons failed:\n{}", failures.len(), first.join("\n"));
}

#[test]
fn vectors_resources() {
    check("resources");
}

#[test]
fn vectors_taints() {
    check("taints");
}

#[test]
fn vectors_node_affinity() {
    check("node_affinity");
}

#[test]
fn vectors_ports_images() {
    check("ports_images");
}

#[test]
fn vectors_folder_holds_cases() {
    let compared = files().into_iter().filter(|(_, group)| COMPARED.contains(group)).count();
    assert!(compared > 0 || folder().is_none(), "no file of {COMPARED:?} in {:?}", folder());
}

/// Objects of the later groups are not scheduled yet, but they are read.
#[test]
fn vectors_of_later_groups_are_read() {
    for (path, _) in files().into_iter().filter(|(_, group)| LATER.contains(group)) {
        for text in fs::read_to_string(&path).unwrap().lines() {
            let case: serde_json::Value = serde_json::from_str(text).unwrap();
            let list = |field: &str| case[field].as_array().cloned().unwrap_or_default();
            for node in list("nodes") {
                sched_k8s::node_spec(&serde_json::from_value(node).unwrap()).unwrap();
            }
            for pod in list("pods").into_iter().chain([case["pod"].clone()]) {
                let none = sched_k8s::ReplicaSets::default();
                sched_k8s::pod_spec(&serde_json::from_value(pod).unwrap(), &none).unwrap();
            }
        }
    }
}
