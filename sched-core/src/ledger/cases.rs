//! What the rules do when pods and nodes come and go: holds for the next pod of a workload, for another workload, on
//! guarded nodes.

use super::rules::{Guard, HoldRules, Workload};
use super::{Amounts, Hold, HoldKind, HoldState, LedgerChange, OwnerTerm};
use crate::cluster::{Cluster, Owner, PodTemplate};
use crate::limits::MAX_HOLDS;
use sched_abi::ResourceId;
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The rules, and what they keep in mind.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) config: Arc<HoldRules>,
    /// How many pods workloads are to have.
    pub(crate) desired: BTreeMap<Workload, u32>,
    /// Holds for the next pod of a workload.
    pub(crate) rolling: BTreeMap<Arc<Workload>, Vec<u32>>,
    /// What was handed over so far, less what came back.
    pub(crate) given: BTreeMap<Arc<Workload>, Amounts>,
    /// Rows that were guarded, by which rule: once a node.
    pub(crate) guarded: BTreeSet<(u32, String)>,
    /// Numbers the holds that rules make.
    serial: u64,
}

impl Cluster {
    pub(super) fn set_rules(&mut self, rules: &HoldRules) {
        self.ledger.preference = rules.reservation_weight;
        self.ledger.rules.config = Arc::new(rules.clone());
        for row in self.rows().collect::<Vec<_>>() {
            self.guard(row.0, false);
        }
    }

    pub(super) fn set_desired(&mut self, namespace: &str, owner: &Owner, replicas: u32) {
        let Owner { kind, name } = owner.clone();
        let workload = Workload { namespace: namespace.to_owned(), kind, name };
        self.ledger.rules.desired.insert(workload.clone(), replicas);
        self.trim(&workload);
    }

    pub(super) fn forget_desired(&mut self, namespace: &str, owner: &Owner) {
        let Owner { kind, name } = owner.clone();
        self.ledger.rules.desired.remove(&Workload { namespace: namespace.to_owned(), kind, name });
    }

    fn workload(&self, pod: u32) -> Option<Workload> {
        let (known, class) = (self.pods.get(pod)?, self.pods.class_of(pod)?);
        let Owner { kind, name } = class.template.owner.clone()?;
        Some(Workload { namespace: self.pods.namespace(known.namespace).to_owned(), kind, name })
    }

    /// How many pods more a workload is to have than hold room and are to stay, holds for its next ones counted as such.
    /// `None` where nobody told.
    fn missing(&self, workload: &Workload) -> Option<i64> {
        let desired = i64::from(*self.ledger.rules.desired.get(workload)?);
        let pods = self.apps.pods_of(&workload.namespace, &workload.kind, &workload.name);
        let runs = |&&pod: &&u32| self.pods.get(pod).is_some_and(|p| !p.terminating && p.phase.row().is_some());
        let holds = self.ledger.rules.rolling.get(workload).into_iter().flatten();
        // One that a pod took stands for that pod, which is counted.
        let open = |&&slot: &&u32| self.ledger.get(slot).is_some_and(|hold| hold.state != HoldState::Taken);
        Some(desired - pods.iter().filter(runs).count() as i64 - holds.filter(open).count() as i64)
    }

    /// A pod is to be deleted: its room will be its successor's.
    pub(crate) fn pod_terminating(&mut self, pod: u32) {
        if self.ledger.rules.config.rolling_updates.is_empty() {
            return;
        }
        let row = self.pods.get(pod).and_then(|p| p.phase.row());
        let Some((row, workload, ttl_ms)) = row.and_then(|row| Some((row, self.workload(pod)?, self.rolls(pod)?)))
        else {
            return;
        };
        if self.missing(&workload).is_none_or(|missing| missing <= 0) {
            return;
        }
        let amounts = self.pods.class_of(pod).map(|class| Amounts::of(&class.requests)).unwrap_or_default();
        let mut hold = self.made(HoldKind::Rolling, workload.clone(), amounts, ttl_ms, pod);
        (hold.state, hold.row, hold.of, hold.expires_ms) = (HoldState::Waiting, Some(row.0), Some(pod), u64::MAX);
        self.keep(hold);
    }

    /// How long a pod's room is kept for its successor.
    fn rolls(&self, pod: u32) -> Option<u64> {
        let rules = &self.ledger.rules.config.rolling_updates;
        let meets = |owners: &[OwnerTerm]| self.with_candidate(pod, |pod| owners.iter().any(|o| o.meets(pod)));
        rules.iter().find(|rule| meets(&rule.owners).unwrap_or(false)).map(|rule| rule.ttl_ms)
    }

    /// A hold that a rule makes of what a pod leaves.
    fn made(&mut self, kind: HoldKind, workload: Workload, amounts: Amounts, ttl_ms: u64, pod: u32) -> Hold {
        self.ledger.rules.serial += 1;
        let of = if kind == HoldKind::Rolling { "rolling" } else { "hand-over" };
        let name = format!("{of}/{}/{}", workload.title(), self.ledger.rules.serial);
        let template = self.pods.class_of(pod).map(|class| Arc::clone(&class.template)).unwrap_or_default();
        Hold {
            kind,
            amounts,
            once: kind == HoldKind::Rolling,
            owners: Arc::from([workload.owner()]),
            workload: Some(Arc::new(workload)),
            ttl_ms,
            expires_ms: self.clock_ms().saturating_add(ttl_ms),
            ..Hold::empty(name.into(), template)
        }
    }

    /// Puts a rule's hold in, unless there are too many or somebody took its name.
    fn keep(&mut self, mut hold: Hold) {
        if self.ledger.len() < MAX_HOLDS && self.ledger.find(&hold.name).is_none() {
            hold.names = self.retain(&hold.amounts);
            self.open_hold(hold);
        }
    }

    /// Whether a pod whose exit was waited for still needs a successor; it holds no room any more.
    pub(super) fn still_missing(&self, slot: u32) -> bool {
        let workload = self.ledger.get(slot).and_then(|hold| hold.workload.clone());
        // The hold itself is one of those that are counted.
        workload.and_then(|workload| self.missing(&workload)).is_some_and(|missing| missing >= 0)
    }

    /// A pod left, and nobody waited for just that: its successor or another workload may get the room.
    pub(super) fn leave_room(&mut self, pod: u32, row: u32, freed: Amounts) {
        let rules = Arc::clone(&self.ledger.rules.config);
        if freed.is_empty() || (rules.rolling_updates.is_empty() && rules.hand_overs.is_empty()) {
            return;
        }
        let Some(workload) = self.workload(pod) else { return };
        let missing = self.missing(&workload);
        if let (Some(ttl_ms), Some(1..)) = (self.rolls(pod), missing) {
            let mut hold = self.made(HoldKind::Rolling, workload, freed, ttl_ms, pod);
            hold.row = Some(row);
            return self.keep(hold);
        }
        let Some(rule) = rules.hand_overs.iter().find(|rule| rule.from == workload) else { return };
        if missing.is_some_and(|missing| missing > 0) {
            // It is not scaled down: it will have another pod.
            return;
        }
        let given = self.ledger.rules.given.get(&workload).cloned().unwrap_or_default();
        let amounts: Amounts = freed
            .iter()
            .map(|(resource, amount)| {
                let name = self.nodes.resource_names.get(u32::from(resource.0)).map_or("", |name| name);
                let most = if resource == ResourceId::PODS { i64::MAX } else { 0 };
                let growth = rule.growth.get(name).copied().unwrap_or(most);
                (resource, amount.min(growth.saturating_sub(given.get(resource))).max(0))
            })
            .collect();
        if amounts.iter().all(|(resource, _)| resource == ResourceId::PODS) {
            return;
        }
        let mut hold = self.made(HoldKind::HandOver, workload, amounts, rule.ttl_ms, pod);
        (hold.row, hold.owners) = (Some(row), Arc::from([rule.to.owner()]));
        if let Some(from) = hold.workload.clone() {
            self.ledger.rules.given.entry(from).or_default().add(&hold.amounts);
        }
        self.keep(hold);
    }

    /// A hand-over ends: what was not used may be given again.
    pub(super) fn take_back(&mut self, from: &Arc<Workload>, unused: &Amounts) {
        if let Some(given) = self.ledger.rules.given.get_mut(from) {
            given.sub(unused);
            if given.is_empty() {
                self.ledger.rules.given.remove(from);
            }
        }
    }

    /// A pod holds room now: holds that its workload no longer needs end.
    pub(super) fn trim_of(&mut self, pod: u32) {
        if self.ledger.rules.rolling.is_empty() {
            return;
        }
        if let Some(workload) = self.workload(pod).filter(|workload| self.ledger.rules.rolling.contains_key(workload)) {
            self.trim(&workload);
        }
    }

    fn trim(&mut self, workload: &Workload) {
        while self.missing(workload).is_some_and(|missing| missing < 0) {
            let holds = self.ledger.rules.rolling.get(workload).into_iter().flatten();
            let open = |slot: &&u32| self.ledger.get(**slot).is_some_and(|hold| hold.state != HoldState::Taken);
            let Some(newest) = holds.copied().rev().find(|slot| open(&slot)) else { return };
            self.end_hold(newest, LedgerChange::Ended);
        }
    }

    /// Guards a node by the first rule that wants that.
    pub(crate) fn guard(&mut self, row: u32, joined: bool) {
        let rules = Arc::clone(&self.ledger.rules.config);
        for rule in &rules.guards {
            let labels = &rule.nodes;
            let labelled = labels.iter().all(|(key, value)| self.nodes.label(row, key) == Some(value));
            let before = self.ledger.rules.guarded.contains(&(row, rule.name.clone()));
            if labelled && !before && (joined || rule.younger_than_ms.is_none()) {
                self.guard_by(rule, row);
            }
        }
    }

    fn guard_by(&mut self, rule: &Guard, row: u32) {
        let young = rule.younger_than_ms.map_or(u64::MAX, |age_ms| self.clock_ms().saturating_add(age_ms));
        let expires_ms = rule.until_ms.unwrap_or(u64::MAX).min(young);
        let Some(node) = self.nodes.name(row).cloned().filter(|_| expires_ms > self.clock_ms()) else { return };
        let ids = (0..self.nodes.resources.len() as u16).map(ResourceId);
        let amounts: Amounts = ids.map(|id| (id, self.free_room(row, id).max(0))).collect();
        if amounts.is_empty() {
            return;
        }
        let daemons = OwnerTerm { kind: Some("DaemonSet".to_owned()), ..OwnerTerm::default() };
        let name = format!("guard/{}/{node}", rule.name);
        let hold = Hold {
            kind: HoldKind::Guard,
            row: Some(row),
            amounts,
            expires_ms,
            owners: rule.admit.iter().cloned().chain([daemons]).collect(),
            ..Hold::empty(name.into(), Arc::new(PodTemplate::default()))
        };
        self.ledger.rules.guarded.insert((row, rule.name.clone()));
        self.keep(hold);
        self.end_full_guards(row);
    }

    /// Ends the guards of a row that are full enough.
    pub(super) fn end_full_guards(&mut self, row: u32) {
        let guards = self.ledger.on_row(row).iter().copied();
        let full = guards.filter(|&slot| self.is_full_guard(slot, row)).collect::<SmallVec<[u32; 2]>>();
        full.into_iter().for_each(|slot| self.end_hold(slot, LedgerChange::Ended));
    }

    fn is_full_guard(&self, slot: u32, row: u32) -> bool {
        let Some(hold) = self.ledger.get(slot).filter(|hold| hold.kind == HoldKind::Guard) else { return false };
        let rules = &self.ledger.rules.config.guards;
        let Some(rule) = rules.iter().find(|rule| {
            hold.name
                .strip_prefix("guard/")
                .is_some_and(|rest| rest.strip_prefix(rule.name.as_str()).is_some_and(|rest| rest.starts_with('/')))
        }) else {
            return false;
        };
        let unused = hold.unused();
        let small = rule.leave_below.iter().any(|(name, &least)| {
            self.nodes.resource_names.find(name).is_some_and(|id| unused.get(ResourceId(id as u16)) < least)
        });
        let filled = |resource: ResourceId, percent: u32| {
            let columns = self.nodes.columns(resource);
            let has = columns.and_then(|c| c.allocatable.get(row as usize)).map_or(0, |&has| has as i64);
            let taken = has - self.free_room(row, resource) - unused.get(resource);
            has > 0 && i128::from(taken) * 100 >= i128::from(has) * i128::from(percent)
        };
        let full = |percent| [ResourceId::CPU, ResourceId::MEMORY].into_iter().any(|r| filled(r, percent));
        small || rule.fill_percent.is_some_and(full)
    }

    /// What else decisions may depend on.
    pub(super) fn dump_rules(&self, out: &mut String) {
        use std::fmt::Write;
        let Rules { config: rules, desired, given, serial, .. } = &self.ledger.rules;
        if **rules != HoldRules::default() {
            let given: Vec<_> = given.iter().map(|(from, amounts)| (from, self.named(amounts))).collect();
            let _ = writeln!(out, "rules {rules:?} desired {desired:?} given {given:?} made {serial}");
        }
    }
}
