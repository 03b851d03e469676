//! Which nodes have which image, and how large it is there.

use super::interner::{LookUp, look_up};
use super::spec::NodeImage;
use sched_abi::ImageRow;
use std::sync::Arc;

/// The index by image name.
#[derive(Debug)]
pub(crate) struct ImageIndex {
    /// Per name the rows that have it, ascending, with the size there.
    nodes: LookUp<Arc<str>, Vec<(u32, i64)>>,
}

impl ImageIndex {
    pub(crate) fn new() -> Self {
        Self { nodes: look_up() }
    }

    /// Names in use.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Notes the images of a row that has none yet; returns names and sizes, for [`ImageIndex::remove`].
    pub(crate) fn insert(&mut self, row: u32, images: &[NodeImage]) -> Box<[(Arc<str>, i64)]> {
        let mut held = Vec::new();
        for image in images {
            for name in &image.names {
                let name =
                    self.nodes.get_key_value(name.as_str()).map_or_else(|| Arc::from(&**name), |(k, _)| Arc::clone(k));
                let rows = self.nodes.entry(Arc::clone(&name)).or_default();
                if let Err(at) = rows.binary_search_by_key(&row, |&(row, _)| row) {
                    rows.insert(at, (row, image.size_bytes));
                    held.push((name, image.size_bytes));
                }
            }
        }
        held.into()
    }

    /// Takes the images of a row away.
    pub(crate) fn remove(&mut self, row: u32, held: &[(Arc<str>, i64)]) {
        for (name, _) in held {
            let Some(rows) = self.nodes.get_mut(name) else { continue };
            if let Ok(at) = rows.binary_search_by_key(&row, |&(row, _)| row) {
                rows.remove(at);
            }
            if rows.is_empty() {
                self.nodes.remove(name);
            }
        }
    }

    /// Adds the rows that have an image, its size scaled by the share of the `live` nodes that have it.
    /// As in kube-scheduler only the wanted name gets `:latest` when it has neither tag nor digest.
    pub(crate) fn collect(&self, wanted: &str, live: usize, scratch: &mut String, out: &mut Vec<ImageRow>) {
        scratch.clear();
        scratch.push_str(wanted);
        if wanted.rfind(':').is_none_or(|colon| wanted.rfind('/').is_some_and(|slash| slash > colon)) {
            scratch.push_str(":latest");
        }
        let Some(rows) = self.nodes.get(scratch.as_str()) else { return };
        let spread = rows.len() as f64 / live as f64;
        out.extend(rows.iter().map(|&(row, size)| ImageRow { row, scaled_bytes: (size as f64 * spread) as i64 }));
    }
}
