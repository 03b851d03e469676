//! What kube-scheduler's own plugins answered, case by case, against what the library answers through its public interface.
//!
//! Every case of every file of a group whose primitives the library has counts; a field that is not known here fails the case.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "functions that tests share")]

mod case;
mod compare;
mod engine;
mod policies;
mod run;
#[path = "../../../../sched-core/tests/common/vector_files.rs"]
mod vector_files;

use engine::Make;
use vector_files::{GROUPS, vector_files};

fn check(group: &str) {
    [Make::Native, Make::Sandboxed].into_iter().for_each(|make| check_as(make, group));
}

fn check_as(make: Make, group: &str) {
    let mut failures = Vec::new();
    let (mut cases, mut comparisons) = (0, 0);
    for file in vector_files().iter().filter(|file| file.group == group) {
        for (line, text) in file.cases() {
            let case = case::Case::parse(&text).unwrap_or_else(|e| panic!("{}:{line}: {e}", file.path.display()));
            let report = run::run(&case, make);
            cases += 1;
            comparisons += report.comparisons;
            failures.extend(report.failures.into_iter().map(|failure| format!("{}: {failure}", case.id)));
        }
    }
    println!("{group}, {make:?}: {cases} cases, {comparisons} comparisons, {} failures", failures.len());
    let first: Vec<String> = failures.iter().take(20).cloned().collect();
    let (failed, first) = (failures.len(), first.join("\n"));
    assert!(failures.is_empty(), "{make:?}: {failed} of {comparisons} comparisons failed:\n{first}");
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
fn vectors_of_every_group_that_is_ready_are_compared() {
    let compared = ["resources", "taints", "node_affinity", "ports_images"];
    let ready: Vec<&str> = GROUPS.iter().filter(|(_, ready)| *ready).map(|(group, _)| *group).collect();
    assert_eq!(ready, compared);
}

/// Objects of the later groups are not scheduled yet, but they are read.
#[test]
fn vectors_of_later_groups_are_read() {
    for file in vector_files().iter().filter(|file| !file.ready) {
        for (_, text) in file.cases() {
            let case: serde_json::Value = serde_json::from_str(&text).unwrap();
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
