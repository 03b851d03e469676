//! Sets of rows: a sorted list while small (a hostname label has one row), a bitmap when large (a zone has thousands).

/// Above this many rows a list becomes a bitmap; below a quarter of it, it turns back.
const LIST_MAX: usize = 256;

/// A set of rows.
#[derive(Clone, Debug)]
pub(crate) enum RowSet {
    List(Vec<u32>),
    Bits { words: Vec<u64>, len: usize },
}

impl Default for RowSet {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl RowSet {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::List(list) => list.len(),
            Self::Bits { len, .. } => *len,
        }
    }

    pub(crate) fn insert(&mut self, row: u32) {
        match self {
            Self::List(list) => {
                let Err(at) = list.binary_search(&row) else { return };
                list.insert(at, row);
                if list.len() > LIST_MAX {
                    let mut words = Vec::new();
                    for &row in &*list {
                        set_bit(&mut words, row as usize, true);
                    }
                    *self = Self::Bits { len: list.len(), words };
                }
            }
            Self::Bits { words, len } => *len += usize::from(set_bit(words, row as usize, true)),
        }
    }

    pub(crate) fn remove(&mut self, row: u32) {
        match self {
            Self::List(list) => {
                if let Ok(at) = list.binary_search(&row) {
                    list.remove(at);
                }
            }
            Self::Bits { words, len } => {
                *len -= usize::from(set_bit(words, row as usize, false));
                if *len < LIST_MAX / 4 {
                    *self = Self::List(ones(words).collect());
                }
            }
        }
    }

    /// Adds the set to a bitmap that is long enough for every row.
    pub(crate) fn union_into(&self, out: &mut [u64]) {
        match self {
            Self::List(list) => {
                for &row in list {
                    if let Some(word) = out.get_mut(row as usize / 64) {
                        *word |= 1 << (row % 64);
                    }
                }
            }
            Self::Bits { words, .. } => {
                for (out, word) in out.iter_mut().zip(words) {
                    *out |= word;
                }
            }
        }
    }
}

/// Sets or clears a bit, growing the bitmap as needed; says whether it changed.
pub(crate) fn set_bit(words: &mut Vec<u64>, row: usize, on: bool) -> bool {
    if words.len() <= row / 64 {
        if !on {
            return false;
        }
        words.resize(row / 64 + 1, 0);
    }
    let Some(word) = words.get_mut(row / 64) else { return false };
    let before = *word;
    *word = if on { before | 1 << (row % 64) } else { before & !(1 << (row % 64)) };
    *word != before
}

/// The rows of a bitmap, ascending.
pub(crate) fn ones(words: &[u64]) -> impl Iterator<Item = u32> {
    words.iter().enumerate().flat_map(|(i, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                i as u32 * 64 + bit
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn a_row_set_is_a_set(ops in prop::collection::vec((0u32..700, any::<bool>()), 0..2000)) {
            let (mut set, mut model) = (RowSet::default(), BTreeSet::new());
            for (row, add) in ops {
                if add { set.insert(row); model.insert(row); } else { set.remove(row); model.remove(&row); }
            }
            let mut out = vec![0; 11];
            set.union_into(&mut out);
            prop_assert_eq!(set.len(), model.len());
            prop_assert_eq!(ones(&out).collect::<BTreeSet<_>>(), model);
        }
    }
}
