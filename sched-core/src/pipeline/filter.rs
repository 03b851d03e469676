//! Step 2: which rows of a piece are feasible.

use super::chunk::{Run, Work};
use sched_abi::{Hook, Rows, Verdict, bits_where};

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
            if entry.policy.filter_bits(self.pod, self.nodes, &ready.block, start, feasible) {
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
    bits_where(verdicts, |v| v.passes())
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
