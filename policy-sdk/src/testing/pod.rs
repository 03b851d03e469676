//! A pod that owns what a host showed of it, to be changed at will.

use super::words::{Plan, gathered, picked};
use sched_abi::{ImageRow, NodeNameField, PodFields, PodView, Preferred, QosClass, Request, TaintAnswer};

/// The fields of a [`PodView`].
#[derive(Clone, Debug, Default)]
pub(super) struct Pod {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) requests: Vec<Request>,
    pub(super) scoring_requests: Vec<Request>,
    pub(super) priority: i32,
    pub(super) qos: QosClass,
    pub(super) daemon_set: bool,
    pub(super) node_name: NodeNameField,
    pub(super) required_nodes: Option<Vec<u64>>,
    pub(super) named_nodes: Option<Vec<u64>>,
    pub(super) names_conflict: bool,
    pub(super) weights: Vec<i64>,
    /// One bitmap a term, all of the same length.
    pub(super) preferred: Vec<Vec<u64>>,
    flat_preferred: Vec<u64>,
    pub(super) taints: Vec<TaintAnswer>,
    pub(super) tolerates_unschedulable: bool,
    pub(super) port_conflicts: Option<Vec<u64>>,
    pub(super) images: Vec<ImageRow>,
    pub(super) containers: u32,
    pub(super) forecast_cpu: Vec<f64>,
    pub(super) forecast_request: f64,
    pub(super) forecast_variance: f64,
    pub(super) same_app_requested: Vec<f64>,
    pub(super) estimate: [f64; 2],
    pub(super) estimates: Vec<[f64; 2]>,
    pub(super) matches: u64,
}

impl Pod {
    /// Copies a view.
    pub(super) fn of(view: &PodView<'_>) -> Self {
        let owned = |words: Option<&[u64]>| words.map(<[u64]>::to_vec);
        Self {
            name: view.name.to_owned(),
            namespace: view.namespace.to_owned(),
            requests: view.requests.to_vec(),
            scoring_requests: view.scoring_requests.to_vec(),
            priority: view.priority,
            qos: view.qos,
            daemon_set: view.daemon_set,
            node_name: view.node_name,
            required_nodes: owned(view.required_nodes),
            named_nodes: owned(view.named_nodes),
            names_conflict: view.names_conflict,
            weights: view.preferred_nodes.weights.to_vec(),
            preferred: view.preferred_nodes.iter().map(|(_, rows)| rows.to_vec()).collect(),
            flat_preferred: view.preferred_nodes.rows.to_vec(),
            taints: view.taints.to_vec(),
            tolerates_unschedulable: view.tolerates_unschedulable,
            port_conflicts: owned(view.port_conflicts),
            images: view.images.to_vec(),
            containers: view.containers,
            forecast_cpu: view.forecast_cpu.to_vec(),
            forecast_request: view.forecast_request,
            forecast_variance: view.forecast_variance,
            same_app_requested: view.same_app_requested.to_vec(),
            estimate: view.estimate,
            estimates: view.estimates.to_vec(),
            matches: view.matches,
        }
    }

    /// The pod as policies see it.
    pub(super) fn view(&self) -> PodView<'_> {
        let words = self.preferred.first().map_or(0, Vec::len);
        PodView {
            name: &self.name,
            namespace: &self.namespace,
            requests: &self.requests,
            scoring_requests: &self.scoring_requests,
            priority: self.priority,
            qos: self.qos,
            daemon_set: self.daemon_set,
            node_name: self.node_name,
            required_nodes: self.required_nodes.as_deref(),
            named_nodes: self.named_nodes.as_deref(),
            names_conflict: self.names_conflict,
            preferred_nodes: Preferred { weights: &self.weights, rows: &self.flat_preferred, words },
            taints: &self.taints,
            tolerates_unschedulable: self.tolerates_unschedulable,
            port_conflicts: self.port_conflicts.as_deref(),
            images: &self.images,
            containers: self.containers,
            forecast_cpu: &self.forecast_cpu,
            forecast_request: self.forecast_request,
            forecast_variance: self.forecast_variance,
            same_app_requested: &self.same_app_requested,
            same_app_rows: None,
            estimate: self.estimate,
            estimates: &self.estimates,
            matches: self.matches,
            version: 0,
        }
    }

    /// To be called when `preferred` was changed.
    pub(super) fn flatten(&mut self) {
        self.flat_preferred = self.preferred.concat();
    }

    /// The pod as a host shows it to a policy that reads these fields: the others are empty.
    pub(super) fn only(&self, fields: PodFields) -> Self {
        let mut pod = self.clone();
        let none = Self::default();
        if !fields.has(PodFields::NODE_AFFINITY) {
            (pod.required_nodes, pod.named_nodes, pod.names_conflict) = (None, None, false);
            (pod.weights, pod.preferred, pod.flat_preferred) = (none.weights, none.preferred, none.flat_preferred);
        }
        if !fields.has(PodFields::TAINTS) {
            (pod.taints, pod.tolerates_unschedulable) = (none.taints, false);
        }
        if !fields.has(PodFields::PORTS) {
            pod.port_conflicts = None;
        }
        if !fields.has(PodFields::IMAGES) {
            pod.images = none.images;
        }
        if !fields.has(PodFields::FORECAST) {
            (pod.forecast_cpu, pod.same_app_requested) = (none.forecast_cpu, none.same_app_requested);
            (pod.forecast_request, pod.forecast_variance) = (0.0, 0.0);
        }
        if !fields.has(PodFields::NAME) {
            (pod.name, pod.namespace) = (none.name, none.namespace);
        }
        pod
    }

    /// The pod before a table whose rows are these.
    pub(super) fn arranged(&self, plan: &Plan) -> Self {
        let bits = |words: &Option<Vec<u64>>| words.as_ref().map(|words| gathered(words, plan));
        let node_name = match self.node_name {
            NodeNameField::Row(row) => plan
                .iter()
                .position(|&from| from == Some(row as usize))
                .map_or(NodeNameField::Unknown, |row| NodeNameField::Row(row as u32)),
            other => other,
        };
        let images = (0..).zip(plan).flat_map(|(row, from)| {
            let here = from.map_or(&[][..], |from| images_of(&self.images, from));
            here.iter().map(move |image| ImageRow { row, ..*image })
        });
        let images = images.collect();
        let same_app = |&row: &Option<usize>| row.and_then(|row| self.same_app_requested.get(row).copied());
        let mut pod = Self {
            node_name,
            required_nodes: bits(&self.required_nodes),
            named_nodes: bits(&self.named_nodes),
            preferred: self.preferred.iter().map(|words| gathered(words, plan)).collect(),
            port_conflicts: bits(&self.port_conflicts),
            images,
            same_app_requested: plan.iter().map(|row| same_app(row).unwrap_or(0.0)).collect(),
            ..self.clone()
        };
        pod.flatten();
        pod
    }

    /// Takes what another view of the same pod says of the rows that are not to be kept.
    pub(super) fn mix(&mut self, other: &Self, keep: &[bool]) {
        let mixed = |own: &mut Option<Vec<u64>>, other: &Option<Vec<u64>>| {
            if let (Some(own), Some(other)) = (own, other) {
                *own = picked(own, other, keep);
            }
        };
        mixed(&mut self.required_nodes, &other.required_nodes);
        mixed(&mut self.named_nodes, &other.named_nodes);
        mixed(&mut self.port_conflicts, &other.port_conflicts);
        for (own, other) in self.preferred.iter_mut().zip(&other.preferred) {
            *own = picked(own, other, keep);
        }
        self.flatten();
        let kept = |image: &ImageRow| keep.get(image.row as usize).copied().unwrap_or(false);
        self.images.retain(|image| kept(image));
        self.images.extend(other.images.iter().filter(|image| !kept(image)));
        self.images.sort_by_key(|image| image.row);
        let cells = self.same_app_requested.iter_mut().zip(&other.same_app_requested).zip(keep);
        cells.filter(|(_, keep)| !**keep).for_each(|((cell, other), _)| *cell = *other);
    }
}

/// The images of one row; they are in the order of rows.
fn images_of(images: &[ImageRow], row: usize) -> &[ImageRow] {
    let from = images.partition_point(|image| (image.row as usize) < row);
    let to = images.partition_point(|image| image.row as usize <= row);
    images.get(from..to).unwrap_or_default()
}
