//! Sets of a size out of a list, in the order in which they are compared.

use smallvec::SmallVec;

/// Positions in a list, ascending.
pub(crate) type Subset = SmallVec<[usize; 16]>;

/// All sets of `size` positions below `of`, in lexicographic order.
pub(crate) struct Combinations {
    of: usize,
    chosen: Subset,
    started: bool,
}

impl Combinations {
    pub(crate) fn new(of: usize, size: usize) -> Self {
        Self { of, chosen: (0..size).collect(), started: false }
    }

    pub(crate) fn next(&mut self) -> Option<&Subset> {
        let size = self.chosen.len();
        if !self.started {
            self.started = true;
            return (size <= self.of).then_some(&self.chosen);
        }
        let of = self.of;
        let highest = |at: usize| of + at - size;
        let at = (0..size).rev().find(|at| self.chosen.get(*at).is_some_and(|value| *value < highest(*at)))?;
        let next = self.chosen.get(at).map_or(0, |value| value + 1);
        self.chosen.iter_mut().skip(at).zip(next..).for_each(|(value, next)| *value = next);
        Some(&self.chosen)
    }
}
