//! What a scheduling policy and its host agree on, compiled by both: the [`Policy`] trait, the views of nodes and pods
//! that it reads, and the verdicts, scores and reasons that it answers with. No host code and no kernels live here.
#![no_std]

extern crate alloc;

#[cfg(feature = "serde")]
pub mod ask;
mod changes;
mod column;
mod measured;
mod pod;
mod policy;
mod rows;
mod selector;
mod verdict;
pub mod wire;

pub use changes::Changes;
pub use column::{
    Aggregate, Bits, Column, Derived, DomainPods, HeatMode, Label, NODE_NAME_KEY, Nodes, OverloadCurve, ResourceId,
    Sampled, Setup, SetupError, bit, keep_bits,
};
pub use measured::{EstimateRule, Unmeasured, UsageOver};
pub use pod::{ImageRow, NodeNameField, PodMatch, PodView, Preferred, QosClass, Request, TaintAnswer, amount_of};
pub use policy::{
    FailureMode, Hook, Locality, MAX_RAW_SCORE, MAX_SCORE, Manifest, NodeColumns, Normalize, PodFields, Policy,
    Prepared, ReasonArg, ReasonSpec, Statistics,
};
pub use rows::{Rows, bits_where, keep_rows};
pub use selector::{LabelSelector, NodeSelector, Operator, PreferredTerm, Requirement, SelectorTerm};
pub use verdict::{MAX_REASONS, Verdict};
