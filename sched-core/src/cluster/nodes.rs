//! The node table: one column a fact, one row a node. Rows are reused; a generation tells a row's tenants apart.

use super::dictionary::Dictionary;
use super::images::ImageIndex;
use super::interner::{Interner, LookUp, look_up};
use super::labels::{LabelIndex, term_meets};
use super::ports::PortIndex;
use super::rowset::set_bit;
use super::spec::{Labels, Mark, NodeSpec, Resources, Taint};
use sched_abi::{NodeSelector, ResourceId, bit};
use smallvec::SmallVec;
use std::{collections::BTreeMap, sync::Arc};

/// The names of the resources with fixed ids, in their order.
pub(crate) const FIXED_RESOURCES: [&str; 4] = ["cpu", "memory", "pods", "ephemeral-storage"];

/// The images of one row, by name, with their sizes.
type RowImages = Box<[(Arc<str>, i64)]>;

/// The columns of one resource.
#[derive(Debug, Default)]
pub(crate) struct ResourceColumns {
    pub(crate) allocatable: Vec<f64>,
    pub(crate) requested: Vec<f64>,
    pub(crate) capacity: Vec<f64>,
}

/// The rows that match a selector of some policy, kept current.
#[derive(Debug)]
pub(crate) struct SelectorRows {
    pub(crate) selector: NodeSelector,
    pub(crate) rows: Vec<u64>,
}

/// The table.
#[derive(Debug)]
pub(crate) struct NodeTable {
    by_name: LookUp<Arc<str>, u32>,
    free: Vec<u32>,
    pub(crate) live: Vec<u64>,
    pub(crate) names: Vec<Option<Arc<str>>>,
    pub(crate) name_hash: Vec<u64>,
    /// How many nodes have lived in the row.
    pub(crate) tenancy: Vec<u32>,
    /// Generation of the cluster at the row's last change.
    pub(crate) changed: Vec<u64>,
    pub(crate) resource_names: Interner<str>,
    pub(crate) resources: Vec<ResourceColumns>,
    row_resources: Vec<SmallVec<[u32; 6]>>,
    /// CPU and memory with the scoring defaults.
    pub(crate) scoring: [Vec<f64>; 2],
    pub(crate) unschedulable: Vec<u64>,
    pub(crate) taint_lists: Interner<[Taint]>,
    pub(crate) taint_set: Vec<u32>,
    pub(crate) labels: LabelIndex,
    row_labels: Vec<SmallVec<[u32; 8]>>,
    pub(crate) images: ImageIndex,
    row_images: Vec<RowImages>,
    pub(crate) ports: PortIndex,
    pub(crate) marks: BTreeMap<u32, Mark>,
    pub(crate) selectors: Vec<SelectorRows>,
    pub(crate) dictionaries: Vec<Dictionary>,
}

/// What of a node an update changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeDelta {
    pub(crate) labels: bool,
    pub(crate) taints: bool,
    pub(crate) unschedulable: bool,
    pub(crate) images: bool,
    pub(crate) resources: SmallVec<[u32; 6]>,
}

impl NodeTable {
    pub(crate) fn new() -> Self {
        let mut table = Self {
            by_name: look_up(),
            free: Vec::new(),
            live: Vec::new(),
            names: Vec::new(),
            name_hash: Vec::new(),
            tenancy: Vec::new(),
            changed: Vec::new(),
            resource_names: Interner::new(),
            resources: Vec::new(),
            row_resources: Vec::new(),
            scoring: [Vec::new(), Vec::new()],
            unschedulable: Vec::new(),
            taint_lists: Interner::new(),
            taint_set: Vec::new(),
            labels: LabelIndex::new(),
            row_labels: Vec::new(),
            images: ImageIndex::new(),
            row_images: Vec::new(),
            ports: PortIndex::default(),
            marks: BTreeMap::new(),
            selectors: Vec::new(),
            dictionaries: Vec::new(),
        };
        for name in FIXED_RESOURCES {
            table.acquire_resource(name);
        }
        // Holds the id 0 for the empty list, which most nodes have.
        table.taint_lists.acquire(&[], |_| Arc::from([]));
        table
    }

    pub(crate) fn rows(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn live_count(&self) -> usize {
        self.by_name.len()
    }

    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn name(&self, row: u32) -> Option<&Arc<str>> {
        self.names.get(row as usize)?.as_ref()
    }

    /// The id of a resource name, held until [`NodeTable::release_resource`].
    pub(crate) fn acquire_resource(&mut self, name: &str) -> u32 {
        let (id, _) = self.resource_names.acquire(name, |n| Arc::from(n));
        if self.resources.len() <= id as usize {
            let zeros = || vec![0.0; self.names.len()];
            self.resources.push(ResourceColumns { allocatable: zeros(), requested: zeros(), capacity: zeros() });
        }
        id
    }

    pub(crate) fn release_resource(&mut self, id: u32) {
        self.resource_names.release(id);
    }

    /// How many of the names would be new.
    pub(crate) fn new_resources<'a>(&self, names: impl Iterator<Item = &'a String>) -> usize {
        let mut new: SmallVec<[&str; 8]> =
            names.map(String::as_str).filter(|n| self.resource_names.find(n).is_none()).collect();
        new.sort_unstable();
        new.dedup();
        new.len()
    }

    pub(crate) fn columns(&self, resource: ResourceId) -> Option<&ResourceColumns> {
        self.resources.get(resource.0 as usize)
    }

    /// Puts a node that is not there yet into a row.
    pub(crate) fn insert(&mut self, node: &NodeSpec) -> u32 {
        let row = self.free.pop().unwrap_or_else(|| self.grow());
        let name: Arc<str> = Arc::from(node.name.as_str());
        self.by_name.insert(Arc::clone(&name), row);
        let at = row as usize;
        set_bit(&mut self.live, at, true);
        put(&mut self.name_hash, at, crate::hash::fnv1a(node.name.as_bytes()));
        put(&mut self.names, at, Some(name));
        if let Some(tenancy) = self.tenancy.get_mut(at) {
            *tenancy += 1;
        }
        self.update(row, node);
        row
    }

    fn grow(&mut self) -> u32 {
        let row = self.names.len() as u32;
        self.names.push(None);
        self.name_hash.push(0);
        self.tenancy.push(0);
        self.changed.push(0);
        for columns in &mut self.resources {
            columns.allocatable.push(0.0);
            columns.requested.push(0.0);
            columns.capacity.push(0.0);
        }
        self.row_resources.push(SmallVec::new());
        self.scoring.iter_mut().for_each(|c| c.push(0.0));
        // Every row holds a list of taints, the empty one at first.
        self.taint_lists.retain(0);
        self.taint_set.push(0);
        self.row_labels.push(SmallVec::new());
        self.row_images.push(Box::default());
        row
    }

    /// Brings a row up to what the node says; what is equal already is left alone.
    pub(crate) fn update(&mut self, row: u32, node: &NodeSpec) -> NodeDelta {
        let at = row as usize;
        let mut delta = NodeDelta {
            unschedulable: set_bit(&mut self.unschedulable, at, node.unschedulable),
            resources: self.update_resources(row, node),
            labels: self.update_labels(row, &node.labels),
            ..NodeDelta::default()
        };
        let (list, _) = self.taint_lists.acquire(&node.taints, |t| Arc::from(t.to_vec()));
        if let Some(set) = self.taint_set.get_mut(at) {
            delta.taints = *set != list;
            self.taint_lists.release(std::mem::replace(set, list));
        }
        delta.images = self.update_images(row, node);
        delta
    }

    fn update_resources(&mut self, row: u32, node: &NodeSpec) -> SmallVec<[u32; 6]> {
        let before = std::mem::take(self.row_resources.get_mut(row as usize).unwrap_or(&mut SmallVec::new()));
        let mut held: SmallVec<[u32; 6]> = SmallVec::new();
        let only_capacity = node.capacity.keys().filter(|name| !node.allocatable.contains_key(*name));
        for name in node.allocatable.keys().chain(only_capacity) {
            held.push(self.acquire_resource(name));
        }
        let mut changed = SmallVec::new();
        for &id in held.iter().chain(before.iter().filter(|id| !held.contains(id))) {
            let Some(name) = self.resource_names.get(id).map(Arc::clone) else { continue };
            let Some(columns) = self.resources.get_mut(id as usize) else { continue };
            let amount = |resources: &Resources| resources.get(&*name).map(|&a| a as f64);
            let allocatable = amount(&node.allocatable).unwrap_or(0.0);
            let capacity = amount(&node.capacity).unwrap_or(allocatable);
            let a = put(&mut columns.allocatable, row as usize, allocatable);
            let c = put(&mut columns.capacity, row as usize, capacity);
            if a || c {
                changed.push(id);
            }
        }
        for id in before {
            self.release_resource(id);
        }
        put(&mut self.row_resources, row as usize, held);
        changed
    }

    fn update_labels(&mut self, row: u32, labels: &Labels) -> bool {
        let Some(held) = self.row_labels.get_mut(row as usize) else { return false };
        let index = &self.labels;
        let same = held.len() == labels.len()
            && held.iter().zip(labels).all(|(&id, (k, v))| index.pair(id) == Some((k.as_str(), v.as_str())));
        if !same {
            // The new pairs are taken before the old ones are given back, so that what stays is not reclaimed in between;
            // a key whose value changes must leave its old pair first, for a row has one value a key.
            for id in std::mem::take(held) {
                self.labels.remove(row, id);
            }
            *held = labels.iter().map(|(k, v)| self.labels.insert(row, k, v)).collect();
        }
        let name = self.names.get(row as usize).and_then(Option::clone);
        for s in &mut self.selectors {
            let alive = name.as_deref().filter(|_| bit(&self.live, row as usize));
            let on =
                alive.is_some_and(|name| selector_meets(&s.selector, name, |key| labels.get(key).map(String::as_str)));
            set_bit(&mut s.rows, row as usize, on);
        }
        for dictionary in &mut self.dictionaries {
            let value = dictionary.value_of(name.as_deref(), |key| labels.get(key).map(String::as_str));
            dictionary.set(row, value);
        }
        !same
    }

    fn update_images(&mut self, row: u32, node: &NodeSpec) -> bool {
        let Some(held) = self.row_images.get_mut(row as usize) else { return false };
        let named = || node.images.iter().flat_map(|i| i.names.iter().map(move |n| (n, i.size_bytes)));
        let same = held.len() == named().count()
            && held.iter().zip(named()).all(|((held, held_size), (n, size))| **held == **n && *held_size == size);
        if !same {
            self.images.remove(row, held);
            *held = self.images.insert(row, &node.images);
        }
        !same
    }

    /// Milli-CPU that a row's machine has; 0 where it says nothing.
    pub(crate) fn cpu_capacity(&self, row: u32) -> i64 {
        let capacity = self.columns(ResourceId::CPU).and_then(|c| c.capacity.get(row as usize)).copied();
        capacity.unwrap_or(0.0) as i64
    }

    /// Frees a row whose pods are gone from it already.
    pub(crate) fn remove(&mut self, row: u32) {
        let at = row as usize;
        self.update(row, &NodeSpec::default());
        set_bit(&mut self.live, at, false);
        for s in &mut self.selectors {
            set_bit(&mut s.rows, at, false);
        }
        for dictionary in &mut self.dictionaries {
            dictionary.set(row, None);
        }
        self.marks.remove(&row);
        if let Some(name) = self.names.get_mut(at).and_then(Option::take) {
            self.by_name.remove(&name);
        }
        self.free.push(row);
    }

    /// Registers a selector; rows that match are kept current from here on.
    pub(crate) fn register_selector(&mut self, selector: &NodeSelector) {
        let mut rows = Vec::new();
        for (row, name) in self.names.iter().enumerate() {
            let Some(name) = name else { continue };
            set_bit(&mut rows, row, selector_meets(selector, name, |key| self.label(row as u32, key)));
        }
        self.selectors.push(SelectorRows { selector: selector.clone(), rows });
    }

    /// Registers a label; its column and dictionary are kept current from here on.
    pub(crate) fn register_label(&mut self, key: &str) {
        let mut dictionary = Dictionary::new(key);
        for (row, name) in (0..).zip(&self.names) {
            dictionary.set(row, dictionary.value_of(name.as_deref(), |key| self.label(row, key)));
        }
        self.dictionaries.push(dictionary);
    }

    /// A label of a row.
    pub(crate) fn label(&self, row: u32, key: &str) -> Option<&str> {
        self.labels_of(row).find(|&(k, _)| k == key).map(|(_, value)| value)
    }

    /// The labels of a row, by key.
    pub(crate) fn labels_of(&self, row: u32) -> impl Iterator<Item = (&str, &str)> {
        self.row_labels.get(row as usize).into_iter().flatten().filter_map(|&id| self.labels.pair(id))
    }

    /// The images of a row: names and sizes.
    pub(crate) fn images_of(&self, row: u32) -> &[(Arc<str>, i64)] {
        self.row_images.get(row as usize).map_or(&[], |b| b)
    }
}

fn selector_meets<'a>(selector: &NodeSelector, name: &str, label: impl Fn(&str) -> Option<&'a str>) -> bool {
    selector.node_selector_terms.iter().any(|term| term_meets(term, name, &label))
}

/// Writes one cell; says whether that changed it.
fn put<T: PartialEq>(column: &mut [T], row: usize, value: T) -> bool {
    let Some(cell) = column.get_mut(row) else { return false };
    let changed = *cell != value;
    *cell = value;
    changed
}
