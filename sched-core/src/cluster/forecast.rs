//! Predicted use per node and hour ahead, its variance, and the overload to be expected: columns published a quantum at a
//! time, each row a function of the pods on it alone.

use super::apps::AppTable;
use super::nodes::NodeTable;
use super::pods::{Pod, PodStore};
use crate::primitives::overload::{Curve, Hours, Overload};
use crate::profile::{HORIZON_HOURS, PARTS};
use sched_abi::ResourceId;
use smallvec::SmallVec;

/// The columns.
#[derive(Debug, Default)]
pub(crate) struct Forecast {
    wanted: bool,
    /// Milli-CPU by hour ahead; the first is the rest of the present clock hour.
    pub(crate) hours: [Vec<f64>; HORIZON_HOURS],
    /// The first of them, where an application on the node has been sampled.
    pub(crate) profiled: Vec<f64>,
    /// Variance of the use of the pods on the node, milli-CPU squared; pods of one application vary together.
    pub(crate) variance: Vec<f64>,
    /// Expected overload as the node stands, per curve that a policy asked for.
    overload: Vec<(Curve, Vec<f64>)>,
    stale: Vec<u32>,
    /// The time that the columns were last computed for as a whole.
    at_ms: Option<u64>,
}

impl Forecast {
    pub(crate) fn want(&mut self) {
        self.wanted = true;
        self.at_ms = None;
    }

    pub(crate) fn want_overload(&mut self, curve: Curve) {
        self.want();
        if self.overload.iter().all(|(c, _)| *c != curve) {
            self.overload.push((curve, Vec::new()));
        }
    }

    pub(crate) fn overload(&self, curve: Curve) -> &[f64] {
        self.overload.iter().find(|(c, _)| *c == curve).map_or(&[], |(_, column)| column)
    }

    /// The pods on a row changed, or its machine did.
    pub(crate) fn row_changed(&mut self, row: u32) {
        if self.wanted {
            self.stale.push(row);
        }
    }

    /// Brings the columns up to `now_ms`, which is floored to the forecast's quantum.
    pub(crate) fn publish(&mut self, at_ms: u64, nodes: &NodeTable, pods: &PodStore, apps: &AppTable) {
        if !self.wanted {
            return;
        }
        let rows = nodes.rows();
        let all = self.at_ms != Some(at_ms) || self.stale.len() > rows;
        self.at_ms = Some(at_ms);
        let overload = self.overload.iter_mut().map(|(_, column)| column);
        for column in self.hours.iter_mut().chain([&mut self.profiled, &mut self.variance]).chain(overload) {
            column.resize(rows, 0.0);
        }
        let stale = std::mem::take(&mut self.stale);
        if all {
            for row in 0..rows as u32 {
                self.compute(row, at_ms, nodes, pods, apps);
            }
        } else {
            for &row in &stale {
                self.compute(row, at_ms, nodes, pods, apps);
            }
        }
        self.stale = stale;
        self.stale.clear();
    }

    fn compute(&mut self, row: u32, at_ms: u64, nodes: &NodeTable, pods: &PodStore, apps: &AppTable) {
        let at = row as usize;
        let (mut hours, mut variance, mut sampled) = ([0; HORIZON_HOURS], 0, false);
        let mut by_app: SmallVec<[(u32, i64); 32]> = SmallVec::new();
        for pod in pods.on_row(row).iter().filter_map(|&slot| pods.get(slot)) {
            let (Some(prediction), request) = (apps.prediction(pod.app), request_milli(pods, pod)) else { continue };
            sampled |= apps.is_sampled(pod.app);
            for (hour, ratio) in hours.iter_mut().zip(prediction.ratio) {
                *hour += share(request, ratio);
            }
            match pod.app {
                Some(app) => by_app.push((app, request)),
                None => variance += squared(request, prediction.variance),
            }
        }
        by_app.sort_unstable();
        for pods in by_app.chunk_by(|a, b| a.0 == b.0) {
            let request = pods.iter().map(|(_, request)| request).sum();
            let app = pods.first().and_then(|(app, _)| apps.prediction(Some(*app)));
            variance += app.map_or(0, |prediction| squared(request, prediction.variance));
        }
        let hours = hours.map(|h| h as f64);
        for (column, hour) in self.hours.iter_mut().zip(hours) {
            put(column, at, hour);
        }
        put(&mut self.profiled, at, hours.first().filter(|_| sampled).copied().unwrap_or(0.0));
        put(&mut self.variance, at, variance as f64);
        let capacity = nodes.columns(ResourceId::CPU).and_then(|c| c.capacity.get(at)).copied().unwrap_or(0.0);
        for (curve, column) in &mut self.overload {
            put(column, at, curve.overload(&Hours::at(at_ms, *curve), &hours, variance as f64, capacity));
        }
    }
}

/// What a pod requests of CPU, milli-CPU, with the scoring default where it says nothing.
pub(crate) fn request_milli(pods: &PodStore, pod: &Pod) -> i64 {
    pods.class(pod.class).map_or(0, |class| sched_abi::amount_of(&class.scoring, ResourceId::CPU) as i64)
}

/// A request times a ratio in millionths, rounded.
pub(crate) fn share(request: i64, ratio: i64) -> i64 {
    ((i128::from(request) * i128::from(ratio) + i128::from(PARTS / 2)) / i128::from(PARTS)) as i64
}

/// A request squared times a variance in millionths, rounded.
fn squared(request: i64, variance: i64) -> i64 {
    let squared = i128::from(request) * i128::from(request);
    // Beyond the bounds of a column the variance is as good as infinite.
    ((squared * i128::from(variance) + i128::from(PARTS / 2)) / i128::from(PARTS)).min(1 << 51) as i64
}

fn put(column: &mut [f64], row: usize, value: f64) {
    if let Some(cell) = column.get_mut(row) {
        *cell = value;
    }
}
