//! Room that is a pod's own is open to it for the length of a call: columns show it free, and are put back after. Filters
//! and scores know nothing of holds.

use super::HoldState;
use crate::cluster::{Cluster, PodId};
use crate::limits::MAX_RESERVATION_SCORE;
use sched_abi::ResourceId;

/// Buffers of one call.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    found: Vec<u32>,
    rows: Vec<u32>,
    /// What was opened where.
    cells: Vec<(u32, ResourceId, i64)>,
    ranks: Vec<(i32, u64, u32)>,
    /// How much a row is preferred for the pod's own room on it, 0..=100, by row.
    pub(crate) preferred: Vec<(u32, i64)>,
}

impl Cluster {
    /// Opens a pod's own room, on one row or on all; [`Cluster::close_own`] must follow.
    pub(crate) fn open_own(&mut self, pod: PodId, now_ms: u64, only: Option<u32>) {
        let mut opened = std::mem::take(&mut self.ledger.opened);
        debug_assert!(opened.cells.is_empty());
        opened.preferred.clear();
        if !self.ledger.owners.is_empty() {
            self.own_rows(pod, only, &mut opened);
            self.open_rows(pod, self.clock_ms().max(now_ms), &mut opened);
        }
        self.ledger.opened = opened;
    }

    /// Rows on which there are holds that may be the pod's.
    fn own_rows(&self, pod: PodId, only: Option<u32>, opened: &mut Opened) {
        let Opened { found, rows, .. } = opened;
        rows.clear();
        if let Some(row) = only {
            rows.push(row);
            return;
        }
        self.with_candidate(pod.0, |pod| self.ledger.owners.find(pod, found));
        let open = found.iter().filter_map(|&slot| self.ledger.get(slot)).filter(|h| h.state == HoldState::Open);
        rows.extend(open.filter_map(|hold| hold.row));
        rows.sort_unstable();
        rows.dedup();
    }

    fn open_rows(&mut self, pod: PodId, now_ms: u64, opened: &mut Opened) {
        let Opened { rows, cells, ranks, preferred, .. } = opened;
        ranks.clear();
        self.with_candidate(pod.0, |pod| {
            for &row in &*rows {
                let choice = self.choose_of(pod, row, now_ms);
                if choice.holds.is_empty() {
                    continue;
                }
                ranks.push((choice.rank.0, choice.rank.1, row));
                for hold in choice.holds.iter().filter_map(|&slot| self.ledger.get(slot)) {
                    for request in pod.requests {
                        let unused = hold.amounts.get(request.resource) - hold.used.get(request.resource);
                        if unused > 0 {
                            cells.push((row, request.resource, unused));
                        }
                    }
                }
            }
        });
        for &(row, resource, unused) in &*cells {
            self.charge_for_now(row, resource, -unused);
        }
        prefer(ranks, preferred);
    }

    /// Puts back what was opened.
    pub(crate) fn close_own(&mut self) {
        let mut cells = std::mem::take(&mut self.ledger.opened.cells);
        for (row, resource, unused) in cells.drain(..) {
            self.charge_for_now(row, resource, unused);
        }
        self.ledger.opened.cells = cells;
    }

    /// How much rows are preferred for a pod's own room on them, while it is open.
    pub(crate) fn preferred(&self) -> &[(u32, i64)] {
        &self.ledger.opened.preferred
    }
}

/// The lowest order first, then the tightest: the first rank scores 100, the last 50, those between evenly; equal ranks score
/// alike. Rows without own room score 0.
fn prefer(ranks: &mut [(i32, u64, u32)], preferred: &mut Vec<(u32, i64)>) {
    ranks.sort_unstable();
    let places = ranks.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
    let last = (places.clone().count() as i64 - 1).max(1);
    for (place, rows) in (0..).zip(places) {
        let score = MAX_RESERVATION_SCORE - MAX_RESERVATION_SCORE / 2 * place / last;
        preferred.extend(rows.iter().map(|&(_, _, row)| (row, score)));
    }
    preferred.sort_unstable();
}
