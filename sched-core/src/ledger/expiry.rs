//! What ends at which time, in order: putting in, taking out and looking at the next cost O(log n), so n ends cost O(n log n)
//! and nothing ever looks through all of them.

use std::collections::BTreeSet;

/// Something that ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub(crate) enum Due {
    /// A hold, by its slot.
    Hold(u32),
    /// A gang that waits for the rest of its members, by its place in order.
    Gang(u64),
}

/// Times at which things end. `u64::MAX` stands for never and is not kept.
#[derive(Debug, Default)]
pub(crate) struct Deadlines(BTreeSet<(u64, Due)>);

impl Deadlines {
    pub(crate) fn insert(&mut self, at_ms: u64, due: Due) {
        if at_ms != u64::MAX {
            self.0.insert((at_ms, due));
        }
    }

    pub(crate) fn remove(&mut self, at_ms: u64, due: Due) {
        self.0.remove(&(at_ms, due));
    }

    /// The next that has ended by now.
    pub(crate) fn next(&self, now_ms: u64) -> Option<Due> {
        self.0.first().filter(|(at_ms, _)| *at_ms <= now_ms).map(|&(_, due)| due)
    }

    pub(crate) fn contains(&self, at_ms: u64, due: Due) -> bool {
        at_ms == u64::MAX || self.0.contains(&(at_ms, due))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
