//! Raw scores to 0..=100 over the candidates of one decision.

use super::totals::{ZERO, as_float, larger};
use crate::primitives::{WHOLE, whole_bits};
use sched_abi::{MAX_RAW_SCORE, MAX_SCORE, Normalize};

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

/// Added to a raw score it gives the bits of a positive float, 2^52 + 2^51 + the score, so that scores compare as floats do
/// (see `totals.rs` for why).
const BIAS: i64 = ZERO + (1 << 51);

impl Extremes {
    /// Takes the feasible rows of a piece into account: those whose mask is all ones.
    pub(crate) fn widen(&mut self, raw: &[i64], masks: &[u64]) {
        let above = furthest(raw, masks, |raw| BIAS.wrapping_add(raw));
        // The smallest score is the one that falls short of the bias by most.
        let below = furthest(raw, masks, |raw| BIAS.wrapping_sub(raw));
        if above > 0 {
            self.min = self.min.min(BIAS.wrapping_sub(below));
            self.max = self.max.max(above.wrapping_sub(BIAS));
        }
    }
}

/// The largest of what `biased` makes of the feasible scores, as bits of positive floats; 0 where there are none.
#[inline]
fn furthest(raw: &[i64], masks: &[u64], biased: impl Fn(i64) -> i64) -> i64 {
    let float = |raw, mask| as_float(biased(raw) & mask as i64);
    let (raws, raw_rest) = raw.as_chunks::<4>();
    let (fours, masks_rest) = masks.as_chunks::<4>();
    // Written out in pairs, which become one `maxpd` each.
    let ([mut a, mut b], [mut c, mut d]) = ([0.0; 2], [0.0; 2]);
    for (&[e, f, g, h], &[i, j, k, l]) in raws.iter().zip(fours) {
        [a, b] = [larger(float(e, i), a), larger(float(f, j), b)];
        [c, d] = [larger(float(g, k), c), larger(float(h, l), d)];
    }
    let rest = raw_rest.iter().zip(masks_rest).map(|(&raw, &mask)| float(raw, mask));
    rest.fold(larger(larger(a, b), larger(c, d)), |most, score| larger(score, most)).to_bits() as i64
}

/// How the raw scores of a policy become what they add to totals, once the extremes are known.
#[derive(Debug, Default)]
pub(crate) struct Scale {
    way: Way,
    /// What each raw score from the least on adds, for [`Way::Table`]. Kept, so that the next decision allocates nothing.
    adds: Vec<i64>,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    /// Every candidate gets the same.
    Alike(i64),
    /// From a table that begins at this raw score: the extremes are close to each other.
    Table(i64),
    /// By the formula, times the weight.
    Formula(Normalize, Extremes, i64),
}

impl Default for Way {
    fn default() -> Self {
        Self::Alike(0)
    }
}

impl Scale {
    /// Chooses a way for a policy's extremes over `rows` rows; returns what it adds to every total alike.
    pub(crate) fn choose(&mut self, how: Normalize, extremes: Extremes, weight: i64, rows: usize) -> i64 {
        let Extremes { min, max } = extremes;
        let one = |raw| weight * normalize(how, raw, extremes);
        let span = max.saturating_sub(min);
        let longest = (rows / 8).clamp(64, 4096);
        // Whatever way is chosen, so that a later decision finds the room.
        self.adds.clear();
        self.adds.reserve(longest);
        self.way = if span == 0 || (max == 0 && how != Normalize::MinMaxReversed) {
            Way::Alike(one(max))
        } else if span < longest as i64 {
            self.adds.extend((min..=max).map(one));
            Way::Table(min)
        } else {
            Way::Formula(how, extremes, weight)
        };
        if let Way::Alike(adds) = self.way { adds } else { 0 }
    }

    /// Adds to the totals of some rows what their raw scores give beyond what all get alike.
    pub(crate) fn add(&self, raw: &[i64], totals: &mut [i64]) {
        match self.way {
            Way::Alike(_) => {}
            Way::Table(min) if self.adds.len() == 2 => {
                // Two values only, as of one soft taint: chosen by a mask, in a vector loop.
                let [low, high] = [self.adds.first(), self.adds.last()].map(|add| add.copied().unwrap_or(0));
                let add = |raw| low.wrapping_add(if raw == min { 0 } else { high.wrapping_sub(low) });
                totals.iter_mut().zip(raw).for_each(|(total, &raw)| *total = total.wrapping_add(add(raw)));
            }
            Way::Table(min) => {
                let add = |raw: i64| self.adds.get(raw.wrapping_sub(min) as usize).copied().unwrap_or(0);
                totals.iter_mut().zip(raw).for_each(|(total, &raw)| *total = total.wrapping_add(add(raw)));
            }
            Way::Formula(how, extremes, weight) if extremes.min >= 0 && extremes.max <= MAX_RAW_SCORE => {
                formula(how, extremes, weight, raw, totals);
            }
            Way::Formula(how, extremes, weight) => {
                let add = |raw| weight.wrapping_mul(normalize(how, raw, extremes));
                totals.iter_mut().zip(raw).for_each(|(total, &raw)| *total = total.wrapping_add(add(raw)));
            }
        }
    }
}

/// The formulas over whole columns, for candidates whose scores are not negative: what [`normalize`] says, in vector loops.
fn formula(how: Normalize, extremes: Extremes, weight: i64, raw: &[i64], totals: &mut [i64]) {
    let Extremes { min, max } = extremes;
    // Scores below 2^51 as floats through their bits; rows that are out may give anything.
    let part = |of: i64, whole: f64| {
        let of = f64::from_bits(ZERO.wrapping_add(of) as u64) - f64::from_bits(ZERO as u64);
        (whole_bits(MAX_SCORE as f64 * of / whole) & WHOLE) as i64
    };
    match how {
        Normalize::None => {}
        Normalize::Max => each(raw, totals, weight, |raw| part(raw, max as f64)),
        Normalize::MaxReversed => each(raw, totals, weight, |raw| MAX_SCORE - part(raw, max as f64)),
        Normalize::MinMaxReversed => each(raw, totals, weight, |raw| part(max.wrapping_sub(raw), (max - min) as f64)),
    }
}

#[inline]
fn each(raw: &[i64], totals: &mut [i64], weight: i64, score: impl Fn(i64) -> i64) {
    let rows = totals.iter_mut().zip(raw);
    if weight == 1 {
        rows.for_each(|(total, &raw)| *total = total.wrapping_add(score(raw)));
    } else {
        rows.for_each(|(total, &raw)| *total = total.wrapping_add(weight.wrapping_mul(score(raw))));
    }
}

/// One score. Up to 2^46, 100 times a raw score is exact in f64 and the truncated quotient equals integer division, which costs
/// several times as much and is left for what is beyond.
pub(crate) fn normalize(how: Normalize, raw: i64, extremes: Extremes) -> i64 {
    let Extremes { min, max } = extremes;
    let part = |of: i64, whole: i64| {
        if whole <= MAX_RAW_SCORE {
            return (MAX_SCORE as f64 * of as f64 / whole as f64) as i64;
        }
        (i128::from(MAX_SCORE) * i128::from(of) / i128::from(whole)) as i64
    };
    match how {
        Normalize::None => raw,
        Normalize::Max if max == 0 => 0,
        Normalize::Max => part(raw, max),
        Normalize::MaxReversed if max == 0 => MAX_SCORE,
        Normalize::MaxReversed => MAX_SCORE.wrapping_sub(part(raw, max)),
        Normalize::MinMaxReversed if max == min => MAX_SCORE,
        Normalize::MinMaxReversed => part(max.wrapping_sub(raw), max.wrapping_sub(min)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WAYS: [Normalize; 3] = [Normalize::Max, Normalize::MaxReversed, Normalize::MinMaxReversed];

    proptest! {
        #[test]
        fn every_way_adds_what_the_formula_says(
            rows in prop::collection::vec((any::<bool>(), 0i64..5000), 1..200), narrow in any::<bool>(), which in 0..3usize,
        ) {
            let raw: Vec<i64> = rows.iter().map(|&(_, raw)| if narrow { raw % 5 } else { raw * 1_000_003 }).collect();
            let masks: Vec<u64> = rows.iter().map(|&(on, _)| u64::from(on).wrapping_neg()).collect();
            let mut extremes = Extremes::default();
            extremes.widen(&raw, &masks);
            let feasible = || raw.iter().zip(&rows).filter(|(_, (on, _))| *on).map(|(&raw, _)| raw);
            let (Some(min), Some(max)) = (feasible().min(), feasible().max()) else {
                prop_assert_eq!(extremes, Extremes::default());
                return Ok(());
            };
            prop_assert_eq!(extremes, Extremes { min, max });
            let mut scale = Scale::default();
            let alike = scale.choose(WAYS[which], extremes, 3, raw.len());
            let mut totals = vec![0; raw.len()];
            scale.add(&raw, &mut totals);
            for ((&total, &raw), (on, _)) in totals.iter().zip(&raw).zip(&rows) {
                prop_assert!(!on || total + alike == 3 * normalize(WAYS[which], raw, extremes));
            }
        }
    }
}
