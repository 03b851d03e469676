//! Runs filters and scores over the table a piece at a time, so that what one policy writes is still in the cache when the
//! next one needs it. The full scan, and the choice between dense ranges and row lists, are here and nowhere else.

use super::normalize::{Extremes, Scale};
use super::select::{Best, Ties};
use super::{Entry, Ready, totals};
use sched_abi::{Bits, Hook, Nodes, Normalize, PodView, Rows, Verdict};

/// Rows a piece: verdicts and scores of one stay within the L1 cache.
pub(crate) const CHUNK: usize = 1024;

/// Buffers of a run.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) scores: Vec<i64>,
    /// All ones for feasible rows, 0 for others; filled where a policy is normalised.
    pub(crate) masks: Vec<u64>,
    /// Totals of all rows, as `totals.rs` keeps them.
    pub(crate) totals: Vec<i64>,
    /// Raw scores of all rows, for each policy that is normalised, one after the other.
    pub(crate) raw: Vec<i64>,
    pub(crate) extremes: Vec<Extremes>,
    pub(crate) scales: Vec<Scale>,
    pub(crate) feasible: Vec<u64>,
    pub(crate) list: Vec<u32>,
}

/// Everything that a run over the table reads.
pub(crate) struct Run<'a> {
    pub(crate) entries: &'a [Entry],
    pub(crate) ready: &'a [Ready],
    pub(crate) pod: &'a PodView<'a>,
    pub(crate) nodes: &'a dyn Nodes,
    pub(crate) preferred: Preferred<'a>,
}

/// Rows that are preferred because there is room on them that is the pod's own, and the rows that may be chosen at all.
#[derive(Clone, Copy, Default)]
pub(crate) struct Preferred<'a> {
    /// Rows, ascending, with a score each.
    pub(crate) rows: &'a [(u32, i64)],
    pub(crate) weight: i64,
    pub(crate) among: Option<&'a [u64]>,
}

impl Run<'_> {
    /// The policies with what they said to the pod.
    pub(crate) fn policies(&self) -> impl Iterator<Item = (&Entry, &Ready)> {
        self.entries.iter().zip(self.ready)
    }

    /// The best feasible row.
    pub(crate) fn best(&self, work: &mut Work, ties: &Ties<'_>) -> Option<Best> {
        let rows = self.nodes.rows();
        if self.ready.iter().any(|r| r.prepared.reject.is_some()) {
            return None;
        }
        self.start(work, rows);
        let (mut best, mut feasible) = (None, 0);
        let direct = work.extremes.is_empty();
        let pieces = || (0..rows).step_by(CHUNK).map(|start| (start, (start + CHUNK).min(rows)));
        for (start, end) in pieces() {
            let here = self.filter(work, start, end);
            feasible += here;
            if here == 0 {
                continue;
            }
            self.score(work, start, end, here as usize);
            if direct {
                self.prefer(work, start, end);
                ties.best_of(&work.totals, &work.feasible, start, end, &mut best);
            }
        }
        // What every feasible row gets alike changes no order, so it is added at the end.
        let mut alike = self.constant_total();
        if !direct && feasible > 0 {
            alike += self.scale(work);
            for (start, end) in pieces() {
                self.add_normalized(work, start, end);
                self.prefer(work, start, end);
                ties.best_of(&work.totals, &work.feasible, start, end, &mut best);
            }
        }
        best.map(|best| Best { row: best.row, total: best.total - totals::ZERO + alike, feasible })
    }

    /// Adds what feasible rows of `start..end` are preferred by.
    fn prefer(&self, work: &mut Work, start: usize, end: usize) {
        let Preferred { rows, weight, .. } = self.preferred;
        let first = rows.partition_point(|&(row, _)| (row as usize) < start);
        let here = rows.iter().skip(first).take_while(|&&(row, _)| (row as usize) < end);
        for &(row, score) in here.filter(|&&(row, _)| sched_abi::bit(&work.feasible, row as usize)) {
            if let Some(total) = work.totals.get_mut(row as usize) {
                *total += weight * score;
            }
        }
    }

    fn start(&self, work: &mut Work, rows: usize) {
        work.feasible.clear();
        work.feasible.extend_from_slice(self.nodes.bits(Bits::Live));
        work.feasible.resize(rows.div_ceil(64), 0);
        if let Some(named) = self.pod.named_nodes.filter(|_| self.ready.iter().any(|r| r.prepared.narrow)) {
            let named = named.iter().chain(std::iter::repeat(&0));
            work.feasible.iter_mut().zip(named).for_each(|(bits, named)| *bits &= named);
        }
        if let Some(among) = self.preferred.among {
            let among = among.iter().chain(std::iter::repeat(&0));
            work.feasible.iter_mut().zip(among).for_each(|(bits, among)| *bits &= among);
        }
        work.verdicts.resize(CHUNK, Verdict::PASS);
        work.scores.resize(CHUNK, 0);
        work.masks.resize(CHUNK, 0);
        work.list.clear();
        work.list.reserve(CHUNK);
        work.totals.resize(rows, 0);
        let normalized = self.policies().filter(|(e, r)| is_normalized(e, r)).count();
        // These two only grow: what a later pod needs again is not made anew.
        work.raw.resize(work.raw.len().max(rows * normalized), 0);
        work.scales.resize_with(work.scales.len().max(normalized), Scale::default);
        work.extremes.clear();
        work.extremes.resize(normalized, Extremes::default());
    }
}

/// Whether a policy scores this pod row by row, and that counts.
pub(crate) fn scores(entry: &Entry, ready: &Ready) -> bool {
    entry.manifest.scores && entry.weight != 0 && ready.prepared.score == Hook::Run
}

/// Whether a policy's scores wait for those of all candidates.
pub(crate) fn is_normalized(entry: &Entry, ready: &Ready) -> bool {
    scores(entry, ready) && entry.manifest.normalize != Normalize::None
}

/// The rows of a piece that are worth looking at: all of it, or a list where few are left.
pub(crate) fn rows_of<'a>(
    feasible: &[u64],
    list: &'a mut Vec<u32>,
    start: usize,
    end: usize,
    count: usize,
) -> Rows<'a> {
    if count * 8 >= end - start {
        return Rows::Range { start, end };
    }
    list.clear();
    let words = feasible.get(start / 64..).unwrap_or_default();
    list.extend(crate::cluster::ones(words).map(|row| row + start as u32).take_while(|&row| (row as usize) < end));
    Rows::List(list)
}
