//! Image locality: nodes that have large, widely spread images of the pod score higher.

use super::World;
use sched_core::{NodeSpec, PodTemplate};

const MIB: i128 = 1024 * 1024;

/// The score of one node, 0..=100.
pub(crate) fn score(pod: &PodTemplate, node: &NodeSpec, world: &World) -> i128 {
    let mut sum = 0;
    let mut containers = 0;
    for container in pod.containers.iter().chain(&pod.init_containers) {
        sum += scaled_size(&with_tag(&container.image), node, world);
        containers += 1;
    }
    let (min, max) = (23 * MIB, 1000 * MIB * containers);
    if max <= min {
        return 0;
    }
    100 * (sum.max(min).min(max) - min) / (max - min)
}

/// The image's size on the node, times the share of nodes that have it; 0 where the node has not.
fn scaled_size(wanted: &str, node: &NodeSpec, world: &World) -> i128 {
    let Some(image) = node.images.iter().find(|image| image.names.iter().any(|name| name == wanted)) else {
        return 0;
    };
    let has = |node: &&NodeSpec| node.images.iter().any(|image| image.names.iter().any(|name| name == wanted));
    let spread = world.nodes.values().filter(has).count() as f64 / world.nodes.len() as f64;
    (image.size_bytes as f64 * spread) as i128
}

/// The name with `:latest` where no tag follows the last slash.
fn with_tag(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains(':') { name.to_owned() } else { format!("{name}:latest") }
}
