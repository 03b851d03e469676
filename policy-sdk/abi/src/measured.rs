//! What a policy can ask its host about measured use: statistics over past samples, and estimates for pods that the samples
//! do not show yet.

use crate::column::ResourceId;

/// How the use of a pod is estimated from what its containers ask for: whole milli-CPU and bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase", rename_all_fields = "camelCase")
)]
pub enum EstimateRule {
    /// The larger of the pod's total request and total limit, times a factor, rounded, and at most the limit.
    /// Both arrays are CPU, then memory.
    PodTotal {
        /// The factor in percent; a resource without one is estimated at 0.
        percent: [Option<u16>; 2],
        /// The estimate where neither request nor limit is above 0.
        absent: [u32; 2],
    },
    /// CPU alone: per container, init containers aside, its limit, else its request times a factor, rounded, else a
    /// constant; and the pod's overhead.
    EachContainer {
        /// The bits of the factor, see [`f64::to_bits`].
        factor_bits: u64,
        /// The estimate of a container with neither limit nor request, milli-CPU.
        absent_milli: u32,
    },
}

/// Per node, the estimated use of the pods that its newest sample does not show: those placed less than a window before the
/// sample was taken, or after it. Times are compared in whole seconds. Base units, at most 2^46.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct Unmeasured {
    /// How a pod's use is estimated.
    pub rule: EstimateRule,
    /// CPU or memory.
    pub resource: ResourceId,
    /// The window, milliseconds.
    pub window_ms: u64,
    /// The sample's own window is taken instead, where it has one.
    pub own_window: bool,
    /// A pod counts by how far its estimate exceeds its own newest sample; and a pod without one is not shown, whenever
    /// it was placed, if other pods of the node have samples.
    pub minus_measured: bool,
}

/// Per node, a statistic of the samples of its use, as a monitoring system would have it that is asked at every multiple of
/// `refresh_ms`. Base units; -1 before the first sample.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct UsageOver {
    /// CPU or memory.
    pub resource: ResourceId,
    /// Samples taken within so many milliseconds before the newest one are averaged.
    pub mean_ms: u64,
    /// The greatest of such averages within so many milliseconds before the newest sample; 0: the newest average alone.
    pub max_ms: u64,
    /// Samples count from the first multiple of this on that is not before their arrival; the first ones of a node at once.
    pub refresh_ms: u64,
}
