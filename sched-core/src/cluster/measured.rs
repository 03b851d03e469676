//! The columns about pods and measured use that policies asked for: which pods the samples do not show yet, how many were
//! placed lately or match a selector, and statistics over past samples. A change marks its row; publishing works the marked
//! rows out.

use super::estimate::Estimates;
use super::history::History;
use super::load::NodeLoad;
use super::pods::{Pod, PodStore, Row};
use super::rowset::{ones, set_bit};
use super::spec::{PodTemplate, Sample};
use super::{Changed, Cluster, pod_meets};
use crate::limits::MAX_QUANTITY;
use sched_abi::{Derived, EstimateRule, Label, PodMatch, ResourceId, Unmeasured};

/// What a column is worked out from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Count {
    /// Estimates of the rule in this place.
    Unmeasured(Unmeasured, usize),
    /// Pods placed.
    Binds { window_ms: u64, refresh_ms: u64 },
    /// Pods that match.
    Matching(PodMatch),
}

/// A column over the pods of each row.
#[derive(Debug)]
struct PodColumn {
    count: Count,
    values: Vec<f64>,
    /// The last refresh, for columns that have one; `None` before the first.
    published: Option<u64>,
}

/// Counts of matching pods by the value of a label.
#[derive(Debug)]
struct Domains {
    of: (Label, PodMatch),
    /// What is in the sums: by row the number of its value, and its pods.
    counted: Vec<(u32, f64)>,
    sums: Vec<f64>,
    /// How often a sum changed.
    epoch: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) estimates: Estimates,
    history: History,
    columns: Vec<PodColumn>,
    domains: Vec<Domains>,
    /// How often a column was worked out anew as a whole.
    epoch: u64,
    /// Rows whose pods or samples changed since the columns were worked out.
    stale: Vec<u64>,
}

impl Measured {
    /// The column, if it is one of those kept here.
    pub(crate) fn values(&self, derived: Derived) -> Option<&[f64]> {
        let count = |count: Count| self.columns.iter().find(|c| c.count == count).map_or(&[][..], |c| &c.values);
        match derived {
            Derived::Unmeasured(spec) => {
                let column = self.columns.iter().find(|c| matches!(c.count, Count::Unmeasured(s, _) if s == spec));
                Some(column.map_or(&[], |c| &c.values))
            }
            Derived::BindsSeen { window_ms, refresh_ms } => Some(count(Count::Binds { window_ms, refresh_ms })),
            Derived::Pods(pods) => Some(count(Count::Matching(pods))),
            Derived::UsageOver(spec) => Some(self.history.values(spec)),
            Derived::UsageOverAt(spec) => Some(self.history.taken_at(spec)),
            _ => None,
        }
    }

    /// How often a column was written anew as a whole.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch + self.history.epoch
    }

    /// Sums by the value of a label, and how often they changed.
    pub(crate) fn domain_pods(&self, place: u16) -> (&[f64], u64) {
        self.domains.get(place as usize).map_or((&[], 0), |domains| (&domains.sums, domains.epoch))
    }

    /// What is counted by what, in the order of their places.
    pub(crate) fn domains(&self) -> impl Iterator<Item = &(Label, PodMatch)> {
        self.domains.iter().map(|domains| &domains.of)
    }

    /// How often any of these sums changed.
    pub(crate) fn domain_epochs(&self) -> u64 {
        self.domains.iter().map(|domains| domains.epoch).sum()
    }

    /// A row's pods, or what they are counted by, changed.
    pub(crate) fn pods_changed(&mut self, row: u32) {
        if !self.columns.is_empty() {
            set_bit(&mut self.stale, row as usize, true);
        }
    }

    /// A fresh tenant for a row.
    pub(crate) fn reset(&mut self, row: u32) {
        self.pods_changed(row);
        self.history.reset(row);
    }

    /// A node's sample was taken.
    pub(crate) fn node_sample(&mut self, row: u32, sample: &Sample, now_ms: u64) {
        self.pods_changed(row);
        self.history.sample(row, sample, now_ms);
    }

    /// What is kept of a row, as text.
    pub(crate) fn dump(&self, row: u32, out: &mut String) {
        self.history.dump(row, out);
    }
}

impl Cluster {
    /// Keeps a column from now on, if it is one about measured use.
    pub(crate) fn keep_measured(&mut self, derived: Derived) {
        let count = match derived {
            Derived::Unmeasured(spec) => Count::Unmeasured(spec, self.keep_estimate(spec.rule)),
            Derived::BindsSeen { window_ms, refresh_ms } => Count::Binds { window_ms, refresh_ms },
            Derived::Pods(pods) => Count::Matching(pods),
            Derived::UsageOver(spec) | Derived::UsageOverAt(spec) => {
                self.measured.history.register(spec);
                for row in 0..self.nodes.rows() {
                    self.measured.history.reset(row as u32);
                }
                return;
            }
            _ => return,
        };
        if self.measured.columns.iter().all(|c| c.count != count) {
            self.measured.columns.push(PodColumn { count, values: Vec::new(), published: None });
            self.count_all_pods();
        }
    }

    fn count_all_pods(&mut self) {
        for row in 0..self.nodes.rows() {
            self.measured.pods_changed(row as u32);
        }
    }

    /// Counts matching pods by the value of a label from now on.
    pub(crate) fn keep_domains(&mut self, label: Label, pods: PodMatch) {
        self.keep_measured(Derived::Pods(pods));
        self.measured.domains.push(Domains { of: (label, pods), counted: Vec::new(), sums: Vec::new(), epoch: 0 });
        self.count_all_pods();
    }

    /// Estimates every pod by a rule from now on; returns the rule's place.
    pub(crate) fn keep_estimate(&mut self, rule: EstimateRule) -> usize {
        let (place, new) = self.measured.estimates.register(rule);
        if new {
            for (_, pod) in self.pods.iter() {
                if let Some(class) = self.pods.class(pod.class) {
                    self.measured.estimates.learn(pod.class, &class.template);
                }
            }
        }
        place
    }

    /// A template became a class.
    pub(crate) fn learn_class(&mut self, class: u32, template: &PodTemplate) {
        self.measured.estimates.learn(class, template);
    }

    /// A pod's sample was taken.
    pub(crate) fn pod_measured(&mut self, slot: u32) {
        let matters = |c: &PodColumn| matches!(c.count, Count::Unmeasured(spec, _) if spec.minus_measured);
        if let Some(Row(row)) = self.pods.get(slot).and_then(|pod| pod.phase.row())
            && self.measured.columns.iter().any(matters)
        {
            self.measured.pods_changed(row);
            self.touch(row, Changed::Usage);
        }
    }

    /// Works out what changed. Cost: the pods of each row that changed; of all rows when a refresh has passed.
    pub(crate) fn publish_measured(&mut self, now_ms: u64) {
        let Self { nodes, pods, load, measured, .. } = self;
        measured.history.publish(now_ms);
        let Measured { estimates, columns, domains, stale, epoch, .. } = measured;
        let rows = nodes.rows();
        for column in &mut *columns {
            column.values.resize(rows, 0.0);
            let refresh = match column.count {
                Count::Binds { refresh_ms, .. } => Some(now_ms - now_ms % refresh_ms.max(1)),
                Count::Unmeasured(..) | Count::Matching(_) => None,
            };
            let value = |row: u32| match column.count {
                Count::Unmeasured(spec, rule) => unmeasured(&spec, rule, row, pods, load, estimates),
                Count::Binds { window_ms, .. } => binds(row, pods, refresh.unwrap_or(0), window_ms),
                Count::Matching(selector) => matching(row, pods, selector),
            };
            if refresh == column.published {
                for row in ones(stale) {
                    if let Some(cell) = column.values.get_mut(row as usize) {
                        *cell = value(row);
                    }
                }
            } else {
                (0..).zip(&mut column.values).for_each(|(row, cell)| *cell = value(row));
                column.published = refresh;
                *epoch += 1;
            }
        }
        for domains in domains {
            let (Label(label), pods) = domains.of;
            let numbers = nodes.dictionaries.get(usize::from(label)).map_or(&[][..], |d| &d.numbers);
            let column = columns.iter().find(|c| c.count == Count::Matching(pods));
            domains.count(ones(stale), numbers, column.map_or(&[], |c| &c.values));
        }
        stale.fill(0);
    }
}

impl Domains {
    /// Moves what changed rows hold to the sums of their values.
    fn count(&mut self, rows: impl Iterator<Item = u32>, numbers: &[u32], pods: &[f64]) {
        self.counted.resize(pods.len(), (0, 0.0));
        for row in rows.map(|row| row as usize) {
            let Some(counted) = self.counted.get_mut(row) else { continue };
            let now = (numbers.get(row).copied().unwrap_or(0), pods.get(row).copied().unwrap_or(0.0));
            let before = std::mem::replace(counted, now);
            if before == now {
                continue;
            }
            self.epoch += 1;
            for ((number, pods), sign) in [(before, -1.0), (now, 1.0)] {
                if self.sums.len() <= number as usize {
                    self.sums.resize(number as usize + 1, 0.0);
                }
                if let Some(sum) = self.sums.get_mut(number as usize) {
                    *sum += sign * pods;
                }
            }
        }
    }
}

/// How many pods of a row match a selector.
fn matching(row: u32, pods: &PodStore, PodMatch(selector): PodMatch) -> f64 {
    let Some(selector) = pods.selectors.get(usize::from(selector)) else { return 0.0 };
    let meets = |pod: &&Pod| pods.class(pod.class).is_some_and(|class| pod_meets(selector, &class.template.labels));
    pods_on(row, pods).filter(meets).count() as f64
}

/// A time in whole seconds.
fn seconds(at_ms: u64) -> u64 {
    at_ms / 1_000
}

fn pods_on(row: u32, pods: &PodStore) -> impl Iterator<Item = &Pod> {
    pods.on_row(row).iter().filter_map(|&slot| pods.get(slot))
}

/// Estimates of the pods that a row's newest sample does not show. A sum of whole numbers: their order does not matter.
fn unmeasured(
    spec: &Unmeasured,
    rule: usize,
    row: u32,
    pods: &PodStore,
    load: &NodeLoad,
    estimates: &Estimates,
) -> f64 {
    let cpu = spec.resource == ResourceId::CPU;
    let sampled = spec.minus_measured && pods_on(row, pods).any(|pod| pod.load.sample.is_some());
    // Shown are pods that were placed up to then.
    let shown = load.sample_window(row).map(|(at_ms, own_ms)| {
        let window_ms = if spec.own_window && own_ms > 0 { own_ms } else { spec.window_ms };
        seconds(at_ms).checked_sub(seconds(window_ms))
    });
    let mut sum: i64 = 0;
    for pod in pods_on(row, pods) {
        let placed = seconds(pod.load.placed_at_ms);
        let in_report = !sampled || pod.load.sample.is_some();
        if in_report && shown.flatten().is_some_and(|shown| placed <= shown) {
            continue;
        }
        let estimate =
            estimates.of(pod.class).get(rule).map_or(0.0, |[milli, bytes]| if cpu { *milli } else { *bytes });
        let measured = match pod.load.sample {
            Some(sample) if spec.minus_measured => {
                if cpu {
                    sample.cpu_milli
                } else {
                    sample.memory_bytes
                }
            }
            _ => 0,
        };
        sum = sum.saturating_add((estimate as i64 - measured).max(0));
    }
    sum.min(MAX_QUANTITY) as f64
}

/// How many pods of a row were placed within a window before a refresh.
fn binds(row: u32, pods: &PodStore, refresh_ms: u64, window_ms: u64) -> f64 {
    let (until, window) = (seconds(refresh_ms), seconds(window_ms));
    let seen = |placed: u64| placed <= until && until - placed < window;
    pods_on(row, pods).filter(|pod| seen(seconds(pod.load.placed_at_ms))).count() as f64
}
