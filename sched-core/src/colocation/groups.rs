//! What the control groups of a pod say by its class: identity, quota and burst, weight, memory protection and throttling.

use super::amounts::percent_of;
use super::error::percent;
use super::setting::{MIN_QUOTA_US, PERIOD_US, check_group};
use super::{CgroupFile, ColocationError, Level, Qos, Wanted};
use crate::limits::MAX_QUANTITY;

/// How a kernel is told that one group goes before another, beyond weights.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Identity {
    /// `cpu.idle` for OT: any kernel since 5.15.
    #[default]
    Idle,
    /// `cpu.bvt_warp_ns`, group identity: 2 online, -1 BE and OT (as Koordinator's `groupIdentity`). Kernels of Anolis and
    /// Alibaba Cloud.
    Bvt,
}

/// A percentage for each class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct ByQos {
    /// Of LSX.
    pub lsx: u32,
    /// Of LSR.
    pub lsr: u32,
    /// Of LS.
    pub ls: u32,
    /// Of BE.
    pub be: u32,
    /// Of OT.
    pub ot: u32,
}

impl ByQos {
    const fn of(self, qos: Qos) -> u32 {
        match qos {
            Qos::Lsx => self.lsx,
            Qos::Lsr => self.lsr,
            Qos::Ls => self.ls,
            Qos::Be => self.be,
            Qos::Ot => self.ot,
        }
    }

    fn check(self, setting: &'static str) -> Result<(), ColocationError> {
        Qos::ALL.into_iter().try_for_each(|qos| percent(setting, self.of(qos)))
    }
}

/// What control groups say. By default only identity, quota and weight.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct GroupConfig {
    /// What the kernel understands.
    pub identity: Identity,
    /// How much unused quota a pod may save up for a burst, percent of its quota; the kernel takes no more than 100. Only LS has
    /// both quota and burst. Default 0.
    pub burst_percent: u32,
    /// Memory that is never reclaimed (`memory.min`), percent of the request. Default 0.
    pub memory_min_percent: ByQos,
    /// Memory that is reclaimed last (`memory.low`), percent of the request. Default 0.
    pub memory_low_percent: ByQos,
    /// Where reclaim throttles the pod (`memory.high`), percent of the limit. Default 0: nowhere.
    pub memory_high_percent: ByQos,
}

impl GroupConfig {
    /// Whether every setting is in its range.
    pub fn check(&self) -> Result<(), ColocationError> {
        percent("burstPercent", self.burst_percent)?;
        self.memory_min_percent.check("memoryMinPercent")?;
        self.memory_low_percent.check("memoryLowPercent")?;
        self.memory_high_percent.check("memoryHighPercent")
    }
}

/// What a pod or a container asks for: milli-CPU and bytes; of BE and OT their elastic resources.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct Asks {
    /// CPU it counts on.
    pub cpu_request: i64,
    /// CPU it may use at most.
    pub cpu_limit: Option<i64>,
    /// Memory it counts on.
    pub memory_request: i64,
    /// Memory it may use at most.
    pub memory_limit: Option<i64>,
}

impl Asks {
    pub(super) fn check(&self, cgroup: &str) -> Result<(), ColocationError> {
        let request = super::Amounts::new(self.cpu_request, self.memory_request);
        let limit = super::Amounts::new(self.cpu_limit.unwrap_or(0), self.memory_limit.unwrap_or(0));
        request.check(|| format!("request of `{cgroup}`"))?;
        limit.check(|| format!("limit of `{cgroup}`"))
    }
}

/// What the control group of a pod or container shall say by its class and what it asks for.
///
/// # Errors
/// Settings out of range, quantities out of range, and a group whose path leads elsewhere.
pub fn group(config: &GroupConfig, cgroup: &str, qos: Qos, asks: &Asks) -> Result<Vec<Wanted>, ColocationError> {
    config.check()?;
    check_group(cgroup)?;
    asks.check(cgroup)?;
    Ok(wanted(config, cgroup, qos, asks))
}

pub(super) fn wanted(config: &GroupConfig, cgroup: &str, qos: Qos, asks: &Asks) -> Vec<Wanted> {
    let mut all = Vec::new();
    let mut want = |file: CgroupFile, to: Level, because: String| {
        all.push(Wanted { cgroup: cgroup.into(), file, to, because });
    };
    let (quota, because) = quota(qos, asks);
    want(CgroupFile::CpuMax, quota, because);
    if let (Qos::Ls, Level::Amount(quota), 1..) = (qos, quota, config.burst_percent) {
        let because = format!("LS may save up {}% of its quota", config.burst_percent);
        want(CgroupFile::CpuBurst, Level::Amount(percent_of(quota, config.burst_percent)), because);
    }
    let idle = config.identity == Identity::Idle && qos == Qos::Ot;
    if !idle {
        // The kernel refuses a weight where `cpu.idle` is set.
        let because = format!("{qos} asks for {}m", asks.cpu_request);
        want(CgroupFile::CpuWeight, Level::Amount(weight(qos, asks.cpu_request)), because);
    }
    match config.identity {
        Identity::Idle => want(CgroupFile::CpuIdle, Level::Amount(idle.into()), format!("{qos} {}", runs(idle))),
        Identity::Bvt => {
            let identity = if qos.online() { 2 } else { -1 };
            want(CgroupFile::CpuIdentity, Level::Amount(identity), format!("of the group identity of {qos}"));
        }
    }
    memory(config, qos, asks, &mut want);
    all
}

const fn runs(idle: bool) -> &'static str {
    if idle { "runs only when nothing else does" } else { "does not wait for all others" }
}

fn quota(qos: Qos, asks: &Asks) -> (Level, String) {
    match (qos, asks.cpu_limit) {
        (Qos::Lsx | Qos::Lsr, _) => (Level::Unlimited, format!("the cores of {qos} are its own")),
        (_, None) => (Level::Unlimited, format!("{qos} has no limit of CPU")),
        (_, Some(limit)) => {
            let quota = (limit.min(MAX_QUANTITY) * (PERIOD_US / 1_000)).max(MIN_QUOTA_US);
            (Level::Amount(quota), format!("{qos} is limited to {limit}m"))
        }
    }
}

/// `1 + (shares - 2) * 9999 / 262142` where `shares = request * 1024 / 1000`, within 2..=262144; that of OT is 1.
///
/// Source: KEP-2254, cgroup v2 (`cpu.shares` to `cpu.weight`).
fn weight(qos: Qos, request_milli: i64) -> i64 {
    if qos == Qos::Ot {
        return 1;
    }
    let shares = (request_milli.min(256_000) * 1_024 / 1_000).clamp(2, 262_144);
    1 + (shares - 2) * 9_999 / 262_142
}

fn memory(config: &GroupConfig, qos: Qos, asks: &Asks, want: &mut impl FnMut(CgroupFile, Level, String)) {
    let high = match (asks.memory_limit, config.memory_high_percent.of(qos)) {
        (Some(limit), percent @ 1..) => Some((percent_of(limit, percent), percent)),
        _ => None,
    };
    let top = high.map(|(high, _)| high).or(asks.memory_limit).unwrap_or(MAX_QUANTITY);
    let (limit, because) = match asks.memory_limit {
        Some(limit) => (Level::Amount(limit), format!("{qos} is limited to {limit} bytes")),
        None => (Level::Unlimited, format!("{qos} has no limit of memory")),
    };
    want(CgroupFile::MemoryMax, limit, because);
    let (high, because) = match high {
        Some((high, percent)) => (Level::Amount(high), format!("{qos} is throttled from {percent}% of its limit")),
        None => (Level::Unlimited, format!("{qos} is not throttled")),
    };
    want(CgroupFile::MemoryHigh, high, because);
    let low = percent_of(asks.memory_request, config.memory_low_percent.of(qos)).min(top);
    let min = percent_of(asks.memory_request, config.memory_min_percent.of(qos)).min(top);
    let low_percent = config.memory_low_percent.of(qos);
    let min_percent = config.memory_min_percent.of(qos);
    // What is never reclaimed is not reclaimed first either.
    let low = low.max(min);
    want(CgroupFile::MemoryLow, Level::Amount(low), format!("{low_percent}% of what {qos} asks for is reclaimed last"));
    want(
        CgroupFile::MemoryMin,
        Level::Amount(min),
        format!("{min_percent}% of what {qos} asks for is never reclaimed"),
    );
}
