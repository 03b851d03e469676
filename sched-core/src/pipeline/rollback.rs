//! Step 6, the other end: a reservation is given back, and every column is as it was.

use super::Scheduler;
use crate::cluster::{PodId, PodPhase};
use crate::error::ScheduleError;

impl Scheduler {
    /// Gives a reservation back: room, heat and estimate.
    pub fn rollback(&mut self, pod: PodId) -> Result<(), ScheduleError> {
        match self.cluster.pod_phase(pod) {
            None => Err(ScheduleError::UnknownPod),
            Some(PodPhase::Reserved(_)) => {
                self.cluster.unreserve(pod);
                Ok(())
            }
            Some(_) => Err(ScheduleError::NotReserved),
        }
    }
}
