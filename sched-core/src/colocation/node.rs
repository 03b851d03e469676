//! Everything that an agent decides about its node at one moment, from one report: offers, suppression, evictions.

use super::error::below;
use super::report::seconds;
use super::{
    Amounts, Breach, CapacityConfig, ColocationError, MemoryConfig, NodeReport, Offer, OfferState, Shortage,
    ShortageState, StarvationConfig, SuppressConfig, SuppressState, Suppression,
};
use std::fmt;

/// The settings of a node's decisions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct ColocationConfig {
    /// How much is offered.
    pub capacity: CapacityConfig,
    /// How BE and OT are squeezed.
    pub suppress: SuppressConfig,
    /// When pods are evicted for memory.
    pub memory: MemoryConfig,
    /// When pods are evicted because BE gets too little CPU.
    pub starvation: StarvationConfig,
}

impl ColocationConfig {
    /// Whether every setting is in its range, and every level up to which is sold lies below the one from which is taken away.
    pub fn check(&self) -> Result<(), ColocationError> {
        self.capacity.check()?;
        self.suppress.check()?;
        self.memory.check()?;
        self.starvation.check()?;
        let suppress = ("suppress.levelPercent", self.suppress.level_percent);
        below(("capacity.beLevelPercent.cpu", self.capacity.be_level_percent.cpu), suppress)?;
        below(("capacity.otCpuLevelPercent", self.capacity.ot_cpu_level_percent), suppress)?;
        let evict = ("memory.evictPercent", self.memory.evict_percent);
        below(("capacity.beLevelPercent.memory", self.capacity.be_level_percent.memory), evict)
    }
}

/// Why no BE or OT pod is admitted at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub enum Stop {
    /// CPU in use is above the admission level.
    Cpu,
    /// Memory in use is at the level of eviction.
    Memory,
    /// BE gets too little CPU already.
    Starvation,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "CPU in use is above the admission level",
            Self::Memory => "memory in use is at the level of eviction",
            Self::Starvation => "BE gets too little CPU already",
        })
    }
}

/// What an agent does about its node.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct NodeDecision {
    /// What is offered. While there is a stop, nothing is admissible.
    pub offer: Offer,
    /// What BE and OT may use.
    pub suppression: Suppression,
    /// Whether memory is short, and who goes.
    pub memory: Shortage,
    /// Whether BE starves, and who goes.
    pub starvation: Shortage,
    /// Why nobody is admitted; none: what is admissible is.
    pub stop: Option<Stop>,
}

impl fmt::Display for NodeDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Offer { terms, be, ot, stale, .. } = &self.offer;
        let metrics = if *stale { " (samples are stale)" } else { "" };
        writeln!(f, "{}{metrics}\n{}{metrics}", terms.cpu, terms.memory)?;
        for (class, now) in [("BE", be), ("OT", ot)] {
            let (offered, may) = (now.offered, now.admissible);
            write!(f, "{class} is offered {}m and {} bytes, ", offered.cpu, offered.memory)?;
            writeln!(f, "may admit {}m and {} bytes", may.cpu, may.memory)?;
        }
        writeln!(f, "{}", self.suppression)?;
        if let Some(stop) = self.stop {
            writeln!(f, "no BE or OT pod is admitted: {stop}")?;
        }
        for victim in self.memory.victims.iter().chain(&self.starvation.victims) {
            writeln!(f, "evict `{}`: {}", victim.name, victim.because)?;
        }
        Ok(())
    }
}

/// The state of a node's decisions: plain data that the embedder saves. Saved and restored it gives the same answers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Colocation {
    offer: OfferState,
    suppress: SuppressState,
    memory: ShortageState,
    starvation: ShortageState,
}

impl Colocation {
    /// Decides by a report. When the offer falls below what is promised, admission stops first; CPU is then squeezed down to the
    /// floor; pods are evicted only when a shortage has lasted.
    ///
    /// Costs a few passes over the pods.
    ///
    /// # Errors
    /// [`ColocationError`] for settings out of range, a report that contradicts itself, time that goes back and a saved state
    /// that is not valid. The state is then as it was.
    pub fn step(
        &mut self,
        config: &ColocationConfig,
        report: &NodeReport,
        now_ms: u64,
    ) -> Result<NodeDecision, ColocationError> {
        config.check()?;
        report.check(now_ms)?;
        self.offer.check()?;
        self.suppress.check()?;
        self.memory.check(now_ms)?;
        self.starvation.check(now_ms)?;
        let to_s = seconds(now_ms, self.offer.at_s())?;
        Ok(self.advance(config, report, now_ms, to_s))
    }

    fn advance(&mut self, config: &ColocationConfig, report: &NodeReport, now_ms: u64, to_s: u64) -> NodeDecision {
        let mut offer = self.offer.advance(&config.capacity, report, now_ms, to_s);
        let suppression = self.suppress.advance(&config.suppress, report, now_ms, to_s);
        let memory = self.memory.advance_memory(&config.memory, report, now_ms);
        let limit_milli = suppression.limit_milli;
        let starvation = self.starvation.advance_starvation(&config.starvation, report, limit_milli, now_ms);
        let stop = if memory.breach != Breach::No {
            Some(Stop::Memory)
        } else if !suppression.admit {
            Some(Stop::Cpu)
        } else {
            Some(Stop::Starvation).filter(|_| starvation.breach != Breach::No)
        };
        if stop.is_some() {
            offer.be.admissible = Amounts::default();
            offer.ot.admissible = Amounts::default();
        }
        NodeDecision { offer, suppression, memory, starvation, stop }
    }
}
