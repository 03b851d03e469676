//! Means, deviations and percentiles, and the hash that decisions are compared by.

use serde::Serialize;

/// A measurement over seeds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stat {
    /// Mean over the seeds.
    pub mean: f64,
    /// Standard deviation over the seeds (divisor n - 1); 0 with one seed.
    pub sd: f64,
    /// The value with each seed, in the order of the seeds.
    pub per_seed: Vec<f64>,
}

impl Stat {
    /// Of these values.
    pub fn of(per_seed: Vec<f64>) -> Self {
        let mean = mean(&per_seed);
        let squares: f64 = per_seed.iter().map(|value| (value - mean) * (value - mean)).sum();
        let sd = if per_seed.len() > 1 { (squares / (per_seed.len() - 1) as f64).sqrt() } else { 0.0 };
        Self { mean, sd, per_seed }
    }
}

/// How a quantity is spread.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Mean over time of the cluster's share: the sum over nodes by the sum of what they have.
    pub mean: f64,
    /// Mean over time of the standard deviation over nodes of each node's share.
    pub sd: f64,
    /// Median over nodes and time of a node's share.
    pub p50: f64,
    /// The same, 90th percentile.
    pub p90: f64,
    /// The same, 99th percentile.
    pub p99: f64,
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Standard deviation of a whole population (divisor n).
pub(crate) fn population_sd(values: &[f64]) -> f64 {
    let mean = mean(values);
    if values.is_empty() {
        return 0.0;
    }
    (values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / values.len() as f64).sqrt()
}

/// The nearest-rank percentile of sorted values; `None` of none.
pub(crate) fn percentile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied()
}

/// FNV-1a, 64 bits: a specified hash, equal on every platform (Fowler, Noll, Vo; draft-eastlake-fnv).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Adds text, and a byte that no UTF-8 text contains, so that `a`, `bc` differs from `ab`, `c`.
    pub(crate) fn add_text(&mut self, text: &str) {
        self.add(text.as_bytes());
        self.add(&[0xff]);
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<u32> = (1..=10).collect();
        assert_eq!([50, 90, 99, 100].map(|p| percentile(&values, p)), [Some(5), Some(9), Some(10), Some(10)]);
        assert_eq!(percentile(&[7], 0), Some(7));
        assert_eq!(percentile::<u32>(&[], 50), None);
    }

    #[test]
    fn deviation_over_seeds_is_that_of_a_sample() {
        let stat = Stat::of(vec![2.0, 4.0, 6.0]);
        assert_eq!((stat.mean, stat.sd), (4.0, 2.0));
        assert_eq!(Stat::of(vec![3.0]).sd, 0.0);
        assert_eq!(population_sd(&[1.0, 3.0]), 1.0);
    }

    #[test]
    fn the_digest_is_fnv_1a() {
        let mut digest = Digest::new();
        digest.add(b"foobar");
        assert_eq!(digest.value(), 0x8594_4171_f739_67e8, "vector of the authors' test suite");
    }
}
