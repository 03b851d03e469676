//! Step 6, the good end: a reservation becomes a binding.

use super::Scheduler;
use crate::cluster::{PodId, PodPhase};
use crate::error::ScheduleError;

impl Scheduler {
    /// Binds a reserved pod; its room and its heat stay as they were reserved.
    pub fn commit(&mut self, pod: PodId, now_ms: u64) -> Result<(), ScheduleError> {
        match self.cluster.pod_phase(pod) {
            None => Err(ScheduleError::UnknownPod),
            Some(PodPhase::Reserved(row)) => Ok(self.cluster.at(now_ms, |cluster| cluster.bind(pod, row, now_ms))?),
            Some(_) => Err(ScheduleError::NotReserved),
        }
    }
}
