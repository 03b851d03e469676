//! Pods that are updated in place: what they have stays their own, whatever their containers request meanwhile.

use super::{Amounts, Draw, Hold, HoldKind, LedgerError};
use crate::cluster::{Cluster, PodPhase, Resources};
use crate::limits::MAX_HOLDS;
use std::sync::Arc;

type Done<T = ()> = Result<T, LedgerError>;

impl Cluster {
    /// A pod that is updated in place, and the hold of that.
    pub(super) fn in_place(&self, namespace: &str, name: &str) -> Done<(u32, u32)> {
        let pod = self.known_pod(namespace, name)?;
        let holds = self.ledger.of_pod(pod).iter();
        let of_kind = |&&slot: &&u32| self.ledger.get(slot).is_some_and(|hold| hold.kind == HoldKind::InPlace);
        match holds.copied().find(|slot| of_kind(&slot)) {
            None => Err(LedgerError::NoUpdate(self.pods.full_name(pod))),
            Some(slot) => {
                let name = self.ledger.get(slot).map(|hold| hold.name.clone());
                Ok((pod, self.live(&name.unwrap_or_default())?))
            }
        }
    }

    pub(super) fn begin_in_place(&mut self, namespace: &str, name: &str, expires_ms: u64) -> Done {
        match self.in_place(namespace, name) {
            Ok(_) => return Err(LedgerError::UpdateTwice(format!("{namespace}/{name}"))),
            Err(LedgerError::NoUpdate(_) | LedgerError::Expired { .. }) => {}
            Err(error) => return Err(error),
        }
        let pod = self.known_pod(namespace, name)?;
        let Some(PodPhase::Bound(row)) = self.pods.get(pod).map(|p| p.phase) else {
            return Err(LedgerError::NotBound(format!("{namespace}/{name}")));
        };
        let title = format!("in-place/{namespace}/{name}");
        if self.ledger.find(&title).is_some_and(|_| self.live(&title).is_ok()) {
            return Err(LedgerError::Duplicate(title));
        }
        let expires_ms = self.later(&title, Some(expires_ms), 0)?;
        if self.ledger.len() >= MAX_HOLDS {
            return Err(LedgerError::too_many_holds());
        }
        self.advance();
        let mut amounts = self.pods.class_of(pod).map(|class| Amounts::of(&class.requests)).unwrap_or_default();
        let mut draws: smallvec::SmallVec<[Draw; 1]> = self.ledger.draws(pod).into();
        draws.iter().for_each(|draw| amounts.sub(&draw.amounts));
        let names = self.retain(&amounts);
        let template = self.pods.class_of(pod).map(|class| Arc::clone(&class.template)).unwrap_or_default();
        let hold = Hold {
            kind: HoldKind::InPlace,
            row: Some(row.0),
            used: amounts.clone(),
            amounts: amounts.clone(),
            pods: smallvec::smallvec![pod],
            of: Some(pod),
            expires_ms,
            names,
            ..Hold::empty(title.into(), template)
        };
        let slot = self.open_hold(hold);
        draws.push(Draw { hold: slot, amounts });
        self.ledger.set_draws(pod, draws);
        Ok(())
    }

    pub(super) fn resize_in_place(&mut self, namespace: &str, name: &str, amounts: &Resources) -> Done {
        let (pod, slot) = self.in_place(namespace, name)?;
        let Some((hold, row)) = self.ledger.get(slot).and_then(|hold| Some((hold, hold.row?))) else { return Ok(()) };
        self.check_amounts(&hold.name, amounts)?;
        let requests = self.pods.class_of(pod).map(|class| Amounts::of(&class.requests)).unwrap_or_default();
        let mut has = hold.unused();
        has.add(&requests);
        let now = self.named(&has);
        self.check_room(&hold.name, row, amounts, |resource| now.get(resource).copied().unwrap_or(0), false)?;
        self.advance();
        let (wanted, names) = self.intern(amounts);
        let more: Amounts = wanted.less(&has).iter().filter(|(_, more)| *more > 0).collect();
        self.change_hold(slot, |hold| {
            hold.amounts.add(&more);
            hold.names.extend(names);
        });
        Ok(())
    }
}
