//! The state of a cluster in columns, changed by events and read by decisions. What a change means for each table is
//! written here; the tables themselves are in the files beside.

mod apply;
mod apps;
mod columns;
mod dictionary;
mod dump;
mod estimate;
mod forecast;
mod heat;
mod history;
mod images;
mod interner;
mod journal;
mod labels;
mod load;
mod measured;
mod node_profiles;
mod nodes;
mod placement;
mod pods;
mod ports;
mod requests;
mod rowset;
mod spec;
mod template_key;
mod validate;

pub use dump::Stats;
pub use journal::{Change, Changed, Journal};
pub use pods::{PodId, PodPhase, Row};
pub use spec::*;

pub(crate) use columns::{Snapshot, check_derived};
pub(crate) use forecast::{request_milli, share};
#[cfg(feature = "record")]
pub(crate) use interner::{LookUp, hasher, look_up};
pub(crate) use labels::pod_meets;
pub(crate) use pods::Class;
pub(crate) use ports::wanted as wanted_ports;
pub(crate) use rowset::ones;
pub(crate) use validate::{
    label_key as check_label_key, pod_selector as check_pod_selector, selector as check_selector,
};

use apps::AppTable;
use columns::DerivedColumns;
use forecast::Forecast;
use load::{NewestSamples, NodeLoad};
use measured::Measured;
use node_profiles::NodeProfiles;
use nodes::NodeTable;
use pods::PodStore;

/// A cluster: nodes, pods, samples and marks.
///
/// One writer changes it through [`Cluster::apply`]; a refused event leaves it as it was. Columns hold whole numbers in
/// `f64`, exact within [`crate::limits::MAX_QUANTITY`].
///
/// ```
/// use sched_core::{Cluster, Event, NodeSpec};
/// let mut cluster = Cluster::new();
/// let node = NodeSpec { name: "a".into(), allocatable: [("cpu".into(), 4_000)].into(), ..NodeSpec::default() };
/// cluster.apply(&Event::NodeAdded(node.clone()), 0)?;
/// assert!(cluster.apply(&Event::NodeAdded(node), 0).is_err());
/// assert_eq!(cluster.node_count(), 1);
/// # Ok::<(), sched_core::ClusterError>(())
/// ```
#[derive(Debug)]
pub struct Cluster {
    pub(crate) nodes: NodeTable,
    pub(crate) pods: PodStore,
    pub(crate) load: NodeLoad,
    pub(crate) apps: AppTable,
    pub(crate) forecast: Forecast,
    pub(crate) derived: DerivedColumns,
    pub(crate) measured: Measured,
    pub(crate) node_profiles: NodeProfiles,
    newest: NewestSamples,
    journal: Journal,
    generation: u64,
    /// The newest time that an accepted event came with. Time never goes back: an earlier one counts as this.
    clock_ms: u64,
}

impl Default for Cluster {
    fn default() -> Self {
        Self::new()
    }
}

impl Cluster {
    /// An empty cluster.
    pub fn new() -> Self {
        Self {
            nodes: NodeTable::new(),
            pods: PodStore::new(),
            load: NodeLoad::default(),
            apps: AppTable::new(),
            forecast: Forecast::default(),
            derived: DerivedColumns::default(),
            measured: Measured::default(),
            node_profiles: NodeProfiles::default(),
            newest: NewestSamples::default(),
            journal: Journal::default(),
            generation: 0,
            clock_ms: 0,
        }
    }

    /// The number of nodes.
    pub fn node_count(&self) -> usize {
        self.nodes.live_count()
    }

    /// The number of pods, wherever they stand.
    pub fn pod_count(&self) -> usize {
        self.pods.len()
    }

    /// The row of a node.
    pub fn row_of(&self, node: &str) -> Option<Row> {
        self.nodes.find(node).map(Row)
    }

    /// The name of the node in a row.
    pub fn node_name(&self, row: Row) -> Option<&str> {
        self.nodes.name(row.0).map(|name| &**name)
    }

    /// A pod by name.
    pub fn pod_id(&self, namespace: &str, name: &str) -> Option<PodId> {
        self.pods.find(namespace, name).map(PodId)
    }

    /// Where a pod stands.
    pub fn pod_phase(&self, pod: PodId) -> Option<PodPhase> {
        self.pods.get(pod.0).map(|p| p.phase)
    }

    /// Namespace and name of a pod.
    pub fn pod_name(&self, pod: PodId) -> Option<(&str, &str)> {
        self.pods.get(pod.0).map(|p| (self.pods.namespace(p.namespace), p.name.as_str()))
    }

    /// The rows that hold a node, ascending.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        ones(&self.nodes.live).map(Row)
    }

    /// The pods that hold room on a row, in no particular order.
    pub fn pods_on(&self, row: Row) -> impl Iterator<Item = PodId> {
        self.pods.on_row(row.0).iter().map(|&slot| PodId(slot))
    }

    /// Counts every accepted change.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The generation of the cluster at a row's last change, or `None` if the row holds no node.
    pub fn row_generation(&self, row: Row) -> Option<u64> {
        self.nodes.name(row.0).and_then(|_| self.nodes.changed.get(row.0 as usize).copied())
    }

    /// How many nodes have lived in a row, the present one included; `None` if the row holds no node.
    pub fn tenancy(&self, row: Row) -> Option<u32> {
        self.nodes.name(row.0).and_then(|_| self.nodes.tenancy.get(row.0 as usize).copied())
    }

    /// What changed, for consumers that keep a copy.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Allocatable, requested and capacity of a resource on a node, base units; zeros for an unknown resource.
    pub fn amounts(&self, row: Row, resource: &str) -> [i64; 3] {
        let id = self.nodes.resource_names.find(resource);
        let Some(columns) = id.and_then(|id| self.nodes.resources.get(id as usize)) else { return [0; 3] };
        [&columns.allocatable, &columns.requested, &columns.capacity]
            .map(|column| column.get(row.0 as usize).map_or(0, |&amount| amount as i64))
    }

    /// The newest sample of a node's use: when its window ended, milli-CPU, bytes.
    pub fn usage(&self, row: Row) -> Option<(u64, i64, i64)> {
        self.load.sample(row).map(|(at, cpu, memory)| (at, cpu as i64, memory as i64))
    }

    /// Whether nothing has been applied yet.
    #[cfg(feature = "record")]
    pub(crate) fn is_untouched(&self) -> bool {
        self.generation == 0 && self.clock_ms == 0
    }

    /// The newest time that an accepted event came with.
    #[cfg(feature = "record")]
    pub(crate) fn clock_ms(&self) -> u64 {
        self.clock_ms
    }

    /// Lets a node stand in ties as one whose name has this hash.
    #[cfg(feature = "record")]
    pub(crate) fn set_tie(&mut self, row: Row, hash: u64) {
        if let Some(own) = self.nodes.name_hash.get_mut(row.0 as usize) {
            *own = hash;
        }
    }

    /// An event was accepted and is about to change something.
    fn advance(&mut self) {
        self.roll();
        self.generation += 1;
    }

    fn touch(&mut self, row: u32, column: Changed) {
        self.journal.push(row, column);
        if let Some(changed) = self.nodes.changed.get_mut(row as usize) {
            *changed = self.generation;
        }
    }
}
