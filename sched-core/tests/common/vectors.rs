//! The answers of the real kube-scheduler: one case of them as clusters of this crate's types.

use super::objects::{self, list};
use super::reference::{Place, PodKey, PodState, World};
use super::vector_files::VectorFile;
use serde_json::Value;

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

/// The cases of one file.
pub(crate) fn cases(file: &VectorFile) -> Vec<Case> {
    let lines = file.cases().into_iter();
    let parse = |(line, text): (usize, String)| {
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}:{line}: {error}", file.path.display()))
    };
    lines.map(|line| Case::new(parse(line))).collect()
}
