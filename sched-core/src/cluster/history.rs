//! Past samples of nodes, kept only while a policy asks for statistics over them, and those statistics.
//!
//! Averages are taken over the samples themselves, and the greatest averages over long times are kept in rings of slots, so
//! that what is held of a node is bounded. A statistic is a function of the samples, their arrivals and the time of the
//! decision alone: what arrives between two refreshes is not seen before the second, whenever decisions are made. Samples move a
//! statistic on; a decision only looks at what the last refresh before it would say.

use super::rowset::{ones, set_bit};
use super::spec::Sample;
use crate::limits::{USAGE_SAMPLES, USAGE_SLOTS};
use sched_abi::{ResourceId, UsageOver};
use std::collections::VecDeque;

/// CPU and memory.
type Amounts = [f64; 2];

/// What is kept of one node.
#[derive(Debug)]
struct RowHistory {
    /// When the newest sample arrived.
    arrived_ms: u64,
    /// The newest samples: when taken, and what they say.
    recent: VecDeque<(u64, Amounts)>,
    /// One a span.
    rings: Box<[Ring]>,
}

/// The greatest averages by slot of time; -1 where there was none.
#[derive(Debug)]
struct Ring {
    newest: u64,
    greatest: [Amounts; USAGE_SLOTS],
}

/// Which averages a ring keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Span {
    mean_ms: u64,
    max_ms: u64,
}

/// A statistic of all rows.
#[derive(Debug)]
struct Statistic {
    spec: UsageOver,
    /// Place of its ring, if it needs one.
    ring: Option<usize>,
    /// As samples have moved it on, by row.
    told: Vec<Told>,
    /// As decisions see it, by row.
    values: Vec<f64>,
    taken_at: Vec<f64>,
    /// The refresh that decisions see.
    shown: Option<u64>,
    /// Rows that samples moved on since.
    stale: Vec<u64>,
}

/// A statistic of one row.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// The last refresh that it has been through.
    refreshed: u64,
    value: f64,
    /// When it was taken; -1 where it was not.
    taken_at: f64,
}

impl Told {
    const NEVER: Self = Self { refreshed: 0, value: -1.0, taken_at: -1.0 };
}

/// The histories of all rows.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// How often a statistic was brought to a refresh for all rows.
    pub(crate) epoch: u64,
    spans: Vec<Span>,
    statistics: Vec<Statistic>,
    rows: Vec<Option<Box<RowHistory>>>,
}

impl History {
    /// Keeps a statistic from now on.
    pub(crate) fn register(&mut self, spec: UsageOver) {
        if self.find(spec).is_some() {
            return;
        }
        let span = Span { mean_ms: spec.mean_ms, max_ms: spec.max_ms };
        let ring = (spec.max_ms > 0).then(|| {
            self.spans.iter().position(|known| *known == span).unwrap_or_else(|| {
                self.spans.push(span);
                self.spans.len() - 1
            })
        });
        let (told, values, taken_at, stale) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        self.statistics.push(Statistic { spec, ring, told, values, taken_at, shown: None, stale });
        self.epoch += 1;
        // Rings have one place a span: what was kept for fewer is of no use.
        self.rows.clear();
    }

    fn find(&self, spec: UsageOver) -> Option<&Statistic> {
        self.statistics.iter().find(|s| s.spec == spec)
    }

    /// The values of a statistic, by row.
    pub(crate) fn values(&self, spec: UsageOver) -> &[f64] {
        self.find(spec).map_or(&[], |s| &s.values)
    }

    /// When they were taken, by row.
    pub(crate) fn taken_at(&self, spec: UsageOver) -> &[f64] {
        self.find(spec).map_or(&[], |s| &s.taken_at)
    }

    /// Forgets a row, for a fresh tenant.
    pub(crate) fn reset(&mut self, row: u32) {
        if self.statistics.is_empty() {
            return;
        }
        if self.rows.len() <= row as usize {
            self.rows.resize_with(row as usize + 1, || None);
        }
        if let Some(history) = self.rows.get_mut(row as usize) {
            *history = None;
        }
        for statistic in &mut self.statistics {
            statistic.reset(row as usize);
        }
    }

    /// Takes a sample that is not older than those before it.
    pub(crate) fn sample(&mut self, row: u32, sample: &Sample, now_ms: u64) {
        if self.statistics.is_empty() {
            return;
        }
        if self.rows.len() <= row as usize {
            self.rows.resize_with(row as usize + 1, || None);
        }
        let Some(entry) = self.rows.get_mut(row as usize) else { return };
        for statistic in &mut self.statistics {
            statistic.move_on(row as usize, now_ms, entry.as_deref());
        }
        let longest = self.statistics.iter().map(|s| s.spec.mean_ms).max().unwrap_or(0);
        let history = entry.get_or_insert_with(|| {
            let ring = || Ring { newest: 0, greatest: [[-1.0; 2]; USAGE_SLOTS] };
            let rings = self.spans.iter().map(|_| ring()).collect();
            Box::new(RowHistory { arrived_ms: now_ms, recent: VecDeque::new(), rings })
        });
        history.add(sample, now_ms, longest, &self.spans);
        for statistic in &mut self.statistics {
            statistic.take_now(row as usize, now_ms, history);
        }
    }

    /// Shows every statistic as of the last refresh before a decision. Cost: the rows that samples moved on, all of them once a
    /// refresh has passed.
    pub(crate) fn publish(&mut self, now_ms: u64) {
        for statistic in &mut self.statistics {
            let refresh = statistic.refresh_before(now_ms);
            if statistic.shown == Some(refresh) {
                let stale = std::mem::take(&mut statistic.stale);
                for row in ones(&stale) {
                    let row = row as usize;
                    statistic.show(row, now_ms, self.rows.get(row).and_then(Option::as_deref));
                }
                statistic.stale = stale;
            } else {
                for (row, history) in self.rows.iter().enumerate() {
                    statistic.show(row, now_ms, history.as_deref());
                }
                statistic.shown = Some(refresh);
                self.epoch += 1;
            }
            statistic.stale.fill(0);
        }
    }

    /// What is kept of a row, as text.
    pub(crate) fn dump(&self, row: u32, out: &mut String) {
        use std::fmt::Write;
        if let Some(Some(history)) = self.rows.get(row as usize) {
            let _ = writeln!(out, "  history {history:?}");
        }
        for statistic in &self.statistics {
            let told = statistic.told.get(row as usize).map(|told| (told.value, told.taken_at));
            let _ = writeln!(out, "  statistic {told:?}");
        }
    }
}

impl Statistic {
    fn reset(&mut self, row: usize) {
        if self.values.len() <= row {
            self.told.resize(row + 1, Told::NEVER);
            self.values.resize(row + 1, -1.0);
            self.taken_at.resize(row + 1, -1.0);
        }
        self.tell(row, Told::NEVER);
    }

    fn tell(&mut self, row: usize, now: Told) {
        if let Some(told) = self.told.get_mut(row) {
            *told = now;
            set_bit(&mut self.stale, row, true);
        }
    }

    fn refresh_before(&self, now_ms: u64) -> u64 {
        now_ms - now_ms % self.spec.refresh_ms.max(1)
    }

    /// What a row's statistic is at a time: taken anew if a refresh has passed. One for which no sample was left in time
    /// changes nothing.
    fn at(&self, row: usize, now_ms: u64, history: Option<&RowHistory>) -> Told {
        let Some(&told) = self.told.get(row) else { return Told::NEVER };
        let refresh = self.refresh_before(now_ms);
        if refresh <= told.refreshed {
            return told;
        }
        let told = Told { refreshed: refresh, ..told };
        let Some(history) = history else { return told };
        let span_ms = self.spec.mean_ms.max(self.spec.max_ms);
        // The last refresh at which the newest sample was within the span.
        let last = self.refresh_before(refresh.min(history.arrived_ms.saturating_add(span_ms))) as f64;
        match history.statistic(self.spec, self.ring) {
            Some(value) if last > told.taken_at => Told { value, taken_at: last, ..told },
            _ => told,
        }
    }

    /// Takes the refreshes that have passed before a sample is added.
    fn move_on(&mut self, row: usize, now_ms: u64, history: Option<&RowHistory>) {
        let now = self.at(row, now_ms, history);
        self.tell(row, now);
    }

    /// Takes the statistic of a row that had none, or whose sample arrived just in time for a refresh.
    fn take_now(&mut self, row: usize, now_ms: u64, history: &RowHistory) {
        let in_time = self.refresh_before(now_ms) == now_ms;
        if let (Some(&told), Some(value)) = (self.told.get(row), history.statistic(self.spec, self.ring))
            && (in_time || told.taken_at < 0.0)
        {
            self.tell(row, Told { value, taken_at: now_ms as f64, ..told });
        }
    }

    fn show(&mut self, row: usize, now_ms: u64, history: Option<&RowHistory>) {
        let Told { value, taken_at, .. } = self.at(row, now_ms, history);
        if let (Some(shown), Some(at)) = (self.values.get_mut(row), self.taken_at.get_mut(row)) {
            (*shown, *at) = (value, taken_at);
        }
    }
}

impl RowHistory {
    fn add(&mut self, sample: &Sample, now_ms: u64, longest_ms: u64, spans: &[Span]) {
        self.arrived_ms = now_ms;
        if self.recent.back().is_some_and(|(at, _)| *at == sample.at_ms) {
            self.recent.pop_back();
        }
        self.recent.push_back((sample.at_ms, [sample.cpu_milli as f64, sample.memory_bytes as f64]));
        let too_old = |at: u64| sample.at_ms.saturating_sub(at) >= longest_ms.max(1);
        while self.recent.len() > USAGE_SAMPLES || self.recent.front().is_some_and(|(at, _)| too_old(*at)) {
            self.recent.pop_front();
        }
        for i in 0..spans.len() {
            let Some(&Span { mean_ms, max_ms }) = spans.get(i) else { break };
            let mean = self.mean(mean_ms);
            if let Some(ring) = self.rings.get_mut(i) {
                ring.add(sample.at_ms / slot_ms(max_ms), mean);
            }
        }
    }

    /// The average of the samples within a time before the newest.
    fn mean(&self, mean_ms: u64) -> Amounts {
        let Some((newest, last)) = self.recent.back() else { return [-1.0; 2] };
        let within = self.recent.iter().rev().take_while(|(at, _)| newest.saturating_sub(*at) < mean_ms.max(1));
        let (mut sum, mut count) = ([0.0; 2], 0.0);
        for (_, amounts) in within {
            sum = [sum[0] + amounts[0], sum[1] + amounts[1]];
            count += 1.0;
        }
        if count > 0.0 { sum.map(|sum| sum / count) } else { *last }
    }

    fn statistic(&self, spec: UsageOver, ring: Option<usize>) -> Option<f64> {
        let amounts = match ring {
            None => self.mean(spec.mean_ms),
            Some(ring) => self.rings.get(ring)?.max(),
        };
        match spec.resource {
            ResourceId::CPU => Some(amounts[0]),
            ResourceId::MEMORY => Some(amounts[1]),
            _ => None,
        }
    }
}

/// The length of a ring's slots.
fn slot_ms(max_ms: u64) -> u64 {
    max_ms.div_ceil(USAGE_SLOTS as u64).max(1)
}

impl Ring {
    fn add(&mut self, slot: u64, mean: Amounts) {
        for gone in (self.newest + 1..=slot).take(USAGE_SLOTS) {
            if let Some(cell) = self.greatest.get_mut((gone % USAGE_SLOTS as u64) as usize) {
                *cell = [-1.0; 2];
            }
        }
        self.newest = self.newest.max(slot);
        if let Some(cell) = self.greatest.get_mut((slot % USAGE_SLOTS as u64) as usize) {
            *cell = larger(*cell, mean);
        }
    }

    fn max(&self) -> Amounts {
        self.greatest.iter().fold([-1.0; 2], |max, &one| larger(max, one))
    }
}

fn larger(a: Amounts, b: Amounts) -> Amounts {
    [if b[0] > a[0] { b[0] } else { a[0] }, if b[1] > a[1] { b[1] } else { a[1] }]
}
