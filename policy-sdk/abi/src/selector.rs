//! Selectors as Kubernetes means them: of nodes, an OR of terms, each an AND of requirements over labels and fields; of
//! pods, an AND of pairs and requirements over labels.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

/// How a requirement compares.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Operator {
    /// The value is one of `values`.
    In,
    /// The value is none of `values`, or the key is absent.
    NotIn,
    /// The key is present.
    Exists,
    /// The key is absent.
    DoesNotExist,
    /// The value is an integer above the one in `values`.
    Gt,
    /// The value is an integer below the one in `values`.
    Lt,
}

/// One comparison of a label (or, in `match_fields`, of `metadata.name`).
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// How to compare.
    pub operator: Operator,
    /// What to compare with; empty for `Exists` and `DoesNotExist`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub values: Vec<String>,
}

/// All requirements must hold; a term without any matches nothing (kube-scheduler's rule).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct SelectorTerm {
    /// Over labels.
    pub match_expressions: Vec<Requirement>,
    /// Over fields; only `metadata.name` with `In` or `NotIn` exists.
    pub match_fields: Vec<Requirement>,
}

/// Any term may hold; a selector without terms matches nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct NodeSelector {
    /// The alternatives.
    pub node_selector_terms: Vec<SelectorTerm>,
}

/// A term that is worth `weight` (1..=100) where it matches.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct PreferredTerm {
    /// What a match is worth.
    pub weight: i32,
    /// What to match.
    pub preference: SelectorTerm,
}

/// A selector over labels of pods: all must hold; one without requirements matches every pod.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct LabelSelector {
    /// Exact pairs.
    pub match_labels: BTreeMap<String, String>,
    /// Requirements; `Gt` and `Lt` are not allowed here.
    pub match_expressions: Vec<Requirement>,
}
