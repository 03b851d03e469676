//! Step 3: the scores of a piece, summed up by weight, or kept raw until all candidates are known.

use super::chunk::{Run, Work, is_normalized, rows_of};
use super::normalize::{Extremes, normalize};
use sched_abi::{Hook, Normalize, Rows};

impl Run<'_> {
    /// Scores rows `start..end`, `count` of which are feasible: totals of policies that need no normalisation are added
    /// up, the raw scores of the others are kept.
    pub(crate) fn score(&self, work: &mut Work, start: usize, end: usize, count: usize) {
        let table = self.nodes.rows();
        let constant = self.constant_total();
        let Work { scores, totals, raw, extremes, feasible, list, .. } = work;
        let Some(totals) = totals.get_mut(start..end) else { return };
        totals.fill(constant);
        let rows = rows_of(feasible, list, start, end, count);
        let mut kept = 0;
        for (entry, ready) in self.policies() {
            if !entry.manifest.scores || ready.prepared.score != Hook::Run {
                continue;
            }
            let Some(scores) = scores.get_mut(..rows.len()) else { return };
            entry.policy.score(self.pod, self.nodes, &ready.block, rows, scores);
            if is_normalized(entry, ready) {
                let at = kept * table + start;
                let (Some(raw), Some(extremes)) = (raw.get_mut(at..at + (end - start)), extremes.get_mut(kept)) else {
                    return;
                };
                keep(rows, start, scores, raw);
                extremes.widen(raw, feasible, start);
                kept += 1;
            } else {
                add(rows, start, scores, totals, entry.weight);
            }
        }
    }

    /// What policies that give every node the same score add to every total.
    fn constant_total(&self) -> i64 {
        let constant = |raw, how| normalize(how, raw, Extremes { min: raw, max: raw });
        self.policies()
            .map(|(entry, ready)| match ready.prepared.score {
                Hook::Constant(raw) if entry.manifest.scores => entry.weight * constant(raw, entry.manifest.normalize),
                _ => 0,
            })
            .sum()
    }

    /// Adds the scores that waited for the extremes over all candidates.
    pub(crate) fn add_normalized(&self, work: &mut Work) {
        let Work { totals, raw, extremes, .. } = work;
        let rows = self.nodes.rows().max(1);
        let waiting = self.policies().filter(|(e, r)| is_normalized(e, r));
        for (((entry, _), raw), extremes) in waiting.zip(raw.chunks(rows)).zip(&*extremes) {
            let (how, weight, extremes) = (entry.manifest.normalize, entry.weight, *extremes);
            debug_assert_ne!(how, Normalize::None);
            for (total, &raw) in totals.iter_mut().zip(raw) {
                *total += weight * normalize(how, raw, extremes);
            }
        }
    }
}

fn keep(rows: Rows<'_>, start: usize, scores: &[i64], raw: &mut [i64]) {
    match rows {
        Rows::Range { .. } => raw.copy_from_slice(scores),
        Rows::List(list) => {
            for (&row, &score) in list.iter().zip(scores) {
                if let Some(cell) = raw.get_mut(row as usize - start) {
                    *cell = score;
                }
            }
        }
    }
}

fn add(rows: Rows<'_>, start: usize, scores: &[i64], totals: &mut [i64], weight: i64) {
    match rows {
        Rows::Range { .. } if weight == 1 => totals.iter_mut().zip(scores).for_each(|(t, s)| *t += s),
        Rows::Range { .. } => totals.iter_mut().zip(scores).for_each(|(t, s)| *t += weight * s),
        Rows::List(list) => {
            for (&row, &score) in list.iter().zip(scores) {
                if let Some(total) = totals.get_mut(row as usize - start) {
                    *total += weight * score;
                }
            }
        }
    }
}
