//! The course of a run in few enough points to draw.

use std::ops::AddAssign;

/// Points of a series.
const POINTS: u64 = 480;
/// Columns of a heat map.
const COLUMNS: u64 = 144;

/// Means over equal parts of the trace. Each list has one value a part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Where each part begins.
    pub at_ms: Vec<u64>,
    /// Requested CPU by allocatable CPU.
    pub allocation: Vec<f64>,
    /// Requested GPU time by the cards' in all; empty in a trace without GPUs.
    pub gpu_allocation: Vec<f64>,
    /// CPU demand by the machines' CPU; empty where the trace does not know what pods use.
    pub utilisation: Vec<f64>,
    /// Share of what is free that typical pods cannot use.
    pub fragmentation: Vec<f64>,
    /// Pods that wait.
    pub pending: Vec<f64>,
    part_ms: u64,
    counts: Vec<f64>,
}

impl Series {
    pub(crate) fn new(horizon_ms: u64) -> Self {
        Self { part_ms: horizon_ms.div_ceil(POINTS).max(1), ..Self::default() }
    }

    /// Adds values at a moment; moments must not go back, and a value is known always or never.
    pub(crate) fn add(&mut self, at_ms: u64, values: [Option<f64>; 5]) {
        let part = at_ms / self.part_ms * self.part_ms;
        let is_new = self.at_ms.last() != Some(&part);
        if is_new {
            self.at_ms.push(part);
        }
        add_to(&mut self.counts, 1.0, is_new);
        for (list, value) in self.lists().into_iter().zip(values) {
            if let Some(value) = value {
                add_to(list, value, is_new);
            }
        }
    }

    fn lists(&mut self) -> [&mut Vec<f64>; 5] {
        let Self { allocation, gpu_allocation, utilisation, fragmentation, pending, .. } = self;
        [allocation, gpu_allocation, utilisation, fragmentation, pending]
    }

    /// Turns sums into means.
    pub(crate) fn finish(&mut self) {
        let counts = std::mem::take(&mut self.counts);
        for list in self.lists() {
            list.iter_mut().zip(&counts).for_each(|(sum, count)| *sum /= count);
        }
    }
}

fn add_to(values: &mut Vec<f64>, value: f64, is_new: bool) {
    match values.last_mut() {
        Some(last) if !is_new => last.add_assign(value),
        _ => values.push(value),
    }
}

/// One row a node, in the trace's order; each value the largest share of the node in a part of the trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heat {
    /// How long a column is.
    pub column_ms: u64,
    /// By node, then by column.
    pub rows: Vec<Vec<f32>>,
}

impl Heat {
    pub(crate) fn new(nodes: usize, horizon_ms: u64) -> Self {
        Self { column_ms: horizon_ms.div_ceil(COLUMNS).max(1), rows: vec![Vec::new(); nodes] }
    }

    pub(crate) fn add(&mut self, at_ms: u64, shares: &[f64]) {
        let column = (at_ms / self.column_ms) as usize;
        for (row, &share) in self.rows.iter_mut().zip(shares) {
            row.resize(row.len().max(column + 1), 0.0);
            if let Some(cell) = row.get_mut(column) {
                *cell = cell.max(share as f32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_holds_means_and_a_heat_map_holds_peaks() {
        let mut series = Series::new(POINTS * 10);
        for (at_ms, value) in [(0, 1.0), (5, 3.0), (10, 7.0)] {
            series.add(at_ms, [Some(value), None, None, Some(0.0), Some(2.0 * value)]);
        }
        series.finish();
        assert_eq!((series.at_ms, series.allocation), (vec![0, 10], vec![2.0, 7.0]));
        assert_eq!((series.pending, series.utilisation), (vec![4.0, 14.0], vec![]));

        let mut heat = Heat::new(1, COLUMNS * 10);
        for (at_ms, share) in [(0, 0.5), (5, 0.25), (20, 1.0)] {
            heat.add(at_ms, &[share]);
        }
        assert_eq!(heat.rows, [[0.5, 0.0, 1.0]]);
    }
}
