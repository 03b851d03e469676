//! What the ledger does when pods and nodes come, change and go. The cluster calls these at the places where room moves.

use super::{Amounts, Choice, HoldKind, HoldState, LedgerChange};
use crate::cluster::{Cluster, PodTemplate, Resources, Row, Taint, TaintEffect};
use crate::pipeline::tolerates;
use smallvec::SmallVec;
use std::sync::Arc;

/// The taint that stands for `spec.unschedulable`.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Taints that say that a node is leaving, or not there.
const AWAY: [&str; 3] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", UNSCHEDULABLE];

impl Cluster {
    /// A pod left a row for good. What it freed goes to one of those who wait for it, or is free.
    pub(crate) fn pod_left(&mut self, pod: u32, row: u32, returned: &Amounts) {
        if self.ledger.is_idle() {
            return;
        }
        let Some(class) = self.pods.class_of(pod) else { return };
        let freed = Amounts::of(&class.requests).less(returned);
        for slot in self.holds_of(pod) {
            match self.ledger.get(slot).map(|hold| hold.kind) {
                Some(HoldKind::InPlace) => self.end_hold(slot, LedgerChange::Ended),
                Some(_) => return self.open_waiting(slot, freed),
                None => {}
            }
        }
        let freed = self.preallocate(pod, row, freed);
        self.leave_room(pod, row, freed);
    }

    pub(crate) fn holds_of(&self, pod: u32) -> SmallVec<[u32; 1]> {
        self.ledger.of_pod(pod).into()
    }

    /// The exit of the pod that a hold waits for is confirmed.
    fn open_waiting(&mut self, slot: u32, freed: Amounts) {
        let of = self.ledger.get(slot).and_then(|hold| hold.of);
        self.ledger.forget_pod(slot, of);
        if freed.is_empty() || !self.still_missing(slot) {
            // What it waited for is no longer a pod's, and the hold is no longer that pod's.
            self.ledger.get_mut(slot).into_iter().for_each(|hold| hold.of = None);
            return self.end_hold(slot, LedgerChange::Ended);
        }
        let expires_ms = self.clock_ms().saturating_add(self.ledger.get(slot).map_or(0, |hold| hold.ttl_ms));
        self.ledger.renew(slot, expires_ms);
        self.change_hold(slot, |hold| {
            (hold.of, hold.state) = (None, HoldState::Open);
            hold.amounts = freed;
        });
        let node = self.hold_node(slot);
        if let Some(name) = self.ledger.get(slot).map(|hold| hold.name.clone()) {
            self.tell(&name, LedgerChange::Opened { node });
        }
    }

    /// Room that owners' pods leave goes to the holds that it was promised to.
    fn preallocate(&mut self, pod: u32, row: u32, mut freed: Amounts) -> Amounts {
        let takes = |state| matches!(state, HoldState::Open | HoldState::Taken);
        let due = |slot: &u32| self.ledger.get(*slot).is_some_and(|h| takes(h.state) && !h.due.is_empty());
        let waiting: SmallVec<[u32; 4]> = self.holds_on(row).into_iter().filter(due).collect();
        for slot in waiting {
            let Some(hold) = self.ledger.get(slot) else { continue };
            let gained = freed.within(&hold.due);
            let owned = self.with_candidate(pod, |pod| Self::owns(pod, hold)).unwrap_or(false);
            if owned && hold.expires_ms > self.clock_ms() && !gained.is_empty() {
                freed.sub(&gained);
                self.change_hold(slot, |hold| {
                    hold.due.sub(&gained);
                    hold.amounts.add(&gained);
                });
            }
        }
        freed
    }

    /// A pod's node left: the pod uses nothing of it any more, and nothing waits for its exit there.
    pub(crate) fn pod_lost(&mut self, pod: u32) {
        self.undraw(pod);
        self.leave_gang(pod);
        for slot in self.holds_of(pod) {
            if self.ledger.get(slot).is_some_and(|hold| hold.kind == HoldKind::InPlace) {
                self.end_hold(slot, LedgerChange::Ended);
            }
        }
    }

    /// A node left, or takes no more pods: its holds have no place. What pods use of them stays the pods'.
    pub(crate) fn displace_all(&mut self, row: u32) {
        for slot in self.holds_on(row) {
            self.displace(slot);
        }
    }

    fn displace(&mut self, slot: u32) {
        let Some(hold) = self.ledger.get(slot) else { return };
        if matches!(hold.kind, HoldKind::InPlace | HoldKind::Guard) || hold.state == HoldState::Taken {
            // They are of this node: they stay while it is there, whoever else it takes.
            return;
        }
        if hold.state == HoldState::Waiting {
            let expires_ms = self.clock_ms().saturating_add(hold.ttl_ms);
            self.ledger.renew(slot, expires_ms);
        }
        let Some(hold) = self.ledger.get(slot) else { return };
        let (name, node, of, pods) = (hold.name.clone(), self.hold_node(slot), hold.of, hold.pods.clone());
        for pod in pods {
            let mut draws: SmallVec<[super::Draw; 1]> = self.ledger.draws(pod).into();
            draws.retain(|draw| draw.hold != slot);
            self.ledger.set_draws(pod, draws);
        }
        self.ledger.forget_pod(slot, of);
        self.change_hold(slot, |hold| {
            hold.amounts.sub(&hold.used);
            (hold.used, hold.due) = (Amounts::default(), Amounts::default());
            hold.pods.clear();
            (hold.state, hold.row, hold.of) = (HoldState::Displaced, None, None);
        });
        self.tell(&name, LedgerChange::Displaced { node });
        self.ledger.displaced.push_back(slot);
        if self.ledger.get(slot).is_some_and(|hold| hold.amounts.is_empty()) {
            self.end_hold(slot, LedgerChange::Ended);
        }
    }

    /// The holds of a row in an order that does not depend on history.
    fn holds_on(&self, row: u32) -> SmallVec<[u32; 4]> {
        let mut holds = SmallVec::<[u32; 4]>::from_slice(self.ledger.on_row(row));
        holds.sort_by_key(|&slot| self.ledger.get(slot).map(|hold| (hold.order, hold.name.clone())));
        holds
    }

    /// A node changed. If it takes no more pods, its holds are displaced, but for those that tolerate why.
    pub(crate) fn node_changed(&mut self, row: u32) {
        for slot in self.holds_on(row) {
            let Some(hold) = self.ledger.get(slot) else { continue };
            let tolerations = &hold.template.tolerations;
            let kept = |taint: &Taint| tolerates(tolerations, &taint.key, &taint.value, taint.effect);
            let list = self.nodes.taint_set.get(row as usize).and_then(|&set| self.nodes.taint_lists.get(set));
            let hard = list.into_iter().flat_map(|list| list.iter());
            let mut away = hard
                .filter(|taint| taint.effect != TaintEffect::PreferNoSchedule && AWAY.contains(&taint.key.as_str()));
            let cordon = sched_abi::bit(&self.nodes.unschedulable, row as usize)
                && !tolerates(tolerations, UNSCHEDULABLE, "", TaintEffect::NoSchedule);
            if cordon || away.any(|taint| !kept(taint)) {
                self.displace(slot);
            }
        }
    }

    /// A hold that lost its node and looks for another: its slot, name, template and amounts.
    pub(crate) fn next_displaced(&mut self) -> Option<(u32, Arc<str>, Arc<PodTemplate>, Resources)> {
        loop {
            let slot = self.ledger.displaced.pop_front()?;
            let Some(hold) = self.ledger.get(slot).filter(|hold| hold.state == HoldState::Displaced) else { continue };
            return Some((slot, hold.name.clone(), hold.template.clone(), self.named(&hold.amounts)));
        }
    }

    /// It moves, or ends.
    pub(crate) fn settle_displaced(&mut self, slot: u32, place: Option<Row>) {
        self.advance();
        let Some(amounts) = self.ledger.get(slot).map(|hold| hold.amounts.clone()) else { return };
        match place.filter(|row| amounts.iter().all(|(r, amount)| amount <= self.free_room(row.0, r))) {
            Some(row) => self.move_hold(slot, row.0),
            None => self.end_hold(slot, LedgerChange::Unplaced),
        }
    }

    /// A node left. Its pods are off it already.
    pub(crate) fn node_left(&mut self, row: u32) {
        self.displace_all(row);
        self.ledger.rules.guarded.retain(|(guarded, _)| *guarded != row);
        for slot in self.holds_on(row) {
            self.end_hold(slot, LedgerChange::Ended);
        }
    }

    /// Places a pod that holds nothing on a row; it uses what is its own there. An observed binding ends what was for one pod.
    pub(crate) fn place(&mut self, pod: u32, phase: crate::cluster::PodPhase, at_ms: u64) {
        let choice = match phase.row() {
            Some(row) if !self.ledger.is_empty() => self.choose_holds(pod, row.0, self.clock_ms()),
            _ => Choice::default(),
        };
        self.hold(pod, phase, at_ms);
        if !choice.holds.is_empty() {
            self.draw(pod, &choice);
        }
        if !self.ledger.is_empty() {
            phase.row().into_iter().for_each(|row| self.end_full_guards(row.0));
            self.trim_of(pod);
        }
    }
}
