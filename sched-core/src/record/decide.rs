//! A decision is asked again and compared, and then carried out as the record or as the rerun has it.

use super::entry::{Answer, Hold, Number, before};
use super::player::{Played, Player};
use super::rerun::Compare;
use super::{Difference, Outcome, RecordError, counted};
use crate::cluster::{PodId, PodPhase};
use crate::error::ScheduleError;
use crate::hash::fnv1a_with;
use crate::pipeline::Decision;

impl Player<'_> {
    pub(super) fn decide(&mut self, pod: Number, answer: Answer, now_ms: u64) -> Played {
        let pod = self.pod(pod)?;
        if self.is_own_course() && self.scheduler.cluster().pod_phase(pod) != Some(PodPhase::Pending) {
            self.result.settled_before += 1;
            return Ok(());
        }
        let recorded = match answer {
            Answer::Node { node, total, feasible, fell_back } => {
                Outcome::Placed { node: self.node_name(node)?, total, feasible, fell_back }
            }
            Answer::Nowhere { reasons } => Outcome::Unplaced { reasons },
        };
        let decision = match self.scheduler.decide(pod, now_ms) {
            Ok(decision) => Some(decision),
            Err(ScheduleError::Unschedulable) => None,
            Err(error) => return Err(self.contradiction(error)),
        };
        let now = self.outcome(pod, decision, &recorded, now_ms)?;
        let recorded_placed = recorded.node().is_some();
        self.compare(pod, recorded, now, now_ms)?;
        if self.is_own_course() {
            self.choose(pod, decision, recorded_placed, now_ms);
        }
        Ok(())
    }

    fn outcome(
        &mut self,
        pod: PodId,
        decision: Option<Decision>,
        recorded: &Outcome,
        now_ms: u64,
    ) -> Result<Outcome, RecordError> {
        if let Some(Decision { row, total, feasible, fell_back, .. }) = decision {
            return Ok(Outcome::Placed { node: self.scheduler.name(row), total, feasible, fell_back });
        }
        let asked = matches!(recorded, Outcome::Unplaced { reasons: Some(_) });
        let explained = asked.then(|| self.scheduler.explain(pod, now_ms)).transpose();
        let explained = explained.map_err(|error| self.contradiction(error))?;
        Ok(Outcome::Unplaced { reasons: explained.as_ref().map(counted) })
    }

    fn compare(&mut self, pod: PodId, recorded: Outcome, now: Outcome, now_ms: u64) -> Played {
        let (namespace, name) = self.scheduler.cluster().pod_name(pod).unwrap_or_default();
        let full_name = format!("{namespace}/{name}");
        let result = &mut self.result;
        result.decisions += 1;
        for (outcome, placed, digest) in [
            (&recorded, &mut result.recorded_placed, &mut result.recorded_digest),
            (&now, &mut result.placed, &mut result.digest),
        ] {
            *placed += u64::from(outcome.node().is_some());
            for text in [name, outcome.node().unwrap_or_default()] {
                *digest = fnv1a_with(fnv1a_with(*digest, text.as_bytes()), &[0xff]);
            }
            *digest = fnv1a_with(*digest, &now_ms.to_le_bytes());
        }
        let equal = match self.options.compare {
            Compare::Everything => recorded == now,
            Compare::Node => recorded.node() == now.node(),
        };
        if equal {
            return Ok(());
        }
        result.different += 1;
        if result.differences.len() < self.options.keep {
            let decision = result.decisions;
            let mut difference = Difference {
                decision,
                at_ms: now_ms,
                pod: full_name,
                recorded,
                now,
                recorded_node: None,
                chosen_node: None,
            };
            let explanation = self.scheduler.explain(pod, now_ms).map_err(|error| self.contradiction(error))?;
            difference.explain(&explanation);
            self.result.differences.push(difference);
        }
        Ok(())
    }

    /// Its own choice waits for the moment at which the recorded one was carried out. Where there was none, that moment is now.
    fn choose(&mut self, pod: PodId, decision: Option<Decision>, recorded_placed: bool, now_ms: u64) {
        self.chosen.remove(&pod);
        match decision {
            Some(decision) if recorded_placed => drop(self.chosen.insert(pod, decision)),
            // What was decided just now stands, short of a sum beyond its limit.
            Some(decision) if self.scheduler.reserve(&decision, now_ms).is_ok() => {
                let _ = self.scheduler.commit(pod, now_ms);
            }
            _ => {}
        }
    }

    pub(super) fn reserve(&mut self, pod: Number, node: Number, hold: Hold, now_ms: u64) -> Played {
        let pod = self.pod(pod)?;
        if self.is_own_course() {
            if let Some(decision) = self.chosen.remove(&pod).filter(|_| hold.done) {
                let reserved = self.scheduler.reserve(&decision, now_ms);
                self.result.holds_different += u64::from(reserved.is_err());
            }
            return Ok(());
        }
        let Some(&row) = self.nodes.get(&node) else {
            // The decision's node was gone.
            return if hold.done { self.node(node).map(drop) } else { Ok(()) };
        };
        let cluster = self.scheduler.cluster();
        let (generation, present_ms) = (cluster.generation(), cluster.present(now_ms));
        let tenancy = cluster.tenancy(row).unwrap_or_default();
        let now = Decision {
            pod,
            row,
            tenancy,
            total: 0,
            feasible: 0,
            generation,
            at_ms: present_ms,
            fell_back: hold.fell_back,
            degraded: false,
        };
        let as_recorded = Decision {
            tenancy: if hold.same_node { tenancy } else { tenancy.wrapping_add(1) },
            generation: if hold.current { generation } else { generation.wrapping_sub(1) },
            at_ms: before(now_ms, hold.age_ms),
            ..now
        };
        let reserved = self.scheduler.reserve(&as_recorded, now_ms).is_ok();
        if reserved == hold.done {
            return Ok(());
        }
        self.result.holds_different += 1;
        // What was done then is what later decisions were made on.
        let undone = if hold.done { self.scheduler.reserve(&now, now_ms) } else { self.scheduler.rollback(pod) };
        self.must(undone)
    }
}
