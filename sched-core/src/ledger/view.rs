//! The ledger as others see it: views of holds, and its part of the dump.

use super::{Amounts, HoldView, LedgerEvent};
use crate::cluster::{Cluster, PodId, Resources};
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
            node: hold.row.and_then(|row| self.nodes.name(row)).map(|name| name.to_string()),
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
