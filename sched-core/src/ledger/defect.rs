//! Faults that tests plant, one at a time, to see that they would be noticed (feature `defects`). Without the feature none
//! can be planted, and the compiler removes the questions.

use super::Ledger;

/// A planted fault.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Defect {
    /// A failed bind does not give back what the pod used of its holds.
    LeaksOnFailedBind,
    /// A hold that expires is freed twice.
    DoubleFreeOnExpiry,
    /// A restricted hold is open to strangers.
    RestrictedForAll,
    /// A resize forgets the columns.
    ForgetfulResize,
    /// A hold whose time is over is still used.
    UsedAfterExpiry,
    /// What is for one pod is used by two.
    OnceIsTwice,
    /// A move leaves the room on the old node held too.
    MovesAndStays,
    /// Restored holds forget who uses them.
    ForgetfulRestore,
    /// A pod that shrinks while it is updated in place loses its room.
    ShrinksInPlace,
}

impl Ledger {
    /// Whether a fault was planted.
    #[inline]
    pub(super) fn has(&self, defect: Defect) -> bool {
        cfg!(feature = "defects") && self.defect == Some(defect)
    }
}

#[cfg(feature = "defects")]
impl crate::Scheduler {
    /// Plants a fault.
    #[doc(hidden)]
    pub fn plant(&mut self, defect: Defect) {
        self.cluster_mut().ledger.defect = Some(defect);
    }
}
