//! The answers of the real kube-scheduler: where the files are, and one case of them as clusters of this crate's types.

use super::objects::{self, list};
use super::reference::{Place, PodKey, PodState, World};
use serde_json::Value;
use std::path::PathBuf;

/// One case: a cluster, the pod to be placed, and what is expected.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) world: World,
    pub(crate) pod: PodKey,
    pub(crate) json: Value,
}

impl Case {
    fn new(json: Value) -> Self {
        let mut world = World::default();
        for node in list(&json["nodes"]) {
            let node = objects::node(node);
            world.nodes.insert(node.name.clone(), node);
        }
        for pod in list(&json["pods"]) {
            let mut spec = objects::pod(pod);
            let node = spec.template.node_name.take().expect("an existing pod is bound");
            world.pods.insert((spec.namespace.clone(), spec.name.clone()), PodState::new(spec, Place::Bound(node)));
        }
        let spec = objects::pod(&json["pod"]);
        let pod = (spec.namespace.clone(), spec.name.clone());
        world.pods.insert(pod.clone(), PodState::new(spec, Place::Pending));
        Self { id: json["id"].as_str().unwrap_or_default().to_owned(), world, pod, json }
    }
}

/// The folder of vectors: `SCHED_VECTORS`, or the one that lies beside the repository.
fn folder() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    std::env::var_os("SCHED_VECTORS").map_or_else(beside, PathBuf::from).join("kube-scheduler")
}

/// Every file of cases in the folder, by name.
pub(crate) fn files() -> Vec<PathBuf> {
    let folder = folder();
    let entries = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("no vectors in `{}` ({error}): set SCHED_VECTORS", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    assert!(!files.is_empty(), "no vectors in `{}`: set SCHED_VECTORS", folder.display());
    files
}

/// The cases of one file.
pub(crate) fn cases(file: &PathBuf) -> Vec<Case> {
    let text = std::fs::read_to_string(file).expect("a readable file");
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| Case::new(serde_json::from_str(line).expect("a case in JSON"))).collect()
}
