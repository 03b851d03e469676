//! Explaining a pod on a cluster of Kubernetes objects.

use crate::candidates::Candidate;
use crate::error::CliError;
use crate::explain::Moment;
use crate::files::read_text;
use crate::numbers::plural;
use sched_core::{Explanation, PodSpec};
use sched_k8s::{Loaded, LoadedPod};
use std::path::Path;

/// Explains the pod, and says on what.
pub(super) fn explain(
    cluster: &Path,
    pod: &str,
    candidate: &Candidate,
    seed: u64,
    (now_ms, reads_use): (Option<u64>, bool),
) -> Result<(Explanation, Moment), CliError> {
    let mut loaded = read(cluster)?;
    let Wanted { spec, wish } = wanted(pod, cluster, &loaded)?;
    let full_name = format!("{}/{}", spec.namespace, spec.name);
    let was_bound = take(&mut loaded, &spec);
    let mut scheduler = candidate.start(seed)?;
    // The objects' newest moment stands for now, so that the same files give the same answer at any time.
    let newest = || loaded.pods.iter().filter_map(|pod| pod.binding.as_ref()).map(|binding| binding.at_ms).max();
    let now_ms = now_ms.or_else(newest).unwrap_or(0);
    let refused = |what: String| move |source| CliError::Cluster { what, source };
    for event in loaded.events() {
        scheduler.apply(&event, now_ms).map_err(refused(format!("`{}`", cluster.display())))?;
    }
    let added = scheduler.add_pod(&spec).map_err(refused(format!("`{pod}`")))?;
    let explanation =
        scheduler.explain(added, now_ms).map_err(|source| CliError::Schedule { pod: full_name, source })?;
    let left_out = loaded.left_out();
    let notes = [
        wish.map(|node| format!("its spec.nodeName asks for {node}")),
        was_bound.map(|node| format!("it runs on {node} now, and its room there counts as free")),
        left_out.first().map(|(pod, why)| {
            let more = if left_out.len() > 1 { format!(", and {} more", left_out.len() - 1) } else { String::new() };
            format!("left out: {} {}/{} {why}{more}", plural(1, "pod"), pod.namespace, pod.name)
        }),
        reads_use.then(|| "there are no samples of use, so policies that read them go by requests".to_owned()),
        (!loaded.ignored.is_empty()).then(|| {
            let kinds: Vec<String> = loaded.ignored.iter().map(|(kind, count)| plural(*count, kind)).collect();
            format!("passed over: {}", kinds.join(", "))
        }),
    ];
    Ok((explanation, Moment { at_ms: now_ms, notes: notes.into_iter().flatten().collect() }))
}

fn read(path: &Path) -> Result<Loaded, CliError> {
    sched_k8s::read(&read_text(path)?)
        .map_err(|source| CliError::Objects { path: path.to_owned(), source: source.into() })
}

/// The pod to explain.
struct Wanted {
    spec: PodSpec,
    /// The node that it names.
    wish: Option<String>,
}

impl Wanted {
    /// A pod that is yet to come: the node that it names is its wish.
    fn to_come(pod: &LoadedPod) -> Self {
        let mut spec = pod.spec.clone();
        let wish = pod.binding.as_ref().map(|binding| binding.node.clone());
        spec.template.node_name.clone_from(&wish);
        Self { spec, wish }
    }
}

/// The pod in the file, or if there is no such file the one of that name in the cluster, which may go elsewhere.
fn wanted(pod: &str, cluster: &Path, loaded: &Loaded) -> Result<Wanted, CliError> {
    let path = Path::new(pod);
    if !path.exists() && pod != "-" {
        let (namespace, name) = pod.split_once('/').unwrap_or(("default", pod));
        let mut pods = loaded.pods.iter().map(|pod| &pod.spec);
        let found = pods.find(|spec| spec.namespace == namespace && spec.name == name).cloned();
        let place = format!("`{}`", cluster.display());
        let found = found.map(|spec| Wanted { spec, wish: None });
        return found.ok_or_else(|| CliError::UnknownPod { name: pod.to_owned(), place });
    }
    let file = read(path)?;
    match file.pods.as_slice() {
        [one] => Ok(Wanted::to_come(one)),
        several => Err(CliError::NotOnePod { path: path.to_owned(), found: contents(several.len(), &file) }),
    }
}

fn contents(pods: usize, file: &Loaded) -> String {
    let others = file.ignored.iter().map(|(kind, count)| plural(*count, kind));
    let nodes = (!file.nodes.is_empty()).then(|| plural(file.nodes.len(), "node"));
    let ended = (file.finished > 0).then(|| format!("{} that ended", plural(file.finished, "pod")));
    std::iter::once(plural(pods, "pod")).chain(ended).chain(nodes).chain(others).collect::<Vec<_>>().join(", ")
}

/// Takes the pod out of the cluster, if it is there, and says on which node it was.
fn take(loaded: &mut Loaded, spec: &PodSpec) -> Option<String> {
    let same = |other: &PodSpec| other.namespace == spec.namespace && other.name == spec.name;
    let place = loaded.pods.iter().position(|pod| same(&pod.spec))?;
    loaded.pods.remove(place).binding.map(|binding| binding.node)
}
