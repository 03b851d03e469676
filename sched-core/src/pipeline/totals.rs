//! How totals are kept while a decision is made, so that plain vector instructions find the best.
//!
//! A total is an integer added to the bits of the float 2^52. Positive floats order as their bits do, so the largest total is
//! found by comparing the same bits as floats, for which every processor has vector instructions; for 64-bit integers the
//! baseline of x86-64 has none.

/// A total of 0.
pub(crate) const ZERO: i64 = 0x4330_0000_0000_0000;
/// What a row that is out starts from: the bits of 1.0, far below any total. Scores may be added to it all the same.
const OUT: i64 = 0x3ff0_0000_0000_0000;

/// Sets every total to 0, and those of rows that are out far below.
pub(crate) fn start(totals: &mut [i64], feasible: &[u64]) {
    expand(totals, feasible, OUT, ZERO);
}

/// Sets a mask for each row: all ones where it is feasible, else 0.
pub(crate) fn masks(masks: &mut [u64], feasible: &[u64]) {
    expand(masks, feasible, 0, u64::MAX);
}

/// Writes one of two values a bit, four bits at a time from a table.
fn expand<T: Copy>(out: &mut [T], bits: &[u64], zero: T, one: T) {
    let pick = |on: usize| if on & 1 == 1 { one } else { zero };
    let table: [[T; 4]; 16] = std::array::from_fn(|nibble| [0, 1, 2, 3].map(|i| pick(nibble >> i)));
    for (out, &word) in out.chunks_mut(64).zip(bits) {
        let (fours, rest) = out.as_chunks_mut::<4>();
        let mut left = word;
        for four in fours {
            if let Some(values) = table.get(left as usize & 15) {
                *four = *values;
            }
            left >>= 4;
        }
        rest.iter_mut().enumerate().for_each(|(i, out)| *out = if left >> i & 1 == 1 { one } else { zero });
    }
}

/// The largest of some totals, or more where a row that is out has been given a senseless score; at least 0.0's bits.
pub(crate) fn highest(totals: &[i64]) -> i64 {
    let float = |total: i64| f64::from_bits(total as u64);
    let (fours, rest) = totals.as_chunks::<4>();
    // Written out in pairs, which become one `maxpd` each.
    let ([mut a, mut b], [mut c, mut d]) = ([0.0; 2], [0.0; 2]);
    for &[e, f, g, h] in fours {
        [a, b] = [larger(float(e), a), larger(float(f), b)];
        [c, d] = [larger(float(g), c), larger(float(h), d)];
    }
    let most = larger(larger(a, b), larger(c, d));
    rest.iter().fold(most, |most, &total| larger(float(total), most)).to_bits() as i64
}

/// The larger of two floats; `than` if `this` is not a number. One instruction, unlike `f64::max`.
pub(crate) fn larger(this: f64, than: f64) -> f64 {
    if this > than { this } else { than }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_highest_total_is_that_of_a_feasible_row(
            scores in prop::collection::vec((any::<bool>(), 0i64..7_000_000_000), 1..130),
        ) {
            let mut feasible = vec![0; scores.len().div_ceil(64)];
            scores.iter().enumerate().for_each(|(i, (on, _))| feasible[i / 64] |= u64::from(*on) << (i % 64));
            let (mut totals, mut mask) = (vec![0; scores.len()], vec![7; scores.len()]);
            start(&mut totals, &feasible);
            masks(&mut mask, &feasible);
            totals.iter_mut().zip(&scores).for_each(|(total, (_, score))| *total += score);
            let best = scores.iter().filter(|(on, _)| *on).map(|(_, score)| ZERO + score).max();
            prop_assert!(best.is_none_or(|best| highest(&totals) == best));
            for ((on, _), mask) in scores.iter().zip(mask) {
                prop_assert_eq!(mask, if *on { u64::MAX } else { 0 });
            }
        }
    }
}
