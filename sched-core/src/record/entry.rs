//! What a record is made of: a header, then entries. The layout of both is the format, described in docs/record.md.

use crate::cluster::{Mark, NodeSpec, PodTemplate, Sample};
use crate::ledger::{GangSpec, LedgerOp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What a record begins with.
pub(super) const MAGIC: [u8; 8] = *b"schedlog";

/// The format that this library writes and reads. It is raised by every change of what is below, and so by every change of the
/// specifications in it: `tests/record/fixture.rs` notices one.
pub const FORMAT_VERSION: u16 = 2;

/// The oldest format that is still read. Entries were only added since, at the end.
pub(super) const OLDEST_VERSION: u16 = 1;

/// What a record says about itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Header {
    /// Version of the library that wrote it.
    pub library: String,
    /// What broke ties; 0 in an anonymised record, whose nodes say themselves how they stand in ties.
    pub seed: u64,
    /// The policies with their weights, in profile order.
    pub policies: Vec<(String, i64)>,
    /// The profile that they were made from, as [`ProfileSet::from_text`](crate::ProfileSet::from_text) reads it.
    pub profile: Option<String>,
    /// Names were taken out.
    pub anonymised: bool,
}

/// A pod or a node as the record numbers it: the numbers that the recording scheduler used.
pub(super) type Number = u32;

/// One thing that happened, at the entry's time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub(super) enum Entry<'a> {
    /// From here on a number means this namespace and template.
    Kind {
        kind: Number,
        namespace: Cow<'a, str>,
        template: Cow<'a, PodTemplate>,
    },
    /// `tie` is what the node's name counts as in ties, where that is not the name's own hash.
    NodeAdded {
        node: Number,
        tie: Option<u64>,
        spec: Cow<'a, NodeSpec>,
    },
    NodeChanged {
        spec: Cow<'a, NodeSpec>,
    },
    NodeRemoved {
        node: Number,
    },
    PodAdded {
        pod: Number,
        kind: Number,
        name: Cow<'a, str>,
        terminating: bool,
    },
    PodChanged {
        pod: Number,
        kind: Number,
        terminating: bool,
    },
    PodBound {
        pod: Number,
        node: Number,
        age_ms: i64,
    },
    PodRemoved {
        pod: Number,
    },
    NodeSample {
        node: Number,
        use_: Use,
    },
    PodSample {
        pod: Number,
        use_: Use,
    },
    Marked {
        node: Number,
        mark: Option<Cow<'a, Mark>>,
    },
    Tick,
    Decided {
        pod: Number,
        answer: Answer,
    },
    /// Every policy was asked about every node; that matters to those that count their failures.
    Looked {
        pod: Number,
    },
    Reserved {
        pod: Number,
        node: Number,
        hold: Hold,
    },
    Committed {
        pod: Number,
    },
    RolledBack {
        pod: Number,
    },
    /// A policy was replaced by that of this profile, if it is one of the library's.
    Swapped {
        profile: Option<String>,
    },
    /// An operation on the ledger; a hold has the node that it got.
    Operated {
        op: Cow<'a, LedgerOp>,
    },
    /// The ledger was restored from lines.
    Restored {
        lines: Cow<'a, str>,
    },
    GangOpened {
        spec: Cow<'a, GangSpec>,
    },
    /// Members of a gang were to get room (`holds`), or that was only asked.
    GangPlaced {
        gang: Cow<'a, str>,
        members: Vec<(Cow<'a, str>, Number)>,
        holds: bool,
        done: bool,
    },
    GangCommitted {
        gang: Cow<'a, str>,
    },
    GangRolledBack {
        gang: Cow<'a, str>,
    },
}

/// A sample, its time as how long ago.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Use {
    age_ms: i64,
    window_ms: u64,
    cpu_milli: i64,
    memory_bytes: i64,
}

impl Use {
    pub(super) fn new(sample: &Sample, now_ms: u64) -> Self {
        let Sample { at_ms, window_ms, cpu_milli, memory_bytes } = *sample;
        Self { age_ms: since(at_ms, now_ms), window_ms, cpu_milli, memory_bytes }
    }

    pub(super) fn sample(self, now_ms: u64) -> Sample {
        let Self { age_ms, window_ms, cpu_milli, memory_bytes } = self;
        Sample { at_ms: before(now_ms, age_ms), window_ms, cpu_milli, memory_bytes }
    }
}

/// What a decision ended with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Node {
        node: Number,
        total: i64,
        feasible: u32,
        fell_back: bool,
    },
    /// For each reason, on how many nodes it stood in the way; none where nobody asked.
    Nowhere {
        reasons: Option<Vec<(String, u32)>>,
    },
}

/// A reservation: which decision it carried out, and whether that succeeded.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Hold {
    /// Nothing had changed since the decision.
    pub(super) current: bool,
    /// The node was still the decision's.
    pub(super) same_node: bool,
    /// How long before the present the decision was made.
    pub(super) age_ms: i64,
    pub(super) fell_back: bool,
    pub(super) done: bool,
}

/// How long ago something was; any two times have one answer, and [`before`] undoes it.
pub(super) fn since(at_ms: u64, now_ms: u64) -> i64 {
    now_ms.wrapping_sub(at_ms) as i64
}

/// The time so long ago.
pub(super) fn before(now_ms: u64, age_ms: i64) -> u64 {
    now_ms.wrapping_sub(age_ms as u64)
}
