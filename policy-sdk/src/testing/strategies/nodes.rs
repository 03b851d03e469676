//! Nodes of several pools: sizes, zones, GPUs, taints, images, odd labels, resources that are absent or zero.

use super::{one_of, text};
use proptest::prelude::*;
use sched_core::{Labels, NodeImage, NodeSpec, Resources, Taint, TaintEffect};

pub(super) const ZONES: [&str; 4] = ["z1", "z2", "z3", ""];
pub(super) const DISKS: [&str; 4] = ["hdd", "ssd", "nvme", ""];
pub(super) const POOLS: [&str; 3] = ["a", "b", "batch"];
/// Numbers, and what only looks like one.
pub(super) const GENERATIONS: [&str; 10] = ["1", "3", "5", "007", "-2", "+4", "2.5", " 3", "9223372036854775808", "ß"];
pub(super) const TAINT_KEYS: [&str; 4] = ["dedicated", "spot", "maintenance", "node.kubernetes.io/unschedulable"];
pub(super) const TAINT_VALUES: [&str; 4] = ["", "a", "5", "12"];
pub(super) const EFFECTS: [TaintEffect; 3] =
    [TaintEffect::NoSchedule, TaintEffect::PreferNoSchedule, TaintEffect::NoExecute];
pub(super) const IMAGES: [&str; 8] = [
    "nginx:latest",
    "nginx:1.25",
    "nginx",
    "registry.example:5000/app:latest",
    "registry.example:5000/app",
    "registry.example/train@sha256:0123",
    "registry.example/train:v1",
    "huge:1",
];
const MIB: i64 = 1 << 20;
const GIB: i64 = 1 << 30;

/// The name of a node that may exist.
pub fn node_name() -> impl Strategy<Value = String> {
    (0..12_u32).prop_map(|i| format!("node-{i}"))
}

/// As many nodes, `node-0` onwards.
pub fn nodes(count: usize) -> impl Strategy<Value = Vec<NodeSpec>> {
    prop::collection::vec(node(), count).prop_map(|mut nodes| {
        for (i, node) in nodes.iter_mut().enumerate() {
            rename(node, format!("node-{i}"));
        }
        nodes
    })
}

fn rename(node: &mut NodeSpec, name: String) {
    if let Some(label) = node.labels.get_mut("kubernetes.io/hostname") {
        label.clone_from(&name);
    }
    node.name = name;
}

/// A node of any kind.
pub fn node() -> impl Strategy<Value = NodeSpec> {
    let unschedulable = prop::bool::weighted(0.1);
    let images = prop::collection::vec(image(), 0..=4);
    let capacity = prop_oneof![3 => Just(false), 1 => Just(true)];
    (node_name(), labels(), taints(), unschedulable, allocatable(), capacity, images).prop_map(
        |(name, labels, taints, unschedulable, allocatable, with_capacity, images)| {
            let larger = |(name, amount): (&String, &i64)| (name.clone(), (amount + amount / 8).min(1 << 46));
            let capacity = if with_capacity { allocatable.iter().map(larger).collect() } else { Resources::new() };
            let mut node =
                NodeSpec { labels, taints, unschedulable, allocatable, capacity, images, ..NodeSpec::default() };
            rename(&mut node, name);
            node
        },
    )
}

fn labels() -> impl Strategy<Value = Labels> {
    let hostname = prop::bool::weighted(0.9);
    let maybe = |values| prop::option::weighted(0.8, text(values));
    let odd = prop::option::weighted(0.1, text(&["\u{1F980}", "a b", "=", "x=y,z"]));
    (hostname, maybe(&ZONES), maybe(&DISKS), maybe(&POOLS), maybe(&GENERATIONS), odd).prop_map(
        |(hostname, zone, disk, pool, generation, odd)| {
            let mut labels = Labels::new();
            labels.extend(hostname.then(|| ("kubernetes.io/hostname".to_owned(), String::new())));
            labels.extend(zone.map(|value| ("topology.kubernetes.io/zone".to_owned(), value)));
            labels.extend(disk.map(|value| ("disk".to_owned(), value)));
            labels.extend(pool.map(|value| ("pool".to_owned(), value)));
            labels.extend(generation.map(|value| ("generation".to_owned(), value)));
            labels.extend(odd.map(|value| (value.clone(), value)));
            labels
        },
    )
}

fn taints() -> impl Strategy<Value = Vec<Taint>> {
    let taint = (text(&TAINT_KEYS), text(&TAINT_VALUES), one_of(&EFFECTS));
    let taint = taint.prop_map(|(key, value, effect)| Taint { key, value, effect }).boxed();
    prop_oneof![5 => Just(0..=0), 3 => Just(1..=1), 2 => Just(2..=4)]
        .prop_flat_map(move |count| prop::collection::vec(taint.clone(), count))
}

fn allocatable() -> impl Strategy<Value = Resources> {
    let cpu = one_of(&[0, 1, 2_000, 4_000, 7_910, 8_000, 32_000, 96_000]);
    let memory = one_of(&[0, 3 * GIB, 7_412 * MIB, 16 * GIB, 31_590_076_416, 256 * GIB, 1 << 46]);
    let pods = one_of(&[0, 3, 4, 8, 110, 110, 110]);
    let maybe = |chance, amounts| prop::option::weighted(chance, one_of(amounts));
    let disk = maybe(0.6, &[0, 8 * GIB, 47_093_746_742, 100 * GIB]);
    let gpu = maybe(0.3, &[0, 1, 2, 8]);
    let batch = maybe(0.3, &[0, 3_000, 20_000]);
    let pages = maybe(0.2, &[128 * MIB, 512 * MIB]);
    let base =
        (prop::option::weighted(0.97, cpu), prop::option::weighted(0.97, memory), prop::option::weighted(0.97, pods));
    (base, disk, gpu, batch, pages).prop_map(|((cpu, memory, pods), disk, gpu, batch, pages)| {
        let all = [
            ("cpu", cpu),
            ("memory", memory),
            ("pods", pods),
            ("ephemeral-storage", disk),
            ("nvidia.com/gpu", gpu),
            ("example.com/batch-cpu", batch),
            ("hugepages-2Mi", pages),
        ];
        all.into_iter().filter_map(|(name, amount)| Some((name.to_owned(), amount?))).collect()
    })
}

fn image() -> impl Strategy<Value = NodeImage> {
    let sizes = [0, 24_117_248, 24_117_249, 640_000_000, 3_145_728_000, 8_900_000_000];
    (prop::collection::vec(text(&IMAGES), 1..=2), one_of(&sizes))
        .prop_map(|(names, size_bytes)| NodeImage { names, size_bytes })
}
