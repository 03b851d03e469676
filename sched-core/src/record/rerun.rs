//! How a record is run again, and what comes of it.

use super::{Difference, RecordError};

/// Whose choices are carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Course {
    /// Those of the record: each decision is compared in the state in which it was made.
    #[default]
    Recorded,
    /// Those of the rerun, which goes its own way after the first difference. Samples are still those of the record, as
    /// if use did not depend on who runs where.
    Own,
}

/// When two decisions are equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Compare {
    /// Node, total, number of feasible nodes, reasons where they were recorded.
    #[default]
    Everything,
    /// The node alone: totals of other policies mean something else.
    Node,
}

/// How a record is run again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RerunOptions {
    /// Whose choices are carried out.
    pub course: Course,
    /// When two decisions are equal.
    pub compare: Compare,
    /// Policies that were replaced while it was recorded are replaced again, by those of the library.
    pub swap: bool,
    /// How many differences are kept, the first ones; all are counted. Each costs an explanation.
    pub keep: usize,
}

impl Default for RerunOptions {
    /// What proves that the recorded policies decide as they did.
    fn default() -> Self {
        Self { course: Course::Recorded, compare: Compare::Everything, swap: true, keep: 1_000 }
    }
}

impl RerunOptions {
    /// What shows how other policies would have decided.
    #[must_use]
    pub fn other_policies() -> Self {
        Self { compare: Compare::Node, swap: false, ..Self::default() }
    }
}

/// What came of a rerun.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rerun {
    /// Entries of the record: events, times, decisions and what followed from them.
    pub entries: u64,
    /// Time of the first entry, milliseconds; 0 where it is a pod that came before any event with a time.
    pub from_ms: u64,
    /// Latest time of an entry.
    pub until_ms: u64,
    /// Decisions that were asked again.
    pub decisions: u64,
    /// Of them those that found a node when they were recorded.
    pub recorded_placed: u64,
    /// Of them those that found a node now.
    pub placed: u64,
    /// Decisions that differ.
    pub different: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
    /// Reservations that succeeded once and fail now, or the other way round.
    pub holds_different: u64,
    /// Decisions that were not asked again, because the rerun's own course had placed the pod before.
    pub settled_before: u64,
    /// FNV-1a (64 bits) over the recorded decisions: pod's name, byte 255, node's name (empty if none), byte 255, time.
    pub recorded_digest: u64,
    /// The same over the decisions now.
    pub digest: u64,
    /// Why the record ends before its time: everything above is about what comes before.
    pub damage: Option<RecordError>,
}

impl Rerun {
    /// Whether everything came out as it was recorded, as far as the record goes.
    pub fn is_equal(&self) -> bool {
        self.different == 0 && self.holds_different == 0
    }
}
