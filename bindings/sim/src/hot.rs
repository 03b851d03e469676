//! Hot-node minutes, overload and saturation: how far above the water level nodes were, and for how long.

use crate::demand::Demand;
use crate::placement::minute;
use std::ops::Range;

/// Time above the water level, summed over nodes and the measured minutes; equal to what `score.py` of the hot-node
/// workloads says of the same placements.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hot {
    /// Node-minutes with demand above the water level.
    pub hot_node_minutes: u64,
    /// Sum of what demand exceeded the water level by, core-minutes, to one decimal.
    pub overload_core_minutes: f64,
    /// Node-minutes with demand above the whole node.
    pub saturated_node_minutes: u64,
}

impl Hot {
    /// Measures `demand` against `water_level`, a share of the node.
    pub(crate) fn of(demand: &Demand, water_level: f64, measured_ms: &Range<u64>) -> Self {
        let mut hot = Self::default();
        let mut overload = 0.0;
        for (node, &capacity) in demand.capacity().iter().enumerate() {
            let level = water_level * capacity;
            for t in minute(measured_ms.start)..minute(measured_ms.end) {
                let x = demand.at(node, t);
                if x > level {
                    hot.hot_node_minutes += 1;
                    overload += (x - level) / 1000.0;
                }
                hot.saturated_node_minutes += u64::from(x > capacity);
            }
        }
        hot.overload_core_minutes = tenths(overload);
        hot
    }
}

/// To one decimal, by the exact value of the number, as Python's `round` does; scaling by ten would round twice.
fn tenths(value: f64) -> f64 {
    format!("{value:.1}").parse().unwrap_or(value)
}
