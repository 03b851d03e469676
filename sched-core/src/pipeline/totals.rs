//! How totals are kept while a decision is made, so that plain vector instructions find the best.
//!
//! A total is an integer added to the bits of the float 2^52. Positive floats order as their bits do, so totals are compared
//! as the floats of the same bits, for which every processor has vector instructions; for 64-bit integers the
//! baseline of x86-64 has none.

/// A total of 0.
pub(crate) const ZERO: i64 = 0x4330_0000_0000_0000;
/// What a row that is out starts from: the bits of 1.0, far below any total. Scores may be added to it all the same.
const OUT: i64 = 0x3ff0_0000_0000_0000;

/// Sets every total to 0, and those of rows that are out far below.
pub(crate) fn start(totals: &mut [i64], feasible: &[u64]) {
    expand(totals, feasible, [OUT, ZERO], |total, from| *total = from);
}

/// Makes totals of plain scores: the same as [`start`] with the scores added.
pub(crate) fn start_with(scores: &mut [i64], feasible: &[u64]) {
    expand(scores, feasible, [OUT, ZERO], |score, from| *score = score.wrapping_add(from));
}

/// Sets a mask for each row: all ones where it is feasible, else 0.
pub(crate) fn masks(masks: &mut [u64], feasible: &[u64]) {
    expand(masks, feasible, [0, u64::MAX], |mask, value| *mask = value);
}

/// Gives each row the first or the second value by its bit, four bits at a time from a table.
fn expand<T: Copy>(out: &mut [T], bits: &[u64], values: [T; 2], put: impl Fn(&mut T, T)) {
    let [zero, one] = values;
    let pick = |on: usize| if on & 1 == 1 { one } else { zero };
    let table: [[T; 4]; 16] = std::array::from_fn(|nibble| [0, 1, 2, 3].map(|i| pick(nibble >> i)));
    for (out, &word) in out.chunks_mut(64).zip(bits) {
        let (fours, rest) = out.as_chunks_mut::<4>();
        let mut left = word;
        for four in fours {
            if let Some(values) = table.get(left as usize & 15) {
                four.iter_mut().zip(values).for_each(|(out, &value)| put(out, value));
            }
            left >>= 4;
        }
        for out in rest {
            put(out, pick(left as usize));
            left >>= 1;
        }
    }
}

/// The float that orders as a total does among totals.
#[inline]
pub(crate) fn as_float(total: i64) -> f64 {
    f64::from_bits(total as u64)
}

/// The larger of two floats; `than` if `this` is not a number. One instruction, unlike `f64::max`.
#[inline]
pub(crate) fn larger(this: f64, than: f64) -> f64 {
    if this > than { this } else { than }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn totals_order_as_floats_and_rows_that_are_out_stay_below(
            scores in prop::collection::vec((any::<bool>(), 0i64..7_000_000_000), 1..130),
        ) {
            let mut feasible = vec![0; scores.len().div_ceil(64)];
            scores.iter().enumerate().for_each(|(i, (on, _))| feasible[i / 64] |= u64::from(*on) << (i % 64));
            let (mut totals, mut mask) = (vec![0; scores.len()], vec![7; scores.len()]);
            start(&mut totals, &feasible);
            masks(&mut mask, &feasible);
            totals.iter_mut().zip(&scores).for_each(|(total, (_, score))| *total += score);
            let mut same: Vec<i64> = scores.iter().map(|(_, score)| *score).collect();
            start_with(&mut same, &feasible);
            prop_assert_eq!(&same, &totals);
            let least = scores.iter().zip(&totals).filter(|((on, _), _)| *on).map(|(_, total)| *total).min();
            for (((on, score), _), &total) in scores.iter().zip(&mask).zip(&totals) {
                let holds = if *on { total == ZERO + score } else { least.is_none_or(|least| total < least) };
                prop_assert!(holds);
                let other = totals[scores.len() / 2];
                prop_assert_eq!(total >= other, as_float(total) >= as_float(other));
            }
            for ((on, _), mask) in scores.iter().zip(mask) {
                prop_assert_eq!(mask, if *on { u64::MAX } else { 0 });
            }
        }
    }
}
