//! Random choices that one seed repeats.

use proptest::prelude::RngExt;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// A generator of random choices.
pub(super) struct Rng(TestRng);

impl Rng {
    /// The generator for the `stream`-th part of what a seed makes.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        // Not `XorShift`: what it makes of two seeds that differ in a few bits is much alike at first.
        let bytes = [seed, stream, 0, 0].map(u64::to_le_bytes).concat();
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    /// A number below `bound`, or 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { self.0.random_range(0..bound) }
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Any number.
    pub(super) fn word(&mut self) -> u64 {
        self.0.random()
    }

    /// One of a few values; the default of an empty list.
    pub(super) fn pick<T: Copy + Default>(&mut self, values: &[T]) -> T {
        values.get(self.below(values.len())).copied().unwrap_or_default()
    }

    /// Brings a list into a random order.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i + 1));
        }
    }
}
