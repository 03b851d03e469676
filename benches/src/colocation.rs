//! What a node agent decides about its node, beside the ceiling: one pass over the pods that adds up what they ask for and use.

use sched_core::colocation::{
    Amounts, Colocation, ColocationConfig, ColocationError, NodeReport, PodReport, Qos, ZoneReport,
};
use std::{hint::black_box, time::Instant};

/// Decisions a measurement.
const BATCH: u32 = 1_000;

/// A node of 128 CPUs, its pods and its two zones.
pub struct Node {
    config: ColocationConfig,
    state: Colocation,
    report: NodeReport,
}

impl Node {
    /// With so many pods of all classes, every third bound to a zone.
    pub fn new(pods: u32) -> Self {
        let capacity = Amounts::new(128_000, 512 << 30);
        let zone = |id| ZoneReport { id, capacity: Amounts::new(64_000, 256 << 30) };
        let pod = |(number, qos): (u32, Qos)| {
            let used = Amounts::new(200 + i64::from(number), 1 << 29);
            let zones = if number.is_multiple_of(3) { vec![number % 2] } else { Vec::new() };
            let pod = PodReport::new(format!("pod-{number}"), qos, Amounts::new(500, 1 << 30)).using(used);
            PodReport { zones, ..pod }
        };
        let pods = (0..pods).zip(Qos::ALL.into_iter().cycle()).map(pod).collect();
        let zones = vec![zone(0), zone(1)];
        let report = NodeReport { capacity, allocatable: capacity, pods, zones, ..NodeReport::default() };
        Self { config: ColocationConfig::default(), state: Colocation::default(), report }
    }

    /// Nanoseconds a decision, a second apart.
    pub fn decide(&mut self) -> Result<f64, ColocationError> {
        let start = Instant::now();
        for _ in 0..BATCH {
            self.report.at_ms += 1_000;
            black_box(self.state.step(&self.config, &self.report, self.report.at_ms)?);
        }
        Ok(start.elapsed().as_nanos() as f64 / f64::from(BATCH))
    }

    /// Nanoseconds a pass.
    pub fn ceiling(&self) -> f64 {
        let start = Instant::now();
        for _ in 0..BATCH {
            let sums = black_box(&self.report).pods.iter().fold([0_i64; 4], |[a, b, c, d], pod| {
                let used = pod.used.unwrap_or(pod.requested);
                [a + pod.requested.cpu, b + pod.requested.memory, c + used.cpu, d + used.memory]
            });
            black_box(sums);
        }
        start.elapsed().as_nanos() as f64 / f64::from(BATCH)
    }
}
