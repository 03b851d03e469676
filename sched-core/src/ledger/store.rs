//! How a hold comes into the ledger's tables and leaves them. Nothing here touches columns.

use super::{Due, Hold, HoldKind, Ledger};
use std::sync::Arc;

impl Ledger {
    /// Puts a hold in and under all its keys.
    pub(super) fn insert(&mut self, hold: Hold) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.generations.push(0);
            self.slots.len() as u32 - 1
        });
        self.by_name.insert(hold.name.clone(), slot);
        self.owners.insert(slot, &hold.owners);
        self.deadlines.insert(hold.expires_ms, Due::Hold(slot));
        if let Some(row) = hold.row {
            self.enter_row(slot, row);
        }
        if let (HoldKind::Rolling, Some(workload)) = (hold.kind, &hold.workload) {
            self.rules.rolling.entry(Arc::clone(workload)).or_default().push(slot);
        }
        if let Some(pod) = hold.of {
            self.of_pod.entry(pod).or_default().push(slot);
        }
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(hold);
        }
        self.revise(slot);
        slot
    }

    /// Takes a hold out that nobody uses and that holds no room.
    pub(super) fn remove(&mut self, slot: u32) -> Option<Hold> {
        self.revise(slot);
        let hold = self.slots.get_mut(slot as usize)?.take()?;
        self.by_name.remove(&hold.name);
        self.owners.remove(slot, &hold.owners);
        self.deadlines.remove(hold.expires_ms, Due::Hold(slot));
        if let Some(row) = hold.row {
            self.leave_row(slot, row);
        }
        self.forget_pod(slot, hold.of);
        if let (HoldKind::Rolling, Some(workload)) = (hold.kind, &hold.workload)
            && let Some(holds) = self.rules.rolling.get_mut(workload)
        {
            holds.retain(|&other| other != slot);
            if holds.is_empty() {
                self.rules.rolling.remove(workload);
            }
        }
        if let Some(generation) = self.generations.get_mut(slot as usize) {
            *generation = generation.wrapping_add(1);
        }
        self.free.push(slot);
        Some(hold)
    }

    pub(super) fn enter_row(&mut self, slot: u32, row: u32) {
        if self.on_row.len() <= row as usize {
            self.on_row.resize_with(row as usize + 1, Default::default);
        }
        if let Some(holds) = self.on_row.get_mut(row as usize) {
            holds.push(slot);
        }
    }

    pub(super) fn leave_row(&mut self, slot: u32, row: u32) {
        if let Some(holds) = self.on_row.get_mut(row as usize) {
            holds.retain(|&mut other| other != slot);
        }
    }

    /// A hold no longer belongs to a pod.
    pub(super) fn forget_pod(&mut self, slot: u32, pod: Option<u32>) {
        let Some(pod) = pod else { return };
        if let Some(holds) = self.of_pod.get_mut(&pod) {
            holds.retain(|&mut other| other != slot);
            if holds.is_empty() {
                self.of_pod.remove(&pod);
            }
        }
    }

    /// Changes when a hold ends.
    pub(super) fn renew(&mut self, slot: u32, expires_ms: u64) {
        self.revise(slot);
        let Some(Some(hold)) = self.slots.get_mut(slot as usize) else { return };
        let before = std::mem::replace(&mut hold.expires_ms, expires_ms);
        self.deadlines.remove(before, Due::Hold(slot));
        self.deadlines.insert(expires_ms, Due::Hold(slot));
    }

    /// A pod's uses change.
    pub(super) fn set_draws(&mut self, pod: u32, draws: smallvec::SmallVec<[super::Draw; 1]>) {
        if draws.is_empty() {
            self.draws.remove(&pod);
        } else {
            self.draws.insert(pod, draws);
        }
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Hold> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }
}
