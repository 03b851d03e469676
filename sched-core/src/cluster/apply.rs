//! What each event does. Everything that can be refused is checked before anything is changed.

use super::load::PodLoad;
use super::nodes::FIXED_RESOURCES;
use super::pods::{Class, PodPhase, Row};
use super::spec::{Event, Mark, NodeSpec, PodSpec, PodTemplate, Resources, Sample};
use super::validate::{self, Object};
use super::{Changed, Cluster, PodId, requests, wanted_ports};
use crate::error::ClusterError;
use crate::limits::{MAX_CLOCK_SKEW_MS, MAX_NODES, MAX_PODS, MAX_REQUESTS_PER_POD, MAX_RESOURCES};
use sched_abi::{Request, ResourceId};
use smallvec::SmallVec;

type Applied = Result<(), ClusterError>;

impl Cluster {
    /// Applies an event. An error names what is wrong, and nothing is changed.
    ///
    /// `now_ms` is the embedder's time, used where the event does not say when it happened.
    /// Cost: O(size of the object); a node's sample also looks at the pods on that node.
    pub fn apply(&mut self, event: &Event, now_ms: u64) -> Applied {
        self.at(now_ms, |cluster| cluster.apply_now(event))
    }

    /// Does something at a time, which stays the present only if it was accepted.
    pub(crate) fn at<T>(
        &mut self,
        now_ms: u64,
        f: impl FnOnce(&mut Self) -> Result<T, ClusterError>,
    ) -> Result<T, ClusterError> {
        validate::time("the present", now_ms)?;
        let before = self.clock_ms;
        self.clock_ms = before.max(now_ms);
        let done = f(self);
        if done.is_err() {
            self.clock_ms = before;
        }
        done
    }

    fn apply_now(&mut self, event: &Event) -> Applied {
        match event {
            Event::NodeAdded(node) => self.add_node(node),
            Event::NodeChanged(node) => self.change_node(node),
            Event::NodeRemoved { name } => self.remove_node(name),
            Event::PodAdded(pod) => self.add_pod(pod).map(|_| ()),
            Event::PodChanged(pod) => self.change_pod(pod),
            Event::PodBound { namespace, name, node, at_ms } => {
                self.check_past("when the pod was bound", *at_ms)?;
                let pod = self.known_pod(namespace, name)?;
                let row = self.known_node(node)?;
                self.bind(PodId(pod), Row(row), *at_ms)
            }
            Event::PodRemoved { namespace, name } => self.known_pod(namespace, name).map(|pod| self.remove_pod(pod)),
            Event::NodeSample { name, sample } => {
                self.known_node(name).and_then(|row| self.take_node_sample(Row(row), sample))
            }
            Event::PodSample { namespace, name, sample } => {
                self.known_pod(namespace, name).and_then(|pod| self.take_pod_sample(PodId(pod), sample))
            }
            Event::Marked { name, mark } => self.known_node(name).map(|row| self.mark(row, mark.as_ref())),
        }
    }

    fn known_node(&self, name: &str) -> Result<u32, ClusterError> {
        self.nodes.find(name).ok_or_else(|| ClusterError::UnknownNode(name.to_owned()))
    }

    fn known_pod(&self, namespace: &str, name: &str) -> Result<u32, ClusterError> {
        self.pods.find(namespace, name).ok_or_else(|| ClusterError::UnknownPod(format!("{namespace}/{name}")))
    }

    fn check_node(&self, node: &NodeSpec) -> Applied {
        validate::node(node)?;
        let names = node.allocatable.keys().chain(node.capacity.keys());
        let count = self.nodes.resource_names.len() + self.nodes.new_resources(names);
        Object { kind: "node", name: &node.name }.limit("resource names", count, MAX_RESOURCES, "MAX_RESOURCES")
    }

    fn add_node(&mut self, node: &NodeSpec) -> Applied {
        self.check_node(node)?;
        if self.nodes.find(&node.name).is_some() {
            return Err(ClusterError::DuplicateNode(node.name.clone()));
        }
        let object = Object { kind: "node", name: &node.name };
        object.limit("number of nodes", self.nodes.live_count() + 1, MAX_NODES, "MAX_NODES")?;
        self.advance();
        let row = self.nodes.insert(node);
        self.reset_row(row);
        self.node_profiles.enter(row, &self.nodes);
        self.touch(row, Changed::Row);
        for slot in self.pods.lost.remove(node.name.as_str()).unwrap_or_default() {
            // A pod that no longer fits the bounds of a sum stays lost; it is removed by its own event.
            let load = self.pods.get(slot).map_or_else(PodLoad::default, |p| p.load);
            if self.check_sums(slot, row).is_ok() {
                self.hold(slot, PodPhase::Bound(Row(row)), load.placed_at_ms);
            } else if let Some(name) = self.nodes.name(row).cloned() {
                self.pods.lost.entry(name).or_default().push(slot);
            }
        }
        Ok(())
    }

    /// What is kept of a row besides its node begins anew.
    fn reset_row(&mut self, row: u32) {
        self.load.reset(row);
        self.derived.reset(row);
        self.measured.reset(row);
        self.forecast_due(row);
    }

    fn change_node(&mut self, node: &NodeSpec) -> Applied {
        self.check_node(node)?;
        let row = self.known_node(&node.name)?;
        self.advance();
        let delta = self.nodes.update(row, node);
        if delta.labels {
            self.measured.pods_changed(row);
            self.node_profiles.enter(row, &self.nodes);
        }
        let flags = [
            (delta.labels, Changed::Labels),
            (delta.taints, Changed::Taints),
            (delta.unschedulable, Changed::Unschedulable),
            (delta.images, Changed::Images),
        ];
        for (_, column) in flags.into_iter().filter(|(changed, _)| *changed) {
            self.touch(row, column);
        }
        if delta.resources.contains(&u32::from(ResourceId::CPU.0)) {
            self.reweigh(row);
            self.node_profiles.changed(row);
        }
        if !delta.resources.is_empty() {
            self.forecast_due(row);
        }
        for id in delta.resources {
            self.touch(row, Changed::Allocatable(id as u16));
        }
        Ok(())
    }

    fn remove_node(&mut self, name: &str) -> Applied {
        let row = self.known_node(name)?;
        self.advance();
        let Some(name) = self.nodes.name(row).cloned() else { return Ok(()) };
        while let Some(&slot) = self.pods.on_row(row).last() {
            // A reservation ends with its node; a bound pod is lost until the node is back or the pod is removed.
            let bound = matches!(self.pods.get(slot).map(|p| p.phase), Some(PodPhase::Bound(_)));
            self.let_go(slot, if bound { PodPhase::Lost } else { PodPhase::Pending });
            if bound {
                self.pods.lost.entry(name.clone()).or_default().push(slot);
            }
        }
        self.touch(row, Changed::Row);
        self.nodes.remove(row);
        self.reset_row(row);
        self.node_profiles.leave(row);
        Ok(())
    }

    /// What follows from a template, or why it is refused. Nothing is interned.
    fn check_template(&self, object: &Object<'_>, template: &PodTemplate) -> Result<Derivation, ClusterError> {
        let requested = requests::requested(template);
        let scoring = requests::scoring_incoming(template);
        let present = requests::scoring_present(template, &requested);
        for (name, &amount) in requested.iter().chain(&scoring) {
            object.quantity(|| format!("requests of {name} in all"), amount)?;
        }
        for (name, amount) in ["cpu", "memory"].into_iter().zip(present) {
            object.quantity(|| format!("requests of {name} in all, with defaults"), amount)?;
        }
        let asked = requested.values().filter(|&&amount| amount > 0).count();
        object.limit("requested resources", asked, MAX_REQUESTS_PER_POD, "MAX_REQUESTS_PER_POD")?;
        let count = self.nodes.resource_names.len() + self.nodes.new_resources(requested.keys().chain(scoring.keys()));
        object.limit("resource names", count, MAX_RESOURCES, "MAX_RESOURCES")?;
        Ok(Derivation { requested, scoring, present })
    }

    /// Adds a pod and returns its id.
    ///
    /// The same as [`Cluster::apply`] with [`Event::PodAdded`], for embedders that go on with the id.
    pub fn add_pod(&mut self, pod: &PodSpec) -> Result<PodId, ClusterError> {
        if self.pods.find(&pod.namespace, &pod.name).is_some() {
            return Err(ClusterError::DuplicatePod(pod.full_name()));
        }
        let class = self.checked_class(pod, self.pods.len() + 1)?;
        self.advance();
        let slot = self.pods.insert(&pod.namespace, &pod.name, class, pod.terminating);
        self.join_app(slot);
        Ok(PodId(slot))
    }

    /// Counts a pod among those of its owner.
    fn join_app(&mut self, slot: u32) {
        let Some((class, namespace)) = self.pods.get(slot).map(|pod| (pod.class, pod.namespace)) else { return };
        let known = self.pods.class(class).and_then(|c| c.app).filter(|&(of, _)| of == namespace).map(|(_, app)| app);
        let again = known.and_then(|app| Some((app, self.apps.join_again(app, slot)?)));
        let joined = again.or_else(|| {
            let owner = self.pods.class(class)?.template.owner.as_ref()?;
            Some(self.apps.join(self.pods.namespace(namespace), owner, slot))
        });
        let Some((app, place)) = joined else { return };
        if again.is_none()
            && let Some(class) = self.pods.class_mut(class)
        {
            class.app = Some((namespace, app));
        }
        if let Some(pod) = self.pods.get_mut(slot) {
            (pod.app, pod.app_place) = (Some(app.id), place);
        }
    }

    fn leave_app(&mut self, slot: u32) {
        let Some(pod) = self.pods.get_mut(slot) else { return };
        let (place, Some(app)) = (pod.app_place, pod.app.take()) else { return };
        let moved = self.apps.leave(app, place);
        if let Some(pod) = moved.and_then(|slot| self.pods.get_mut(slot)) {
            pod.app_place = place;
        }
    }

    /// Checks a pod and takes a hold of its class.
    fn checked_class(&mut self, pod: &PodSpec, pods: usize) -> Result<u32, ClusterError> {
        let known = self.pods.find_class(&pod.template);
        match known {
            // The template was checked when the class was made.
            Some(_) => validate::names(pod)?,
            None => validate::pod(pod)?,
        }
        if pods > MAX_PODS {
            Object { kind: "pod", name: &pod.full_name() }.limit("number of pods", pods, MAX_PODS, "MAX_PODS")?;
        }
        if let Some(class) = known {
            self.pods.retain_class(class);
            return Ok(class);
        }
        let derivation = self.check_template(&Object { kind: "pod", name: &pod.full_name() }, &pod.template)?;
        let nodes = &mut self.nodes;
        let template = std::sync::Arc::new(pod.template.clone());
        let class = self.pods.add_class(derivation.into_class(template, |name| nodes.acquire_resource(name)));
        self.learn_class(class, &pod.template);
        Ok(class)
    }

    fn change_pod(&mut self, pod: &PodSpec) -> Applied {
        let slot = self.known_pod(&pod.namespace, &pod.name)?;
        let class = self.checked_class(pod, self.pods.len())?;
        let (before, phase, load) = match self.pods.get(slot) {
            Some(p) => (p.class, p.phase, p.load),
            None => return Ok(()),
        };
        if let Some(Row(row)) = phase.row() {
            // The sums without the old requests must take the new ones.
            if let Err(error) = self.check_swap(slot, class, row) {
                self.release_class(class);
                return Err(error);
            }
        }
        self.advance();
        if phase.row().is_some() {
            self.let_go(slot, PodPhase::Pending);
        }
        self.leave_app(slot);
        if let Some(p) = self.pods.get_mut(slot) {
            p.class = class;
            p.terminating = pod.terminating;
        }
        self.join_app(slot);
        self.release_class(before);
        if phase.row().is_some() {
            self.hold(slot, phase, load.placed_at_ms);
        }
        Ok(())
    }

    fn remove_pod(&mut self, slot: u32) {
        self.advance();
        self.pods.not_lost(slot);
        self.let_go(slot, PodPhase::Pending);
        self.leave_app(slot);
        if let Some(pod) = self.pods.remove(slot) {
            self.release_class(pod.class);
        }
    }

    fn release_class(&mut self, class: u32) {
        if let Some(class) = self.pods.release_class(class) {
            class.resources.iter().for_each(|&id| self.nodes.release_resource(id));
        }
    }

    /// Whether something that is told can have happened by now.
    fn check_past(&self, what: &'static str, at_ms: u64) -> Applied {
        validate::time(what, at_ms)?;
        let ahead_ms = at_ms.saturating_sub(self.clock_ms);
        if ahead_ms > MAX_CLOCK_SKEW_MS { Err(ClusterError::Ahead { what, ahead_ms }) } else { Ok(()) }
    }

    /// Takes a node's sample. One that is older than what is there changes nothing: samples come late and out of order.
    pub fn node_sample(&mut self, row: Row, sample: &Sample, now_ms: u64) -> Applied {
        self.at(now_ms, |cluster| cluster.take_node_sample(row, sample))
    }

    fn take_node_sample(&mut self, row: Row, sample: &Sample) -> Applied {
        let name = self.node_name(row).ok_or_else(|| ClusterError::UnknownNode(format!("row {}", row.0)))?;
        validate::sample(&Object { kind: "node", name }, sample)?;
        self.check_past("when the sample was taken", sample.at_ms)?;
        self.roll();
        let known_ms = self.load.sample(row).map(|(at_ms, ..)| at_ms);
        if self.load.node_sample(row.0, sample, &mut self.pods) {
            self.advance();
            self.newest.of_node(sample.at_ms);
            if known_ms != Some(sample.at_ms) {
                self.node_profiles.sample(row.0, sample, self.nodes.cpu_capacity(row.0));
            }
            self.measured.node_sample(row.0, sample, self.clock_ms);
            self.touch(row.0, Changed::Usage);
        }
        Ok(())
    }

    /// Takes a pod's sample. One that is older than what is there changes nothing, nor does one that comes a second time.
    pub fn pod_sample(&mut self, pod: PodId, sample: &Sample, now_ms: u64) -> Applied {
        self.at(now_ms, |cluster| cluster.take_pod_sample(pod, sample))
    }

    fn take_pod_sample(&mut self, pod: PodId, sample: &Sample) -> Applied {
        let Some((_, name)) = self.pod_name(pod) else { return Err(ClusterError::UnknownPod(format!("#{}", pod.0))) };
        validate::sample(&Object { kind: "pod", name }, sample)?;
        self.check_past("when the sample was taken", sample.at_ms)?;
        self.roll();
        let Some(p) = self.pods.get(pod.0) else { return Ok(()) };
        if p.load.sample.is_some_and(|newest| newest.at_ms >= sample.at_ms) {
            return Ok(());
        }
        if let Some(app) = p.app {
            let request = super::request_milli(&self.pods, p);
            self.apps.observe(app, sample.at_ms, sample.window_ms, sample.cpu_milli, request);
        }
        self.advance();
        self.newest.of_pod(sample.at_ms);
        if let Some(p) = self.pods.get_mut(pod.0) {
            p.load.sample = Some(*sample);
        }
        self.pod_measured(pod.0);
        Ok(())
    }

    fn mark(&mut self, row: u32, mark: Option<&Mark>) {
        self.advance();
        match mark {
            Some(mark) => self.nodes.marks.insert(row, mark.clone()),
            None => self.nodes.marks.remove(&row),
        };
        self.derived.marks_changed();
        self.touch(row, Changed::Mark);
    }
}

/// What is derived from a template before it becomes a class.
struct Derivation {
    requested: Resources,
    scoring: Resources,
    present: [i64; 2],
}

impl Derivation {
    fn into_class(self, template: std::sync::Arc<PodTemplate>, mut intern: impl FnMut(&str) -> u32) -> Class {
        let mut resources = Vec::new();
        let mut list = |amounts: &Resources, pods: bool| {
            let mut list: SmallVec<[Request; 4]> = SmallVec::new();
            for (name, &amount) in amounts.iter().filter(|(name, amount)| **amount > 0 && *name != "pods") {
                let id = intern(name);
                resources.push(id);
                list.push(Request { resource: ResourceId(id as u16), amount: amount as f64 });
            }
            if pods {
                list.push(Request { resource: ResourceId::PODS, amount: 1.0 });
            }
            // The fixed ones first, the others by name as they came: ids depend on history, and nothing that people see may.
            list.sort_by_key(|r| r.resource.min(ResourceId(FIXED_RESOURCES.len() as u16)));
            list
        };
        let requests = list(&self.requested, true);
        let scoring = list(&self.scoring, false).into_boxed_slice();
        let scoring_present = self.present.map(|amount| amount as f64);
        let ports = wanted_ports(&template).next().is_some();
        let resources = resources.into();
        Class { template, requests, scoring, scoring_present, resources, app: None, ports }
    }
}
