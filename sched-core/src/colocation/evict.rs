//! Which BE and OT pods go when a shortage lasts: of memory, which cannot be squeezed, and of CPU, when what is left to BE has
//! long been too little of what it asks for. Online pods are never chosen.

use super::amounts::{clamped, percent_of};
use super::error::{below, in_range, percent};
use super::sustained::Sustained;
use super::{Breach, ColocationError, NodeReport, PodReport, Qos, SustainConfig};
use std::cmp::{Ordering, Reverse};

/// When pods are evicted for memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct MemoryConfig {
    /// Use of the node's memory, percent, from which there is a breach. Default 70 (Koordinator's
    /// `memoryEvictThresholdPercent`).
    pub evict_percent: u32,
    /// Use to come down to, percent. Default 68 (Koordinator's `memoryReleaseBufferPercent` below).
    pub release_percent: u32,
    /// How long it must last.
    pub sustain: SustainConfig,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self { evict_percent: 70, release_percent: 68, sustain: SustainConfig::default() }
    }
}

impl MemoryConfig {
    /// Whether every setting is in its range.
    pub fn check(&self) -> Result<(), ColocationError> {
        percent("evictPercent", self.evict_percent)?;
        below(("releasePercent", self.release_percent), ("evictPercent", self.evict_percent))?;
        self.sustain.check()
    }
}

/// When pods are evicted because BE gets too little CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct StarvationConfig {
    /// What BE may use, percent of what it asks for, up to which there is a breach. Default 30; at most 60, as in Koordinator's
    /// `cpuEvictBESatisfactionLowerPercent`.
    pub satisfied_percent: u32,
    /// Percent to come up to. Default 40.
    pub release_percent: u32,
    /// What BE must use of what it may use, percent: who does not want more is not starving. Default 90 (Koordinator's
    /// `cpuEvictBEUsageThresholdPercent`).
    pub busy_percent: u32,
    /// How long it must last.
    pub sustain: SustainConfig,
}

impl Default for StarvationConfig {
    fn default() -> Self {
        Self { satisfied_percent: 30, release_percent: 40, busy_percent: 90, sustain: SustainConfig::default() }
    }
}

impl StarvationConfig {
    /// Whether every setting is in its range.
    pub fn check(&self) -> Result<(), ColocationError> {
        in_range("satisfiedPercent", self.satisfied_percent.into(), 0, 60)?;
        percent("releasePercent", self.release_percent)?;
        percent("busyPercent", self.busy_percent)?;
        below(("satisfiedPercent", self.satisfied_percent), ("releasePercent", self.release_percent))?;
        self.sustain.check()
    }
}

/// A pod to evict.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Victim {
    /// Its name.
    pub name: String,
    /// What that frees: bytes in use, or milli-CPU asked for.
    pub frees: i64,
    /// Why.
    pub because: String,
}

/// A shortage, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Shortage {
    /// How far it has come. From its first sample no BE or OT pod shall be admitted; pods are evicted only once it has lasted.
    pub breach: Breach,
    /// What has to be freed: bytes in use, or milli-CPU asked for.
    pub need: i64,
    /// Which pods to evict, in this order; none unless the breach has lasted.
    pub victims: Vec<Victim>,
}

/// The state of a shortage. Saved and restored it gives the same answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct ShortageState(Sustained);

impl ShortageState {
    /// Whether memory has long been short, and which pods go then: as few of the pods in the order of [`by_memory`] as free what is above
    /// the release level; what pods that are on their way out use counts as freed. Stale samples are no proof.
    ///
    /// # Errors
    /// As [`super::OfferState::step`]; the state is then as it was.
    pub fn memory(
        &mut self,
        config: &MemoryConfig,
        report: &NodeReport,
        now_ms: u64,
    ) -> Result<Shortage, ColocationError> {
        config.check()?;
        report.check(now_ms)?;
        self.check(now_ms)?;
        Ok(self.advance_memory(config, report, now_ms))
    }

    /// Whether BE has long been left too little CPU, and which of its pods go then: as few in the order of [`by_cpu`] as bring
    /// the rest to the release percentage of what it asks for. `limit_milli` is what BE may use:
    /// [`super::Suppression::limit_milli`].
    ///
    /// Source: Koordinator's `calculateResourceMilliToReleaseBySatisfaction`, which frees `(release - satisfied) * request`;
    /// that leaves less than its own release percentage, and what is freed here reaches it.
    ///
    /// # Errors
    /// As [`super::OfferState::step`]; the state is then as it was.
    pub fn starvation(
        &mut self,
        config: &StarvationConfig,
        report: &NodeReport,
        limit_milli: i64,
        now_ms: u64,
    ) -> Result<Shortage, ColocationError> {
        config.check()?;
        report.check(now_ms)?;
        super::Amounts::new(limit_milli, 0).check(|| "the limit of BE".into())?;
        self.check(now_ms)?;
        Ok(self.advance_starvation(config, report, limit_milli, now_ms))
    }

    pub(super) fn check(&self, now_ms: u64) -> Result<(), ColocationError> {
        self.0.check(now_ms)
    }

    pub(super) fn advance_memory(&mut self, config: &MemoryConfig, report: &NodeReport, now_ms: u64) -> Shortage {
        let used = |pod: &PodReport| pod.used.map_or(0, |used| used.memory);
        let all: i128 = report.pods.iter().map(|pod| i128::from(used(pod))).sum();
        let all = all + i128::from(report.system_used.memory);
        let capacity = report.capacity.memory;
        let leaving = report.pods.iter().filter(|pod| pod.terminating).map(|pod| i128::from(used(pod))).sum::<i128>();
        let need = clamped(all - leaving - i128::from(percent_of(capacity, config.release_percent)));
        let breach = capacity > 0 && all * 100 >= i128::from(capacity) * i128::from(config.evict_percent);
        self.decide(&config.sustain, breach, (report.at_ms, now_ms), need, || {
            let because =
                format!("memory in use has long been at or above {}% of {capacity} bytes", config.evict_percent);
            let pick = Pick { need, because, frees: used, order: by_memory };
            pick.from(report.pods.iter().filter(|pod| !pod.qos.online()))
        })
    }

    pub(super) fn advance_starvation(
        &mut self,
        config: &StarvationConfig,
        report: &NodeReport,
        limit_milli: i64,
        now_ms: u64,
    ) -> Shortage {
        let be = || report.pods.iter().filter(|pod| pod.qos == Qos::Be);
        let asked =
            |pods: &mut dyn Iterator<Item = &PodReport>| pods.map(|pod| i128::from(pod.requested.cpu)).sum::<i128>();
        let (requested, leaving) = (asked(&mut be()), asked(&mut be().filter(|pod| pod.terminating)));
        let used: i128 = be().filter_map(|pod| pod.used).map(|used| i128::from(used.cpu)).sum();
        let limit = i128::from(limit_milli);
        let starving = requested > 0
            && limit * 100 <= requested * i128::from(config.satisfied_percent)
            && used * 100 >= limit * i128::from(config.busy_percent);
        let satisfied = limit * 100 / i128::from(config.release_percent.max(1));
        let need = clamped(requested - leaving - satisfied);
        self.decide(&config.sustain, starving, (report.at_ms, now_ms), need, || {
            let because = format!(
                "BE has long been left {limit_milli}m of CPU, at most {}% of the {requested}m it asks for",
                config.satisfied_percent
            );
            Pick { need, because, frees: |pod| pod.requested.cpu, order: by_cpu }.from(be())
        })
    }

    fn decide(
        &mut self,
        sustain: &SustainConfig,
        breach: bool,
        (sample_ms, now_ms): (u64, u64),
        need: i64,
        pick: impl FnOnce() -> Vec<Victim>,
    ) -> Shortage {
        let breach = self.0.observe(sustain, breach, (sample_ms, now_ms));
        let victims = if matches!(breach, Breach::Sustained { .. }) { pick() } else { Vec::new() };
        if !victims.is_empty() {
            self.0.acted(now_ms);
        }
        Shortage { breach, need: if breach == Breach::No { 0 } else { need }, victims }
    }
}

/// How victims are picked.
struct Pick {
    need: i64,
    because: String,
    frees: fn(&PodReport) -> i64,
    order: fn(&PodReport, &PodReport) -> Ordering,
}

impl Pick {
    fn from<'a>(&self, pods: impl Iterator<Item = &'a PodReport>) -> Vec<Victim> {
        let mut pods: Vec<&PodReport> = pods.filter(|pod| pod.evictable && !pod.terminating).collect();
        pods.sort_by(|a, b| (self.order)(a, b));
        let mut left = self.need;
        let mut victims = Vec::new();
        for pod in pods {
            let frees = (self.frees)(pod);
            if left > 0 && frees > 0 {
                left = left.saturating_sub(frees);
                victims.push(Victim { name: pod.name.clone(), frees, because: self.because.clone() });
            }
        }
        victims
    }
}

/// The order in which BE and OT pods go when memory is short: lowest priority first, OT before BE, then most use above what was
/// asked for, then youngest, then by name.
///
/// Source: priority first as in Koordinator's `getSortedBEPodInfos`, which goes on by use; use above requests as in kubelet's
/// `rankMemoryPressure`, which puts it before priority. The youngest loses the least work.
pub fn by_memory(a: &PodReport, b: &PodReport) -> Ordering {
    let above = |pod: &PodReport| pod.used.map_or(0, |used| used.memory).saturating_sub(pod.requested.memory);
    first(a, b).then_with(|| above(b).cmp(&above(a))).then_with(|| last(a, b))
}

/// The order in which BE pods go when CPU is short: lowest priority first, then most use for what was asked for, then youngest,
/// then by name.
///
/// Source: Koordinator's `getBEPodEvictInfoAndSort`.
pub fn by_cpu(a: &PodReport, b: &PodReport) -> Ordering {
    let used = |pod: &PodReport| pod.used.map_or(0, |used| i128::from(used.cpu));
    let asked = |pod: &PodReport| i128::from(pod.requested.cpu.max(1));
    let share = || (used(b) * asked(a)).cmp(&(used(a) * asked(b)));
    first(a, b).then_with(share).then_with(|| last(a, b))
}

fn first(a: &PodReport, b: &PodReport) -> Ordering {
    (b.priority, b.qos).cmp(&(a.priority, a.qos))
}

fn last(a: &PodReport, b: &PodReport) -> Ordering {
    (Reverse(a.started_ms), &a.name).cmp(&(Reverse(b.started_ms), &b.name))
}
