//! Raw scores to 0..=100 over the candidates of one decision.

use sched_abi::Normalize;

/// The largest score after normalisation.
pub(crate) const MAX_SCORE: i64 = 100;

/// Smallest and largest raw score among the feasible rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extremes {
    pub(crate) min: i64,
    pub(crate) max: i64,
}

impl Default for Extremes {
    fn default() -> Self {
        Self { min: i64::MAX, max: i64::MIN }
    }
}

impl Extremes {
    /// Takes the feasible rows of a piece that begins at row `start`, a multiple of 64, into account.
    pub(crate) fn widen(&mut self, raw: &[i64], feasible: &[u64], start: usize) {
        let words = feasible.get(start / 64..).unwrap_or_default();
        for (&word, raw) in words.iter().zip(raw.chunks(64)) {
            let all = word.count_ones() as usize == raw.len();
            for (i, &raw) in raw.iter().enumerate() {
                if all || word >> i & 1 == 1 {
                    self.min = self.min.min(raw);
                    self.max = self.max.max(raw);
                }
            }
        }
    }
}

/// One score. Raw scores are within 2^46 either way, so 100 times one is exact in f64 and its truncated quotient equals
/// integer division, which costs several times as much.
pub(crate) fn normalize(how: Normalize, raw: i64, extremes: Extremes) -> i64 {
    let Extremes { min, max } = extremes;
    let part = |of: i64, whole: i64| (MAX_SCORE as f64 * of as f64 / whole as f64) as i64;
    match how {
        Normalize::None => raw,
        Normalize::Max if max == 0 => 0,
        Normalize::Max => part(raw, max),
        Normalize::MaxReversed if max == 0 => MAX_SCORE,
        Normalize::MaxReversed => MAX_SCORE - part(raw, max),
        Normalize::MinMaxReversed if max == min => MAX_SCORE,
        Normalize::MinMaxReversed => part(max - raw, max - min),
    }
}
