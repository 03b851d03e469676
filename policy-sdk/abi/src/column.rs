//! What a policy can read of the nodes: columns by name, and what it asks for when it is set up.

use crate::changes::Changes;
use crate::measured::{EstimateRule, Unmeasured, UsageOver};
use crate::pod::PodMatch;
use crate::policy::NodeColumns;
use crate::selector::{LabelSelector, NodeSelector};
use alloc::string::String;

/// A resource name, interned by the host. The first few are fixed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(transparent)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct ResourceId(pub u16);

impl ResourceId {
    /// `cpu`, in milli-CPU.
    pub const CPU: Self = Self(0);
    /// `memory`, in bytes.
    pub const MEMORY: Self = Self(1);
    /// `pods`: how many pods the node may hold and holds.
    pub const PODS: Self = Self(2);
    /// `ephemeral-storage`, in bytes.
    pub const EPHEMERAL_STORAGE: Self = Self(3);
}

/// How heat weighs a placement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum HeatMode {
    /// The pod's predicted CPU as a share of the node, in millionths.
    Share,
    /// One placement is one million, whatever its size.
    Count,
}

/// A column that the host keeps because a policy asked for it, with that policy's parameters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase", rename_all_fields = "camelCase")
)]
pub enum Derived {
    /// Heat of recent placements, in millionths (see the cool-down primitive).
    Heat {
        /// How a placement weighs.
        mode: HeatMode,
        /// Time in which heat halves, milliseconds.
        half_life_ms: u64,
    },
    /// Placements within the last `window_ms`, a count.
    RecentBinds {
        /// The window's length, milliseconds.
        window_ms: u64,
    },
    /// Predicted CPU use of the pods on the node, milli-CPU, in a clock hour ahead.
    ForecastCpu {
        /// First minute ahead, a multiple of 60; 0 is the rest of the present clock hour.
        from_min: u32,
        /// `from_min + 60`.
        to_min: u32,
    },
    /// Predicted CPU use of the pods on the node in the present clock hour, milli-CPU; 0 where no application on it has been
    /// sampled yet.
    ProfiledCpu,
    /// Predicted CPU use of the whole machine, the system's included, milli-CPU, from the node's own samples by hour of the day;
    /// where it has none, from those of its pool; 0 where neither has been sampled yet.
    NodeProfileCpu {
        /// Clock hours ahead, up to 7; 0 is the rest of the present one.
        hours_ahead: u8,
        /// Nodes with the same value of this label are a pool; without one all nodes are.
        pool: Option<Label>,
    },
    /// Estimated use of the pods that the node's newest sample does not show.
    Unmeasured(Unmeasured),
    /// A statistic of the samples of the node's use.
    UsageOver(UsageOver),
    /// When that statistic was last taken, milliseconds; -1 where it was not.
    UsageOverAt(UsageOver),
    /// How many of the node's pods were placed within `window_ms` before the last multiple of `refresh_ms`, whole seconds.
    BindsSeen {
        /// The window's length, milliseconds.
        window_ms: u64,
        /// The count is taken at every multiple of this, milliseconds.
        refresh_ms: u64,
    },
    /// Variance of that use, milli-CPU squared; pods of one application vary together.
    ForecastVariance,
    /// Use above a level that is to be expected as the node stands, milli-CPU-hours (see the expected-overload primitive).
    ExpectedOverload(OverloadCurve),
    /// How many of the node's pods, reserved ones included, match a selector asked for in [`Setup::pod_selector`].
    Pods(PodMatch),
}

/// The key by which [`Setup::label`] gives nodes' names: the field selector that Kubernetes has for them.
pub const NODE_NAME_KEY: &str = "metadata.name";

/// A label of nodes that a policy asked for in [`Setup::label`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Label(pub u16);

/// Counts of pods by topology domain that a policy asked for in [`Setup::domain_pods`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct DomainPods(pub u16);

/// What turns predicted use into a cost; see the expected-overload primitive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct OverloadCurve {
    /// Use above this share of the node's capacity is overload, percent.
    pub water_level_percent: u8,
    /// Weight of an hour against the one before it, percent.
    pub hour_decay_percent: u8,
    /// How much of the cluster's room is spent on caution: the half-width of the error that is allowed for, in standard
    /// deviations, is this percentage of the room below the level in standard deviations, within 1..=4.
    pub caution_percent: u16,
    /// Standard deviation that every node has at least, in thousandths of its capacity.
    pub floor_permille: u16,
}

/// Whose samples.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Sampled {
    /// Those of nodes.
    Nodes,
    /// Those of pods.
    Pods,
}

/// A number about all nodes together, published at a quantum.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Aggregate {
    /// The half-width of the error that is allowed for, in standard deviations (see the expected-overload primitive).
    OverloadBand(OverloadCurve),
    /// When the newest of all these samples was taken, milliseconds, floored to the quantum of time; -1 before the first.
    SampledAt(Sampled),
}

/// A column of quantities, one `f64` a row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Column {
    /// What pods may request in all, base units.
    Allocatable(ResourceId),
    /// What the pods on the node request, reserved ones included, base units.
    Requested(ResourceId),
    /// As `Requested`, with kube-scheduler's defaults (100m, 200Mi) for containers that request no CPU or memory;
    /// for other resources the same as `Requested`.
    ScoringRequested(ResourceId),
    /// What the machine physically has, base units.
    Capacity(ResourceId),
    /// The newest sample of the node's use, base units; 0 where there is none.
    Usage(ResourceId),
    /// When that sample was taken, milliseconds; -1 where there is none.
    SampledAt,
    /// Estimated use of pods that the newest sample does not cover, base units.
    Unseen(ResourceId),
    /// A column asked for in [`Setup::derive`].
    Derived(u16),
}

impl Column {
    /// What a manifest names it by.
    #[must_use]
    pub const fn kind(self) -> NodeColumns {
        match self {
            Self::Allocatable(_) => NodeColumns::ALLOCATABLE,
            Self::Requested(_) => NodeColumns::REQUESTED,
            Self::ScoringRequested(_) => NodeColumns::SCORING_REQUESTED,
            Self::Capacity(_) => NodeColumns::CAPACITY,
            Self::Usage(_) => NodeColumns::USAGE,
            Self::SampledAt => NodeColumns::SAMPLED_AT,
            Self::Unseen(_) => NodeColumns::UNSEEN,
            Self::Derived(_) => NodeColumns::DERIVED,
        }
    }
}

/// A column of single bits, packed in words of 64 rows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bits {
    /// Rows that hold a node.
    Live,
    /// `spec.unschedulable`.
    Unschedulable,
    /// Nodes that the embedder marked for elastic pods to stay away from, within the mark's time window.
    Marked,
    /// Rows that match a selector asked for in [`Setup::node_selector`].
    Selector(u16),
}

impl Bits {
    /// What a manifest names it by.
    #[must_use]
    pub const fn kind(self) -> NodeColumns {
        match self {
            Self::Live => NodeColumns::LIVE,
            Self::Unschedulable => NodeColumns::UNSCHEDULABLE,
            Self::Marked => NodeColumns::MARKED,
            Self::Selector(_) => NodeColumns::SELECTORS,
        }
    }
}

/// The bit of `row`; rows beyond the end are 0.
#[inline]
#[must_use]
pub fn bit(bits: &[u64], row: usize) -> bool {
    bits.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
}

/// Clears in `feasible`, whose first bit is row `start` (a multiple of 64), the bits that are not set in `bits`, or with
/// `negated` those that are.
pub fn keep_bits(feasible: &mut [u64], start: usize, bits: &[u64], negated: bool) {
    let here = bits.get(start / 64..).unwrap_or_default().iter().copied();
    for (word, bits) in feasible.iter_mut().zip(here.chain(core::iter::repeat(0))) {
        *word &= if negated { !bits } else { bits };
    }
}

/// The node table as a policy sees it. Slices are indexed by row and may be shorter than the table where the rest is 0.
/// What is read besides [`Nodes::rows`] and [`Nodes::resource_name`] must be named in [`crate::Manifest::columns`].
pub trait Nodes {
    /// The number of rows, dead ones included.
    fn rows(&self) -> usize;
    /// The number of live nodes.
    fn live(&self) -> usize;
    /// The name of a resource; empty for an unknown one.
    fn resource_name(&self, resource: ResourceId) -> &str;
    /// The time of the decision, floored to the host's quantum, in milliseconds.
    fn now_ms(&self) -> u64;
    /// A column of quantities; empty where the host has none.
    fn quantity(&self, column: Column) -> &[f64];
    /// A column of bits; empty where the host has none.
    fn bits(&self, bits: Bits) -> &[u64];
    /// A number about all nodes together; 0 where the host has none.
    fn aggregate(&self, aggregate: Aggregate) -> f64 {
        let _ = aggregate;
        0.0
    }
    /// Per row the id of its list of taints: an index into [`crate::PodView::taints`].
    fn taint_sets(&self) -> &[u32];
    /// Per row the number of the node's value of a label; 0 where the node has no such label. Numbers follow the cluster's
    /// history and are reused: what they stand for is in [`Nodes::label_value`].
    fn label(&self, label: Label) -> &[u32] {
        let _ = label;
        &[]
    }
    /// The value of a label with this number; empty for 0 and for a number that nothing has.
    #[allow(clippy::unnecessary_literal_bound, reason = "of this default alone")]
    fn label_value(&self, label: Label, number: u32) -> &str {
        let _ = (label, number);
        ""
    }
    /// Pods that match, by the number of their node's value of a label: all those of one topology domain. At 0 stand those on
    /// nodes without the label.
    fn domain_pods(&self, pods: DomainPods) -> &[f64] {
        let _ = pods;
        &[]
    }
    /// What changed in the table, for hosts that keep copies of columns; `None` where nobody keeps a log of it.
    fn changes(&self) -> Option<&dyn Changes> {
        None
    }
}

/// Why a policy could not be set up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetupError(pub String);

/// What a policy may ask of its host before its first decision.
pub trait Setup {
    /// The id of a resource name; interned if it is new.
    fn resource(&mut self, name: &str) -> Result<ResourceId, SetupError>;
    /// Asks for a derived column.
    fn derive(&mut self, derived: Derived) -> Result<Column, SetupError>;
    /// Asks for a number about all nodes, which [`Nodes::aggregate`] then gives.
    fn aggregate(&mut self, aggregate: Aggregate) -> Result<(), SetupError> {
        let _ = aggregate;
        Ok(())
    }
    /// Asks for estimates of pods' use by a rule: their place in [`crate::PodView::estimates`].
    fn estimate(&mut self, rule: EstimateRule) -> Result<usize, SetupError>;
    /// Asks for the rows that match a selector.
    fn node_selector(&mut self, selector: &NodeSelector) -> Result<Bits, SetupError>;
    /// Asks whether pods match a selector; answered by [`crate::PodView::is`].
    fn pod_selector(&mut self, selector: &LabelSelector) -> Result<PodMatch, SetupError>;
    /// Asks for a label of nodes, or with [`NODE_NAME_KEY`] for their names.
    fn label(&mut self, key: &str) -> Result<Label, SetupError> {
        Err(SetupError(alloc::format!("this host has no labels, `{key}` is asked for")))
    }
    /// Asks how many pods match a selector in each topology domain: on all nodes with the same value of a label.
    fn domain_pods(&mut self, label: Label, pods: PodMatch) -> Result<DomainPods, SetupError> {
        let _ = (label, pods);
        Err(SetupError(String::from("this host counts no pods by topology domain")))
    }
}
