//! The settings of the offers to BE and OT.

use super::error::{in_range, percent};
use super::totals::Charge;
use super::{ColocationError, Each, Moves, Resource};
use crate::limits::{MAX_PROMISE_PERCENT, MAX_SPAN_MS};

/// By what the online classes are charged.
///
/// Source: the three values of `calculatePolicy` in Koordinator's `BatchResource`
/// (`pkg/slo-controller/noderesource/plugins/batchresource`), which has them for memory, and all but the second for CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Formula {
    /// `level * capacity - max(system use, reserve) - sum(use)`: sells what is idle.
    #[default]
    Usage,
    /// `level * capacity - reserve - sum(request)`: sells only what nobody asked for.
    Request,
    /// `level * capacity - max(system use, reserve) - sum(max(request, use))`: the same, where use beyond requests counts.
    MaxUsageRequest,
}

impl Formula {
    pub(super) fn charged(self, charge: &Charge, resource: Resource) -> i128 {
        let charged = match self {
            Self::Usage => charge.used,
            Self::Request => charge.requested,
            Self::MaxUsageRequest => charge.larger,
        };
        charged.of(resource)
    }
}

/// Which part of its idle CPU, percent of what it asks for and does not use, an online class leaves for others to buy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct LendPercent {
    /// Default 0: its cores are its own.
    pub lsx: u32,
    /// Default 0: others may run in its idle cycles, but are promised none of them.
    pub lsr: u32,
    /// Default 100: counted by use alone.
    pub ls: u32,
}

impl Default for LendPercent {
    fn default() -> Self {
        Self { lsx: 0, lsr: 0, ls: 100 }
    }
}

/// What to do while samples are stale.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum WhenStale {
    /// The offer goes down to what the request formula gives, and never up.
    #[default]
    ByRequest,
    /// Nothing is offered, at once: Koordinator's way.
    Withdraw,
}

/// How capacity is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct CapacityConfig {
    /// By what the online classes are charged. Default: usage of both.
    pub formula: Each<Formula>,
    /// Safe water level of BE: percent of capacity up to which online use, system and BE may go. Default: cpu 60, memory 65
    /// (Koordinator's `cpuReclaimThresholdPercent` and `memoryReclaimThresholdPercent`).
    pub be_level_percent: Each<u32>,
    /// The same for OT's CPU, BE's use included. Default 60.
    pub ot_cpu_level_percent: u32,
    /// What online classes leave for others to buy.
    pub lend_percent: LendPercent,
    /// Which part of the memory that BE has not taken is offered to OT, *instead of* to BE. Default 20.
    pub ot_memory_percent: u32,
    /// Requests of the online classes and the offers to BE and OT together, percent of capacity, are never above this, unless
    /// the requests alone are; then nothing is offered. 0..=1000. Default: cpu 200, memory 150.
    pub promise_percent: Each<u32>,
    /// Age from which samples count for nothing. Default 15 min (Koordinator's `degradeTimeMinutes`).
    pub stale_after_ms: u64,
    /// What to do then.
    pub when_stale: WhenStale,
    /// How offers move.
    pub moves: Moves,
}

impl Default for CapacityConfig {
    fn default() -> Self {
        Self {
            formula: Each::default(),
            be_level_percent: Each { cpu: 60, memory: 65 },
            ot_cpu_level_percent: 60,
            lend_percent: LendPercent::default(),
            ot_memory_percent: 20,
            promise_percent: Each { cpu: 200, memory: 150 },
            stale_after_ms: 900_000,
            when_stale: WhenStale::default(),
            moves: Moves::default(),
        }
    }
}

impl CapacityConfig {
    /// Whether every setting is in its range.
    pub fn check(&self) -> Result<(), ColocationError> {
        percent("beLevelPercent.cpu", self.be_level_percent.cpu)?;
        percent("beLevelPercent.memory", self.be_level_percent.memory)?;
        percent("otCpuLevelPercent", self.ot_cpu_level_percent)?;
        percent("lendPercent.lsx", self.lend_percent.lsx)?;
        percent("lendPercent.lsr", self.lend_percent.lsr)?;
        percent("lendPercent.ls", self.lend_percent.ls)?;
        percent("otMemoryPercent", self.ot_memory_percent)?;
        let most = MAX_PROMISE_PERCENT.into();
        in_range("promisePercent.cpu", self.promise_percent.cpu.into(), 0, most)?;
        in_range("promisePercent.memory", self.promise_percent.memory.into(), 0, most)?;
        in_range("staleAfterMs", self.stale_after_ms, 1, MAX_SPAN_MS)?;
        self.moves.check()
    }
}
