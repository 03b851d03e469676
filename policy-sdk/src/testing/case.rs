//! A pod before a cluster: what a policy is asked about.

use super::pod::Pod;
use super::table::Table;
use super::words::Plan;

/// A cluster and a pod.
#[derive(Clone, Debug, Default)]
pub(super) struct Case {
    pub(super) table: Table,
    pub(super) pod: Pod,
}

impl Case {
    /// The same nodes, or some of them, in other rows.
    pub(super) fn arranged(&self, plan: &Plan) -> Self {
        Self { table: self.table.arranged(plan), pod: self.pod.arranged(plan) }
    }

    /// Takes the rows that are not to be kept from another case with as many rows.
    pub(super) fn mixed(&self, other: &Self, keep: &[bool]) -> Self {
        let mut case = self.clone();
        case.table.mix(&other.table, keep);
        case.pod.mix(&other.pod, keep);
        case
    }

    /// The rows that hold a node.
    pub(super) fn live(&self) -> impl Iterator<Item = usize> {
        (0..self.table.rows).filter(|&row| self.table.is_live(row))
    }
}
