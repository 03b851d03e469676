//! Pods and their templates: what each asks for, where it is, and which pods are on a row.

use super::interner::{Interner, LookUp, look_up};
use super::spec::{LabelSelector, PodTemplate};
use sched_abi::Request;
use std::{collections::BTreeMap, sync::Arc};

/// A row of the node table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Row(pub u32);

/// A pod, by its place in the store. Valid while the pod is known; a removed pod's place may be reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct PodId(pub u32);

/// Where a pod stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PodPhase {
    /// It waits for a node.
    Pending,
    /// It holds room, not bound yet.
    Reserved(Row),
    /// It is bound.
    Bound(Row),
    /// Its node left. Should a node of that name come back, the pod is on it again.
    Lost,
}

impl PodPhase {
    /// The row on which the pod holds room.
    pub fn row(self) -> Option<Row> {
        match self {
            Self::Reserved(row) | Self::Bound(row) => Some(row),
            Self::Pending | Self::Lost => None,
        }
    }
}

/// A template with what follows from it.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) template: Arc<PodTemplate>,
    /// Requests without zeros, `pods: 1` among them, in the order of [`sched_abi::PodView::requests`]; also what a pod adds to its node.
    pub(crate) requests: Box<[Request]>,
    /// What resource scoring counts for a pod of this class that is being placed.
    pub(crate) scoring: Box<[Request]>,
    /// CPU and memory that a pod adds to its node's scoring columns.
    pub(crate) scoring_present: [f64; 2],
    /// Resource ids held.
    pub(crate) resources: Box<[u32]>,
}

/// A pod.
#[derive(Debug)]
pub(crate) struct Pod {
    pub(crate) name: Arc<str>,
    pub(crate) namespace: u32,
    pub(crate) class: u32,
    pub(crate) phase: PodPhase,
    pub(crate) terminating: bool,
    /// Its application, and the place in that one's list.
    pub(crate) app: Option<u32>,
    pub(crate) app_place: u32,
    /// Place in its row's list.
    place: u32,
    pub(crate) load: super::load::PodLoad,
}

/// The store.
#[derive(Debug)]
pub(crate) struct PodStore {
    namespaces: Interner<str>,
    by_name: Vec<LookUp<Arc<str>, u32>>,
    slots: Vec<Option<Pod>>,
    free: Vec<u32>,
    count: usize,
    templates: Interner<PodTemplate>,
    classes: Vec<Option<Class>>,
    on_row: Vec<Vec<u32>>,
    /// Selectors of the policies' configurations; a pod's answers are the bits of [`sched_abi::PodView::matches`].
    pub(crate) selectors: Vec<LabelSelector>,
    /// Pods of nodes that left, by the node's name.
    pub(crate) lost: BTreeMap<Arc<str>, Vec<u32>>,
}

impl PodStore {
    pub(crate) fn new() -> Self {
        Self {
            namespaces: Interner::new(),
            by_name: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            count: 0,
            templates: Interner::new(),
            classes: Vec::new(),
            on_row: Vec::new(),
            selectors: Vec::new(),
            lost: BTreeMap::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn class_count(&self) -> usize {
        self.templates.len()
    }

    pub(crate) fn namespace_count(&self) -> usize {
        self.namespaces.len()
    }

    pub(crate) fn find(&self, namespace: &str, name: &str) -> Option<u32> {
        let namespace = self.namespaces.find(namespace)?;
        self.by_name.get(namespace as usize)?.get(name).copied()
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&Pod> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Pod> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    pub(crate) fn class(&self, class: u32) -> Option<&Class> {
        self.classes.get(class as usize)?.as_ref()
    }

    pub(crate) fn class_of(&self, slot: u32) -> Option<&Class> {
        self.class(self.get(slot)?.class)
    }

    pub(crate) fn namespace(&self, id: u32) -> &str {
        self.namespaces.get(id).map_or("", |n| n)
    }

    pub(crate) fn full_name(&self, slot: u32) -> String {
        self.get(slot).map_or_else(String::new, |pod| format!("{}/{}", self.namespace(pod.namespace), pod.name))
    }

    /// All pods, by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Pod)> {
        (0..).zip(&self.slots).filter_map(|(slot, pod)| Some((slot, pod.as_ref()?)))
    }

    /// The pods that hold room on a row.
    pub(crate) fn on_row(&self, row: u32) -> &[u32] {
        self.on_row.get(row as usize).map_or(&[], |v| v)
    }

    /// Registers a selector; the same one twice is one.
    pub(crate) fn register_selector(&mut self, selector: &LabelSelector) -> usize {
        if let Some(known) = self.selectors.iter().position(|s| s == selector) {
            return known;
        }
        self.selectors.push(selector.clone());
        self.selectors.len() - 1
    }

    /// The class of a template if pods of it are known; one more hold of it is taken.
    pub(crate) fn acquire_class(
        &mut self,
        template: &PodTemplate,
        make: impl FnOnce(Arc<PodTemplate>) -> Class,
    ) -> u32 {
        let (id, new) = self.templates.acquire(template, |t| Arc::new(t.clone()));
        if new && let Some(template) = self.templates.get(id) {
            let class = Some(make(Arc::clone(template)));
            match self.classes.get_mut(id as usize) {
                Some(slot) => *slot = class,
                None => self.classes.push(class),
            }
        }
        id
    }

    /// Whether the template is known already.
    pub(crate) fn knows(&self, template: &PodTemplate) -> Option<&Class> {
        self.class(self.templates.find(template)?)
    }

    /// Gives a hold of a class back; returns the class when that was the last.
    pub(crate) fn release_class(&mut self, class: u32) -> Option<Class> {
        self.templates.release(class).then(|| self.classes.get_mut(class as usize)?.take())?
    }

    /// Adds a pod that is not known.
    pub(crate) fn insert(&mut self, namespace: &str, name: &str, class: u32, terminating: bool) -> u32 {
        let (ns, _) = self.namespaces.acquire(namespace, |n| Arc::from(n));
        if self.by_name.len() <= ns as usize {
            self.by_name.resize_with(ns as usize + 1, look_up);
        }
        let name: Arc<str> = Arc::from(name);
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        if let Some(names) = self.by_name.get_mut(ns as usize) {
            names.insert(Arc::clone(&name), slot);
        }
        let load = super::load::PodLoad::default();
        let pod = Some(Pod {
            name,
            namespace: ns,
            class,
            phase: PodPhase::Pending,
            terminating,
            app: None,
            app_place: 0,
            place: 0,
            load,
        });
        match self.slots.get_mut(slot as usize) {
            Some(empty) => *empty = pod,
            None => self.slots.push(pod),
        }
        self.count += 1;
        slot
    }

    /// Forgets a pod that holds no room.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<Pod> {
        let pod = self.slots.get_mut(slot as usize)?.take()?;
        if let Some(names) = self.by_name.get_mut(pod.namespace as usize) {
            names.remove(&pod.name);
            // A map keeps its room when it empties; churn through many namespaces must not add up.
            if names.is_empty() {
                *names = look_up();
            }
        }
        self.namespaces.release(pod.namespace);
        self.free.push(slot);
        self.count -= 1;
        Some(pod)
    }

    /// Takes a lost pod off the list of the node that it waits for.
    pub(crate) fn not_lost(&mut self, slot: u32) {
        if self.get(slot).is_some_and(|pod| pod.phase == PodPhase::Lost) {
            self.lost.retain(|_, slots| {
                slots.retain(|&s| s != slot);
                !slots.is_empty()
            });
        }
    }

    /// Puts a pod on a row's list.
    pub(crate) fn attach(&mut self, slot: u32, phase: PodPhase) {
        let Some(Row(row)) = phase.row() else { return };
        if self.on_row.len() <= row as usize {
            self.on_row.resize_with(row as usize + 1, Vec::new);
        }
        let (Some(list), Some(Some(pod))) = (self.on_row.get_mut(row as usize), self.slots.get_mut(slot as usize))
        else {
            return;
        };
        pod.phase = phase;
        pod.place = list.len() as u32;
        list.push(slot);
    }

    /// Takes a pod off its row's list.
    pub(crate) fn detach(&mut self, slot: u32, phase: PodPhase) {
        let Some(pod) = self.get_mut(slot) else { return };
        let (row, place) = (pod.phase.row(), pod.place as usize);
        pod.phase = phase;
        let Some(list) = row.and_then(|Row(row)| self.on_row.get_mut(row as usize)) else { return };
        if place < list.len() {
            list.swap_remove(place);
        }
        let moved = list.get(place).copied();
        if let Some(pod) = moved.and_then(|slot| self.get_mut(slot)) {
            pod.place = place as u32;
        }
    }
}
