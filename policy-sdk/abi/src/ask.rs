//! What a sandboxed policy asks of its host before its first decision, and what it is granted: the texts that cross the
//! boundary then, in JSON.

use crate::{
    Aggregate, Derived, DomainPods, EstimateRule, Label, LabelSelector, Manifest, NodeSelector, PodMatch, ResourceId,
};
use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// One request; see [`crate::Setup`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ask {
    /// A resource's id.
    Resource(String),
    /// A derived column.
    Derive(Derived),
    /// Estimates by a rule.
    Estimate(EstimateRule),
    /// A number about all nodes.
    Aggregate(Aggregate),
    /// The rows that match.
    Nodes(NodeSelector),
    /// Whether pods match.
    Pods(LabelSelector),
    /// A label of nodes.
    Label(String),
    /// Matching pods by the value of a label; as granted before.
    DomainPods(Label, PodMatch),
}

/// What is granted for a request, in the same order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Grant {
    /// The resource's id.
    Resource(ResourceId),
    /// The place of the derived column.
    Derived(u16),
    /// The place of the estimates.
    Estimate(u32),
    /// The number is published.
    Aggregate,
    /// The place of the bitmap.
    Nodes(u16),
    /// The place of the pods' bit.
    Pods(u8),
    /// The label's key among the frame's labels.
    Label(Label),
    /// The counts' key among the frame's.
    DomainPods(DomainPods),
}

/// A policy under its settings.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Configured {
    /// What it says of itself under these settings.
    pub manifest: Manifest,
    /// What it asks for, in order.
    pub asks: Vec<Ask>,
    /// Reasons from the settings.
    pub reasons: Vec<String>,
}
