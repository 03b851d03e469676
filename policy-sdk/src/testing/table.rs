//! A node table that owns its columns: what a host showed at one time, to be changed at will.

use super::words::{Plan, gathered, picked};
use sched_abi::{Aggregate, Bits, Column, Derived, DomainPods, Label, Nodes, ResourceId};

/// The columns of a cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) rows: usize,
    pub(super) now_ms: u64,
    /// Names by id; empty where there is none.
    pub(super) resources: Vec<String>,
    pub(super) quantities: Vec<(Column, Vec<f64>)>,
    pub(super) bits: Vec<(Bits, Vec<u64>)>,
    pub(super) aggregates: Vec<(Aggregate, f64)>,
    pub(super) taint_sets: Vec<u32>,
    pub(super) labels: Vec<LabelColumn>,
    /// By the number of the label's value.
    pub(super) domain_pods: Vec<(DomainPods, Label, Vec<f64>)>,
    /// What stands in the derived columns.
    pub(super) derived: Vec<(Column, Derived)>,
}

/// A label: the number of each row's value, and the values; that of number 0 stands for none.
#[derive(Clone, Debug)]
pub(super) struct LabelColumn {
    pub(super) label: Label,
    pub(super) numbers: Vec<u32>,
    pub(super) values: Vec<String>,
}

/// What a row without a node holds.
pub(super) fn dead_value(column: Column) -> f64 {
    if column == Column::SampledAt { -1.0 } else { 0.0 }
}

impl Table {
    pub(super) fn is_live(&self, row: usize) -> bool {
        row < self.rows && sched_abi::bit(self.bits(Bits::Live), row)
    }

    pub(super) fn cell(&self, column: Column, row: usize) -> f64 {
        self.quantity(column).get(row).copied().unwrap_or(0.0)
    }

    pub(super) fn set(&mut self, column: Column, row: usize, value: f64) {
        let cells = self.quantities.iter_mut().find(|(known, _)| *known == column);
        if let Some(cell) = cells.and_then(|(_, cells)| cells.get_mut(row)) {
            *cell = value;
        }
    }

    /// The resources that have a name.
    pub(super) fn resource_ids(&self) -> Vec<ResourceId> {
        let named = self.resources.iter().enumerate().filter(|(_, name)| !name.is_empty());
        named.map(|(id, _)| ResourceId(id as u16)).collect()
    }

    /// The table whose rows are these of its own, or dead.
    pub(super) fn arranged(&self, plan: &Plan) -> Self {
        let quantities = self.quantities.iter().map(|(column, cells)| {
            let cell = |row: Option<usize>| row.and_then(|row| cells.get(row).copied());
            (*column, plan.iter().map(|&row| cell(row).unwrap_or(dead_value(*column))).collect())
        });
        let taint_set = |&row: &Option<usize>| row.and_then(|row| self.taint_sets.get(row).copied()).unwrap_or(0);
        let number = |numbers: &[u32], row: Option<usize>| row.and_then(|row| numbers.get(row).copied()).unwrap_or(0);
        let labels = self.labels.iter().map(|of| LabelColumn {
            numbers: plan.iter().map(|&row| number(&of.numbers, row)).collect(),
            ..of.clone()
        });
        Self {
            rows: plan.len(),
            quantities: quantities.collect(),
            bits: self.bits.iter().map(|(bits, words)| (*bits, gathered(words, plan))).collect(),
            taint_sets: if self.taint_sets.is_empty() { Vec::new() } else { plan.iter().map(taint_set).collect() },
            now_ms: self.now_ms,
            resources: self.resources.clone(),
            aggregates: self.aggregates.clone(),
            labels: labels.collect(),
            domain_pods: self.domain_pods.clone(),
            derived: self.derived.clone(),
        }
    }

    /// Takes from `other`, which has the same columns and rows, the rows that are not to be kept.
    pub(super) fn mix(&mut self, other: &Self, keep: &[bool]) {
        for ((_, cells), (_, others)) in self.quantities.iter_mut().zip(&other.quantities) {
            replace(cells, others, keep);
        }
        for ((_, words), (_, others)) in self.bits.iter_mut().zip(&other.bits) {
            *words = picked(words, others, keep);
        }
        replace(&mut self.taint_sets, &other.taint_sets, keep);
        for (label, other) in self.labels.iter_mut().zip(&other.labels) {
            replace(&mut label.numbers, &other.numbers, keep);
        }
    }

    /// The same table with other numbers for the values of labels.
    pub(super) fn renumbered(mut self) -> Self {
        for of in &mut self.labels {
            let count = of.values.len() as u32;
            of.numbers.iter_mut().filter(|number| **number > 0).for_each(|number| *number = count - *number);
            reverse(&mut of.values);
            let domains = self.domain_pods.iter_mut().filter(|(_, label, _)| *label == of.label);
            for (_, _, sums) in domains {
                sums.resize(of.values.len().max(1), 0.0);
                reverse(sums);
            }
        }
        self
    }

    /// Leaves out what stands at the end of a column and is 0 anyway.
    pub(super) fn trim(&mut self) {
        for (_, cells) in &mut self.quantities {
            cut(cells, 0.0);
        }
        for (bits, words) in &mut self.bits {
            if *bits != Bits::Live {
                cut(words, 0);
            }
        }
        cut(&mut self.taint_sets, 0);
        for of in &mut self.labels {
            cut(&mut of.numbers, 0);
        }
    }
}

/// Turns round all but the first.
fn reverse<T>(items: &mut [T]) {
    items.get_mut(1..).unwrap_or_default().reverse();
}

fn cut<T: PartialEq + Copy>(cells: &mut Vec<T>, zero: T) {
    let used = cells.iter().rposition(|cell| *cell != zero).map_or(0, |last| last + 1);
    cells.truncate(used);
}

fn replace<T: Copy>(cells: &mut [T], others: &[T], keep: &[bool]) {
    let replaced = cells.iter_mut().zip(others).zip(keep).filter(|(_, keep)| !**keep);
    replaced.for_each(|((cell, other), _)| *cell = *other);
}

impl Nodes for Table {
    fn rows(&self) -> usize {
        self.rows
    }

    fn live(&self) -> usize {
        self.bits(Bits::Live).iter().map(|word| word.count_ones() as usize).sum()
    }

    fn resource_name(&self, resource: ResourceId) -> &str {
        self.resources.get(usize::from(resource.0)).map_or("", |name| name)
    }

    fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn quantity(&self, column: Column) -> &[f64] {
        self.quantities.iter().find(|(known, _)| *known == column).map_or(&[], |(_, cells)| cells)
    }

    fn bits(&self, bits: Bits) -> &[u64] {
        self.bits.iter().find(|(known, _)| *known == bits).map_or(&[], |(_, words)| words)
    }

    fn aggregate(&self, aggregate: Aggregate) -> f64 {
        self.aggregates.iter().find(|(known, _)| *known == aggregate).map_or(0.0, |(_, value)| *value)
    }

    fn taint_sets(&self) -> &[u32] {
        &self.taint_sets
    }

    fn label(&self, label: Label) -> &[u32] {
        self.labels.iter().find(|of| of.label == label).map_or(&[], |of| &of.numbers)
    }

    fn label_value(&self, label: Label, number: u32) -> &str {
        let of = self.labels.iter().find(|of| of.label == label);
        of.and_then(|of| of.values.get(number as usize)).map_or("", |value| value)
    }

    fn domain_pods(&self, pods: DomainPods) -> &[f64] {
        self.domain_pods.iter().find(|(known, ..)| *known == pods).map_or(&[], |(.., sums)| sums)
    }
}
