//! The trait every policy implements, native or sandboxed, and the manifest in which it says what it is.

use crate::{Nodes, PodView, Rows, Setup, SetupError, Verdict};
use alloc::{borrow::Cow, string::String};

/// What a policy's answer for a node may depend on besides pod, configuration and time quantum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Locality {
    /// That node's row alone: answers can be cached row by row.
    RowLocal,
    /// Other rows too: asked for all candidates each time.
    CrossRow,
}

/// The largest score after normalisation.
pub const MAX_SCORE: i64 = 100;

/// The largest raw score of a policy that is normalised; where lowest is best, the least is its negative.
pub const MAX_RAW_SCORE: i64 = 1 << 46;

/// How raw scores become 0..=100 over the candidates of one decision. Divisions truncate, as in kube-scheduler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Normalize {
    /// They are within 0..=100 already.
    None,
    /// `100 * raw / max`; 0 where the maximum is 0.
    Max,
    /// `100 - 100 * raw / max`; 100 where the maximum is 0.
    MaxReversed,
    /// `100 * (max - raw) / (max - min)`, lowest is best; 100 where all are equal.
    MinMaxReversed,
}

impl Normalize {
    /// The least and the largest raw score that the arithmetic takes.
    #[must_use]
    pub const fn range(self) -> (i64, i64) {
        match self {
            Self::None => (0, MAX_SCORE),
            // Scaled by their maximum alone, what is below 0 would leave the range of scores.
            Self::Max | Self::MaxReversed => (0, MAX_RAW_SCORE),
            Self::MinMaxReversed => (-MAX_RAW_SCORE, MAX_RAW_SCORE),
        }
    }
}

/// What fills the `{}` of a reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum ReasonArg {
    /// Nothing: one place in the pod's reason table.
    None,
    /// The name of each resource that the pod requests, but `pods`: as many places in the table, in their order.
    RequestedResource,
    /// One place in the table; explanations add the reason of the node's mark to the text, where there is one.
    Mark,
}

/// An entry of a policy's reason table. For a pod the entries are expanded one after the other; a place in the expanded
/// table is what a [`Verdict`] names.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct ReasonSpec {
    /// The text, as kube-scheduler words it where it has one; `{}` stands for the argument.
    pub text: Cow<'static, str>,
    /// What the argument is.
    pub arg: ReasonArg,
}

impl ReasonSpec {
    /// A reason without an argument.
    #[must_use]
    pub const fn plain(text: &'static str) -> Self {
        Self::with(text, ReasonArg::None)
    }

    /// A reason with an argument.
    #[must_use]
    pub const fn with(text: &'static str, arg: ReasonArg) -> Self {
        Self { text: Cow::Borrowed(text), arg }
    }
}

/// What sets of named bits have in common; a set has its constants, `NAMED` among them, beside this.
macro_rules! set_of_bits {
    ($set:ident) => {
        impl $set {
            /// Both.
            #[must_use]
            pub const fn and(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Whether all of `other` are among these.
            #[must_use]
            pub const fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Their names.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::NAMED.iter().filter(move |(_, bit)| self.has(*bit)).map(|(name, _)| *name)
            }
        }
    };
}

set_of_bits!(PodFields);
set_of_bits!(NodeColumns);

/// Fields of [`PodView`] that the host fills only if a policy of the profile reads them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct PodFields(u32);

impl PodFields {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// `required_nodes`, `named_nodes`, `names_conflict` and `preferred_nodes`.
    pub const NODE_AFFINITY: Self = Self(1);
    /// `taints` and `tolerates_unschedulable`.
    pub const TAINTS: Self = Self(2);
    /// `port_conflicts`.
    pub const PORTS: Self = Self(4);
    /// `images`.
    pub const IMAGES: Self = Self(8);
    /// `forecast_cpu`, `forecast_request`, `forecast_variance` and `same_app_requested`.
    pub const FORECAST: Self = Self(16);
    /// `name` and `namespace`.
    pub const NAME: Self = Self(32);
    /// All of them.
    pub const ALL: Self = Self(63);

    /// Every one with its name, in the order of their bits.
    pub const NAMED: &[(&str, Self)] = &[
        ("nodeAffinity", Self::NODE_AFFINITY),
        ("taints", Self::TAINTS),
        ("ports", Self::PORTS),
        ("images", Self::IMAGES),
        ("forecast", Self::FORECAST),
        ("name", Self::NAME),
    ];
}

/// Kinds of what a policy can read of [`Nodes`]. A host gives a policy the kinds that its manifest names and no others: the
/// columns of any other kind are empty, bits are 0, so is time. A change of what is not named costs the policy nothing.
///
/// ```
/// use sched_abi::{Column, NodeColumns, ResourceId};
/// let reads = NodeColumns::ALLOCATABLE.and(NodeColumns::REQUESTED);
/// assert!(reads.has(Column::Requested(ResourceId::CPU).kind()));
/// assert!(!reads.has(Column::Usage(ResourceId::CPU).kind()));
/// assert_eq!(reads.names().collect::<Vec<_>>(), ["allocatable", "requested"]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct NodeColumns(u32);

impl NodeColumns {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// [`crate::Column::Allocatable`] of every resource.
    pub const ALLOCATABLE: Self = Self(1);
    /// [`crate::Column::Requested`] of every resource.
    pub const REQUESTED: Self = Self(1 << 1);
    /// [`crate::Column::ScoringRequested`] of every resource.
    pub const SCORING_REQUESTED: Self = Self(1 << 2);
    /// [`crate::Column::Capacity`] of every resource.
    pub const CAPACITY: Self = Self(1 << 3);
    /// [`crate::Column::Usage`] of every resource.
    pub const USAGE: Self = Self(1 << 4);
    /// [`crate::Column::SampledAt`].
    pub const SAMPLED_AT: Self = Self(1 << 5);
    /// [`crate::Column::Unseen`] of every resource.
    pub const UNSEEN: Self = Self(1 << 6);
    /// The columns that the policy asked for in [`crate::Setup::derive`].
    pub const DERIVED: Self = Self(1 << 7);
    /// [`crate::Bits::Live`], and [`Nodes::live`].
    pub const LIVE: Self = Self(1 << 8);
    /// [`crate::Bits::Unschedulable`].
    pub const UNSCHEDULABLE: Self = Self(1 << 9);
    /// [`crate::Bits::Marked`].
    pub const MARKED: Self = Self(1 << 10);
    /// The rows that the policy asked for in [`crate::Setup::node_selector`].
    pub const SELECTORS: Self = Self(1 << 11);
    /// [`Nodes::taint_sets`].
    pub const TAINT_SETS: Self = Self(1 << 12);
    /// [`Nodes::aggregate`].
    pub const AGGREGATES: Self = Self(1 << 13);
    /// [`Nodes::now_ms`].
    pub const TIME: Self = Self(1 << 14);
    /// [`Nodes::label`] and [`Nodes::label_value`].
    pub const LABELS: Self = Self(1 << 15);
    /// [`Nodes::domain_pods`].
    pub const DOMAIN_PODS: Self = Self(1 << 16);

    /// All of them.
    pub const ALL: Self = Self((1 << 17) - 1);

    /// Every kind with its name, in the order of their bits.
    pub const NAMED: &[(&str, Self)] = &[
        ("allocatable", Self::ALLOCATABLE),
        ("requested", Self::REQUESTED),
        ("scoringRequested", Self::SCORING_REQUESTED),
        ("capacity", Self::CAPACITY),
        ("usage", Self::USAGE),
        ("sampledAt", Self::SAMPLED_AT),
        ("unseen", Self::UNSEEN),
        ("derived", Self::DERIVED),
        ("live", Self::LIVE),
        ("unschedulable", Self::UNSCHEDULABLE),
        ("marked", Self::MARKED),
        ("selectors", Self::SELECTORS),
        ("taintSets", Self::TAINT_SETS),
        ("aggregates", Self::AGGREGATES),
        ("time", Self::TIME),
        ("labels", Self::LABELS),
        ("domainPods", Self::DOMAIN_PODS),
    ];

    /// Whether any of `other` are among these.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What a policy says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct Manifest {
    /// Its name, as profiles write it.
    pub name: Cow<'static, str>,
    /// Whether it has a filter.
    pub filters: bool,
    /// Whether it scores.
    pub scores: bool,
    /// What of the pod it reads beyond the plain fields.
    pub pod_fields: PodFields,
    /// What of the nodes it reads.
    pub columns: NodeColumns,
    /// What its answers depend on.
    pub locality: Locality,
    /// How its scores are normalised.
    pub normalize: Normalize,
    /// Its reasons.
    pub reasons: Cow<'static, [ReasonSpec]>,
    /// Whether it protects the cluster, so that its failure rejects rather than abstains.
    pub protective: bool,
    /// Whether more free capacity on a node always leaves every feasible node feasible.
    pub monotone: bool,
    /// Whether less room on a node never raises that node's score: more of a resource requested or used, or less of it there,
    /// though not none.
    pub prefers_room: bool,
}

impl Manifest {
    /// A row-local policy that neither filters nor scores yet: a start for the others.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            filters: false,
            scores: false,
            pod_fields: PodFields::NONE,
            columns: NodeColumns::NONE,
            locality: Locality::RowLocal,
            normalize: Normalize::None,
            reasons: Cow::Borrowed(&[]),
            protective: false,
            monotone: true,
            prefers_room: false,
        }
    }
}

/// Whether and how a hook is run for a pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Hook {
    /// Call it.
    #[default]
    Run,
    /// This pod is none of its business: every node passes, and it adds nothing to any score.
    Skip,
    /// Every node has this raw score.
    Constant(i64),
}

/// What `prepare` decided for a pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Prepared {
    /// The filter.
    pub filter: Hook,
    /// The score.
    pub score: Hook,
    /// Rejects the pod on every node at once, with the reason in this place of the table.
    pub reject: Option<u32>,
    /// Only the rows of [`PodView::named_nodes`] are looked at; all others are out before any filter.
    pub narrow: bool,
    /// If no node passes all filters, the decision is made once more without this one.
    pub fall_back: bool,
    /// What it reads is too old to go by: it abstains, whatever else stands here, and a policy that stands in for it is asked.
    pub stale: bool,
}

impl Prepared {
    /// Nothing to do for this pod.
    pub const SKIP: Self = Self { filter: Hook::Skip, score: Hook::Skip, ..Self::RUN };
    /// Both hooks run.
    pub const RUN: Self =
        Self { filter: Hook::Run, score: Hook::Run, reject: None, narrow: false, fall_back: false, stale: false };
    /// What it reads is too old to go by.
    pub const STALE: Self = Self { stale: true, ..Self::SKIP };
}

/// What a policy whose call failed says of every node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum FailureMode {
    /// Rejects them all, with a reason that names the policy.
    Reject,
    /// Nothing: it takes no part in the decision.
    Abstain,
}

/// What a policy did so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Statistics {
    /// Calls of its hooks.
    pub calls: u64,
    /// Rows that they were about.
    pub rows: u64,
    /// Fuel that they took.
    pub fuel: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Decisions that it failed in.
    pub failed_decisions: u64,
    /// It failed too often and is asked no more.
    pub quarantined: bool,
}

/// A filter, a score, or both, over the whole node table at once.
///
/// A policy keeps nothing between calls: what it answers is a function of its configuration, the pod and the columns.
pub trait Policy: Send + Sync {
    /// What the policy is. The same at every call.
    fn manifest(&self) -> Manifest;

    /// Asks the host for columns, resources and selectors, once, before the first decision.
    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        let _ = host;
        Ok(())
    }

    /// Reasons from the configuration; their places in the reason table follow those of the manifest.
    fn configured_reasons(&self) -> &[String] {
        &[]
    }

    /// Looks at the pod once per decision and says what must run. `block` is scratch that the later calls get back.
    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        let _ = (pod, nodes, block);
        Prepared::RUN
    }

    /// Writes a verdict for every row of `rows` to the same place of `out`. Rows without a node may get any answer.
    fn filter(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let _ = (pod, nodes, block, rows);
        out.fill(Verdict::PASS);
    }

    /// A shorter way to the same answer where nobody asks for reasons: clears in `feasible` the bits of rows that
    /// [`Policy::filter`] rejects. The first bit is row `start`, a multiple of 64; bits that are 0 may stay so unseen.
    /// Returns `false`, with nothing done, where a policy has no such way: then `filter` is asked.
    fn filter_bits(
        &self,
        pod: &PodView<'_>,
        nodes: &dyn Nodes,
        block: &[u64; 16],
        start: usize,
        feasible: &mut [u64],
    ) -> bool {
        let _ = (pod, nodes, block, start, feasible);
        false
    }

    /// What stands instead of the policy's answers since the last `prepare`, because a call failed; `None` where none did.
    /// Only sandboxed policies fail.
    fn failure(&self, pod: &PodView<'_>) -> Option<Prepared> {
        let _ = pod;
        None
    }

    /// Why the last call that failed did so.
    fn last_problem(&self) -> Option<String> {
        None
    }

    /// Whether what it scores is known to lie within the range of its normalisation, so that nobody needs to look again.
    fn keeps_range(&self) -> bool {
        false
    }

    /// What the policy did so far, where somebody counts.
    fn statistics(&self) -> Option<Statistics> {
        None
    }

    /// Writes a raw score for every row of `rows` to the same place of `out`.
    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let _ = (pod, nodes, block, rows);
        out.fill(0);
    }
}
