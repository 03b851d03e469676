//! Step 4: the best total; among equal ones the lowest rank under the seed, then the smaller name.

use super::totals::highest;
use crate::hash::rank;
use std::{cmp::Ordering, sync::Arc};

/// The chosen row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Best {
    pub(crate) row: u32,
    pub(crate) total: i64,
    pub(crate) feasible: u32,
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
        best: &mut Option<(u32, i64)>,
    ) {
        let totals = totals.get(start..end).unwrap_or_default();
        let words = feasible.get(start / 64..).unwrap_or_default();
        for (i, (&word, totals)) in words.iter().zip(totals.chunks(64)).enumerate() {
            // A word that cannot hold a winner is passed over by its maximum.
            if word == 0 || best.is_some_and(|(_, so_far)| highest(totals) < so_far) {
                continue;
            }
            let rows = (start + i * 64) as u32..;
            for ((bit, &total), row) in totals.iter().enumerate().zip(rows) {
                let better = |(at, so_far)| total > so_far || (total == so_far && self.before(row, at));
                if word >> bit & 1 == 1 && best.is_none_or(better) {
                    *best = Some((row, total));
                }
            }
        }
    }

    /// Whether `a` comes before `b` among equals.
    pub(crate) fn before(&self, a: u32, b: u32) -> bool {
        self.order(a, b).is_lt()
    }

    /// The order among equals.
    pub(crate) fn order(&self, a: u32, b: u32) -> Ordering {
        let rank_of = |row: u32| rank(self.seed, self.hashes.get(row as usize).copied().unwrap_or(0));
        let name = |row: u32| self.names.get(row as usize).and_then(Option::as_ref);
        rank_of(a).cmp(&rank_of(b)).then_with(|| name(a).cmp(&name(b)))
    }
}
