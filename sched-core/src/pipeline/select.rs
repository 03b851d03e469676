//! Step 4: the best total; among equal ones the lowest rank under the seed, then the smaller name.

use super::totals::as_float;
use crate::hash::rank;
use sched_abi::bits_where;
use std::{cmp::Ordering, sync::Arc};

/// The chosen row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Best {
    pub(crate) row: u32,
    pub(crate) total: i64,
    pub(crate) feasible: u32,
}

/// The best row so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leader {
    pub(crate) row: u32,
    /// As `totals.rs` keeps it.
    pub(crate) total: i64,
    rank: u64,
}

/// What breaks ties.
pub(crate) struct Ties<'a> {
    pub(crate) seed: u64,
    pub(crate) hashes: &'a [u64],
    pub(crate) names: &'a [Option<Arc<str>>],
}

impl Ties<'_> {
    /// Looks through the feasible rows of `start..end` (`start` a multiple of 64) for one better than `best`. Totals are
    /// as `totals.rs` keeps them.
    pub(crate) fn best_of(
        &self,
        totals: &[i64],
        feasible: &[u64],
        start: usize,
        end: usize,
        best: &mut Option<Leader>,
    ) {
        let totals = totals.get(start..end).unwrap_or_default();
        let words = feasible.get(start / 64..).unwrap_or_default();
        for (i, (&word, totals)) in words.iter().zip(totals.chunks(64)).enumerate() {
            if word == 0 {
                continue;
            }
            // Most words hold no row that is as good as the leader, which one vector loop finds out.
            let so_far = best.map_or(0.0, |best| as_float(best.total));
            let mut left = word & bits_where(totals, |&total| as_float(total) >= so_far);
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                if let Some(&total) = totals.get(bit as usize)
                    && best.is_none_or(|best| total >= best.total)
                {
                    self.challenge(best, start as u32 + i as u32 * 64 + bit, total);
                }
            }
        }
    }

    /// Puts a row in the lead that is at least as good, unless the tie goes to the leader.
    fn challenge(&self, best: &mut Option<Leader>, row: u32, total: i64) {
        let rank = self.rank_of(row);
        let loses = |best: &Leader| {
            let first = best.rank.cmp(&rank).then_with(|| self.name(best.row).cmp(&self.name(row)));
            total == best.total && first.is_le()
        };
        if !best.as_ref().is_some_and(loses) {
            *best = Some(Leader { row, total, rank });
        }
    }

    /// Whether `a` comes before `b` among equals.
    pub(crate) fn before(&self, a: u32, b: u32) -> bool {
        self.order(a, b).is_lt()
    }

    /// The order among equals.
    pub(crate) fn order(&self, a: u32, b: u32) -> Ordering {
        self.rank_of(a).cmp(&self.rank_of(b)).then_with(|| self.name(a).cmp(&self.name(b)))
    }

    fn rank_of(&self, row: u32) -> u64 {
        rank(self.seed, self.hashes.get(row as usize).copied().unwrap_or(0))
    }

    fn name(&self, row: u32) -> Option<&Arc<str>> {
        self.names.get(row as usize).and_then(Option::as_ref)
    }
}
