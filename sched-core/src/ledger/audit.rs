//! What must always hold of the ledger, by name, counted from scratch. Debug builds check it after every operation.

use super::{Amounts, Due, HoldKind, HoldState};
use crate::cluster::Cluster;
use sched_abi::ResourceId;
use thiserror::Error;

/// A rule of the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Invariant {
    /// On every node and for every resource, what counts as requested is what pods request and what holds have unused.
    Conservation,
    /// A hold is in exactly the tables that its state calls for, once.
    OneState,
    /// What pods use of a hold is what the hold says is used, by pods that are on its node.
    UsesMatch,
    /// Nobody uses more than is there, or more than it requests.
    WithinBounds,
    /// What a pod uses is its own.
    OwnersOnly,
}

/// The ledger is not what it must be: an error of the library.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("the ledger breaks {invariant:?}: {detail}")]
pub struct AuditError {
    /// Which rule.
    pub invariant: Invariant,
    /// Where, and what was found.
    pub detail: String,
}

fn broken(invariant: Invariant, detail: String) -> Result<(), AuditError> {
    Err(AuditError { invariant, detail })
}

impl Cluster {
    /// Checks every invariant of the ledger against pods, holds and columns. Cost: all pods, holds and cells; decisions need
    /// it never, an embedder that wants to be sure calls it now and then.
    pub fn audit(&self) -> Result<(), AuditError> {
        self.audit_holds()?;
        self.audit_uses()?;
        self.audit_columns()
    }

    /// In debug builds, after every operation on holds.
    pub(crate) fn debug_audit(&self) {
        if cfg!(debug_assertions) {
            let found = self.audit();
            debug_assert!(found.is_ok(), "{found:?}");
        }
    }

    fn audit_holds(&self) -> Result<(), AuditError> {
        use Invariant::{OneState, WithinBounds};
        let (mut on_rows, mut deadlines) = (0, 0);
        for (slot, hold) in self.ledger.iter() {
            let name = &hold.name;
            let found = self.ledger.by_name.get(name) == Some(&slot);
            let row = hold.row.map(|row| self.ledger.on_row(row).iter().filter(|&&s| s == slot).count());
            let dated = self.ledger.deadlines.contains(hold.expires_ms, Due::Hold(slot));
            let placed = hold.row.is_some() == (hold.state != HoldState::Displaced);
            let of = hold.of.is_none_or(|pod| self.ledger.of_pod(pod).contains(&slot));
            let waits = (hold.state == HoldState::Waiting || hold.kind == HoldKind::InPlace) == hold.of.is_some();
            if !(found && row.is_none_or(|n| n == 1) && dated && placed && of && waits) {
                return broken(
                    OneState,
                    format!(
                        "hold `{name}` as {:?}: found {found}, on its row {row:?}, dated {dated}, placed {placed}, of its pod {of} {waits}",
                        hold.state
                    ),
                );
            }
            if hold.state == HoldState::Taken && (hold.pods.len() != 1 || !hold.once) {
                return broken(OneState, format!("hold `{name}` is taken by {} pods", hold.pods.len()));
            }
            on_rows += usize::from(hold.row.is_some());
            deadlines += usize::from(hold.expires_ms != u64::MAX);
            let bad = |(resource, amount): (ResourceId, i64)| amount < 0 || hold.used.get(resource) > amount;
            let spilled = hold.used.iter().any(|(resource, used)| used < 0 || used > hold.amounts.get(resource));
            if hold.amounts.iter().any(bad) || spilled || hold.due.iter().any(|(_, due)| due < 0) {
                return broken(WithinBounds, format!("hold `{name}`: {:?} used of {:?}", hold.used, hold.amounts));
            }
        }
        let listed: usize = self.ledger.on_row.iter().map(smallvec::SmallVec::len).sum();
        let gangs = self.ledger.gangs.all.values().filter(|gang| gang.deadline_ms != u64::MAX).count();
        let counts = [
            (listed, on_rows),
            (self.ledger.deadlines.len(), deadlines + gangs),
            (self.ledger.len(), self.ledger.iter().count()),
        ];
        if counts.iter().any(|(a, b)| a != b) {
            return broken(OneState, format!("rows, deadlines, names and what is there: {counts:?}"));
        }
        Ok(())
    }

    fn audit_uses(&self) -> Result<(), AuditError> {
        use Invariant::{OwnersOnly, UsesMatch, WithinBounds};
        for (_, hold) in self.ledger.iter() {
            let mut used = Amounts::default();
            for &pod in &hold.pods {
                let draws = self.ledger.draws(pod).iter();
                let Some(draw) =
                    draws.clone().find(|draw| self.ledger.get(draw.hold).is_some_and(|h| h.name == hold.name))
                else {
                    return broken(UsesMatch, format!("hold `{}` names pod {pod}, which does not use it", hold.name));
                };
                used.add(&draw.amounts);
            }
            if used != hold.used {
                return broken(
                    UsesMatch,
                    format!("hold `{}`: {:?} are used, it says {:?}", hold.name, used, hold.used),
                );
            }
        }
        for (&pod, draws) in &self.ledger.draws {
            let row = self.pods.get(pod).and_then(|p| p.phase.row());
            let requests = self.pods.class_of(pod).map(|class| Amounts::of(&class.requests)).unwrap_or_default();
            let mut all = Amounts::default();
            for draw in draws {
                let name = self.pods.full_name(pod);
                let Some(hold) = self.ledger.get(draw.hold) else {
                    return broken(UsesMatch, format!("pod `{name}` uses a hold that is not there"));
                };
                all.add(&draw.amounts);
                if hold.row != row.map(|row| row.0) || !hold.pods.contains(&pod) {
                    return broken(UsesMatch, format!("pod `{name}` uses `{}`, which is elsewhere", hold.name));
                }
                let owned = hold.of == Some(pod) || self.with_candidate(pod, |p| Self::owns(p, hold)).unwrap_or(false);
                if !owned {
                    return broken(OwnersOnly, format!("pod `{name}` uses `{}`, which is not its own", hold.name));
                }
            }
            if all.iter().any(|(resource, amount)| amount > requests.get(resource)) {
                return broken(
                    WithinBounds,
                    format!("pod `{}` uses {all:?} and requests {requests:?}", self.pods.full_name(pod)),
                );
            }
        }
        Ok(())
    }

    fn audit_columns(&self) -> Result<(), AuditError> {
        let rows = self.nodes.rows();
        let mut sums = vec![0.0; rows];
        for (id, columns) in (0..).zip(&self.nodes.resources) {
            let resource = ResourceId(id);
            sums.fill(0.0);
            for (_, pod) in self.pods.iter() {
                let Some(row) = pod.phase.row() else { continue };
                let requests = self.pods.class(pod.class).map_or(&[][..], |class| &class.requests);
                let cell = sums.get_mut(row.0 as usize).into_iter();
                cell.for_each(|sum| *sum += sched_abi::amount_of(requests, resource));
            }
            for (_, hold) in self.ledger.iter() {
                let cell = hold.row.and_then(|row| sums.get_mut(row as usize)).into_iter();
                cell.for_each(|sum| *sum += hold.unused().get(resource) as f64);
            }
            if let Some(row) = (0..rows).find(|&row| sums.get(row) != columns.requested.get(row)) {
                let node = self.nodes.name(row as u32).map_or("", |name| name);
                let [counted, kept] = [&sums, &columns.requested].map(|c| c.get(row).copied().unwrap_or(0.0));
                let name = self.nodes.resource_names.get(u32::from(id)).map_or("", |name| name);
                return broken(
                    Invariant::Conservation,
                    format!("node `{node}`, {name}: {counted} counted, {kept} kept"),
                );
            }
        }
        Ok(())
    }
}
