//! Step 2: which rows of a piece are feasible.

use super::chunk::{Run, Work};
use sched_abi::{Hook, Rows, Verdict};

impl Run<'_> {
    /// Runs the filters over rows `start..end`, clears rejected rows from `work.feasible`, returns how many are left.
    /// `start` is a multiple of 64.
    pub(crate) fn filter(&self, work: &mut Work, start: usize, end: usize) -> u32 {
        let words = start / 64..end.div_ceil(64);
        let Work { verdicts, rejected, feasible, .. } = work;
        let (Some(feasible), Some(rejected), Some(verdicts)) =
            (feasible.get_mut(words), rejected.get_mut(..end - start), verdicts.get_mut(..end - start))
        else {
            return 0;
        };
        if feasible.iter().all(|&word| word == 0) {
            return 0;
        }
        let mut first = true;
        for (entry, ready) in self.policies() {
            if !entry.manifest.filters || ready.prepared.filter != Hook::Run {
                continue;
            }
            let rows = Rows::Range { start, end };
            if first {
                entry.policy.filter(self.pod, self.nodes, &ready.block, rows, rejected);
                first = false;
            } else {
                entry.policy.filter(self.pod, self.nodes, &ready.block, rows, verdicts);
                rejected.iter_mut().zip(&*verdicts).for_each(|(all, one)| *all = all.and(*one));
            }
        }
        if !first {
            for (word, verdicts) in feasible.iter_mut().zip(rejected.chunks(64)) {
                *word &= passes(verdicts);
            }
        }
        feasible.iter().map(|word| word.count_ones()).sum()
    }
}

/// A bit for each of up to 64 verdicts that passes.
fn passes(verdicts: &[Verdict]) -> u64 {
    // Eight at a time: the common case, all pass, is one comparison of their union.
    if verdicts.iter().fold(0, |all, v| all | v.0) == 0 {
        return u64::MAX;
    }
    verdicts.iter().enumerate().fold(0, |bits, (i, v)| bits | u64::from(v.passes()) << i)
}
