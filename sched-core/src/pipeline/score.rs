//! Step 3: the scores of a piece, summed up by weight, or kept raw until all candidates are known.

use super::chunk::{Run, Work, is_normalized, rows_of, scores as counts};
use super::normalize::{Extremes, normalize};
use super::{Entry, Ready, totals};
use sched_abi::{Hook, Rows};

impl Run<'_> {
    /// Scores rows `start..end`, `count` of which are feasible: totals of policies that need no normalisation are added
    /// up, the raw scores of the others are kept.
    pub(crate) fn score(&self, work: &mut Work, start: usize, end: usize, count: usize) {
        let table = self.nodes.rows().max(1);
        let Work { scores, masks, totals, raw, extremes, feasible, list, .. } = work;
        let (Some(totals), Some(masks)) = (totals.get_mut(start..end), masks.get_mut(..end - start)) else { return };
        let here = feasible.get(start / 64..).unwrap_or_default();
        if !extremes.is_empty() {
            totals::masks(masks, here);
        }
        let rows = rows_of(feasible, list, start, end, count);
        let mut waiting = raw.chunks_mut(table).zip(extremes);
        let mut started = false;
        for (entry, ready) in self.policies().filter(|(entry, ready)| counts(entry, ready)) {
            let Some(scores) = scores.get_mut(..rows.len()) else { return };
            if is_normalized(entry, ready) {
                let Some((raw, extremes)) = waiting.next() else { return };
                let Some(raw) = raw.get_mut(start..end) else { return };
                self.keep(entry, ready, rows, start, scores, raw);
                extremes.widen(raw, masks);
            } else if !started && entry.weight == 1 && matches!(rows, Rows::Range { .. }) {
                // The first scores are the totals.
                entry.policy.score(self.pod, self.nodes, &ready.block, rows, totals);
                totals::start_with(totals, here);
                started = true;
            } else {
                if !started {
                    totals::start(totals, here);
                    started = true;
                }
                entry.policy.score(self.pod, self.nodes, &ready.block, rows, scores);
                add(rows, start, scores, totals, entry.weight);
            }
        }
        if !started {
            totals::start(totals, here);
        }
    }

    /// Has raw scores written to their rows; a list of rows by way of `scores`.
    fn keep(&self, entry: &Entry, ready: &Ready, rows: Rows<'_>, start: usize, scores: &mut [i64], raw: &mut [i64]) {
        let Rows::List(list) = rows else {
            return entry.policy.score(self.pod, self.nodes, &ready.block, rows, raw);
        };
        entry.policy.score(self.pod, self.nodes, &ready.block, rows, scores);
        for (&row, &score) in list.iter().zip(&*scores) {
            if let Some(cell) = raw.get_mut(row as usize - start) {
                *cell = score;
            }
        }
    }

    /// What policies that give every node the same score add to every total.
    pub(crate) fn constant_total(&self) -> i64 {
        let constant = |raw, how| normalize(how, raw, Extremes { min: raw, max: raw });
        self.policies()
            .map(|(entry, ready)| match ready.prepared.score {
                Hook::Constant(raw) if entry.manifest.scores => entry.weight * constant(raw, entry.manifest.normalize),
                _ => 0,
            })
            .sum()
    }

    /// Now that the extremes over all candidates are known: how each waiting policy's raw scores are normalised. Returns
    /// what is added to every total alike.
    pub(crate) fn scale(&self, work: &mut Work) -> i64 {
        let rows = self.nodes.rows();
        let waiting = self.policies().filter(|(entry, ready)| is_normalized(entry, ready));
        let scales = waiting.zip(&mut work.scales).zip(&work.extremes);
        scales.map(|(((e, _), scale), &extremes)| scale.choose(e.manifest.normalize, extremes, e.weight, rows)).sum()
    }

    /// Adds the scores that waited, for rows `start..end`.
    pub(crate) fn add_normalized(&self, work: &mut Work, start: usize, end: usize) {
        let Work { totals, raw, extremes, scales, .. } = work;
        let Some(totals) = totals.get_mut(start..end) else { return };
        let raws = raw.chunks(self.nodes.rows().max(1));
        for ((raw, scale), _) in raws.zip(&*scales).zip(&*extremes) {
            scale.add(raw.get(start..end).unwrap_or_default(), totals);
        }
    }
}

fn add(rows: Rows<'_>, start: usize, scores: &[i64], totals: &mut [i64], weight: i64) {
    // A row that is out may have been given anything, hence the wrapping.
    let add = |total: &mut i64, score: i64| *total = total.wrapping_add(score.wrapping_mul(weight));
    match rows {
        Rows::Range { .. } if weight == 1 => {
            totals.iter_mut().zip(scores).for_each(|(total, &score)| *total = total.wrapping_add(score));
        }
        Rows::Range { .. } => totals.iter_mut().zip(scores).for_each(|(total, &score)| add(total, score)),
        Rows::List(list) => {
            for (&row, &score) in list.iter().zip(scores) {
                if let Some(total) = totals.get_mut(row as usize - start) {
                    add(total, score);
                }
            }
        }
    }
}
