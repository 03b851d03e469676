//! How a consumer that keeps copies of columns catches up: what changed since it last looked.

use crate::{Column, NodeColumns};

/// A table's log of changes. Equal position and epochs mean equal columns.
pub trait Changes {
    /// How many changes of rows there have been.
    fn position(&self) -> u64;
    /// How often any column was written anew as a whole.
    fn epochs(&self) -> u64;
    /// How often this column was written anew as a whole, without entries in the log.
    fn epoch(&self, column: Column) -> u64;
    /// Calls `each(row, kinds)` for every change since a position: cells of columns of these kinds may differ in that row.
    /// Returns `false`, with nothing called, where the log does not reach back so far: everything may differ.
    fn since(&self, position: u64, each: &mut dyn FnMut(u32, NodeColumns)) -> bool;
}
