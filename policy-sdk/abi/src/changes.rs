//! How a consumer that keeps copies of columns catches up: what changed since it last looked.

use crate::{Column, DomainPods, Label, NodeColumns};

/// A table's log of changes. Equal position and epochs mean equal columns.
pub trait Changes {
    /// How many changes of rows there have been.
    fn position(&self) -> u64;
    /// How often any column was written anew as a whole.
    fn epochs(&self) -> u64;
    /// How often this column was written anew as a whole, without entries in the log.
    fn epoch(&self, column: Column) -> u64;
    /// How often the values behind a label's numbers changed.
    fn label_epoch(&self, label: Label) -> u64 {
        let _ = label;
        0
    }
    /// How often counts by topology domain changed.
    fn domain_epoch(&self, pods: DomainPods) -> u64 {
        let _ = pods;
        0
    }
    /// Calls `each(row, kinds)` for every change since a position: cells of columns of these kinds may differ in that row.
    /// Returns `false`, with nothing called, where the log does not reach back so far: everything may differ.
    fn since(&self, position: u64, each: &mut dyn FnMut(u32, NodeColumns)) -> bool;
}
