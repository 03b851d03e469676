//! The sandbox's contract, version 1: what a module of WebAssembly exports, and how its host lays out what a call reads and
//! writes. Compiled by both sides, so that each fact is here once; docs/abi.md says the same in words.
//!
//! Addresses are offsets into the module's memory, numbers are little-endian. What a later minor version adds stands at the
//! end of [`Frame`], so that a module of an earlier one reads what it knows.

use crate::{Bits, Column, Hook, ImageRow, NodeNameField, Prepared, QosClass, Request, TaintAnswer};
use bytemuck::{Pod, Zeroable};
use core::mem::offset_of;

/// The major version: a module of another one does not load. It is part of the name of [`export::VERSION`].
pub const MAJOR: u32 = 1;

/// The minor version. A host loads modules of its own and of every earlier one.
///
/// 1.1 added [`export::FILTER_BITS`]; 1.2 what follows [`Frame::prepared`], and what must be asked for to be there; 1.3
/// [`PreparedFrame::stale`], profiles of nodes and times of samples.
pub const MINOR: u32 = 3;

/// Names of what a module exports.
pub mod export {
    /// Its memory.
    pub const MEMORY: &str = "memory";
    /// `() -> i32`: the minor version.
    pub const VERSION: &str = "sched_abi_1";
    /// `() -> i64`: the manifest with default settings as JSON.
    pub const MANIFEST: &str = "sched_manifest";
    /// `(len: i32) -> i32`: room for a text that the host hands over.
    pub const ALLOC: &str = "sched_alloc";
    /// `(ptr: i32, len: i32) -> i64`: takes the settings as JSON, answers with what the policy asks of its host as JSON.
    pub const CONFIGURE: &str = "sched_configure";
    /// `(ptr: i32, len: i32) -> i64`: takes the host's grants as JSON, answers with nothing, or with why it failed.
    pub const SETUP: &str = "sched_setup";
    /// `(frame: i32)`: fills the frame's block and what it prepared.
    pub const PREPARE: &str = "sched_prepare";
    /// `(frame: i32, start: i32, end: i32, list: i32)`: writes a verdict for each row.
    pub const FILTER: &str = "sched_filter";
    /// `(frame: i32, start: i32, words: i32) -> i32`: clears bits; 0 where the policy has no such way.
    pub const FILTER_BITS: &str = "sched_filter_bits";
    /// `(frame: i32, start: i32, end: i32, list: i32)`: writes a raw score for each row.
    pub const SCORE: &str = "sched_score";
}

/// Rows of one call at most; of a list, and of what is written.
pub const MAX_BATCH: usize = 1024;

/// A text's address and length in one number, as functions return it.
#[must_use]
pub const fn pack(ptr: u32, len: u32) -> i64 {
    ((ptr as u64) << 32 | len as u64) as i64
}

/// The address and length in a number.
#[must_use]
pub const fn unpack(packed: i64) -> (u32, u32) {
    ((packed as u64 >> 32) as u32, packed as u32)
}

/// Where an array lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Span {
    /// Its address.
    pub ptr: u32,
    /// How many items it has.
    pub len: u32,
}

/// A column, a bitmap or a name, by its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Slot {
    /// [`column_key`], [`bits_key`] or the id of a resource.
    pub key: u32,
    /// 0.
    pub reserved: u32,
    /// Its values.
    pub values: Span,
}

/// The pod to be placed; see [`crate::PodView`] for what each field means.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct PodFrame {
    /// Of [`crate::Request`].
    pub requests: Span,
    /// Of [`crate::Request`].
    pub scoring_requests: Span,
    /// Words of a bitmap over rows; counts if [`flag::REQUIRED_NODES`] is set.
    pub required_nodes: Span,
    /// Words of a bitmap over rows; counts if [`flag::NAMED_NODES`] is set.
    pub named_nodes: Span,
    /// Of `i64`.
    pub preferred_weights: Span,
    /// Words of bitmaps over rows, `preferred_words` each.
    pub preferred_rows: Span,
    /// Of [`crate::TaintAnswer`].
    pub taints: Span,
    /// Words of a bitmap over rows; counts if [`flag::PORTS`] is set.
    pub port_conflicts: Span,
    /// Of [`crate::ImageRow`].
    pub images: Span,
    /// Of `f64`.
    pub forecast_cpu: Span,
    /// Of `f64`, by row.
    pub same_app_requested: Span,
    /// Of `[f64; 2]`.
    pub estimates: Span,
    /// Milli-CPU.
    pub forecast_request: f64,
    /// Of the ratio of use to request.
    pub forecast_variance: f64,
    /// Milli-CPU, bytes.
    pub estimate: [f64; 2],
    /// A bit for each selector of pods.
    pub matches: u64,
    /// See [`flag`].
    pub flags: u32,
    /// 0 best effort, 1 burstable, 2 guaranteed.
    pub qos: u32,
    /// `spec.priority`.
    pub priority: i32,
    /// 0 any node, 1 the one in `node_name_row`, 2 none that exists.
    pub node_name: u32,
    /// The row of the named node.
    pub node_name_row: u32,
    /// Containers, init containers included.
    pub containers: u32,
    /// Words of each preferred term's bitmap.
    pub preferred_words: u32,
    /// 0.
    pub reserved: u32,
}

/// Bits of [`PodFrame::flags`].
pub mod flag {
    /// Owned by a `DaemonSet`.
    pub const DAEMON_SET: u32 = 1;
    /// No node is named by all terms that must agree.
    pub const NAMES_CONFLICT: u32 = 1 << 1;
    /// Tolerates the taint of unschedulable nodes.
    pub const TOLERATES_UNSCHEDULABLE: u32 = 1 << 2;
    /// Has node selector or required affinity.
    pub const REQUIRED_NODES: u32 = 1 << 3;
    /// Names its nodes one by one.
    pub const NAMED_NODES: u32 = 1 << 4;
    /// Asks for host ports.
    pub const PORTS: u32 = 1 << 5;
}

/// What `prepare` answers; see [`Prepared`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct PreparedFrame {
    /// The raw score that every node has, where `score` is 2.
    pub constant: i64,
    /// 0 run, 1 skip.
    pub filter: u32,
    /// 0 run, 1 skip, 2 constant.
    pub score: u32,
    /// 0, or one more than the place of the reason for which the pod is rejected outright.
    pub reject: u32,
    /// 1: only rows that the pod names.
    pub narrow: u32,
    /// 1: left out where no node passes.
    pub fall_back: u32,
    /// 1: abstains, since what it reads is too old. 0 in modules of a minor version before 3.
    pub stale: u32,
}

/// Everything that a call reads and writes, in the module's memory.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Frame {
    /// The time of the decision, milliseconds, quantised.
    pub now_ms: u64,
    /// Rows of the table.
    pub rows: u32,
    /// Nodes in them.
    pub live: u32,
    /// Of [`Slot`] with columns of `f64`, as many as a power of two: a column is in the slot that [`slot_of`] says, or in one of
    /// the next; a slot without one has [`NO_KEY`].
    pub quantities: Span,
    /// Of [`Slot`] with words of bitmaps.
    pub bits: Span,
    /// Of [`Slot`] with the bytes of resource names.
    pub names: Span,
    /// Of `f64`, in the order in which they were asked for.
    pub aggregates: Span,
    /// Of `u32`, by row.
    pub taint_sets: Span,
    /// Room for the rows of a list, `u32` each.
    pub list: Span,
    /// Room for verdicts, scores or words, 64 bits each.
    pub out: Span,
    /// The pod.
    pub pod: PodFrame,
    /// What `prepare` keeps for the later calls.
    pub block: [u64; 16],
    /// What `prepare` answers.
    pub prepared: PreparedFrame,
    /// Of [`LabelSlot`].
    pub labels: Span,
    /// Of [`Slot`] with counts of pods, `f64` by number of the label's value.
    pub domain_pods: Span,
    /// The pod's name, bytes.
    pub pod_name: Span,
    /// The pod's namespace, bytes.
    pub pod_namespace: Span,
}

/// A label of nodes, by its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct LabelSlot {
    /// The [`crate::Label`].
    pub key: u32,
    /// 0.
    pub reserved: u32,
    /// Of `u32`, by row: numbers of values.
    pub numbers: Span,
    /// Of [`Span`] with the bytes of values, by number.
    pub values: Span,
}

/// The places that docs/abi.md gives: they never move.
const _: () = {
    assert!(offset_of!(Frame, quantities) == 16 && offset_of!(Frame, list) == 56 && offset_of!(Frame, out) == 64);
    assert!(offset_of!(Frame, pod) == 72 && size_of::<PodFrame>() == 168);
    assert!(offset_of!(Frame, block) == 240 && offset_of!(Frame, prepared) == 368 && size_of::<PreparedFrame>() == 32);
    assert!(offset_of!(Frame, labels) == 400 && size_of::<Frame>() == 432 && size_of::<LabelSlot>() == 24);
    assert!(size_of::<Request>() == 16 && offset_of!(Request, amount) == 8);
    assert!(size_of::<ImageRow>() == 16 && offset_of!(ImageRow, scaled_bytes) == 8);
    assert!(size_of::<TaintAnswer>() == 8 && offset_of!(TaintAnswer, untolerated_soft) == 4);
};

/// The key of a slot without a column.
pub const NO_KEY: u32 = u32::MAX;

/// Where a column is looked for first among so many slots, a power of two.
#[inline]
#[must_use]
pub const fn slot_of(key: u32, slots: usize) -> usize {
    // Fibonacci hashing: keys differ in their lowest bits of kind and of id.
    (key.wrapping_mul(0x9e37_79b1) >> 16) as usize & slots.wrapping_sub(1)
}

/// The key of a column.
#[must_use]
pub const fn column_key(column: Column) -> u32 {
    let (kind, id) = match column {
        Column::Allocatable(r) => (0, r.0),
        Column::Requested(r) => (1, r.0),
        Column::ScoringRequested(r) => (2, r.0),
        Column::Capacity(r) => (3, r.0),
        Column::Usage(r) => (4, r.0),
        Column::SampledAt => (5, 0),
        Column::Unseen(r) => (6, r.0),
        Column::Derived(id) => (7, id),
    };
    kind << 16 | id as u32
}

/// The key of a bitmap.
#[must_use]
pub const fn bits_key(bits: Bits) -> u32 {
    let (kind, id) = match bits {
        Bits::Live => (0, 0),
        Bits::Unschedulable => (1, 0),
        Bits::Marked => (2, 0),
        Bits::Selector(id) => (3, id),
    };
    kind << 16 | id as u32
}

impl PreparedFrame {
    /// As a module writes it.
    #[must_use]
    pub const fn new(prepared: Prepared) -> Self {
        let (score, constant) = match prepared.score {
            Hook::Run => (0, 0),
            Hook::Skip => (1, 0),
            Hook::Constant(raw) => (2, raw),
        };
        Self {
            constant,
            filter: matches!(prepared.filter, Hook::Skip) as u32,
            score,
            reject: match prepared.reject {
                Some(place) => place.saturating_add(1),
                None => 0,
            },
            narrow: prepared.narrow as u32,
            fall_back: prepared.fall_back as u32,
            stale: prepared.stale as u32,
        }
    }

    /// As a host reads it; `None` where a field has a value that it cannot have.
    #[must_use]
    pub const fn read(self) -> Option<Prepared> {
        let score = match self.score {
            0 => Hook::Run,
            1 => Hook::Skip,
            2 => Hook::Constant(self.constant),
            _ => return None,
        };
        if self.filter > 1 || self.narrow > 1 || self.fall_back > 1 || self.stale > 1 {
            return None;
        }
        if self.stale == 1 {
            return Some(Prepared::STALE);
        }
        Some(Prepared {
            filter: if self.filter == 0 { Hook::Run } else { Hook::Skip },
            score,
            reject: self.reject.checked_sub(1),
            narrow: self.narrow == 1,
            fall_back: self.fall_back == 1,
            stale: false,
        })
    }
}

impl PodFrame {
    /// The QoS class.
    #[must_use]
    pub const fn qos_class(&self) -> QosClass {
        match self.qos {
            0 => QosClass::BestEffort,
            1 => QosClass::Burstable,
            _ => QosClass::Guaranteed,
        }
    }

    /// `spec.nodeName`.
    #[must_use]
    pub const fn node_name_field(&self) -> NodeNameField {
        match self.node_name {
            0 => NodeNameField::Any,
            1 => NodeNameField::Row(self.node_name_row),
            _ => NodeNameField::Unknown,
        }
    }

    /// Whether a flag is set.
    #[must_use]
    pub const fn is(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}
