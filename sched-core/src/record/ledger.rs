//! Operations on the ledger and gangs, written down and done again.

use super::entry::{Entry, Number};
use super::player::{Played, Player};
use super::{Recorder, log::Log};
use crate::cluster::PodId;
use crate::ledger::{GangError, GangSpec, LedgerError, LedgerEvent, LedgerOp, RestoreError};
use crate::pipeline::{GangDecision, Scheduler};
use std::borrow::Cow;

impl Recorder {
    /// See [`Scheduler::operate`]. A record without names has none of these.
    pub fn operate(&mut self, op: &LedgerOp, now_ms: u64) -> Result<(), LedgerError> {
        if self.is_nameless() {
            return Err(LedgerError::Nameless);
        }
        self.scheduler.operate(op, now_ms)?;
        let mut op = Cow::Borrowed(op);
        if let LedgerOp::Hold(spec) = &*op
            && spec.node.is_none()
        {
            // Where it went is part of what happened.
            let node = self.cluster().hold_view(&spec.name).and_then(|hold| hold.node);
            op = Cow::Owned(LedgerOp::Hold(crate::ledger::HoldSpec { node, ..spec.clone() }));
        }
        self.write(now_ms, &Entry::Operated { op });
        Ok(())
    }

    /// See [`Scheduler::restore`].
    pub fn restore(&mut self, lines: &str, now_ms: u64) -> Result<Vec<RestoreError>, LedgerError> {
        if self.is_nameless() {
            return Err(LedgerError::Nameless);
        }
        let errors = self.scheduler.restore(lines, now_ms)?;
        self.write(now_ms, &Entry::Restored { lines: lines.into() });
        Ok(errors)
    }

    /// See [`Scheduler::take_ledger_events`].
    pub fn take_ledger_events(&mut self) -> Vec<LedgerEvent> {
        self.scheduler.take_ledger_events()
    }

    /// See [`Scheduler::take_ledger_records`].
    pub fn take_ledger_records(&mut self) -> Vec<String> {
        self.scheduler.take_ledger_records()
    }

    /// See [`Scheduler::open_gang`].
    pub fn open_gang(&mut self, spec: &GangSpec, now_ms: u64) -> Result<(), GangError> {
        self.check_gang()?;
        self.scheduler.open_gang(spec, now_ms)?;
        self.write(now_ms, &Entry::GangOpened { spec: Cow::Borrowed(spec) });
        Ok(())
    }

    /// See [`Scheduler::decide_gang`].
    pub fn decide_gang(
        &mut self,
        gang: &str,
        members: &[(&str, PodId)],
        now_ms: u64,
    ) -> Result<GangDecision, GangError> {
        self.check_gang()?;
        let decided = self.scheduler.decide_gang(gang, members, now_ms);
        self.placed(gang, members, [false, decided.is_ok()], now_ms);
        decided
    }

    /// See [`Scheduler::reserve_gang`].
    pub fn reserve_gang(
        &mut self,
        gang: &str,
        members: &[(&str, PodId)],
        now_ms: u64,
    ) -> Result<GangDecision, GangError> {
        self.check_gang()?;
        let reserved = self.scheduler.reserve_gang(gang, members, now_ms);
        self.placed(gang, members, [true, reserved.is_ok()], now_ms);
        reserved
    }

    /// See [`Scheduler::commit_gang`].
    pub fn commit_gang(&mut self, gang: &str, now_ms: u64) -> Result<(), GangError> {
        self.scheduler.commit_gang(gang, now_ms)?;
        self.write(now_ms, &Entry::GangCommitted { gang: gang.into() });
        Ok(())
    }

    /// See [`Scheduler::rollback_gang`].
    pub fn rollback_gang(&mut self, gang: &str) -> Result<(), GangError> {
        self.scheduler.rollback_gang(gang)?;
        if let Some(log) = &mut self.log {
            log.writer.write_timeless(&Entry::GangRolledBack { gang: gang.into() });
        }
        Ok(())
    }

    /// What failed is written too: it moved time on, asked policies, and may have had gangs give way.
    fn placed(&mut self, gang: &str, members: &[(&str, PodId)], [holds, done]: [bool; 2], now_ms: u64) {
        let known = members.iter().filter(|(_, pod)| self.cluster().pod_phase(*pod).is_some());
        let members: Vec<(Cow<'_, str>, Number)> = known.map(|&(role, pod)| (role.into(), pod.0)).collect();
        self.write(now_ms, &Entry::GangPlaced { gang: gang.into(), members, holds, done });
    }

    fn is_nameless(&self) -> bool {
        self.log.as_ref().is_some_and(Log::is_nameless)
    }

    fn check_gang(&self) -> Result<(), GangError> {
        if self.is_nameless() { Err(GangError::Nameless) } else { Ok(()) }
    }
}

impl Player<'_> {
    /// On a course of its own there may be no room, or other holds.
    pub(super) fn operate(&mut self, op: &LedgerOp, now_ms: u64) -> Played {
        let done = self.scheduler.operate(op, now_ms);
        if self.is_own_course() { Ok(()) } else { self.must(done) }
    }

    /// Where members go is decided again. Under other policies that may end otherwise, which is counted like other
    /// reservations.
    pub(super) fn place_gang(
        &mut self,
        gang: &str,
        members: &[(Cow<'_, str>, Number)],
        [holds, done]: [bool; 2],
        now_ms: u64,
    ) -> Played {
        let mut list: Vec<(&str, PodId)> = Vec::new();
        for (role, pod) in members {
            list.push((role.as_ref(), self.pod(*pod)?));
        }
        let place = if holds { Scheduler::reserve_gang } else { Scheduler::decide_gang };
        let placed = place(self.scheduler, gang, &list, now_ms);
        self.result.holds_different += u64::from(placed.is_ok() != done);
        Ok(())
    }
}
