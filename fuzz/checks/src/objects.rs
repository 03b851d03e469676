//! Kubernetes objects, JSON or YAML.

use crate::apply;
use sched_core::{PodId, ProfileSet, Scheduler};
use sched_k8s::Loader;

/// How many pods that wait are decided on.
const DECISIONS: usize = 4;

/// Any bytes are refused with a reason, or read; what was read the cluster refuses as it was, or takes, and decides on.
pub fn objects(bytes: &[u8]) {
    let mut loader = Loader::new();
    if let Err(error) = loader.read_bytes(bytes) {
        assert!(!error.to_string().is_empty());
        return;
    }
    let found = loader.finish();
    let Some(mut scheduler) = kube_default() else { return };
    for event in found.events() {
        let _ = apply(&mut scheduler, &event, 0);
    }
    let waiting = found.pods.iter().filter(|pod| pod.binding.is_none());
    let known = waiting.filter_map(|pod| scheduler.cluster().pod_id(&pod.spec.namespace, &pod.spec.name));
    let known: Vec<PodId> = known.take(DECISIONS).collect();
    for pod in known {
        let chosen = scheduler.decide(pod, 0).ok().and_then(|decision| scheduler.cluster().node_name(decision.row));
        let chosen = chosen.map(str::to_owned);
        let explained = scheduler.explain(pod, 0).map(|explanation| explanation.chosen);
        assert_eq!(explained, Ok(chosen), "the explanation is of another decision");
    }
}

fn kube_default() -> Option<Scheduler> {
    Scheduler::new(ProfileSet::builtin().get("kube-default")?, 0).ok()
}
