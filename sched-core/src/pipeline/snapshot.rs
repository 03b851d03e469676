//! Step 1: the pod as policies see it, with its selectors, tolerations, ports and images answered from the indexes, and
//! what each policy says to it once.

use super::{Entry, Ready};
use crate::cluster::{
    Class, Cluster, PodId, PodTemplate, Taint, TaintEffect, Toleration, TolerationOperator, pod_meets, request_milli,
    share, wanted_ports,
};
use crate::profile::PARTS;
use sched_abi::{
    Hook, ImageRow, NodeNameField, Nodes, Operator, PodFields, PodView, Preferred, Prepared, SelectorTerm, TaintAnswer,
};

/// Buffers behind a [`PodView`].
#[derive(Default)]
pub(crate) struct PodScratch {
    /// Views made so far, where they are counted: those that are made for one answer are not.
    views: Option<u64>,
    required: Vec<u64>,
    named: Vec<u64>,
    term: Vec<u64>,
    met: Vec<u64>,
    weights: Vec<i64>,
    preferred: Vec<u64>,
    taints: Vec<TaintAnswer>,
    ports: Vec<u64>,
    images: Vec<ImageRow>,
    image_name: String,
    forecast: Vec<f64>,
    same_app: Vec<f64>,
    same_app_rows: Vec<u32>,
}

/// The taint that stands for `spec.unschedulable`.
pub(crate) const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

impl PodScratch {
    /// Buffers whose views are told apart.
    pub(crate) fn counted() -> Self {
        Self { views: Some(0), ..Self::default() }
    }
}

/// The pod as policies see it.
pub(crate) fn view<'a>(
    cluster: &'a Cluster,
    pod: PodId,
    fields: PodFields,
    scratch: &'a mut PodScratch,
) -> Option<PodView<'a>> {
    let class = cluster.pods.class_of(pod.0)?;
    let template = &*class.template;
    let mut view = plain(cluster, pod, class);
    if let Some(views) = &mut scratch.views {
        *views += 1;
        view.version = *views;
    }
    view.estimates = cluster.estimates(pod.0);
    if fields.has(PodFields::NAME) {
        (view.namespace, view.name) = cluster.pod_name(pod).unwrap_or_default();
    }
    let named = if fields.has(PodFields::NODE_AFFINITY) {
        let named = scratch.node_affinity(cluster, template);
        scratch.preferred(cluster, template);
        named
    } else {
        Named::NotAll
    };
    if fields.has(PodFields::TAINTS) {
        scratch.taints(cluster, &template.tolerations);
        view.tolerates_unschedulable = tolerates(&template.tolerations, UNSCHEDULABLE, "", TaintEffect::NoSchedule);
    }
    let ports = fields.has(PodFields::PORTS) && scratch.ports(cluster, template);
    if fields.has(PodFields::IMAGES) {
        scratch.images(cluster, template);
    }
    if fields.has(PodFields::FORECAST) {
        (view.forecast_request, view.forecast_variance) = scratch.forecast(cluster, pod);
    }
    let scratch = &*scratch;
    if fields.has(PodFields::IMAGES) {
        view.images = &scratch.images;
    }
    if fields.has(PodFields::FORECAST) {
        view.forecast_cpu = &scratch.forecast;
        view.same_app_requested = &scratch.same_app;
        view.same_app_rows = Some(&scratch.same_app_rows);
    }
    let affinity = fields.has(PodFields::NODE_AFFINITY);
    let selective = template.required_nodes.is_some() || !template.node_selector.is_empty();
    view.required_nodes = (affinity && selective).then_some(&*scratch.required);
    view.named_nodes = (named == Named::Some).then_some(&*scratch.named);
    view.names_conflict = named == Named::Conflict;
    if affinity {
        let words = scratch.required.len();
        view.preferred_nodes = Preferred { weights: &scratch.weights, rows: &scratch.preferred, words };
    }
    view.taints = &scratch.taints;
    view.port_conflicts = ports.then_some(&*scratch.ports);
    Some(view)
}

fn plain<'a>(cluster: &Cluster, pod: PodId, class: &'a Class) -> PodView<'a> {
    let template = &*class.template;
    let node_name = match &template.node_name {
        None => NodeNameField::Any,
        Some(name) => cluster.nodes.find(name).map_or(NodeNameField::Unknown, NodeNameField::Row),
    };
    PodView {
        requests: &class.requests,
        scoring_requests: &class.scoring,
        priority: template.priority,
        qos: template.qos,
        daemon_set: template.owner.as_ref().is_some_and(|o| o.kind == "DaemonSet"),
        node_name,
        containers: (template.containers.len() + template.init_containers.len()) as u32,
        estimate: cluster.estimate_shown(pod.0),
        matches: matches(cluster, template),
        ..PodView::default()
    }
}

/// A bit for each selector of pods that a policy asked for.
fn matches(cluster: &Cluster, template: &PodTemplate) -> u64 {
    let selectors = cluster.pods.selectors.iter().enumerate();
    selectors.fold(0, |bits, (i, selector)| bits | u64::from(pod_meets(selector, &template.labels)) << i)
}

/// What the pod's required terms say of nodes by name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// Some term names none: any node may do.
    NotAll,
    /// Every term names nodes; `scratch.named` has those that exist.
    Some,
    /// Every term names nodes, but no name agrees within any.
    Conflict,
}

impl PodScratch {
    /// Fills `required`, and `named` where every term names nodes.
    fn node_affinity(&mut self, cluster: &Cluster, pod: &PodTemplate) -> Named {
        let live = &cluster.nodes.live;
        self.required.clear();
        self.required.extend_from_slice(live);
        self.met.clear();
        self.met.resize(live.len(), 0);
        for (key, value) in &pod.node_selector {
            self.met.fill(0);
            cluster.nodes.labels.union_pair(key, value, &mut self.met);
            intersect(&mut self.required, &self.met);
        }
        let Some(selector) = &pod.required_nodes else { return Named::NotAll };
        // `named` serves as the union of the terms first.
        let mut any = std::mem::take(&mut self.named);
        any.clear();
        any.resize(live.len(), 0);
        for term in &selector.node_selector_terms {
            self.eval_term(cluster, term);
            any.iter_mut().zip(&self.term).for_each(|(any, term)| *any |= term);
        }
        intersect(&mut self.required, &any);
        any.fill(0);
        self.named = any;
        self.name_rows(cluster, &selector.node_selector_terms)
    }

    /// Rows that meet a term, into `term`.
    fn eval_term(&mut self, cluster: &Cluster, term: &SelectorTerm) {
        self.term.clear();
        let empty = term.match_expressions.is_empty() && term.match_fields.is_empty();
        if empty {
            self.term.resize(cluster.nodes.live.len(), 0);
            return;
        }
        self.term.extend_from_slice(&cluster.nodes.live);
        self.met.clear();
        self.met.resize(self.term.len(), 0);
        for requirement in &term.match_expressions {
            cluster.nodes.labels.intersect(requirement, &mut self.term, &mut self.met);
        }
        for requirement in &term.match_fields {
            self.met.fill(0);
            for row in requirement.values.iter().filter_map(|name| cluster.nodes.find(name)) {
                set(&mut self.met, row);
            }
            let negated = requirement.operator == Operator::NotIn;
            for (term, met) in self.term.iter_mut().zip(&self.met) {
                *term &= if negated { !*met } else { *met };
            }
        }
    }

    fn name_rows(&mut self, cluster: &Cluster, terms: &[SelectorTerm]) -> Named {
        let mut outcome = if terms.is_empty() { Named::NotAll } else { Named::Conflict };
        for term in terms {
            let mut names = term.match_fields.iter().filter(|r| r.operator == Operator::In);
            let Some(first) = names.next() else { return Named::NotAll };
            for name in first.values.iter().filter(|&name| names.clone().all(|r| r.values.contains(name))) {
                outcome = Named::Some;
                if let Some(row) = cluster.nodes.find(name) {
                    set(&mut self.named, row);
                }
            }
        }
        outcome
    }

    fn preferred(&mut self, cluster: &Cluster, pod: &PodTemplate) {
        self.weights.clear();
        self.preferred.clear();
        for preferred in &pod.preferred_nodes {
            self.eval_term(cluster, &preferred.preference);
            self.weights.push(i64::from(preferred.weight));
            self.preferred.extend_from_slice(&self.term);
        }
    }

    fn taints(&mut self, cluster: &Cluster, tolerations: &[Toleration]) {
        let lists = &cluster.nodes.taint_lists;
        self.taints.clear();
        for id in 0..lists.bound() as u32 {
            self.taints.push(lists.get(id).map_or_else(TaintAnswer::default, |list| answer(tolerations, list)));
        }
    }

    fn ports(&mut self, cluster: &Cluster, pod: &PodTemplate) -> bool {
        self.ports.clear();
        self.ports.resize(cluster.nodes.live.len(), 0);
        let mut any = false;
        for port in wanted_ports(pod) {
            any = true;
            cluster.nodes.ports.conflicts(port, &mut self.ports);
        }
        any
    }

    /// Fills `forecast` and `same_app`; returns request and variance.
    fn forecast(&mut self, cluster: &Cluster, pod: PodId) -> (f64, f64) {
        self.forecast.clear();
        for row in self.same_app_rows.drain(..) {
            if let Some(cell) = self.same_app.get_mut(row as usize) {
                *cell = 0.0;
            }
        }
        self.same_app.resize(cluster.nodes.rows(), 0.0);
        self.same_app_rows.reserve(cluster.nodes.rows());
        let Some(pod) = cluster.pods.get(pod.0) else { return (0.0, 0.0) };
        let Some(prediction) = cluster.apps.prediction(pod.app) else { return (0.0, 0.0) };
        let request = request_milli(&cluster.pods, pod);
        self.forecast.extend(prediction.ratio.map(|ratio| share(request, ratio) as f64));
        let others = pod.app.map_or(&[][..], |app| cluster.apps.pods(app));
        for other in others.iter().filter_map(|&slot| cluster.pods.get(slot)) {
            let Some(row) = other.phase.row() else { continue };
            if let Some(cell) = self.same_app.get_mut(row.0 as usize) {
                // A row is noted once, so the list never outgrows the table.
                if *cell == 0.0 {
                    self.same_app_rows.push(row.0);
                }
                *cell += request_milli(&cluster.pods, other) as f64;
            }
        }
        (request as f64, prediction.variance as f64 / PARTS as f64)
    }

    fn images(&mut self, cluster: &Cluster, pod: &PodTemplate) {
        self.images.clear();
        for container in pod.init_containers.iter().chain(&pod.containers) {
            let live = cluster.node_count();
            cluster.nodes.images.collect(&container.image, live, &mut self.image_name, &mut self.images);
        }
        // One image's nodes come in order.
        if pod.init_containers.len() + pod.containers.len() > 1 {
            self.images.sort_unstable_by_key(|i| i.row);
        }
    }
}

fn intersect(bits: &mut [u64], with: &[u64]) {
    bits.iter_mut().zip(with).for_each(|(bits, with)| *bits &= with);
}

fn set(bits: &mut [u64], row: u32) {
    if let Some(word) = bits.get_mut(row as usize / 64) {
        *word |= 1 << (row % 64);
    }
}

fn answer(tolerations: &[Toleration], taints: &[Taint]) -> TaintAnswer {
    let mut answer = TaintAnswer::default();
    for taint in taints {
        let hard = taint.effect != TaintEffect::PreferNoSchedule;
        if tolerates(tolerations, &taint.key, &taint.value, taint.effect) {
            continue;
        }
        answer.rejected |= hard;
        answer.untolerated_soft += u32::from(!hard);
    }
    answer
}

/// Whether both are integers, the taint's below (`Lt`) or above (`Gt`) the toleration's.
fn compares(operator: TolerationOperator, taint: &str, toleration: &str) -> bool {
    match (taint.parse::<i64>(), toleration.parse::<i64>()) {
        (Ok(taint), Ok(toleration)) if operator == TolerationOperator::Lt => taint < toleration,
        (Ok(taint), Ok(toleration)) => taint > toleration,
        _ => false,
    }
}

/// Whether one of the tolerations tolerates the taint: missing effect or key (with `Exists`) means every one.
pub(crate) fn tolerates(tolerations: &[Toleration], key: &str, value: &str, effect: TaintEffect) -> bool {
    tolerations.iter().any(|t| {
        t.effect.is_none_or(|e| e == effect)
            && match t.operator {
                TolerationOperator::Exists => t.key.is_empty() || t.key == key,
                TolerationOperator::Equal => t.key == key && t.value == value,
                TolerationOperator::Lt | TolerationOperator::Gt => {
                    t.key == key && compares(t.operator, value, &t.value)
                }
            }
    })
}

/// Takes out the filters that may be left out when no node passes; says whether there are any.
pub(crate) fn fall_back(entries: &[Entry], ready: &mut [Ready]) -> bool {
    let mut any = false;
    for (entry, ready) in entries.iter().zip(ready) {
        let prepared = &mut ready.prepared;
        if prepared.fall_back && entry.manifest.filters && prepared.filter == Hook::Run {
            prepared.filter = Hook::Skip;
            ready.left_out = true;
            any = true;
        }
    }
    any
}

/// Puts what stands for a policy that failed in the place of its answers; says whether one did that was not known to have.
/// Filters that were left out count again: it may have been that policy that no node passed.
pub(crate) fn substitute(entries: &[Entry], pod: &PodView<'_>, nodes: &dyn Nodes, ready: &mut [Ready]) -> bool {
    let mut any = false;
    for (entry, ready) in entries.iter().zip(&mut *ready) {
        if let Some(instead) = entry.policy.failure(pod)
            && ready.prepared != instead
        {
            ready.prepared = instead;
            ready.left_out = false;
            any = true;
        }
    }
    if any {
        stand_in(entries, pod, nodes, ready);
        for ready in ready.iter_mut().filter(|ready| ready.left_out) {
            (ready.left_out, ready.prepared.filter) = (false, Hook::Run);
        }
    }
    any
}

/// Asks every policy what it has to do for this pod.
pub(crate) fn prepare(entries: &[Entry], pod: &PodView<'_>, nodes: &dyn Nodes, ready: &mut Vec<Ready>) {
    ready.clear();
    for entry in entries {
        let mut fresh = Ready { prepared: Prepared::SKIP, ..Ready::default() };
        if entry.stands_in_for.is_none() {
            fresh.ask(entry, pod, nodes);
        }
        ready.push(fresh);
    }
    stand_in(entries, pod, nodes, ready);
}

impl Ready {
    fn ask(&mut self, entry: &Entry, pod: &PodView<'_>, nodes: &dyn Nodes) {
        let prepared = entry.policy.prepare(pod, nodes, &mut self.block);
        self.prepared = if prepared.stale { Prepared::STALE } else { prepared };
    }
}

/// Asks the policies that stand in for one that failed or abstains, and were not asked yet.
fn stand_in(entries: &[Entry], pod: &PodView<'_>, nodes: &dyn Nodes, ready: &mut [Ready]) {
    let absent = |of: usize, ready: &[Ready]| {
        let failed = |entry: &Entry| {
            entry.policy.failure(pod).is_some() || entry.policy.statistics().is_some_and(|s| s.quarantined)
        };
        ready.get(of).is_some_and(|ready| ready.prepared.stale) || entries.get(of).is_some_and(failed)
    };
    for (place, entry) in entries.iter().enumerate() {
        let needed = entry.stands_in_for.is_some_and(|of| absent(of, ready));
        if let Some(ready) = ready.get_mut(place).filter(|ready| needed && !ready.standing_in) {
            ready.standing_in = true;
            ready.ask(entry, pod, nodes);
        }
    }
}
