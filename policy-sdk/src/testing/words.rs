//! Bitmaps over rows, put together anew.

use sched_abi::bit;

/// For each row of a table to be made, the row to take, or none for a row without a node.
pub(super) type Plan = [Option<usize>];

/// Words with a bit for each item.
pub(super) fn packed(bits: impl IntoIterator<Item = bool>) -> Vec<u64> {
    let mut words = Vec::new();
    for (i, bit) in bits.into_iter().enumerate() {
        if i % 64 == 0 {
            words.push(0);
        }
        if let Some(word) = words.last_mut() {
            *word |= u64::from(bit) << (i % 64);
        }
    }
    words
}

/// The bits of the rows of a plan.
pub(super) fn gathered(words: &[u64], plan: &Plan) -> Vec<u64> {
    packed(plan.iter().map(|row| row.is_some_and(|row| bit(words, row))))
}

/// The bits of rows to keep, else those of other words.
pub(super) fn picked(words: &[u64], others: &[u64], keep: &[bool]) -> Vec<u64> {
    packed(keep.iter().enumerate().map(|(row, &keep)| bit(if keep { words } else { others }, row)))
}
