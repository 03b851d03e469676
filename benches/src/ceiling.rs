//! The ceiling of a decision: one pass over the columns that it reads, which only adds them up. Which columns these are is
//! recorded from the policies themselves, and they are summed where they lie, in the very cluster that decides.

use sched_core::abi::{
    Bits, Column, Manifest, Nodes, PodView, Policy, Prepared, ReasonSpec, ResourceId, Rows, Setup, SetupError, Verdict,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{hint::black_box, time::Instant};

/// Columns that a decision reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Columns of quantities, 8 bytes a node each.
    pub quantities: Vec<Column>,
    /// Columns of bits; the pipeline itself reads which rows live.
    pub bits: Vec<Bits>,
    /// Whether the column of taint lists is read, 4 bytes a node.
    pub taints: bool,
}

impl Reads {
    /// Bytes that a pass touches for each node.
    pub fn bytes_per_node(&self) -> f64 {
        8.0 * self.quantities.len() as f64 + 0.125 * self.bits.len() as f64 + if self.taints { 4.0 } else { 0.0 }
    }

    /// Adds all of them up.
    fn sum(&self, nodes: &dyn Nodes) -> f64 {
        let quantities: f64 = self.quantities.iter().map(|&column| sum(nodes.quantity(column))).sum();
        let bits: u32 = self.bits.iter().flat_map(|&bits| nodes.bits(bits)).map(|word| word.count_ones()).sum();
        let taints: u32 = if self.taints { nodes.taint_sets().iter().fold(0, |a, &id| a.wrapping_add(id)) } else { 0 };
        quantities + f64::from(bits) + f64::from(taints)
    }
}

/// The sum of a column in eight lanes, so that the loop is bound by memory and not by the latency of one addition.
fn sum(column: &[f64]) -> f64 {
    let (chunks, rest) = column.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().chain(rest).sum()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the measurement tells the [`Ceiling`], and what that answers.
#[derive(Debug, Default)]
pub struct Switch {
    columns: Mutex<Option<Reads>>,
    nanos: Mutex<f64>,
}

impl Switch {
    /// From now on decisions add these columns up and do nothing else; `None`: they decide again.
    pub fn set(&self, columns: Option<Reads>) {
        *lock(&self.columns) = columns;
    }

    /// How long the last pass took.
    pub fn nanos(&self) -> f64 {
        *lock(&self.nanos)
    }
}

/// A policy that does nothing, or, while it is switched on, adds columns up and rejects the pod before anything else runs.
#[derive(Debug)]
pub struct Ceiling(pub Arc<Switch>);

impl Policy for Ceiling {
    fn manifest(&self) -> Manifest {
        Manifest { reasons: const { &[ReasonSpec::plain("only adding up")] }.into(), ..Manifest::new("Ceiling") }
    }

    fn prepare(&self, _: &PodView<'_>, nodes: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let columns = lock(&self.0.columns);
        let Some(reads) = &*columns else { return Prepared::SKIP };
        let start = Instant::now();
        black_box(reads.sum(nodes));
        *lock(&self.0.nanos) = start.elapsed().as_nanos() as f64;
        Prepared { reject: Some(0), ..Prepared::SKIP }
    }
}

/// A policy that writes down which columns another one reads.
pub struct Recorder {
    /// The other one.
    pub inner: Box<dyn Policy>,
    /// What it read.
    pub reads: Arc<Mutex<Reads>>,
}

impl Recorder {
    /// What has been read since the last call, in a fixed order.
    pub fn take(reads: &Mutex<Reads>) -> Reads {
        let mut reads = std::mem::take(&mut *lock(reads));
        note(&mut reads.bits, Bits::Live);
        reads.quantities.sort_by_key(|column| format!("{column:?}"));
        reads.bits.sort_by_key(|bits| format!("{bits:?}"));
        reads
    }
}

fn note<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

impl Policy for Recorder {
    fn manifest(&self) -> Manifest {
        self.inner.manifest()
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.inner.setup(host)
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        self.inner.prepare(pod, &Watched { nodes, reads: &self.reads }, block)
    }

    fn filter(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        self.inner.filter(pod, &Watched { nodes, reads: &self.reads }, block, rows, out);
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        self.inner.score(pod, &Watched { nodes, reads: &self.reads }, block, rows, out);
    }
}

/// The node table, with a note of each column that is taken from it.
struct Watched<'a> {
    nodes: &'a dyn Nodes,
    reads: &'a Mutex<Reads>,
}

impl Nodes for Watched<'_> {
    fn rows(&self) -> usize {
        self.nodes.rows()
    }

    fn live(&self) -> usize {
        self.nodes.live()
    }

    fn resource_name(&self, resource: ResourceId) -> &str {
        self.nodes.resource_name(resource)
    }

    fn now_ms(&self) -> u64 {
        self.nodes.now_ms()
    }

    fn quantity(&self, column: Column) -> &[f64] {
        note(&mut lock(self.reads).quantities, column);
        self.nodes.quantity(column)
    }

    fn bits(&self, bits: Bits) -> &[u64] {
        note(&mut lock(self.reads).bits, bits);
        self.nodes.bits(bits)
    }

    fn taint_sets(&self) -> &[u32] {
        lock(self.reads).taints = true;
        self.nodes.taint_sets()
    }
}
