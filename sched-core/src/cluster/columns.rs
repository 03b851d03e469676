//! The cluster as policies see it: columns by name, at one time. Columns that depend on time are published here, at the
//! resolution that they are declared with.

use super::Cluster;
use super::dictionary::Dictionary;
use super::heat::{decay_table, slot_of};
use super::rowset::set_bit;
use crate::error::ClusterError;
use crate::limits::{HEAT_SLOT_MS, MAX_TIME_MS, TIME_QUANTUM_MS};
use crate::profile::HORIZON_HOURS;
use sched_abi::{
    Aggregate, Bits, Changes, Column, Derived, DomainPods, HeatMode, Label, NodeColumns, Nodes, ResourceId, Sampled,
    SetupError,
};

/// A column that a policy asked for.
#[derive(Debug)]
struct DerivedColumn {
    derived: Derived,
    decay: Box<[u64]>,
    values: Vec<f64>,
}

/// Everything that is published anew when time passes.
#[derive(Debug, Default)]
pub(crate) struct DerivedColumns {
    columns: Vec<DerivedColumn>,
    /// The heat slot that the columns stand for.
    slot: Option<u64>,
    /// How often the columns were written anew as a whole.
    epoch: u64,
    /// Rows whose recent placements changed since.
    stale: Vec<u32>,
    /// Rows at that time.
    rows: usize,
    marked: Vec<u64>,
    /// Within these times the marked rows stay the same; `None` when a mark changed.
    marked_for: Option<(u64, u64)>,
}

impl DerivedColumns {
    /// Registers a column; the same one twice is one.
    pub(crate) fn register(&mut self, derived: Derived) {
        if self.registered().any(|known| *known == derived) {
            return;
        }
        let decay = match derived {
            Derived::Heat { half_life_ms, .. } => decay_table(half_life_ms),
            _ => Box::default(),
        };
        self.columns.push(DerivedColumn { derived, decay, values: Vec::new() });
        self.slot = None;
    }

    /// The columns that are kept, in the order of their places.
    pub(crate) fn registered(&self) -> impl Iterator<Item = &Derived> {
        self.columns.iter().map(|column| &column.derived)
    }

    pub(crate) fn heat_changed(&mut self, row: u32) {
        if self.columns.is_empty() {
            return;
        }
        self.stale.push(row);
        if self.stale.len() > self.rows {
            // As many as there are rows: all of them are due, and the list does not grow while nobody decides.
            self.stale.clear();
            self.slot = None;
        }
    }

    pub(crate) fn marks_changed(&mut self) {
        self.marked_for = None;
    }

    /// A fresh tenant for a row.
    pub(crate) fn reset(&mut self, row: u32) {
        self.heat_changed(row);
        self.marks_changed();
    }

    fn column(&self, index: u16) -> &[f64] {
        self.columns.get(index as usize).map_or(&[], |c| &c.values)
    }
}

/// A time floored to the quantum at which decisions see it.
fn quantised(now_ms: u64) -> u64 {
    let now_ms = now_ms.min(MAX_TIME_MS);
    now_ms - now_ms % TIME_QUANTUM_MS
}

impl Cluster {
    /// Publishes every column that depends on time for a decision at `now_ms`. Cost: the rows that changed; all rows that
    /// had a placement when a slot of recent placements has passed.
    pub(crate) fn publish(&mut self, now_ms: u64) {
        let now_ms = self.present(now_ms);
        self.publish_marks(now_ms);
        self.publish_measured(now_ms);
        if let Some(shown) = self.apps.look(now_ms) {
            self.forecast.look(shown, &self.nodes, &self.pods, &self.apps);
        }
        self.node_profiles.look(now_ms, &self.nodes);
        let (now_slot, rows) = (slot_of(now_ms), self.nodes.rows());
        let derived = &mut self.derived;
        let all = derived.slot != Some(now_slot);
        derived.epoch += u64::from(all);
        for column in derived.columns.iter_mut().filter(|c| self.measured.values(c.derived).is_none()) {
            column.values.resize(rows, 0.0);
            let heat = &self.load.heat;
            let value = |row: usize| match column.derived {
                Derived::Heat { mode, .. } => heat.heat(row, now_slot, mode, &column.decay) as f64,
                Derived::RecentBinds { window_ms } => {
                    heat.recent_count(row, now_slot, window_ms.div_ceil(HEAT_SLOT_MS)) as f64
                }
                _ => 0.0,
            };
            if all {
                column.values.iter_mut().enumerate().for_each(|(row, cell)| *cell = value(row));
            } else {
                for &row in &derived.stale {
                    if let Some(cell) = column.values.get_mut(row as usize) {
                        *cell = value(row as usize);
                    }
                }
            }
        }
        derived.slot = Some(now_slot);
        derived.rows = rows;
        derived.stale.clear();
    }

    /// A time as decisions see it: floored to their quantum, and not before the newest event.
    pub(crate) fn present(&self, now_ms: u64) -> u64 {
        quantised(now_ms.max(self.clock_ms))
    }

    /// Moves time on, as an event would that changes nothing: what is predicted once a quantum is predicted now and not in the
    /// middle of a decision. An embedder may call it on a timer.
    ///
    /// Cost: nothing within a quantum ([`FORECAST_QUANTUM_MS`](crate::limits::FORECAST_QUANTUM_MS)), else all applications and rows.
    pub fn tick(&mut self, now_ms: u64) -> Result<(), ClusterError> {
        self.at(now_ms, |cluster| {
            cluster.roll();
            Ok(())
        })
    }

    /// Predicts anew if the present is the first time of a quantum. Every event rolls before it changes anything, so that what is
    /// predicted within a quantum follows from what was applied before it, whenever decisions are made.
    pub(crate) fn roll(&mut self) {
        if let Some(shown) = self.apps.roll(self.clock_ms) {
            self.forecast.roll(shown, &self.nodes, &self.pods, &self.apps);
        }
        self.node_profiles.roll(self.clock_ms, &self.nodes);
    }

    /// Has the times of the newest samples kept.
    pub(crate) fn want_newest_samples(&mut self) {
        self.newest.want();
    }

    /// When the newest sample was taken, floored as times are; -1 before the first.
    fn newest_sample(&self, of: Sampled) -> f64 {
        self.newest.at_ms(of).map_or(-1.0, |at_ms| quantised(at_ms) as f64)
    }

    fn publish_marks(&mut self, now_ms: u64) {
        let derived = &mut self.derived;
        if derived.marked_for.is_some_and(|(from, until)| (from..until).contains(&now_ms)) {
            return;
        }
        derived.marked.clear();
        let (mut from, mut until) = (0, u64::MAX);
        for (&row, mark) in &self.nodes.marks {
            let window = (mark.from_ms.unwrap_or(0), mark.until_ms.unwrap_or(u64::MAX));
            if (window.0..window.1).contains(&now_ms) {
                set_bit(&mut derived.marked, row as usize, true);
            }
            for edge in [window.0, window.1] {
                if edge <= now_ms { from = from.max(edge) } else { until = until.min(edge) }
            }
        }
        derived.marked_for = Some((from, until));
        derived.epoch += 1;
    }
}

/// The cluster at one time, after [`Cluster::publish`] for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Snapshot<'a> {
    pub(crate) cluster: &'a Cluster,
    now_ms: u64,
}

impl Cluster {
    /// Registers a column that a policy asks for; the same one twice is one.
    pub(crate) fn derive(&mut self, derived: Derived) {
        match derived {
            Derived::ForecastCpu { .. } | Derived::ForecastVariance | Derived::ProfiledCpu => {
                self.forecast.want();
                self.apps.want();
            }
            Derived::ExpectedOverload(curve) => {
                self.forecast.want_overload(curve);
                self.apps.want();
            }
            Derived::Heat { mode, .. } => {
                if mode == HeatMode::Share {
                    // That of predicted use, whatever other policies ask for.
                    self.apps.want();
                }
                self.want_heat();
            }
            Derived::RecentBinds { .. } => self.want_heat(),
            Derived::NodeProfileCpu { hours_ahead, pool } => {
                // Pods that no sample of the machine shows yet are still expected to use what their applications do.
                self.apps.want();
                self.keep_node_profile(hours_ahead, pool);
            }
            _ => self.keep_measured(derived),
        }
        self.derived.register(derived);
    }
}

/// Refuses what no column can be.
pub(crate) fn check_derived(derived: Derived) -> Result<(), SetupError> {
    match derived {
        Derived::ForecastCpu { from_min, to_min }
            if from_min % 60 != 0
                || from_min as usize / 60 >= HORIZON_HOURS
                || from_min.checked_add(60) != Some(to_min) =>
        {
            Err(SetupError(format!("forecasts are for one whole hour each, up to {HORIZON_HOURS} hours ahead")))
        }
        Derived::NodeProfileCpu { hours_ahead, .. } if usize::from(hours_ahead) >= HORIZON_HOURS => Err(SetupError(
            format!("profiles of nodes are asked for {hours_ahead} hours ahead, {HORIZON_HOURS} are kept"),
        )),
        _ => Ok(()),
    }
}

impl<'a> Snapshot<'a> {
    fn dictionary(&self, label: Label) -> Option<&'a Dictionary> {
        self.cluster.nodes.dictionaries.get(usize::from(label.0))
    }

    fn derived(&self, index: u16) -> &'a [f64] {
        let forecast = &self.cluster.forecast;
        match self.cluster.derived.columns.get(index as usize).map(|c| c.derived) {
            Some(Derived::ForecastCpu { from_min, .. }) => {
                forecast.hours.get(from_min as usize / 60).map_or(&[], |c| c)
            }
            Some(Derived::ForecastVariance) => &forecast.variance,
            Some(Derived::ProfiledCpu) => &forecast.profiled,
            Some(Derived::ExpectedOverload(curve)) => forecast.overload(curve),
            Some(Derived::NodeProfileCpu { hours_ahead, pool }) => self.cluster.node_profiles.values(hours_ahead, pool),
            Some(derived) => {
                self.cluster.measured.values(derived).unwrap_or_else(|| self.cluster.derived.column(index))
            }
            None => &[],
        }
    }

    pub(crate) fn new(cluster: &'a Cluster, now_ms: u64) -> Self {
        Self { cluster, now_ms: cluster.present(now_ms) }
    }
}

impl Nodes for Snapshot<'_> {
    fn rows(&self) -> usize {
        self.cluster.nodes.rows()
    }

    fn live(&self) -> usize {
        self.cluster.nodes.live_count()
    }

    fn resource_name(&self, resource: ResourceId) -> &str {
        self.cluster.nodes.resource_names.get(u32::from(resource.0)).map_or("", |name| name)
    }

    fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn quantity(&self, column: Column) -> &[f64] {
        let nodes = &self.cluster.nodes;
        match column {
            Column::Allocatable(r) => nodes.columns(r).map_or(&[], |c| &c.allocatable),
            Column::Capacity(r) => nodes.columns(r).map_or(&[], |c| &c.capacity),
            Column::ScoringRequested(ResourceId::CPU) => &nodes.scoring[0],
            Column::ScoringRequested(ResourceId::MEMORY) => &nodes.scoring[1],
            Column::Requested(r) | Column::ScoringRequested(r) => nodes.columns(r).map_or(&[], |c| &c.requested),
            Column::Derived(index) => self.derived(index),
            Column::Usage(_) | Column::SampledAt | Column::Unseen(_) => self.cluster.load.column(column),
        }
    }

    fn bits(&self, bits: Bits) -> &[u64] {
        let nodes = &self.cluster.nodes;
        match bits {
            Bits::Live => &nodes.live,
            Bits::Unschedulable => &nodes.unschedulable,
            Bits::Marked => &self.cluster.derived.marked,
            Bits::Selector(index) => nodes.selectors.get(index as usize).map_or(&[], |s| &s.rows),
        }
    }

    fn aggregate(&self, aggregate: Aggregate) -> f64 {
        match aggregate {
            Aggregate::OverloadBand(curve) => self.cluster.forecast.band(curve),
            Aggregate::SampledAt(of) => self.cluster.newest_sample(of),
        }
    }

    fn taint_sets(&self) -> &[u32] {
        &self.cluster.nodes.taint_set
    }

    fn label(&self, label: Label) -> &[u32] {
        self.dictionary(label).map_or(&[], |d| &d.numbers)
    }

    fn label_value(&self, label: Label, number: u32) -> &str {
        self.dictionary(label).and_then(|d| d.value(number)).unwrap_or_default()
    }

    fn domain_pods(&self, pods: DomainPods) -> &[f64] {
        self.cluster.measured.domain_pods(pods.0).0
    }

    fn changes(&self) -> Option<&dyn Changes> {
        Some(self)
    }
}

/// Every derived column's row is marked for publishing only where the journal has an entry for the row too, so that the
/// journal's rows cover what was published row by row; what was published as a whole counts an epoch.
impl Changes for Snapshot<'_> {
    fn position(&self) -> u64 {
        self.cluster.journal.end()
    }

    fn epochs(&self) -> u64 {
        let Cluster { derived, forecast, measured, nodes, node_profiles, .. } = self.cluster;
        let labels: u64 = nodes.dictionaries.iter().map(|d| d.epoch).sum();
        let columns = derived.epoch + forecast.epoch + measured.epoch() + node_profiles.epoch;
        columns + measured.domain_epochs() + labels
    }

    fn label_epoch(&self, label: Label) -> u64 {
        self.dictionary(label).map_or(0, |d| d.epoch)
    }

    fn domain_epoch(&self, pods: DomainPods) -> u64 {
        self.cluster.measured.domain_pods(pods.0).1
    }

    fn epoch(&self, column: Column) -> u64 {
        let Column::Derived(index) = column else { return 0 };
        let Cluster { derived, forecast, measured, .. } = self.cluster;
        match derived.columns.get(index as usize).map(|c| c.derived) {
            Some(
                Derived::ForecastCpu { .. }
                | Derived::ForecastVariance
                | Derived::ProfiledCpu
                | Derived::ExpectedOverload(_),
            ) => forecast.epoch,
            Some(Derived::Heat { .. } | Derived::RecentBinds { .. }) => derived.epoch,
            Some(
                Derived::Unmeasured(_)
                | Derived::UsageOver(_)
                | Derived::UsageOverAt(_)
                | Derived::BindsSeen { .. }
                | Derived::Pods(_),
            ) => measured.epoch(),
            Some(Derived::NodeProfileCpu { .. }) => self.cluster.node_profiles.epoch,
            None => 0,
        }
    }

    fn since(&self, position: u64, each: &mut dyn FnMut(u32, NodeColumns)) -> bool {
        let Some(changes) = self.cluster.journal.since(position) else { return false };
        changes.for_each(|change| each(change.row, change.column.kinds()));
        true
    }
}
