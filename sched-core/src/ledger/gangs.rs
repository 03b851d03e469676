//! Gangs: pods that start together or not at all, and how long some of them wait for the others.

use super::{Due, GangError, GangSpec, LedgerChange};
use crate::cluster::{Cluster, LookUp, PodId, PodPhase, look_up};
use crate::limits;
use std::collections::BTreeMap;

/// Where a gang stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub enum GangState {
    /// Some members may hold room, none is bound together with the others yet.
    Waiting,
    /// It was committed; further members join one by one.
    Running,
    /// It waited in vain and holds nothing.
    Expired,
}

/// A gang as the ledger keeps it.
#[derive(Debug)]
pub(crate) struct Gang {
    pub(crate) spec: GangSpec,
    pub(crate) state: GangState,
    /// When it is over if it is not complete; `u64::MAX` while no member holds room.
    pub(crate) deadline_ms: u64,
    /// Members that hold room, each with its role.
    pub(crate) members: BTreeMap<u32, usize>,
}

/// What a gang gave back.
#[derive(Debug, Default)]
pub(crate) struct Released {
    /// Pods, where they were, their roles, and since when.
    pods: Vec<(u32, PodPhase, usize, u64)>,
    deadline_ms: u64,
}

/// All gangs. The order in which they were opened decides who gives way.
#[derive(Debug)]
pub(crate) struct Gangs {
    pub(crate) all: BTreeMap<u64, Gang>,
    by_name: BTreeMap<String, u64>,
    of_pod: LookUp<u32, u64>,
    serial: u64,
}

impl Gangs {
    pub(crate) fn new() -> Self {
        Self { all: BTreeMap::new(), by_name: BTreeMap::new(), of_pod: look_up(), serial: 0 }
    }

    pub(crate) fn find(&self, name: &str) -> Option<u64> {
        self.by_name.get(name).copied()
    }
}

impl Cluster {
    /// Where a gang stands, and its members that hold room.
    pub fn gang(&self, name: &str) -> Option<(GangState, Vec<PodId>)> {
        let gang = self.ledger.gangs.all.get(&self.ledger.gangs.find(name)?)?;
        Some((gang.state, gang.members.keys().map(|&pod| PodId(pod)).collect()))
    }

    pub(crate) fn open_gang(&mut self, spec: &GangSpec) -> Result<(), GangError> {
        let bad = |problem| Err(GangError::Bad { gang: spec.name.clone(), problem });
        let gangs = &self.ledger.gangs;
        if spec.name.is_empty() || spec.name.len() > limits::MAX_NAME_BYTES {
            return bad("its name is empty or too long (MAX_NAME_BYTES)");
        }
        if spec.roles.iter().all(|role| role.min_members == 0) || spec.wait_ms == 0 {
            return bad("it needs a role with at least one member, and a time to wait");
        }
        let names: std::collections::BTreeSet<&str> = spec.roles.iter().map(|role| role.name.as_str()).collect();
        if names.len() < spec.roles.len() {
            return bad("two of its roles have one name");
        }
        let old = gangs.find(&spec.name);
        let over = |serial| gangs.all.get(&serial).is_some_and(|gang| gang.state == GangState::Expired);
        if old.is_some_and(|serial| !over(serial)) {
            return Err(GangError::Duplicate(spec.name.clone()));
        }
        if gangs.all.len() >= limits::MAX_GANGS {
            return Err(GangError::Limit { what: "the number of gangs", limit: limits::MAX_GANGS, name: "MAX_GANGS" });
        }
        self.advance();
        if let Some(serial) = old {
            self.drop_gang(serial);
        }
        let gangs = &mut self.ledger.gangs;
        gangs.serial += 1;
        gangs.by_name.insert(spec.name.clone(), gangs.serial);
        let gang =
            Gang { spec: spec.clone(), state: GangState::Waiting, deadline_ms: u64::MAX, members: BTreeMap::new() };
        gangs.all.insert(gangs.serial, gang);
        Ok(())
    }

    /// A pod that holds room is a member from now on.
    pub(crate) fn join_gang(&mut self, serial: u64, role: usize, pod: u32) {
        let now_ms = self.clock_ms();
        let Some(gang) = self.ledger.gangs.all.get_mut(&serial) else { return };
        gang.members.insert(pod, role);
        if gang.state == GangState::Waiting && gang.deadline_ms == u64::MAX {
            gang.deadline_ms = now_ms.saturating_add(gang.spec.wait_ms);
            self.ledger.deadlines.insert(gang.deadline_ms, Due::Gang(serial));
        }
        self.ledger.gangs.of_pod.insert(pod, serial);
    }

    /// A pod holds no room any more: it is no member.
    pub(crate) fn leave_gang(&mut self, pod: u32) {
        if self.ledger.gangs.of_pod.is_empty() {
            return;
        }
        let Some(serial) = self.ledger.gangs.of_pod.remove(&pod) else { return };
        let Some(gang) = self.ledger.gangs.all.get_mut(&serial) else { return };
        gang.members.remove(&pod);
        if gang.members.is_empty() {
            match gang.state {
                GangState::Running => self.drop_gang(serial),
                GangState::Waiting | GangState::Expired => self.set_deadline(serial, u64::MAX),
            }
        }
    }

    fn set_deadline(&mut self, serial: u64, at_ms: u64) {
        let Some(gang) = self.ledger.gangs.all.get_mut(&serial) else { return };
        let before = std::mem::replace(&mut gang.deadline_ms, at_ms);
        self.ledger.deadlines.remove(before, Due::Gang(serial));
        self.ledger.deadlines.insert(at_ms, Due::Gang(serial));
    }

    /// Forgets a gang; members that hold room keep it.
    pub(crate) fn drop_gang(&mut self, serial: u64) {
        self.set_deadline(serial, u64::MAX);
        let Some(gang) = self.ledger.gangs.all.remove(&serial) else { return };
        self.ledger.gangs.by_name.remove(&gang.spec.name);
        for pod in gang.members.keys() {
            self.ledger.gangs.of_pod.remove(pod);
        }
    }

    /// Takes the room of all members that are not bound.
    pub(crate) fn release_gang(&mut self, serial: u64) -> Released {
        let Some(gang) = self.ledger.gangs.all.get(&serial) else { return Released::default() };
        let (members, deadline_ms) = (gang.members.clone(), gang.deadline_ms);
        let mut pods = Vec::new();
        for (pod, role) in members {
            let Some(known) = self.pods.get(pod) else { continue };
            let (phase, at_ms) = (known.phase, known.load.placed_at_ms);
            if let PodPhase::Reserved(_) = phase {
                self.unreserve_now(PodId(pod));
                pods.push((pod, phase, role, at_ms));
            }
        }
        Released { pods, deadline_ms }
    }

    /// Undoes that, before anything else happens.
    pub(crate) fn restore_gang(&mut self, serial: u64, released: Released) {
        self.advance();
        for (pod, phase, role, at_ms) in released.pods.into_iter().rev() {
            self.place(pod, phase, at_ms);
            self.join_gang(serial, role, pod);
        }
        self.set_deadline(serial, released.deadline_ms);
    }

    /// The wait of a gang is over.
    pub(super) fn gang_expires(&mut self, serial: u64) {
        self.release_gang(serial);
        self.set_deadline(serial, u64::MAX);
        let Some(gang) = self.ledger.gangs.all.get_mut(&serial) else { return };
        gang.state = GangState::Expired;
        let name = gang.spec.name.clone();
        self.tell(&name, LedgerChange::Expired);
    }

    /// A gang was committed.
    pub(crate) fn gang_runs(&mut self, serial: u64) {
        self.set_deadline(serial, u64::MAX);
        if let Some(gang) = self.ledger.gangs.all.get_mut(&serial) {
            gang.state = GangState::Running;
        }
    }

    pub(super) fn dump_gangs(&self, out: &mut String) {
        use std::fmt::Write;
        for gang in self.ledger.gangs.all.values() {
            let mut members: Vec<_> =
                gang.members.iter().map(|(&pod, role)| (self.pods.full_name(pod), role)).collect();
            members.sort();
            let _ = writeln!(out, "gang {:?} {:?} until {} {members:?}", gang.spec, gang.state, gang.deadline_ms);
        }
    }
}
