//! A node table that shows a policy what its manifest names and nothing else, and writes down what else it asks for.

use super::subject::Subject;
use super::table::Table;
use sched_abi::{Aggregate, Bits, Column, DomainPods, Label, NodeColumns, Nodes, ResourceId};
use std::cell::RefCell;

/// The table as a host shows it that keeps nothing but what is declared.
pub(super) struct Declared<'a> {
    subject: &'a Subject<'a>,
    table: &'a Table,
    trespasses: RefCell<Vec<String>>,
}

impl<'a> Declared<'a> {
    pub(super) fn new(subject: &'a Subject<'a>, table: &'a Table) -> Self {
        Self { subject, table, trespasses: RefCell::default() }
    }

    /// The first thing that was asked for and is not declared.
    pub(super) fn trespass(&self) -> Option<String> {
        self.trespasses.borrow().first().cloned()
    }

    fn shown<T>(&self, declared: bool, kind: NodeColumns, what: &str, value: T, nothing: T) -> T {
        if declared {
            return value;
        }
        let names: Vec<&str> = kind.names().collect();
        self.trespasses.borrow_mut().push(format!("{what} (`{}`)", names.join("`, `")));
        nothing
    }

    fn plain<T>(&self, kind: NodeColumns, what: &str, value: T, nothing: T) -> T {
        self.shown(self.subject.manifest.columns.has(kind), kind, what, value, nothing)
    }
}

impl Nodes for Declared<'_> {
    fn rows(&self) -> usize {
        self.table.rows()
    }

    fn live(&self) -> usize {
        self.plain(NodeColumns::LIVE, "the number of nodes", self.table.live(), 0)
    }

    fn resource_name(&self, resource: ResourceId) -> &str {
        self.table.resource_name(resource)
    }

    fn now_ms(&self) -> u64 {
        self.plain(NodeColumns::TIME, "the time", self.table.now_ms(), 0)
    }

    fn quantity(&self, column: Column) -> &[f64] {
        let declared = self.subject.reads(column);
        self.shown(declared, column.kind(), &format!("column {column:?}"), self.table.quantity(column), &[])
    }

    fn bits(&self, bits: Bits) -> &[u64] {
        let declared = self.subject.reads_bits(bits);
        self.shown(declared, bits.kind(), &format!("bits {bits:?}"), self.table.bits(bits), &[])
    }

    fn aggregate(&self, aggregate: Aggregate) -> f64 {
        self.plain(NodeColumns::AGGREGATES, "an aggregate", self.table.aggregate(aggregate), 0.0)
    }

    fn taint_sets(&self) -> &[u32] {
        self.plain(NodeColumns::TAINT_SETS, "taint sets", self.table.taint_sets(), &[])
    }

    fn label(&self, label: Label) -> &[u32] {
        let declared = self.subject.reads_label(label);
        self.shown(declared, NodeColumns::LABELS, "a label", self.table.label(label), &[])
    }

    fn label_value(&self, label: Label, number: u32) -> &str {
        let declared = self.subject.reads_label(label);
        self.shown(declared, NodeColumns::LABELS, "a label's value", self.table.label_value(label, number), "")
    }

    fn domain_pods(&self, pods: DomainPods) -> &[f64] {
        let declared = self.subject.reads_domains(pods);
        self.shown(declared, NodeColumns::DOMAIN_PODS, "pods of domains", self.table.domain_pods(pods), &[])
    }
}
