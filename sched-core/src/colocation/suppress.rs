//! How much CPU BE and OT may use at this moment: what the online classes and the system leave below the water level. Which CPUs
//! these are is decided elsewhere.

use super::amounts::{clamped, percent_of};
use super::error::{below, in_range, percent};
use super::report::seconds;
use super::setting::{MIN_QUOTA_US, PERIOD_US};
use super::{CgroupFile, ColocationError, Level, NodeReport, Qos, Wanted};
use crate::limits::{MAX_QUANTITY, MAX_SPAN_MS};
use std::fmt;

/// How BE and OT are squeezed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct SuppressConfig {
    /// Percent of the node's CPU that all classes and the system together may use before BE and OT are squeezed. Default 65
    /// (Koordinator's `cpuSuppressThresholdPercent`).
    pub level_percent: u32,
    /// Use above which no BE or OT pod is admitted any more; below `levelPercent`, so that admission stops first. Default 60.
    pub admission_level_percent: u32,
    /// How far use must fall below that before pods are admitted again. Default 5.
    pub reopen_gap_percent: u32,
    /// What BE and OT are always left, percent of the node's CPU. Default 0.
    pub floor_percent: u32,
    /// The same in CPUs; the larger holds. Default 2 (Koordinator's `beMinCPUSetCores`).
    pub floor_cpus: u32,
    /// How fast the limit rises again, percent of the node's CPU a second; it falls at once, since online pods wait. 1..=100,
    /// default 10 (Koordinator's `beMaxIncreaseCPUPercent` at its interval of a second).
    pub raise_percent_per_s: u32,
    /// Changes of the goal that are not worth a write, percent of the node's CPU. 0..=10, default 1 (Koordinator's
    /// `suppressBypassQuotaDeltaRatio`).
    pub dead_band_percent: u32,
    /// Age from which samples count for nothing, and pods with what they ask for. Default 1 min.
    pub stale_after_ms: u64,
}

impl Default for SuppressConfig {
    fn default() -> Self {
        Self {
            level_percent: 65,
            admission_level_percent: 60,
            reopen_gap_percent: 5,
            floor_percent: 0,
            floor_cpus: 2,
            raise_percent_per_s: 10,
            dead_band_percent: 1,
            stale_after_ms: 60_000,
        }
    }
}

impl SuppressConfig {
    /// Whether every setting is in its range, and admission stops below the level at which squeezing begins.
    pub fn check(&self) -> Result<(), ColocationError> {
        percent("levelPercent", self.level_percent)?;
        percent("admissionLevelPercent", self.admission_level_percent)?;
        percent("reopenGapPercent", self.reopen_gap_percent)?;
        percent("floorPercent", self.floor_percent)?;
        in_range("floorCpus", self.floor_cpus.into(), 0, 1 << 20)?;
        in_range("raisePercentPerS", self.raise_percent_per_s.into(), 1, 100)?;
        in_range("deadBandPercent", self.dead_band_percent.into(), 0, 10)?;
        in_range("staleAfterMs", self.stale_after_ms, 1, MAX_SPAN_MS)?;
        let admission = ("admissionLevelPercent", self.admission_level_percent);
        below(admission, ("levelPercent", self.level_percent))
    }
}

/// What BE and OT may use, and what it comes from; all in milli-CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Suppression {
    /// What they may use now, together.
    pub limit_milli: i64,
    /// Where the limit goes: what is left below the level, not below the floor.
    pub goal_milli: i64,
    /// Whether BE and OT pods may be admitted.
    pub admit: bool,
    /// The node's CPU.
    pub capacity_milli: i64,
    /// The water level, percent.
    pub level_percent: u32,
    /// What the online classes use.
    pub online_milli: i64,
    /// What the system uses or is reserved for it, whichever is more.
    pub system_milli: i64,
    /// What BE and OT use.
    pub offline_milli: i64,
    /// What BE and OT are always left.
    pub floor_milli: i64,
}

impl Suppression {
    /// The limit as a number of CPUs, rounded up; at least one, if the node has one.
    pub fn cpus(&self) -> u32 {
        let whole = self.limit_milli.unsigned_abs().div_ceil(1_000).max(1);
        u32::try_from(whole.min(self.capacity_milli.unsigned_abs().div_ceil(1_000))).unwrap_or(u32::MAX)
    }

    /// The limit as a quota for each 100,000 microseconds.
    pub fn quota_us(&self) -> i64 {
        self.limit_milli.saturating_mul(PERIOD_US / 1_000).max(MIN_QUOTA_US)
    }

    /// The quota, for the control group that all BE and OT pods are in.
    pub fn wanted(&self, cgroup: &str) -> Wanted {
        let to = Level::Amount(self.quota_us());
        Wanted { cgroup: cgroup.into(), file: CgroupFile::CpuMax, to, because: self.to_string() }
    }
}

impl fmt::Display for Suppression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit_milli, level_percent, capacity_milli, online_milli, system_milli, floor_milli, .. } = self;
        write!(
            f,
            "BE and OT may use {limit_milli}m: {level_percent}% of {capacity_milli}m, less {online_milli}m online and \
             {system_milli}m of the system, at least {floor_milli}m"
        )?;
        if self.goal_milli > self.limit_milli {
            write!(f, ", rising to {}m", self.goal_milli)?;
        }
        Ok(())
    }
}

/// The state of suppression. Saved and restored it gives the same answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SuppressState {
    last: Option<Last>,
    closed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Last {
    at_s: u64,
    goal: i64,
    limit: i64,
}

impl SuppressState {
    /// What BE and OT may use now. A fresh state begins at the goal.
    ///
    /// `goal = max(floor, min(level * capacity - online use - max(system use, reserve), capacity - LSX cores))`.
    ///
    /// Source: Koordinator's `calculateBESuppressCPU` (`pkg/koordlet/qosmanager/plugins/cpusuppress`); that BE cannot run on the
    /// cores of LSX is ours. Costs a pass over the pods.
    ///
    /// # Errors
    /// As [`super::OfferState::step`]; the state is then as it was.
    pub fn step(
        &mut self,
        config: &SuppressConfig,
        report: &NodeReport,
        now_ms: u64,
    ) -> Result<Suppression, ColocationError> {
        config.check()?;
        report.check(now_ms)?;
        self.check()?;
        let to_s = seconds(now_ms, self.last.map(|last| last.at_s))?;
        Ok(self.advance(config, report, now_ms, to_s))
    }

    pub(super) fn check(&self) -> Result<(), ColocationError> {
        let sound = |last: &Last| [last.goal, last.limit].iter().all(|milli| (0..=MAX_QUANTITY).contains(milli));
        if self.last.iter().all(sound) {
            Ok(())
        } else {
            Err(ColocationError::State("a limit is negative or too large"))
        }
    }

    pub(super) fn advance(
        &mut self,
        config: &SuppressConfig,
        report: &NodeReport,
        now_ms: u64,
        to_s: u64,
    ) -> Suppression {
        let now = Use::of(config, report, now_ms);
        let capacity = report.capacity.cpu;
        let floor = percent_of(capacity, config.floor_percent).max(i64::from(config.floor_cpus) * 1_000).min(capacity);
        let level = percent_of(capacity, config.level_percent);
        let goal = now.room(level).min(capacity - now.lsx.min(capacity)).max(floor);
        let band = percent_of(capacity, config.dead_band_percent);
        let next = match self.last {
            None => Last { at_s: to_s, goal, limit: goal },
            Some(last) => {
                let worth_it = goal.abs_diff(last.goal) > band.unsigned_abs() || goal == floor;
                last.towards(if worth_it { goal } else { last.goal.min(capacity) }, config, capacity, to_s)
            }
        };
        self.last = Some(next);
        let used = now.online + now.system + now.offline;
        let above = |percent: u32| used * 100 > i128::from(capacity) * i128::from(percent);
        let squeezed = now.offline > i128::from(goal);
        let reopen_at = config.admission_level_percent.saturating_sub(config.reopen_gap_percent);
        self.closed = squeezed || above(if self.closed { reopen_at } else { config.admission_level_percent });
        Suppression {
            limit_milli: next.limit,
            goal_milli: next.goal,
            admit: !self.closed,
            capacity_milli: capacity,
            level_percent: config.level_percent,
            online_milli: clamped(now.online),
            system_milli: clamped(now.system),
            offline_milli: clamped(now.offline),
            floor_milli: floor,
        }
    }
}

impl Last {
    fn towards(self, goal: i64, config: &SuppressConfig, capacity: i64, to_s: u64) -> Self {
        let elapsed_s = i64::try_from(to_s.saturating_sub(self.at_s)).unwrap_or(i64::MAX);
        let per_s = percent_of(capacity, config.raise_percent_per_s).max(1);
        let limit = goal.min(self.limit.saturating_add(per_s.saturating_mul(elapsed_s)));
        Self { at_s: to_s, goal, limit }
    }
}

/// Who uses how much CPU.
#[derive(Clone, Copy, Default)]
struct Use {
    online: i128,
    offline: i128,
    system: i128,
    /// Cores that nobody else may run on.
    lsx: i64,
}

impl Use {
    fn of(config: &SuppressConfig, report: &NodeReport, now_ms: u64) -> Self {
        let fresh = now_ms.saturating_sub(report.at_ms) <= config.stale_after_ms;
        let mut sums = Self { system: report.system_used.larger(report.reserve()).cpu.into(), ..Self::default() };
        for pod in &report.pods {
            let used = pod.used.filter(|_| fresh).unwrap_or(pod.requested).cpu;
            let sum = if pod.qos.online() { &mut sums.online } else { &mut sums.offline };
            *sum += i128::from(used);
            if pod.qos == Qos::Lsx {
                sums.lsx = sums.lsx.saturating_add(used.max(pod.requested.cpu));
            }
        }
        sums
    }

    fn room(&self, level: i64) -> i64 {
        clamped(i128::from(level) - self.online - self.system)
    }
}
