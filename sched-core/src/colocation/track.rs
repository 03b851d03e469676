//! One offered quantity in time: down at most at one rate, up after a pause at most at another, in whole seconds, so that it
//! does not matter how often it was stepped.

use super::ColocationError;
use super::amounts::percent_of;
use super::error::in_range;
use crate::limits::{MAX_SPAN_MS, TIME_QUANTUM_MS};

/// How an offer follows what the formulas give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct Moves {
    /// How fast an offer falls, percent of capacity a minute: a spike of seconds takes little. 1..=6000, default 20.
    pub down_percent_per_min: u32,
    /// How fast it rises. 1..=6000, default 10.
    pub up_percent_per_min: u32,
    /// How long there must have been more to offer before it rises. Up to a day, default 1 min.
    pub rise_after_ms: u64,
}

impl Default for Moves {
    fn default() -> Self {
        Self { down_percent_per_min: 20, up_percent_per_min: 10, rise_after_ms: 60_000 }
    }
}

impl Moves {
    pub(super) fn check(&self) -> Result<(), ColocationError> {
        in_range("moves.downPercentPerMin", self.down_percent_per_min.into(), 1, 6_000)?;
        in_range("moves.upPercentPerMin", self.up_percent_per_min.into(), 1, 6_000)?;
        in_range("moves.riseAfterMs", self.rise_after_ms, 0, MAX_SPAN_MS)
    }
}

/// What an offer may move by in one second: at least 1.
pub(super) fn per_second(capacity: i64, percent_per_min: u32) -> i64 {
    (percent_of(capacity, percent_per_min) / 60).max(1)
}

/// The seconds of one step, and where it leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) from_s: u64,
    pub(super) to_s: u64,
    pub(super) target: i64,
    /// What the offer may not exceed, however fast that takes it down.
    pub(super) most: i64,
    pub(super) capacity: i64,
}

/// An offered quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Track {
    pub(super) offered: i64,
    /// Since when there has been more to offer.
    pub(super) above_since_s: Option<u64>,
}

impl Track {
    /// An offer that disturbs nobody: what runs already, as far as there is room.
    pub(super) fn start(target: i64, promised: i64) -> Self {
        Self { offered: target.min(promised), above_since_s: None }
    }

    /// The target is what held throughout the seconds of the step; it is not above the most.
    pub(super) fn step(self, moves: &Moves, step: &Step) -> Self {
        // Before it moves, so that more steps lead to the same.
        let before = self.offered.min(step.most);
        let by = |seconds: u64, percent_per_min| {
            let most = i64::try_from(seconds).unwrap_or(i64::MAX);
            per_second(step.capacity, percent_per_min).saturating_mul(most)
        };
        if step.target > before {
            let since_s = self.above_since_s.unwrap_or(step.from_s);
            let rises_s = since_s.saturating_add(moves.rise_after_ms.div_ceil(TIME_QUANTUM_MS)).max(step.from_s);
            let up = by(step.to_s.saturating_sub(rises_s), moves.up_percent_per_min);
            let offered = before.saturating_add(up).min(step.target);
            Self { offered, above_since_s: Some(since_s).filter(|_| offered < step.target) }
        } else {
            let down = by(step.to_s.saturating_sub(step.from_s), moves.down_percent_per_min);
            Self { offered: before.saturating_sub(down).max(step.target), above_since_s: None }
        }
    }
}
