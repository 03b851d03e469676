//! Predicted use per node and hour ahead, its variance, and the overload to be expected: columns published a quantum at a
//! time, each row a function of the pods on it alone.

use super::apps::{AppTable, Shown};
use super::nodes::NodeTable;
use super::pods::{Pod, PodStore};
use crate::limits::MAX_QUANTITY;
use crate::primitives::overload::{Curve, FIRST_BAND, Hours, Standing, band};
use crate::profile::{HORIZON_HOURS, PARTS};
use sched_abi::ResourceId;

/// The largest variance, milli-CPU squared: a column is exact up to there, and beyond it the use is anyone's guess.
const MAX_VARIANCE: i64 = 1 << 51;

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
    overload: Vec<OverloadColumn>,
    stale: Vec<u32>,
    /// Room for the applications on one row and what they request.
    by_app: Vec<(u32, i64)>,
    /// Every row is due.
    all_stale: bool,
    /// Which predictions the columns stand for.
    shown: Option<Shown>,
    /// How often the columns were written anew as a whole.
    pub(crate) epoch: u64,
}

/// Expected overload under one curve.
#[derive(Debug)]
struct OverloadColumn {
    curve: Curve,
    /// The weights of the hours at the time that the column stands for.
    weights: Hours,
    /// Half-width of the error that is allowed for, standard deviations.
    band: f64,
    /// The same as it was when an event last began a quantum.
    told_band: f64,
    values: Vec<f64>,
}

impl Forecast {
    pub(crate) fn want(&mut self) {
        self.wanted = true;
        self.all_stale = true;
    }

    pub(crate) fn want_overload(&mut self, curve: Curve) {
        self.want();
        if self.overload.iter().all(|c| c.curve != curve) {
            self.overload.push(OverloadColumn {
                curve,
                weights: Hours::at(0, curve),
                band: FIRST_BAND,
                told_band: FIRST_BAND,
                values: Vec::new(),
            });
        }
    }

    pub(crate) fn overload(&self, curve: Curve) -> &[f64] {
        self.overload.iter().find(|c| c.curve == curve).map_or(&[], |c| &c.values)
    }

    pub(crate) fn band(&self, curve: Curve) -> f64 {
        self.overload.iter().find(|c| c.curve == curve).map_or(FIRST_BAND, |c| c.band)
    }

    /// The pods on a row changed, or its machine did; it will have at most `pods` of them.
    pub(crate) fn row_changed(&mut self, row: u32, pods: usize) {
        if !self.wanted {
            return;
        }
        // Here and not when a decision computes the row: decisions allocate nothing.
        self.by_app.reserve(pods);
        self.stale.push(row);
        if self.stale.len() > self.variance.len() {
            // As many as there are rows: all of them are due, and the list does not grow while nobody decides.
            self.stale.clear();
            self.all_stale = true;
        }
    }

    /// An event began a quantum: everything is computed anew, the bands too.
    pub(crate) fn roll(&mut self, shown: Shown, nodes: &NodeTable, pods: &PodStore, apps: &AppTable) {
        if self.wanted {
            self.show(shown, nodes, pods, apps);
            self.fit_bands(nodes);
            for column in &mut self.overload {
                column.told_band = column.band;
            }
        }
    }

    /// A decision looks: brings the columns up to its time and to what is on the rows.
    pub(crate) fn look(&mut self, shown: Shown, nodes: &NodeTable, pods: &PodStore, apps: &AppTable) {
        if !self.wanted {
            return;
        }
        if self.shown == Some(shown) {
            self.publish(nodes, pods, apps);
            return;
        }
        for column in &mut self.overload {
            column.band = column.told_band;
        }
        self.show(shown, nodes, pods, apps);
        if shown.is_ahead() {
            self.fit_bands(nodes);
        }
    }

    /// Computes every row from the predictions that are shown.
    fn show(&mut self, shown: Shown, nodes: &NodeTable, pods: &PodStore, apps: &AppTable) {
        self.shown = Some(shown);
        self.all_stale = true;
        for column in &mut self.overload {
            column.weights = Hours::at(shown.at_ms(), column.curve);
        }
        self.publish(nodes, pods, apps);
    }

    /// Finds the band that the room of the cluster allows, and what each node costs under it.
    fn fit_bands(&mut self, nodes: &NodeTable) {
        let mut overload = std::mem::take(&mut self.overload);
        for OverloadColumn { curve, weights, band: of_curve, values, .. } in &mut overload {
            let (mut room, mut deviation) = (0, 0);
            for row in super::ones(&nodes.live) {
                let (r, d) = self.hours_of(row).standing(self, nodes, row).room(*curve, weights);
                room += i128::from(r);
                deviation += i128::from(d);
            }
            *of_curve = band(*curve, room, deviation);
            for row in super::ones(&nodes.live) {
                let cost = self.hours_of(row).standing(self, nodes, row).cost(*curve, weights, *of_curve);
                put(values, row as usize, cost);
            }
        }
        self.overload = overload;
    }

    /// Brings the columns up to what is on the rows.
    fn publish(&mut self, nodes: &NodeTable, pods: &PodStore, apps: &AppTable) {
        let rows = nodes.rows();
        let overload = self.overload.iter_mut().map(|c| &mut c.values);
        for column in self.hours.iter_mut().chain([&mut self.profiled, &mut self.variance]).chain(overload) {
            column.resize(rows, 0.0);
        }
        let stale = std::mem::take(&mut self.stale);
        if std::mem::take(&mut self.all_stale) {
            self.epoch += 1;
            for row in 0..rows as u32 {
                self.compute(row, nodes, pods, apps);
            }
        } else {
            for &row in &stale {
                self.compute(row, nodes, pods, apps);
            }
        }
        self.stale = stale;
        self.stale.clear();
    }

    fn hours_of(&self, row: u32) -> HoursOf {
        let mut hours = [0.0; HORIZON_HOURS];
        for (hour, column) in hours.iter_mut().zip(&self.hours) {
            *hour = column.get(row as usize).copied().unwrap_or(0.0);
        }
        HoursOf(hours)
    }

    fn compute(&mut self, row: u32, nodes: &NodeTable, pods: &PodStore, apps: &AppTable) {
        let at = row as usize;
        let (mut hours, mut variance, mut sampled) = ([0i64; HORIZON_HOURS], 0, false);
        let mut by_app = std::mem::take(&mut self.by_app);
        by_app.clear();
        for pod in pods.on_row(row).iter().filter_map(|&slot| pods.get(slot)) {
            let (Some(prediction), request) = (apps.prediction(pod.app), request_milli(pods, pod)) else { continue };
            sampled |= apps.own(pod.app).is_some();
            for (hour, ratio) in hours.iter_mut().zip(prediction.ratio) {
                *hour = hour.saturating_add(share(request, ratio));
            }
            match pod.app {
                Some(app) => by_app.push((app, request)),
                None => variance = more(variance, squared(request, prediction.variance)),
            }
        }
        by_app.sort_unstable();
        for pods in by_app.chunk_by(|a, b| a.0 == b.0) {
            let request = pods.iter().map(|(_, request)| request).sum();
            let app = pods.first().and_then(|(app, _)| apps.prediction(Some(*app)));
            variance = more(variance, app.map_or(0, |prediction| squared(request, prediction.variance)));
        }
        self.by_app = by_app;
        let hours = hours.map(|hour: i64| hour.min(MAX_QUANTITY) as f64);
        for (column, hour) in self.hours.iter_mut().zip(hours) {
            put(column, at, hour);
        }
        put(&mut self.profiled, at, hours.first().filter(|_| sampled).copied().unwrap_or(0.0));
        put(&mut self.variance, at, variance as f64);
        let mut overload = std::mem::take(&mut self.overload);
        for OverloadColumn { curve, weights, band, values, .. } in &mut overload {
            let cost = HoursOf(hours).standing(self, nodes, row).cost(*curve, weights, *band);
            put(values, at, cost);
        }
        self.overload = overload;
    }
}

/// What is predicted of a row, by hour ahead.
#[derive(Clone, Copy)]
struct HoursOf([f64; HORIZON_HOURS]);

impl HoursOf {
    /// The row as it stands.
    fn standing(&self, forecast: &Forecast, nodes: &NodeTable, row: u32) -> Standing<'_> {
        let cell = |column: &Vec<f64>| column.get(row as usize).copied().unwrap_or(0.0);
        let capacity = nodes.columns(ResourceId::CPU).map_or(0.0, |c| cell(&c.capacity));
        Standing { hours: &self.0, variance: cell(&forecast.variance), capacity }
    }
}

/// What a pod on a node requests of CPU, milli-CPU, with the scoring default where it says nothing.
pub(crate) fn request_milli(pods: &PodStore, pod: &Pod) -> i64 {
    pods.class(pod.class).map_or(0, |class| class.scoring_present[0] as i64)
}

/// A request times a ratio in millionths, rounded; at most the largest quantity.
pub(crate) fn share(request: i64, ratio: i64) -> i64 {
    let share = (i128::from(request) * i128::from(ratio) + i128::from(PARTS / 2)) / i128::from(PARTS);
    share.min(i128::from(MAX_QUANTITY)) as i64
}

/// A sum of variances.
fn more(variance: i64, by: i64) -> i64 {
    variance.saturating_add(by).min(MAX_VARIANCE)
}

/// A request squared times a variance in millionths, rounded.
fn squared(request: i64, variance: i64) -> i64 {
    let squared = i128::from(request) * i128::from(request);
    // The largest request with the largest variance is beyond 128 bits, and beyond the largest variance by far.
    let squared =
        squared.saturating_mul(i128::from(variance)).saturating_add(i128::from(PARTS / 2)) / i128::from(PARTS);
    squared.min(i128::from(MAX_VARIANCE)) as i64
}

fn put(column: &mut [f64], row: usize, value: f64) {
    if let Some(cell) = column.get_mut(row) {
        *cell = value;
    }
}
