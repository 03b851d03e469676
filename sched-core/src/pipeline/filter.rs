//! Step 2: which rows of a piece are feasible.

use super::chunk::{Run, Work};
use sched_abi::{Hook, Rows, Verdict};

impl Run<'_> {
    /// Runs the filters over rows `start..end`, clears rejected rows from `work.feasible`, returns how many are left.
    /// `start` is a multiple of 64.
    pub(crate) fn filter(&self, work: &mut Work, start: usize, end: usize) -> u32 {
        let words = start / 64..end.div_ceil(64);
        let Work { verdicts, feasible, .. } = work;
        let (Some(feasible), Some(verdicts)) = (feasible.get_mut(words), verdicts.get_mut(..end - start)) else {
            return 0;
        };
        if feasible.iter().all(|&word| word == 0) {
            return 0;
        }
        for (entry, ready) in self.policies() {
            if !entry.manifest.filters || ready.prepared.filter != Hook::Run {
                continue;
            }
            entry.policy.filter(self.pod, self.nodes, &ready.block, Rows::Range { start, end }, verdicts);
            for (word, verdicts) in feasible.iter_mut().zip(verdicts.chunks(64)) {
                *word &= passes(verdicts);
            }
        }
        feasible.iter().map(|word| word.count_ones()).sum()
    }
}

/// A bit for each of up to 64 verdicts that passes.
fn passes(verdicts: &[Verdict]) -> u64 {
    // The common case, all pass, is one comparison of their union.
    if verdicts.iter().fold(0, |all, v| all | v.0) == 0 {
        return u64::MAX;
    }
    let (eights, rest) = verdicts.as_chunks::<8>();
    let mut bits = 0;
    for (i, eight) in eights.iter().enumerate() {
        bits |= eight_bits(eight) << (8 * i);
    }
    rest.iter().enumerate().fold(bits, |bits, (i, v)| bits | u64::from(v.passes()) << (8 * eights.len() + i))
}

/// A bit for each of eight verdicts: eight bytes of 0 or 1, which vector instructions make, gathered by a multiplication
/// that shifts the `i`-th byte to bit `56 + i`.
fn eight_bits(verdicts: &[Verdict; 8]) -> u64 {
    let bytes = verdicts.map(|v| u8::from(v.passes()));
    u64::from_le_bytes(bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bit_is_set_where_a_verdict_passes(verdicts in prop::collection::vec(0u64..3, 0..=64)) {
            let verdicts: Vec<Verdict> = verdicts.into_iter().map(|v| Verdict(v << 40)).collect();
            let bits = passes(&verdicts);
            for (i, v) in verdicts.iter().enumerate() {
                prop_assert_eq!(bits >> i & 1 == 1, v.passes());
            }
        }
    }
}
