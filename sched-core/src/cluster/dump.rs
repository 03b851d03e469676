//! The whole observable state as text, for comparing clusters, and counts of what is held, for watching memory.

use super::{Cluster, Row};
use std::fmt::Write;

/// How much of what a cluster holds: these return to where they were when what was added is removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Stats {
    /// Nodes.
    pub nodes: usize,
    /// Rows of the node table, free ones included.
    pub rows: usize,
    /// Pods.
    pub pods: usize,
    /// Different pod templates.
    pub templates: usize,
    /// Namespaces with pods.
    pub namespaces: usize,
    /// Resource names.
    pub resources: usize,
    /// Label pairs on nodes.
    pub label_pairs: usize,
    /// Different lists of taints, the empty one included.
    pub taint_lists: usize,
    /// Image names on nodes.
    pub images: usize,
    /// Applications: owners of pods, and those without pods whose history is kept.
    pub apps: usize,
    /// Host ports in use, per node.
    pub ports: usize,
}

impl Cluster {
    /// How much the cluster holds.
    pub fn stats(&self) -> Stats {
        Stats {
            nodes: self.node_count(),
            rows: self.nodes.rows(),
            pods: self.pod_count(),
            templates: self.pods.class_count(),
            namespaces: self.pods.namespace_count(),
            resources: self.nodes.resource_names.len(),
            label_pairs: self.nodes.labels.len(),
            taint_lists: self.nodes.taint_lists.len(),
            images: self.nodes.images.len(),
            apps: self.apps.len(),
            ports: self.nodes.ports.len(),
        }
    }

    /// Everything that decisions can depend on, as text in an order that does not depend on rows, ids or history: two
    /// clusters with equal dumps decide alike. Generations and the journal are not part of it.
    pub fn dump(&self) -> String {
        let mut nodes: Vec<Row> = self.rows().collect();
        nodes.sort_by_key(|&row| self.node_name(row));
        let mut out = String::new();
        for row in nodes {
            self.dump_node(row, &mut out);
        }
        let mut pods: Vec<u32> = self.pods.iter().map(|(slot, _)| slot).collect();
        pods.sort_by_key(|&slot| self.pods.full_name(slot));
        for slot in pods {
            let (Some(pod), Some(class)) = (self.pods.get(slot), self.pods.class_of(slot)) else { continue };
            let node = pod.phase.row().and_then(|row| self.node_name(row)).unwrap_or("-");
            let phase = format!("{:?}", pod.phase);
            let phase = phase.split('(').next().unwrap_or_default();
            let name = self.pods.full_name(slot);
            let _ = writeln!(out, "pod {name} {phase} on {node} terminating={} {:?}", pod.terminating, pod.load);
            let _ = writeln!(out, "  {:?}", class.template);
        }
        for (name, slots) in &self.pods.lost {
            let mut slots: Vec<String> = slots.iter().map(|&slot| self.pods.full_name(slot)).collect();
            slots.sort();
            let _ = writeln!(out, "lost with {name}: {slots:?}");
        }
        self.apps.dump(&mut out);
        self.node_profiles.dump(&mut out);
        let _ = writeln!(out, "{:?}", self.newest);
        out
    }

    fn dump_node(&self, Row(row): Row, out: &mut String) {
        let at = row as usize;
        let nodes = &self.nodes;
        let cell = |column: &[f64]| column.get(at).copied().unwrap_or(0.0);
        let _ = writeln!(out, "node {}", nodes.name(row).map_or("", |n| n));
        let _ = writeln!(out, "  labels {:?}", nodes.labels_of(row).collect::<Vec<_>>());
        let taints = nodes.taint_set.get(at).and_then(|&set| nodes.taint_lists.get(set));
        let _ = writeln!(out, "  taints {taints:?} unschedulable={}", sched_abi::bit(&nodes.unschedulable, at));
        let mut images = nodes.images_of(row).to_vec();
        images.sort();
        let _ = writeln!(out, "  images {images:?} mark {:?}", nodes.marks.get(&row));
        let mut resources: Vec<_> = (0..nodes.resource_names.bound() as u32)
            .filter_map(|id| Some((nodes.resource_names.get(id)?, nodes.resources.get(id as usize)?)))
            .map(|(name, c)| (name, [&c.allocatable, &c.requested, &c.capacity].map(|c| cell(c) as i64)))
            .filter(|(_, amounts)| *amounts != [0; 3])
            .collect();
        resources.sort();
        let _ = writeln!(
            out,
            "  resources {resources:?} scoring {:?}",
            [0, 1].map(|i: usize| nodes.scoring.get(i).map(|c| cell(c) as i64))
        );
        let _ = writeln!(out, "  ports {:?}", nodes.ports.of_row(row));
        self.load.dump(row, out);
        self.measured.dump(row, out);
    }
}
