//! What changed since a consumer last looked: a bounded log of (row, column).

use crate::limits::JOURNAL_CAPACITY;
use sched_abi::NodeColumns;
use std::collections::VecDeque;

/// A column, as the journal names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Changed {
    /// The row was taken by another node, or freed: everything in it changed.
    Row,
    /// Labels.
    Labels,
    /// Taints.
    Taints,
    /// The unschedulable flag.
    Unschedulable,
    /// Images.
    Images,
    /// Host ports in use.
    Ports,
    /// The mark.
    Mark,
    /// Allocatable or capacity of a resource.
    Allocatable(u16),
    /// Requests of the pods on the node, of a resource; the count of pods is `pods`.
    Requested(u16),
    /// Samples of use, and the estimate for what they do not cover.
    Usage,
}

impl Changed {
    /// The kinds of columns whose cells may differ after it.
    pub fn kinds(self) -> NodeColumns {
        match self {
            Self::Row => NodeColumns::ALL,
            // What is derived of pools follows the labels that make them.
            Self::Labels => NodeColumns::SELECTORS.and(NodeColumns::LABELS).and(NodeColumns::DERIVED),
            Self::Taints => NodeColumns::TAINT_SETS,
            Self::Unschedulable => NodeColumns::UNSCHEDULABLE,
            // Read through the pod alone.
            Self::Images | Self::Ports => NodeColumns::NONE,
            Self::Mark => NodeColumns::MARKED,
            // What is derived follows the machine, the pods on it and their samples.
            Self::Allocatable(_) => NodeColumns::ALLOCATABLE.and(NodeColumns::CAPACITY).and(NodeColumns::DERIVED),
            Self::Requested(_) => NodeColumns::REQUESTED.and(NodeColumns::SCORING_REQUESTED).and(NodeColumns::DERIVED),
            Self::Usage => {
                let sampled = NodeColumns::USAGE.and(NodeColumns::SAMPLED_AT).and(NodeColumns::UNSEEN);
                sampled.and(NodeColumns::DERIVED)
            }
        }
    }
}

/// One change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// The row.
    pub row: u32,
    /// What changed in it.
    pub column: Changed,
}

/// The log. Its positions count all changes since the beginning.
#[derive(Debug, Default)]
pub struct Journal {
    entries: VecDeque<Change>,
    end: u64,
}

impl Journal {
    pub(crate) fn push(&mut self, row: u32, column: Changed) {
        if self.entries.len() == JOURNAL_CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(Change { row, column });
        self.end += 1;
    }

    /// The position after the last change.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The changes since a position, or `None` when some of them are no longer kept (or the position is ahead): take a full copy then.
    ///
    /// ```
    /// let journal = sched_core::Journal::default();
    /// assert_eq!(journal.since(0).map(Iterator::count), Some(0));
    /// assert!(journal.since(1).is_none());
    /// ```
    pub fn since(&self, position: u64) -> Option<impl Iterator<Item = Change>> {
        let behind = usize::try_from(self.end.checked_sub(position)?).ok()?;
        let skip = self.entries.len().checked_sub(behind)?;
        Some(self.entries.iter().skip(skip).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_that_lags_too_far_is_told_so() {
        let mut journal = Journal::default();
        for i in 0..=JOURNAL_CAPACITY as u32 {
            journal.push(i, Changed::Labels);
        }
        assert!(journal.since(0).is_none());
        assert_eq!(journal.since(1).map(Iterator::count), Some(JOURNAL_CAPACITY));
        assert_eq!(
            journal.since(journal.end() - 1).and_then(|mut c| c.next()).map(|c| c.row),
            Some(JOURNAL_CAPACITY as u32)
        );
    }
}
