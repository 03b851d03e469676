//! Profiles of nodes and of pools of nodes: what machines used by hour of the day, system included, learned from their own
//! samples as applications are from theirs, and what is predicted of each node.
//!
//! A node and a pool are "applications" of their own here: a node's history outlives it for a while, should it come back.

use super::apps::{AppTable, Shown};
use super::nodes::NodeTable;
use super::rowset::{ones, set_bit};
use super::spec::{Owner, Sample};
use super::{Cluster, share};
use sched_abi::Label;
use smallvec::SmallVec;

/// What a node counts among, itself included: the id there, and its place in the list of members.
type Memberships = SmallVec<[(u32, u32); 2]>;

/// Predicted use of every node so many hours ahead; those that were never sampled stand at the prediction for their pool.
#[derive(Debug)]
struct ProfileColumn {
    hours_ahead: u8,
    /// The place among the pools.
    pool: usize,
    values: Vec<f64>,
}

/// All of them. Nothing is kept before a policy asks.
#[derive(Debug)]
pub(crate) struct NodeProfiles {
    table: AppTable,
    /// The labels whose values make pools; without a label all nodes are one.
    pools: Vec<Option<Label>>,
    /// By row: the node itself, then its pools in the order of `pools`.
    of_row: Vec<Memberships>,
    columns: Vec<ProfileColumn>,
    /// Rows whose machine or pool changed since the columns were worked out.
    stale: Vec<u64>,
    shown: Option<Shown>,
    /// How often the columns were written anew as a whole.
    pub(crate) epoch: u64,
}

impl Default for NodeProfiles {
    fn default() -> Self {
        Self {
            table: AppTable::new(),
            pools: Vec::new(),
            of_row: Vec::new(),
            columns: Vec::new(),
            stale: Vec::new(),
            shown: None,
            epoch: 0,
        }
    }
}

impl NodeProfiles {
    fn is_wanted(&self) -> bool {
        !self.columns.is_empty()
    }

    /// The column, if it is kept.
    pub(crate) fn values(&self, hours_ahead: u8, pool: Option<Label>) -> &[f64] {
        let pool = self.pools.iter().position(|known| *known == pool);
        let column = self.columns.iter().find(|c| c.hours_ahead == hours_ahead && Some(c.pool) == pool);
        column.map_or(&[], |c| &c.values)
    }

    /// A node came, or a label of it changed: counts it among its pools. What was known of the row before is let go.
    pub(crate) fn enter(&mut self, row: u32, nodes: &NodeTable) {
        if !self.is_wanted() {
            return;
        }
        self.leave(row);
        let Some(name) = nodes.name(row) else { return };
        let mut owner = Owner { kind: "Node".to_owned(), name: name.to_string() };
        let mut entered: Memberships = SmallVec::new();
        let (app, place) = self.table.join("", &owner, row);
        entered.push((app.id, place));
        for pool in &self.pools {
            let dictionary = pool.and_then(|Label(label)| nodes.dictionaries.get(usize::from(label)));
            let number = dictionary.and_then(|d| d.numbers.get(row as usize)).copied().unwrap_or(0);
            let value = dictionary.and_then(|d| d.value(number)).unwrap_or_default();
            "Pool".clone_into(&mut owner.kind);
            value.clone_into(&mut owner.name);
            let (app, place) = self.table.join(dictionary.map_or("", |d| &d.key), &owner, row);
            entered.push((app.id, place));
        }
        if let Some(of_row) = self.of_row.get_mut(row as usize) {
            *of_row = entered;
        }
        self.changed(row);
    }

    /// The node of a row is gone.
    pub(crate) fn leave(&mut self, row: u32) {
        if self.of_row.len() <= row as usize {
            self.of_row.resize(row as usize + 1, SmallVec::new());
        }
        for (id, place) in self.of_row.get_mut(row as usize).map(std::mem::take).unwrap_or_default() {
            // The last member took its place in the list.
            let moved = self.table.leave(id, place).and_then(|row| self.of_row.get_mut(row as usize));
            if let Some((_, of_moved)) = moved.and_then(|all| all.iter_mut().find(|(other, _)| *other == id)) {
                *of_moved = place;
            }
        }
        self.changed(row);
    }

    /// What the row's columns follow from changed.
    pub(crate) fn changed(&mut self, row: u32) {
        if self.is_wanted() {
            set_bit(&mut self.stale, row as usize, true);
        }
    }

    /// A node's sample, newer than those before.
    pub(crate) fn sample(&mut self, row: u32, sample: &Sample, capacity: i64) {
        for &(id, _) in self.of_row.get(row as usize).into_iter().flatten() {
            self.table.observe(id, sample.at_ms, sample.window_ms, sample.cpu_milli, capacity);
        }
    }

    /// An event comes: predicts anew when a quantum has passed.
    pub(crate) fn roll(&mut self, now_ms: u64, nodes: &NodeTable) {
        if let Some(shown) = self.table.roll(now_ms) {
            self.show(shown, nodes);
        }
    }

    /// A decision looks: brings the columns up to its time and to what changed. Cost: all rows once a quantum.
    pub(crate) fn look(&mut self, now_ms: u64, nodes: &NodeTable) {
        let Some(shown) = self.table.look(now_ms) else { return };
        if self.shown != Some(shown) {
            return self.show(shown, nodes);
        }
        let stale = std::mem::take(&mut self.stale);
        self.compute(ones(&stale), nodes);
        self.stale = stale;
        self.stale.fill(0);
    }

    fn show(&mut self, shown: Shown, nodes: &NodeTable) {
        self.shown = Some(shown);
        self.epoch += 1;
        self.compute(0..nodes.rows() as u32, nodes);
        self.stale.fill(0);
    }

    fn compute(&mut self, rows: impl Iterator<Item = u32>, nodes: &NodeTable) {
        for column in &mut self.columns {
            column.values.resize(nodes.rows(), 0.0);
        }
        for row in rows {
            let capacity = nodes.cpu_capacity(row);
            let members = self.of_row.get(row as usize);
            let known = |place: usize| self.table.own(members.and_then(|all| all.get(place)).map(|(id, _)| *id));
            for column in &mut self.columns {
                let prediction = known(0).or_else(|| known(1 + column.pool));
                let ratio = prediction.and_then(|p| p.ratio.get(usize::from(column.hours_ahead))).copied();
                if let Some(cell) = column.values.get_mut(row as usize) {
                    *cell = share(capacity, ratio.unwrap_or(0)) as f64;
                }
            }
        }
    }

    /// Histories and predictions, as text.
    pub(crate) fn dump(&self, out: &mut String) {
        if self.is_wanted() {
            self.table.dump(out);
        }
    }
}

impl Cluster {
    /// Keeps a column from now on; what was sampled before is not known to it.
    pub(crate) fn keep_node_profile(&mut self, hours_ahead: u8, pool: Option<Label>) {
        let profiles = &mut self.node_profiles;
        let known = profiles.pools.iter().position(|known| *known == pool);
        let place = known.unwrap_or_else(|| {
            profiles.pools.push(pool);
            profiles.pools.len() - 1
        });
        if profiles.columns.iter().any(|c| c.hours_ahead == hours_ahead && c.pool == place) {
            return;
        }
        profiles.table.want();
        profiles.columns.push(ProfileColumn { hours_ahead, pool: place, values: Vec::new() });
        profiles.shown = None;
        if known.is_none() {
            for row in 0..self.nodes.rows() as u32 {
                profiles.enter(row, &self.nodes);
            }
        }
    }
}
