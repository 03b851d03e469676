//! Labels that policies read row by row: for each a dictionary of its values, and a column of their numbers.

use super::interner::Interner;
use sched_abi::NODE_NAME_KEY;
use std::sync::Arc;

/// One label.
#[derive(Debug)]
pub(crate) struct Dictionary {
    pub(crate) key: Box<str>,
    /// By row: one more than the id of the value, or 0.
    pub(crate) numbers: Vec<u32>,
    values: Interner<str>,
    /// How often the dictionary changed.
    pub(crate) epoch: u64,
}

impl Dictionary {
    pub(crate) fn new(key: &str) -> Self {
        Self { key: Box::from(key), numbers: Vec::new(), values: Interner::new(), epoch: 0 }
    }

    /// The node's value: of the label, or its name.
    pub(crate) fn value_of<'a>(
        &self,
        name: Option<&'a str>,
        label: impl FnOnce(&str) -> Option<&'a str>,
    ) -> Option<&'a str> {
        if &*self.key == NODE_NAME_KEY { name } else { name.and_then(|_| label(&self.key)) }
    }

    /// Gives a row its value.
    pub(crate) fn set(&mut self, row: u32, value: Option<&str>) {
        let row = row as usize;
        if self.numbers.len() <= row {
            self.numbers.resize(row + 1, 0);
        }
        let Some(before) = self.numbers.get(row).copied() else { return };
        if self.value(before) == value {
            return;
        }
        let number = value.map_or(0, |value| {
            let (id, new) = self.values.acquire(value, |v| Arc::from(v));
            self.epoch += u64::from(new);
            id + 1
        });
        if let Some(cell) = self.numbers.get_mut(row) {
            *cell = number;
        }
        if let Some(id) = before.checked_sub(1) {
            self.epoch += u64::from(self.values.release(id));
        }
    }

    /// What a number stands for.
    pub(crate) fn value(&self, number: u32) -> Option<&str> {
        self.values.get(number.checked_sub(1)?).map(|value| &**value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_its_value_for_as_long_as_a_row_has_it() {
        let mut zones = Dictionary::new("zone");
        for (row, value) in [(2, Some("a")), (0, Some("b")), (3, Some("a"))] {
            zones.set(row, value);
        }
        let values = |zones: &Dictionary| -> Vec<Option<String>> {
            zones.numbers.iter().map(|&n| zones.value(n).map(str::to_owned)).collect()
        };
        let texts = |texts: [Option<&str>; 4]| texts.map(|t| t.map(str::to_owned)).to_vec();
        assert_eq!(values(&zones), texts([Some("b"), None, Some("a"), Some("a")]));
        assert_eq!(zones.epoch, 2);
        // One of two that have a value loses it: the dictionary stays as it is.
        zones.set(3, None);
        assert_eq!(zones.epoch, 2);
        zones.set(2, Some("c"));
        assert_eq!(values(&zones), texts([Some("b"), None, Some("c"), None]));
        assert_eq!(zones.epoch, 4);
    }

    #[test]
    fn names_are_a_label_of_their_own() {
        let names = Dictionary::new(NODE_NAME_KEY);
        assert_eq!(names.value_of(Some("n"), |_| Some("label")), Some("n"));
        assert_eq!(Dictionary::new("k").value_of(Some("n"), |_| Some("label")), Some("label"));
        assert_eq!(Dictionary::new("k").value_of(None, |_| Some("label")), None);
    }
}
