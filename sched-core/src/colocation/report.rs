//! What an agent knows of its node at one moment: capacity, reserves, use and requests of every pod, zones.

use super::{Amounts, ColocationError, Each, Priority, Qos, Resource};
use crate::limits::{MAX_CLOCK_SKEW_MS, MAX_PODS, MAX_TIME_MS, MAX_USE_PERCENT, MAX_ZONES, TIME_QUANTUM_MS};

/// A node as one sample window saw it. The order of pods does not matter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct NodeReport {
    /// When the sample window of the uses ended, milliseconds.
    pub at_ms: u64,
    /// What the machine has.
    pub capacity: Amounts,
    /// What kubelet gives to pods; the rest is its own reserve for the system.
    pub allocatable: Amounts,
    /// What the node's owner reserves besides, by annotation.
    pub annotated_reserve: Amounts,
    /// What is used outside of all pods: the system, and host applications of the online classes. See [`system_use`].
    pub system_used: Amounts,
    /// Every pod on the node, the terminating ones included: they keep their room until they are gone. A pod that has a sample
    /// but no specification any more asks for nothing.
    pub pods: Vec<PodReport>,
    /// NUMA zones; none: the node is not divided.
    pub zones: Vec<ZoneReport>,
}

/// One pod of a report.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct PodReport {
    /// What it is called in answers.
    pub name: String,
    /// Its class.
    pub qos: Qos,
    /// Its priority.
    pub priority: Priority,
    /// What it asks for: CPU and memory, for BE and OT of their elastic resources. While it is resized,
    /// [`super::Resize::charged`].
    pub requested: Amounts,
    /// What it used; none while no sample covers it: then it counts with what it asks for.
    pub used: Option<Amounts>,
    /// The zones that it is bound to, equally; none: all of them.
    #[cfg_attr(feature = "serde", serde(default))]
    pub zones: Vec<u32>,
    /// When it started, milliseconds.
    pub started_ms: u64,
    /// Whether it is on its way out: its room is not free yet, but will be.
    pub terminating: bool,
    /// Whether it may be evicted at all.
    pub evictable: bool,
}

impl PodReport {
    /// A pod without a sample that may be evicted, of the least priority.
    pub fn new(name: impl Into<String>, qos: Qos, requested: Amounts) -> Self {
        Self {
            name: name.into(),
            qos,
            priority: Priority::P4,
            requested,
            used: None,
            zones: Vec::new(),
            started_ms: 0,
            terminating: false,
            evictable: true,
        }
    }

    /// The same pod, with a sample.
    #[must_use]
    pub fn using(self, used: Amounts) -> Self {
        Self { used: Some(used), ..self }
    }
}

/// One NUMA zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct ZoneReport {
    /// Its number, as in a pod's zones.
    pub id: u32,
    /// What it has.
    pub capacity: Amounts,
}

/// What is used outside of pods: the node's use less that of its pods, not below 0 (their windows differ a little).
pub fn system_use<'a>(node_used: Amounts, pods: impl IntoIterator<Item = &'a PodReport>) -> Amounts {
    let by_pods = pods.into_iter().filter_map(|pod| pod.used).fold(Each::default(), |sum, used| used.wide().plus(sum));
    node_used.wide().zip(by_pods, |all, pods| all - pods).clamped()
}

impl NodeReport {
    /// What is kept from pods: the larger of kubelet's reserve and the annotated one.
    pub(super) fn reserve(&self) -> Amounts {
        self.capacity.left_after(self.allocatable).larger(self.annotated_reserve)
    }

    /// Checks everything that a formula relies on. Costs a pass over the pods.
    pub(super) fn check(&self, now_ms: u64) -> Result<(), ColocationError> {
        if now_ms > MAX_TIME_MS {
            return Err(ColocationError::Time(now_ms));
        }
        let ahead_ms = self.at_ms.saturating_sub(now_ms);
        if ahead_ms > MAX_CLOCK_SKEW_MS {
            return Err(ColocationError::Ahead { ahead_ms });
        }
        too_many("pods", self.pods.len(), MAX_PODS, "MAX_PODS")?;
        too_many("zones", self.zones.len(), MAX_ZONES, "MAX_ZONES")?;
        self.capacity.check(|| "the node's capacity".into())?;
        self.within(self.allocatable, 100, || "the node's allocatable".into())?;
        self.within(self.annotated_reserve, 100, || "the node's annotated reserve".into())?;
        self.within(self.system_used, MAX_USE_PERCENT, || "the system's use".into())?;
        self.check_zones()?;
        self.pods.iter().try_for_each(|pod| self.check_pod(pod))
    }

    fn check_pod(&self, pod: &PodReport) -> Result<(), ColocationError> {
        pod.requested.check(|| format!("request of pod `{}`", pod.name))?;
        if let Some(used) = pod.used {
            self.within(used, MAX_USE_PERCENT, || format!("use of pod `{}`", pod.name))?;
        }
        let mut seen = pod.zones.iter().enumerate();
        let bad = seen.find(|&(at, zone)| pod.zones.iter().take(at).any(|other| other == zone) || !self.has(*zone));
        bad.map_or(Ok(()), |(_, &zone)| Err(ColocationError::PodZone { pod: pod.name.clone(), zone }))
    }

    fn has(&self, zone: u32) -> bool {
        self.zones.iter().any(|other| other.id == zone)
    }

    fn check_zones(&self) -> Result<(), ColocationError> {
        for (at, zone) in self.zones.iter().enumerate() {
            zone.capacity.check(|| format!("capacity of zone {}", zone.id))?;
            if self.zones.iter().take(at).any(|other| other.id == zone.id) {
                return Err(ColocationError::DuplicateZone(zone.id));
            }
        }
        let all = self.zones.iter().fold(Each::default(), |sum, zone| zone.capacity.wide().plus(sum));
        Resource::ALL.into_iter().try_for_each(|resource| {
            let (zones, node) = (all.of(resource), self.capacity.of(resource));
            let fits = zones <= i128::from(node);
            if fits { Ok(()) } else { Err(ColocationError::ZonesAboveNode { resource, zones, node }) }
        })
    }

    fn within(&self, amounts: Amounts, percent: u32, what: impl Fn() -> String) -> Result<(), ColocationError> {
        amounts.check(&what)?;
        Resource::ALL.into_iter().try_for_each(|resource| {
            let (value, capacity) = (amounts.of(resource), self.capacity.of(resource));
            if value > super::amounts::percent_of(capacity, percent) {
                return Err(ColocationError::AboveCapacity { what: what(), resource, value, capacity });
            }
            Ok(())
        })
    }
}

fn too_many(what: &'static str, count: usize, limit: usize, name: &'static str) -> Result<(), ColocationError> {
    if count > limit { Err(ColocationError::TooMany { what, count, limit, name }) } else { Ok(()) }
}

/// Time in the resolution in which states are kept, after checking that it did not go back.
pub(super) fn seconds(now_ms: u64, last_s: Option<u64>) -> Result<u64, ColocationError> {
    let second = now_ms / TIME_QUANTUM_MS;
    match last_s {
        Some(last) if last > second => {
            Err(ColocationError::TimeBackwards { now_ms, last_ms: last.saturating_mul(TIME_QUANTUM_MS) })
        }
        _ => Ok(second),
    }
}
