//! Double entry: whatever a hold gains its node's columns lose, in one function. A column of requests is the sum of what the
//! pods on the row request and of what its holds have and nobody uses.

use super::defect::Defect;
use super::{Amounts, Hold, HoldKind, HoldState, LedgerChange};
use crate::cluster::{Changed, Cluster};
use sched_abi::ResourceId;

impl Cluster {
    /// Adds amounts to what counts as requested on a row, or takes them away. Callers note the change.
    fn charge(&mut self, row: u32, amounts: &Amounts, sign: i64) {
        amounts.iter().for_each(|(resource, amount)| self.charge_cell(row, resource, sign * amount));
    }

    fn charge_cell(&mut self, row: u32, resource: ResourceId, amount: i64) {
        let columns = self.nodes.resources.get_mut(usize::from(resource.0));
        let scoring = self.nodes.scoring.get_mut(usize::from(resource.0));
        for column in [columns.map(|c| &mut c.requested), scoring].into_iter().flatten() {
            if let Some(cell) = column.get_mut(row as usize) {
                *cell += amount as f64;
            }
        }
    }

    /// What counts as requested on a row changes for the length of a call; consumers of the journal follow.
    pub(super) fn charge_for_now(&mut self, row: u32, resource: ResourceId, amount: i64) {
        self.charge_cell(row, resource, amount);
        self.touch_briefly(row, Changed::Requested(resource.0));
    }

    /// The one function through which a hold changes: its node's columns take the difference of what it holds unused.
    pub(crate) fn change_hold(&mut self, slot: u32, change: impl FnOnce(&mut Hold)) {
        let Some(hold) = self.ledger.get_mut(slot) else { return };
        let (row, unused) = (hold.row, hold.unused());
        change(hold);
        let (new_row, now_unused) = (hold.row, hold.unused());
        debug_assert!(hold.amounts.iter().all(|(r, amount)| 0 <= hold.used.get(r) && hold.used.get(r) <= amount));
        if row != new_row {
            if let Some(row) = row {
                self.ledger.leave_row(slot, row);
            }
            if let Some(row) = new_row {
                self.ledger.enter_row(slot, row);
            }
        }
        self.ledger.revise(slot);
        let stays = row != new_row && self.ledger.has(Defect::MovesAndStays);
        let before = row.filter(|_| !stays);
        if let (Some(row), true) = (before, before == new_row) {
            let change = now_unused.less(&unused);
            self.charge(row, &change, 1);
            change.iter().for_each(|(resource, _)| self.touch(row, Changed::Requested(resource.0)));
            return;
        }
        for (row, amounts, sign) in [(before, &unused, -1), (new_row, &now_unused, 1)] {
            let Some(row) = row else { continue };
            self.charge(row, amounts, sign);
            amounts.iter().for_each(|(resource, _)| self.touch(row, Changed::Requested(resource.0)));
        }
    }

    /// Puts a hold in, with its room.
    pub(crate) fn open_hold(&mut self, hold: Hold) -> u32 {
        let (state, name) = (hold.state, hold.name.clone());
        let slot = self.ledger.insert(Hold { state: HoldState::Displaced, ..hold });
        self.change_hold(slot, |hold| hold.state = state);
        if state == HoldState::Open {
            let node = self.hold_node(slot);
            self.tell(&name, LedgerChange::Opened { node });
        }
        slot
    }

    /// Ends a hold: what nobody uses of it is free, what pods use is plainly theirs.
    pub(crate) fn end_hold(&mut self, slot: u32, why: LedgerChange) {
        let Some(hold) = self.ledger.get(slot) else { return };
        let (pods, unused) = (hold.pods.clone(), hold.amounts.less(&hold.used));
        let from = hold.workload.clone().filter(|_| hold.kind == HoldKind::HandOver);
        let row = hold.row.filter(|_| why == LedgerChange::Expired && self.ledger.has(Defect::DoubleFreeOnExpiry));
        if let Some(from) = from {
            self.take_back(&from, &unused);
        }
        self.change_hold(slot, |hold| hold.state = HoldState::Displaced);
        if let Some(row) = row {
            self.charge(row, &unused, -1);
        }
        for pod in pods {
            let mut draws: smallvec::SmallVec<_> = self.ledger.draws(pod).into();
            draws.retain(|draw: &mut super::Draw| draw.hold != slot);
            self.ledger.set_draws(pod, draws);
        }
        let Some(hold) = self.ledger.remove(slot) else { return };
        hold.names.iter().for_each(|&id| self.nodes.release_resource(id));
        self.tell(&hold.name, why);
    }

    /// Ends what has ended by now.
    pub(crate) fn end_due_holds(&mut self) {
        let mut first = true;
        while let Some(due) = self.ledger.deadlines.next(self.clock_ms()) {
            if std::mem::take(&mut first) {
                self.advance_alone();
            }
            match due {
                super::Due::Hold(slot) => self.end_hold(slot, LedgerChange::Expired),
                super::Due::Gang(serial) => self.gang_expires(serial),
            }
        }
    }

    pub(crate) fn tell(&mut self, name: &str, what: LedgerChange) {
        let at_ms = self.clock_ms();
        self.ledger.outbox.push(at_ms, name, what);
    }

    pub(super) fn hold_node(&self, slot: u32) -> String {
        let row = self.ledger.get(slot).and_then(|hold| hold.row);
        row.and_then(|row| self.nodes.name(row)).map_or_else(String::new, ToString::to_string)
    }

    /// What is free of a resource on a row; below 0 where others overcommitted it.
    pub(crate) fn free_room(&self, row: u32, resource: ResourceId) -> i64 {
        let Some(columns) = self.nodes.columns(resource) else { return 0 };
        let [has, held] =
            [&columns.allocatable, &columns.requested].map(|c| c.get(row as usize).copied().unwrap_or(0.0));
        has as i64 - held as i64
    }
}
