//! Whether a breach has lasted: only samples that follow each other closely, each of which shows it, prove that.

use super::ColocationError;
use super::error::in_range;
use super::report::seconds;
use crate::limits::{MAX_SPAN_MS, MAX_TIME_MS, TIME_QUANTUM_MS};

/// What counts as lasting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct SustainConfig {
    /// How long every sample must have shown the breach. Default 1 min.
    pub sustain_ms: u64,
    /// How far apart two samples may lie, and how old the last may be: what lies between more is not known. Default 30 s.
    pub gap_ms: u64,
    /// How long after an eviction no other is decided on: its effect must show first. Default 1 min.
    pub cool_down_ms: u64,
}

impl Default for SustainConfig {
    fn default() -> Self {
        Self { sustain_ms: 60_000, gap_ms: 30_000, cool_down_ms: 60_000 }
    }
}

impl SustainConfig {
    pub(super) fn check(&self) -> Result<(), ColocationError> {
        in_range("sustainMs", self.sustain_ms, 1, MAX_SPAN_MS)?;
        in_range("gapMs", self.gap_ms, 1, MAX_SPAN_MS)?;
        in_range("coolDownMs", self.cool_down_ms, 0, MAX_SPAN_MS)
    }
}

/// How far a breach has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub enum Breach {
    /// There is none.
    No,
    /// There is one, but it has not lasted long enough, or the last eviction was a moment ago.
    Since {
        /// When the first sample of it ended, milliseconds.
        since_ms: u64,
    },
    /// It has lasted.
    Sustained {
        /// When the first sample of it ended, milliseconds.
        since_ms: u64,
    },
}

/// The state of one breach; all times in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub(super) struct Sustained {
    /// When the first sample ended of the unbroken row that shows the breach.
    since: Option<u64>,
    /// When the newest sample ended.
    sample: Option<u64>,
    /// When pods were evicted last.
    acted: Option<u64>,
    /// When the last step was.
    step: u64,
}

impl Sustained {
    pub(super) fn check(&self, now_ms: u64) -> Result<(), ColocationError> {
        seconds(now_ms, Some(self.step / TIME_QUANTUM_MS))?;
        let times = [self.since, self.sample, self.acted];
        if times.into_iter().flatten().any(|at_ms| at_ms > MAX_TIME_MS) || self.since > self.sample {
            return Err(ColocationError::State("a breach is longer than its samples"));
        }
        Ok(())
    }

    /// Takes a sample in. One that is not newer than the last says nothing new.
    pub(super) fn observe(&mut self, config: &SustainConfig, breach: bool, (sample_ms, now_ms): (u64, u64)) -> Breach {
        self.step = now_ms;
        let news = self.sample.is_none_or(|last_ms| sample_ms > last_ms);
        if news {
            let unbroken = self.sample.is_some_and(|last_ms| sample_ms - last_ms <= config.gap_ms);
            let before = self.since.filter(|_| unbroken);
            self.since = breach.then(|| before.unwrap_or(sample_ms));
            self.sample = Some(sample_ms);
        }
        let newest_ms = self.sample.unwrap_or(sample_ms);
        if now_ms.saturating_sub(newest_ms) > config.gap_ms {
            self.since = None;
        }
        let Some(since_ms) = self.since else { return Breach::No };
        let lasted = news && newest_ms - since_ms >= config.sustain_ms;
        let cool = self.acted.is_none_or(|acted_ms| now_ms.saturating_sub(acted_ms) >= config.cool_down_ms);
        if lasted && cool { Breach::Sustained { since_ms } } else { Breach::Since { since_ms } }
    }

    pub(super) fn acted(&mut self, now_ms: u64) {
        self.acted = Some(now_ms);
    }
}
