//! Runs filters and scores over the table a piece at a time, so that what one policy writes is still in the cache when the
//! next one needs it. The full scan, and the choice between dense ranges and row lists, are here and nowhere else.

use super::normalize::Extremes;
use super::select::{Best, Ties};
use super::{Entry, Ready};
use sched_abi::{Bits, Hook, Nodes, Normalize, PodView, Rows, Verdict};

/// Rows a piece: verdicts and scores of one stay within the L1 cache.
pub(crate) const CHUNK: usize = 1024;

/// Buffers of a run.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) rejected: Vec<Verdict>,
    pub(crate) scores: Vec<i64>,
    /// Totals of all rows.
    pub(crate) totals: Vec<i64>,
    /// Raw scores of all rows, for each policy that is normalised, one after the other.
    pub(crate) raw: Vec<i64>,
    pub(crate) extremes: Vec<Extremes>,
    pub(crate) feasible: Vec<u64>,
    pub(crate) list: Vec<u32>,
}

/// Everything that a run over the table reads.
pub(crate) struct Run<'a> {
    pub(crate) entries: &'a [Entry],
    pub(crate) ready: &'a [Ready],
    pub(crate) pod: &'a PodView<'a>,
    pub(crate) nodes: &'a dyn Nodes,
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
        for start in (0..rows).step_by(CHUNK) {
            let end = (start + CHUNK).min(rows);
            let here = self.filter(work, start, end);
            feasible += here;
            if here == 0 {
                continue;
            }
            self.score(work, start, end, here as usize);
            if direct {
                ties.best_of(&work.totals, &work.feasible, start, end, &mut best);
            }
        }
        // Without candidates there are no extremes to normalise with.
        if !direct && feasible > 0 {
            self.add_normalized(work);
            ties.best_of(&work.totals, &work.feasible, 0, rows, &mut best);
        }
        best.map(|(row, total)| Best { row, total, feasible })
    }

    fn start(&self, work: &mut Work, rows: usize) {
        work.feasible.clear();
        work.feasible.extend_from_slice(self.nodes.bits(Bits::Live));
        work.feasible.resize(rows.div_ceil(64), 0);
        if let Some(named) = self.pod.named_nodes.filter(|_| self.ready.iter().any(|r| r.prepared.narrow)) {
            let named = named.iter().chain(std::iter::repeat(&0));
            work.feasible.iter_mut().zip(named).for_each(|(bits, named)| *bits &= named);
        }
        work.verdicts.resize(CHUNK, Verdict::PASS);
        work.rejected.resize(CHUNK, Verdict::PASS);
        work.scores.resize(CHUNK, 0);
        work.totals.resize(rows, 0);
        let normalized = self.policies().filter(|(e, r)| is_normalized(e, r)).count();
        work.raw.resize(rows * normalized, 0);
        work.extremes.clear();
        work.extremes.resize(normalized, Extremes::default());
    }
}

/// Whether a policy's scores wait for those of all candidates.
pub(crate) fn is_normalized(entry: &Entry, ready: &Ready) -> bool {
    entry.manifest.scores && ready.prepared.score == Hook::Run && entry.manifest.normalize != Normalize::None
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
