//! What one look into memory costs here and now: the yardstick for events, which at a million pods are little else.

use crate::rng::Rng;
use std::time::Instant;

/// Cache lines of the chain: 128 MB, several times the caches of most machines.
const LINES: usize = 1 << 21;

/// A cycle through all lines in random order, each of which names the next.
pub struct Chain {
    lines: Vec<[u32; 16]>,
    at: u32,
}

impl Default for Chain {
    fn default() -> Self {
        let mut order: Vec<u32> = (0..LINES as u32).collect();
        let mut rng = Rng::new(11, 0);
        for last in (1..LINES).rev() {
            order.swap(last, rng.below(last + 1));
        }
        let mut lines = vec![[0; 16]; LINES];
        for (from, to) in order.iter().zip(order.iter().cycle().skip(1)) {
            if let Some([next, ..]) = lines.get_mut(*from as usize) {
                *next = *to;
            }
        }
        Self { lines, at: 0 }
    }
}

impl Chain {
    /// Bytes that the chain holds.
    pub const BYTES: u64 = (LINES * 64) as u64;

    /// Nanoseconds of one look, over so many that each wait for the one before.
    pub fn nanos_a_read(&mut self, reads: usize) -> f64 {
        let start = Instant::now();
        for _ in 0..reads {
            self.at = self.lines.get(self.at as usize).map_or(0, |[next, ..]| *next);
        }
        let elapsed = start.elapsed().as_nanos() as f64;
        std::hint::black_box(self.at);
        elapsed / reads as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_goes_through_every_line() {
        let chain = Chain::default();
        let (mut at, mut steps) = (0, 0);
        while steps == 0 || at != 0 {
            at = chain.lines[at as usize][0];
            steps += 1;
        }
        assert_eq!(steps, LINES);
    }
}
