//! Collects what differs, and counts what was compared.

use std::fmt::Debug;

#[derive(Default)]
pub(crate) struct Report {
    pub(crate) comparisons: usize,
    pub(crate) failures: Vec<String>,
}

impl Report {
    /// One comparison.
    pub(crate) fn equal<T: PartialEq + Debug>(&mut self, what: impl FnOnce() -> String, ours: &T, expected: &T) {
        self.comparisons += 1;
        if ours != expected {
            self.failures.push(format!("{}: ours {ours:?}, expected {expected:?}", what()));
        }
    }

    /// One comparison whose two sides are not values.
    pub(crate) fn holds(&mut self, what: impl FnOnce() -> String, holds: bool) {
        self.comparisons += 1;
        if !holds {
            self.failures.push(what());
        }
    }
}
