//! Pods and their templates: what each asks for, where it is, and which pods are on a row.

use super::interner::{Interner, hasher};
use super::spec::{LabelSelector, PodTemplate};
use super::template_key;
use ahash::RandomState;
use hashbrown::HashTable;
use sched_abi::Request;
use smallvec::SmallVec;
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
    pub(crate) requests: SmallVec<[Request; 4]>,
    /// What resource scoring counts for a pod of this class that is being placed.
    pub(crate) scoring: Box<[Request]>,
    /// CPU and memory that a pod adds to its node's scoring columns.
    pub(crate) scoring_present: [f64; 2],
    /// Resource ids held.
    pub(crate) resources: Box<[u32]>,
    /// The application that the pods of this class belonged to lately, and the namespace that they were in.
    pub(crate) app: Option<(u32, super::apps::AppRef)>,
    /// Whether the template asks for host ports.
    pub(crate) ports: bool,
}

/// The name of a pod. Most fit in line: among a million pods every look into memory counts, and every allocation too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PodName(SmallVec<[u8; 39]>);

impl PodName {
    fn new(name: &str) -> Self {
        Self(SmallVec::from_slice(name.as_bytes()))
    }

    pub(crate) fn as_str(&self) -> &str {
        // It was a string, so it is one.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A pod. The first cache line is what looking it up reads, the second what placing it reads.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Pod {
    pub(crate) name: PodName,
    pub(crate) namespace: u32,
    pub(crate) class: u32,
    pub(crate) phase: PodPhase,
    /// Its application, and the place in that one's list.
    pub(crate) app: Option<u32>,
    pub(crate) app_place: u32,
    /// Place in its row's list.
    place: u32,
    pub(crate) load: super::load::PodLoad,
    pub(crate) terminating: bool,
}

/// The store.
#[derive(Debug)]
pub(crate) struct PodStore {
    namespaces: Interner<str>,
    /// Slots by namespace and name, which are read where the pod is: at a million pods every look into memory counts.
    by_name: HashTable<u32>,
    hasher: RandomState,
    slots: Vec<Option<Pod>>,
    free: Vec<u32>,
    count: usize,
    /// Templates by their bytes; an id is that of a class.
    templates: Interner<[u8]>,
    /// The bytes of the template that was looked up last.
    key: Vec<u8>,
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
            by_name: HashTable::new(),
            hasher: hasher(),
            slots: Vec::new(),
            free: Vec::new(),
            count: 0,
            templates: Interner::new(),
            key: Vec::new(),
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
        let name = name.as_bytes();
        let is = |&slot: &u32| self.get(slot).is_some_and(|pod| pod.namespace == namespace && *pod.name.0 == *name);
        self.by_name.find(self.hash(namespace, name), is).copied()
    }

    fn hash(&self, namespace: u32, name: &[u8]) -> u64 {
        self.hasher.hash_one((namespace, name))
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

    pub(crate) fn class_mut(&mut self, class: u32) -> Option<&mut Class> {
        self.classes.get_mut(class as usize)?.as_mut()
    }

    pub(crate) fn class_of(&self, slot: u32) -> Option<&Class> {
        self.class(self.get(slot)?.class)
    }

    pub(crate) fn namespace(&self, id: u32) -> &str {
        self.namespaces.get(id).map_or("", |n| n)
    }

    pub(crate) fn full_name(&self, slot: u32) -> String {
        self.get(slot)
            .map_or_else(String::new, |pod| format!("{}/{}", self.namespace(pod.namespace), pod.name.as_str()))
    }

    /// All pods, by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Pod)> {
        (0..).zip(&self.slots).filter_map(|(slot, pod)| Some((slot, pod.as_ref()?)))
    }

    /// The pods that hold room on a row.
    pub(crate) fn on_row(&self, row: u32) -> &[u32] {
        self.on_row.get(row as usize).map_or(&[], |v| v)
    }

    /// Registers a selector.
    pub(crate) fn register_selector(&mut self, selector: &LabelSelector) {
        self.selectors.push(selector.clone());
    }

    /// The class of a template, if pods of it are known.
    pub(crate) fn find_class(&mut self, template: &PodTemplate) -> Option<u32> {
        template_key::write(template, &mut self.key);
        self.templates.find(&self.key)
    }

    /// Takes one more hold of a class.
    pub(crate) fn retain_class(&mut self, class: u32) {
        self.templates.retain(class);
    }

    /// Adds the class of the template that was just looked up in vain, with one hold of it.
    pub(crate) fn add_class(&mut self, class: Class) -> u32 {
        let (id, _) = self.templates.acquire(&self.key, |key| Arc::from(key));
        match self.classes.get_mut(id as usize) {
            Some(slot) => *slot = Some(class),
            None => self.classes.push(Some(class)),
        }
        id
    }

    /// Gives a hold of a class back; returns the class when that was the last.
    pub(crate) fn release_class(&mut self, class: u32) -> Option<Class> {
        self.templates.release(class).then(|| self.classes.get_mut(class as usize)?.take())?
    }

    /// Adds a pod that is not known.
    pub(crate) fn insert(&mut self, namespace: &str, name: &str, class: u32, terminating: bool) -> u32 {
        let (ns, _) = self.namespaces.acquire(namespace, |n| Arc::from(n));
        let hash = self.hash(ns, name.as_bytes());
        let name = PodName::new(name);
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        let load = super::load::PodLoad::default();
        let pod = Some(Pod {
            name,
            namespace: ns,
            class,
            phase: PodPhase::Pending,
            app: None,
            app_place: 0,
            place: 0,
            load,
            terminating,
        });
        match self.slots.get_mut(slot as usize) {
            Some(empty) => *empty = pod,
            None => self.slots.push(pod),
        }
        let Self { by_name, hasher, slots, .. } = self;
        let again = |&slot: &u32| {
            let pod = slots.get(slot as usize).and_then(Option::as_ref);
            pod.map_or(0, |pod| hasher.hash_one((pod.namespace, &*pod.name.0)))
        };
        by_name.insert_unique(hash, slot, again);
        self.count += 1;
        slot
    }

    /// Forgets a pod that holds no room.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<Pod> {
        let pod = self.slots.get_mut(slot as usize)?.take()?;
        let hash = self.hash(pod.namespace, &pod.name.0);
        if let Ok(entry) = self.by_name.find_entry(hash, |&other| other == slot) {
            entry.remove();
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
