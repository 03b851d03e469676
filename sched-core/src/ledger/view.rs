//! The ledger as others see it: views of holds, and its part of the dump.

use super::{Amounts, HoldView, LedgerEvent};
use crate::cluster::{Cluster, PodId, Resources, Row};
use crate::explain::HeldRoom;
use sched_abi::ResourceId;
use std::fmt::Write;

impl Cluster {
    /// What is held beyond the pods.
    pub fn ledger(&self) -> &super::Ledger {
        &self.ledger
    }

    /// A hold by name.
    pub fn hold_view(&self, name: &str) -> Option<HoldView> {
        let id = self.ledger.find(name)?;
        let hold = self.ledger.get(id.slot)?;
        let mut pods: Vec<(String, Resources)> = hold
            .pods
            .iter()
            .map(|&pod| {
                let draws = self.ledger.draws(pod).iter().filter(|draw| draw.hold == id.slot);
                (self.pods.full_name(pod), draws.map(|draw| self.named(&draw.amounts)).next().unwrap_or_default())
            })
            .collect();
        pods.sort();
        Some(HoldView {
            id,
            name: name.to_owned(),
            kind: hold.kind,
            state: hold.state,
            node: hold.row.and_then(|row| self.nodes.name(row)).map(ToString::to_string),
            amounts: self.named(&hold.amounts),
            used: self.named(&hold.used),
            pods,
            expires_ms: (hold.expires_ms != u64::MAX).then_some(hold.expires_ms),
        })
    }

    /// The names of all holds, ascending.
    pub fn hold_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.ledger.iter().map(|(_, hold)| &*hold.name).collect();
        names.sort_unstable();
        names
    }

    /// The names of the holds that a pod uses, in the order of use.
    pub fn holds_used_by(&self, pod: PodId) -> Vec<&str> {
        let draws = self.ledger.draws(pod.0).iter();
        draws.filter_map(|draw| self.ledger.get(draw.hold)).map(|hold| &*hold.name).collect()
    }

    /// What happened to holds and gangs since the last call: the newest
    /// [`MAX_LEDGER_EVENTS`](crate::limits::MAX_LEDGER_EVENTS).
    pub fn take_ledger_events(&mut self) -> Vec<LedgerEvent> {
        self.ledger.outbox.take()
    }

    /// Where a pod finds too little on a row: the holds without which it would be enough, the largest first. Room that is the
    /// pod's own is open meanwhile.
    pub(crate) fn held_for(&self, pod: PodId, row: Row, reasons: &[String]) -> Vec<HeldRoom> {
        if self.ledger.on_row(row.0).is_empty() {
            return Vec::new();
        }
        let requests = self.pods.class_of(pod.0).map_or(&[][..], |class| &class.requests);
        let own = self.choose_holds(pod.0, row.0, self.clock_ms()).holds;
        let mut list = Vec::new();
        for request in requests {
            let name = self.nodes.resource_names.get(u32::from(request.resource.0)).map_or("", |name| name);
            let of_pods = request.resource == ResourceId::PODS;
            let reason = if of_pods { "Too many pods".to_owned() } else { format!("Insufficient {name}") };
            let short = request.amount as i64 - self.free_room(row.0, request.resource);
            if short <= 0 || !reasons.contains(&reason) {
                continue;
            }
            let others = self.ledger.on_row(row.0).iter().filter(|slot| !own.contains(slot));
            let held = others.filter_map(|&slot| self.ledger.get(slot)).map(|hold| HeldRoom {
                reason: reason.clone(),
                amount: hold.unused().get(request.resource),
                hold: hold.name.to_string(),
                kind: hold.kind,
                until_ms: (hold.expires_ms != u64::MAX).then_some(hold.expires_ms),
            });
            let mut held: Vec<HeldRoom> = held.filter(|held| held.amount > 0).collect();
            if held.iter().map(|held| held.amount).sum::<i64>() >= short {
                held.sort_by(|a, b| b.amount.cmp(&a.amount).then_with(|| a.hold.cmp(&b.hold)));
                list.extend(held);
            }
        }
        list
    }

    pub(super) fn named(&self, amounts: &Amounts) -> Resources {
        let name = |id: sched_abi::ResourceId| self.nodes.resource_names.get(u32::from(id.0));
        amounts.iter().filter_map(|(id, amount)| Some((name(id)?.to_string(), amount))).collect()
    }

    pub(crate) fn dump_ledger(&self, out: &mut String) {
        self.dump_rules(out);
        self.dump_gangs(out);
        for name in self.hold_names() {
            let Some(hold) = self.ledger.find(name).and_then(|id| self.ledger.get(id.slot)) else { continue };
            let Some(view) = self.hold_view(name) else { continue };
            let of = hold.of.map(|pod| self.pods.full_name(pod));
            let _ = writeln!(
                out,
                "hold {name} {:?} {:?} on {:?} amounts {:?} used {:?} due {:?} until {:?} of {of:?} pods {:?}",
                view.kind,
                view.state,
                view.node,
                view.amounts,
                view.used,
                self.named(&hold.due),
                view.expires_ms,
                view.pods
            );
            let flags = (hold.restricted, hold.once, hold.order);
            let _ = writeln!(out, "  {flags:?} {:?} {:?} {:?}", hold.owners, hold.taints, hold.template);
        }
    }
}
