//! What pods use over time: the future that a scheduler must not see. Only the simulated world reads it.

use std::sync::Arc;

/// Use over time as a share of the request, constant between steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    step_ms: u64,
    shares: Vec<f64>,
    /// Every share is finite and at least 0; looked at once, since many pods share a curve.
    valid: bool,
}

impl Curve {
    /// A curve with one value every `step_ms` from time 0; after the last value it stays there. Without values, or with a
    /// step of 0, it is 0 throughout.
    pub fn new(step_ms: u64, shares: Vec<f64>) -> Self {
        let shares = if step_ms == 0 { Vec::new() } else { shares };
        let valid = shares.iter().all(|share| share.is_finite() && *share >= 0.0);
        Self { step_ms: step_ms.max(1), shares, valid }
    }

    /// Milliseconds between two values.
    pub(crate) fn step_ms(&self) -> u64 {
        self.step_ms
    }

    fn step(&self, index: u64) -> f64 {
        self.shares.get(index as usize).or(self.shares.last()).copied().unwrap_or(0.0)
    }

    /// The share at a moment.
    pub fn share_at(&self, t_ms: u64) -> f64 {
        self.step(t_ms / self.step_ms)
    }

    /// The mean share over `from_ms..to_ms`.
    pub(crate) fn mean(&self, from_ms: u64, to_ms: u64) -> f64 {
        let (first, last) = (from_ms / self.step_ms, to_ms.saturating_sub(1) / self.step_ms);
        if first >= last {
            return self.step(first);
        }
        let within = |index: u64| {
            let start = (index * self.step_ms).max(from_ms);
            let end = ((index + 1) * self.step_ms).min(to_ms);
            self.step(index) * (end - start) as f64
        };
        (first..=last).map(within).sum::<f64>() / (to_ms - from_ms) as f64
    }
}

/// What one pod uses: a curve, shared by the pods of an application, times the pod's request.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    /// The shape.
    pub curve: Arc<Curve>,
    /// What a share of 1 is, milli-CPU.
    pub request_milli: f64,
}

impl Usage {
    /// Whether every value is finite and at least 0.
    pub(crate) fn is_valid(&self) -> bool {
        self.curve.valid && self.request_milli.is_finite() && self.request_milli >= 0.0
    }

    /// Mean CPU over `from_ms..to_ms`, milli-CPU.
    pub(crate) fn mean_milli(&self, from_ms: u64, to_ms: u64) -> f64 {
        self.request_milli * self.curve.mean(from_ms, to_ms)
    }

    /// CPU at a moment, milli-CPU.
    pub(crate) fn at_milli(&self, t_ms: u64) -> f64 {
        self.request_milli * self.curve.share_at(t_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_weighs_each_step_by_its_part_of_the_window() {
        let curve = Curve::new(100, vec![1.0, 3.0]);
        assert_eq!(curve.mean(0, 100), 1.0);
        assert_eq!(curve.mean(50, 100), 1.0);
        assert_eq!(curve.mean(50, 150), 2.0);
        assert_eq!(curve.mean(75, 175), 2.5);
        assert_eq!(curve.mean(150, 1000), 3.0, "the last value stays");
        assert_eq!(Curve::new(0, vec![1.0]).share_at(5), 0.0);
    }
}
