//! Image locality: prefers nodes that have the pod's images already, large and widely spread ones most.
//!
//! Per container and init container whose image the node has: `trunc(size * nodes having it / all nodes)`; the sum is clamped to
//! `[23 MiB, 1000 MiB * containers]` and scaled to 0..=100, cut off. The wanted name gets `:latest` when it has no
//! tag.
//!
//! Source: kube-scheduler 1.35, plugin `ImageLocality`. Cost: the nodes that have one of the images.

use sched_abi::{Hook, Manifest, Nodes, PodFields, PodView, Policy, Prepared, Rows};

const MIN_BYTES: i64 = 23 << 20;
const MAX_BYTES_PER_CONTAINER: i64 = 1000 << 20;

/// The policy. It has no configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImageLocality;

impl Policy for ImageLocality {
    fn keeps_range(&self) -> bool {
        true
    }

    fn manifest(&self) -> Manifest {
        Manifest { scores: true, pod_fields: PodFields::IMAGES, ..Manifest::new("ImageLocality") }
    }

    fn prepare(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let score = if pod.images.is_empty() { Hook::Constant(0) } else { Hook::Run };
        Prepared { score, ..Prepared::SKIP }
    }

    fn score(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let (min, max) = (MIN_BYTES, MAX_BYTES_PER_CONTAINER * i64::from(pod.containers.max(1)));
        // In f64 the truncated quotient is exact too, and costs a quarter.
        let scaled = |bytes: i64| (100.0 * (bytes.clamp(min, max) - min) as f64 / (max - min) as f64) as i64;
        let mut images = pod.images;
        if let Rows::Range { start, end } = rows {
            out.fill(0);
            let from = images.partition_point(|i| (i.row as usize) < start);
            let to = images.partition_point(|i| (i.row as usize) < end);
            images = images.get(from..to).unwrap_or_default();
            for node in images.chunk_by(|a, b| a.row == b.row) {
                let bytes: i64 = node.iter().map(|i| i.scaled_bytes).sum();
                if let Some(out) = node.first().and_then(|i| out.get_mut(i.row as usize - start)) {
                    *out = scaled(bytes);
                }
            }
            return;
        }
        for (row, out) in rows.iter().zip(out) {
            let from = images.partition_point(|i| (i.row as usize) < row);
            let here = images.get(from..).unwrap_or_default().iter().take_while(|i| i.row as usize == row);
            *out = scaled(here.map(|i| i.scaled_bytes).sum());
        }
    }
}
