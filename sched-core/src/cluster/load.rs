//! Use of nodes and pods as sampled, and the estimate for what samples do not show yet.
//!
//! A pod placed since a node's newest sample is counted once, by estimate, until a sample window fully covers it.

use super::heat::Heat;
use super::pods::{PodStore, Row};
use super::spec::Sample;
use crate::limits::MAX_QUANTITY;
use sched_abi::{Column, ResourceId, Sampled};

/// The most that estimates of a row add up to.
const MAX: f64 = MAX_QUANTITY as f64;

/// When the newest samples of all were taken; kept from when a policy asks, since it says something about what is gone.
#[derive(Debug, Default)]
pub(crate) struct NewestSamples {
    wanted: bool,
    nodes: Option<u64>,
    pods: Option<u64>,
}

impl NewestSamples {
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    pub(crate) fn of_node(&mut self, at_ms: u64) {
        self.nodes = self.nodes.max(Some(at_ms)).filter(|_| self.wanted);
    }

    pub(crate) fn of_pod(&mut self, at_ms: u64) {
        self.pods = self.pods.max(Some(at_ms)).filter(|_| self.wanted);
    }

    pub(crate) fn at_ms(&self, of: Sampled) -> Option<u64> {
        match of {
            Sampled::Nodes => self.nodes,
            Sampled::Pods => self.pods,
        }
    }
}

/// What is known of one pod's load.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub(crate) struct PodLoad {
    /// When it was bound or reserved.
    pub(crate) placed_at_ms: u64,
    /// Estimated use when it was placed: milli-CPU, bytes.
    pub(crate) estimate: [f64; 2],
    /// Its share of the node in millionths, as counted in heat.
    pub(crate) share: u32,
    /// Whether the estimate is part of its row's unseen use.
    pub(crate) unseen: bool,
    /// Its newest sample.
    pub(crate) sample: Option<Sample>,
}

/// Load columns.
#[derive(Debug, Default)]
pub(crate) struct NodeLoad {
    usage: [Vec<f64>; 2],
    unseen: [Vec<f64>; 2],
    /// End of the newest sample's window; -1 where there is none.
    sampled_at: Vec<f64>,
    window: Vec<u64>,
    pub(crate) heat: Heat,
}

impl NodeLoad {
    /// A fresh tenant for a row.
    pub(crate) fn reset(&mut self, row: u32) {
        let at = row as usize;
        if self.sampled_at.len() <= at {
            self.sampled_at.resize(at + 1, -1.0);
            self.window.resize(at + 1, 0);
            for column in self.usage.iter_mut().chain(&mut self.unseen) {
                column.resize(at + 1, 0.0);
            }
        }
        set(&mut self.sampled_at, at, -1.0);
        if let Some(window) = self.window.get_mut(at) {
            *window = 0;
        }
        for column in self.usage.iter_mut().chain(&mut self.unseen) {
            set(column, at, 0.0);
        }
        self.heat.clear(row);
    }

    pub(crate) fn column(&self, column: Column) -> &[f64] {
        match column {
            Column::Usage(ResourceId::CPU) => &self.usage[0],
            Column::Usage(ResourceId::MEMORY) => &self.usage[1],
            Column::Unseen(ResourceId::CPU) => &self.unseen[0],
            Column::Unseen(ResourceId::MEMORY) => &self.unseen[1],
            Column::SampledAt => &self.sampled_at,
            _ => &[],
        }
    }

    /// Whether the newest sample of a row covers the whole life of a pod placed then; a pod is unseen until one does.
    fn covers(&self, row: u32, placed_at_ms: u64) -> bool {
        let at = self.sampled_at.get(row as usize).copied().unwrap_or(-1.0);
        let window = self.window.get(row as usize).copied().unwrap_or(0);
        at >= 0.0 && placed_at_ms <= (at as u64).saturating_sub(window)
    }

    /// A pod was placed on a row: counts its heat and, where no sample covers it, its estimate.
    pub(crate) fn place(&mut self, row: u32, load: &mut PodLoad) {
        self.heat.add(row, load.placed_at_ms, load.share);
        load.unseen = !self.covers(row, load.placed_at_ms);
        self.add_unseen(row, load, 1.0);
    }

    /// A pod leaves a row: its heat and its estimate go with it. Says whether the estimates are right then; where they are more
    /// than the largest quantity, they must be added up anew once it is gone.
    #[must_use]
    pub(crate) fn displace(&mut self, row: u32, load: &mut PodLoad) -> bool {
        self.heat.remove(row, load.placed_at_ms, load.share);
        let exact = !load.unseen || self.unseen.iter().all(|c| c.get(row as usize).is_none_or(|&sum| sum < MAX));
        self.add_unseen(row, load, -1.0);
        load.unseen = false;
        exact
    }

    /// Adds the estimates of the pods on a row up that no sample covers.
    pub(crate) fn count_unseen(&mut self, row: u32, pods: &PodStore) {
        for column in &mut self.unseen {
            set(column, row as usize, 0.0);
        }
        for pod in pods.on_row(row).iter().filter_map(|&slot| pods.get(slot)) {
            self.add_unseen(row, &pod.load, 1.0);
        }
    }

    fn add_unseen(&mut self, row: u32, load: &PodLoad, sign: f64) {
        if !load.unseen {
            return;
        }
        for (column, amount) in self.unseen.iter_mut().zip(load.estimate) {
            if let Some(cell) = column.get_mut(row as usize) {
                let sum = *cell + sign * amount;
                *cell = if sum < MAX { sum } else { MAX };
            }
        }
    }

    /// Takes a node's sample, unless a newer one is there; then decides anew which pods it covers.
    pub(crate) fn node_sample(&mut self, row: u32, sample: &Sample, pods: &mut PodStore) -> bool {
        let at = row as usize;
        if self.sampled_at.get(at).is_some_and(|&newest| newest > sample.at_ms as f64) {
            return false;
        }
        set(&mut self.sampled_at, at, sample.at_ms as f64);
        if let Some(window) = self.window.get_mut(at) {
            *window = sample.window_ms;
        }
        set(&mut self.usage[0], at, sample.cpu_milli as f64);
        set(&mut self.usage[1], at, sample.memory_bytes as f64);
        for i in 0..pods.on_row(row).len() {
            let Some(&slot) = pods.on_row(row).get(i) else { break };
            let Some(pod) = pods.get_mut(slot) else { continue };
            pod.load.unseen = !self.covers(row, pod.load.placed_at_ms);
        }
        self.count_unseen(row, pods);
        true
    }

    /// The load of a row, as text.
    pub(crate) fn dump(&self, row: u32, out: &mut String) {
        use std::fmt::Write;
        let cell = |column: &Vec<f64>| column.get(row as usize).copied();
        let columns = [&self.sampled_at, &self.usage[0], &self.usage[1], &self.unseen[0], &self.unseen[1]].map(cell);
        let window = self.window.get(row as usize);
        let _ = writeln!(out, "  load {columns:?} window {window:?} heat {:?}", self.heat.dump(row));
    }

    /// End and length of the window of a row's newest sample.
    pub(crate) fn sample_window(&self, row: u32) -> Option<(u64, u64)> {
        let end = self.sampled_at.get(row as usize).copied().filter(|&end| end >= 0.0)?;
        Some((end as u64, *self.window.get(row as usize)?))
    }

    /// The newest sample of a row: its end, milli-CPU, bytes.
    pub(crate) fn sample(&self, Row(row): Row) -> Option<(u64, f64, f64)> {
        let at = row as usize;
        let end = self.sampled_at.get(at).copied().filter(|&end| end >= 0.0)?;
        Some((end as u64, *self.usage[0].get(at)?, *self.usage[1].get(at)?))
    }
}

fn set(column: &mut [f64], row: usize, value: f64) {
    if let Some(cell) = column.get_mut(row) {
        *cell = value;
    }
}
