//! Step 5: a tentative hold, checked exactly against the cluster as it is now.

use super::{Decision, Entry, Ready, Scheduler, snapshot};
use crate::cluster::{PodPhase, Snapshot};
use crate::error::ScheduleError;
use sched_abi::{Hook, Rows, Verdict};

impl Scheduler {
    /// Holds the decision's room for its pod. The filters are asked once more about that one row, so that a decision made
    /// on an older generation, or for another time, is carried out only if it still stands.
    ///
    /// Cost: a call of each filter for one row.
    pub fn reserve(&mut self, decision: &Decision, now_ms: u64) -> Result<(), ScheduleError> {
        match self.cluster.pod_phase(decision.pod) {
            None => return Err(ScheduleError::UnknownPod),
            Some(PodPhase::Pending) => {}
            Some(_) => return Err(ScheduleError::NotPending),
        }
        let stands = self.cluster.generation() == decision.generation && self.cluster.present(now_ms) == decision.at_ms;
        if !stands && !self.still_fits(decision, now_ms) {
            let node =
                self.cluster.node_name(decision.row).map_or_else(|| format!("row {}", decision.row.0), str::to_owned);
            return Err(ScheduleError::Conflict(node));
        }
        Ok(self.cluster.reserve(decision.pod, decision.row, now_ms)?)
    }

    fn still_fits(&mut self, decision: &Decision, now_ms: u64) -> bool {
        if self.cluster.tenancy(decision.row) != Some(decision.tenancy) {
            return false;
        }
        self.cluster.publish(now_ms);
        let nodes = Snapshot::new(&self.cluster, now_ms);
        let scratch = &mut self.scratch;
        let Some(pod) = snapshot::view(&self.cluster, decision.pod, self.fields, &mut scratch.pod) else {
            return false;
        };
        snapshot::prepare(&self.entries, &pod, &nodes, &mut scratch.ready);
        if decision.fell_back {
            snapshot::fall_back(&self.entries, &mut scratch.ready);
        }
        let passes = |(entry, ready): (&Entry, &Ready)| {
            let prepared = ready.prepared;
            let outside =
                prepared.narrow && pod.named_nodes.is_some_and(|named| !sched_abi::bit(named, decision.row.0 as usize));
            if prepared.reject.is_some() || outside {
                return false;
            }
            let mut verdict = [Verdict::PASS];
            if entry.manifest.filters && prepared.filter == Hook::Run {
                entry.policy.filter(&pod, &nodes, &ready.block, Rows::List(&[decision.row.0]), &mut verdict);
            }
            verdict == [Verdict::PASS]
        };
        loop {
            let stands = self.entries.iter().zip(&scratch.ready).all(passes);
            // A policy that failed just now passed every row: what stands instead of its answer counts.
            if !snapshot::substitute(&self.entries, &pod, &nodes, &mut scratch.ready) {
                return stands;
            }
        }
    }
}
