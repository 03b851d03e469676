//! Nodes and pods of the sizes that real traces have: the GPU cluster of the openb trace (Alibaba, 2023) and the clusters of
//! equal machines under online load on which nodes run hot.

use super::one_of;
use proptest::prelude::*;
use sched_core::{Container, NodeSpec, PodSpec, PodTemplate, Resources};

const MIB: i64 = 1 << 20;

fn resources(cpu: i64, memory_mib: i64, gpus: i64) -> Resources {
    let all = [("cpu", cpu), ("memory", memory_mib * MIB), ("nvidia.com/gpu", gpus)];
    all.into_iter().filter(|&(_, amount)| amount > 0).map(|(name, amount)| (name.to_owned(), amount)).collect()
}

/// A machine of a trace; its name is for the caller to set.
pub fn trace_node() -> impl Strategy<Value = NodeSpec> {
    let machine = prop_oneof![
        4 => one_of(&[(96_000, 393_216, 8), (104_000, 524_288, 2), (16_000, 122_880, 2), (128_000, 786_432, 8)]),
        1 => one_of(&[(32_000, 131_072, 4), (8_000, 32_768, 1), (64_000, 262_144, 2), (128_000, 1_048_576, 1)]),
        3 => Just((32_000, 131_072, 0)),
    ];
    machine.prop_map(|(cpu, memory, gpus)| {
        let mut allocatable = resources(cpu, memory, gpus);
        allocatable.insert("pods".to_owned(), 110);
        NodeSpec { allocatable, ..NodeSpec::default() }
    })
}

/// A pod of a trace whose name begins as given.
pub fn trace_pod(name: &'static str) -> impl Strategy<Value = PodSpec> {
    let asks = prop_oneof![
        3 => one_of(&[(3_152, 5_600, 1), (11_300, 49_152, 1), (11_400, 48_128, 1), (18_708, 64_512, 1), (9_810, 41_560, 1)]),
        1 => one_of(&[(12_500, 57_344, 0), (32_000, 49_152, 0), (8_000, 30_517, 0), (88_000, 327_680, 8)]),
        2 => one_of(&[(500, 0, 0), (1_000, 0, 0), (2_000, 0, 0), (4_000, 0, 0)]),
    ];
    asks.prop_map(move |(cpu, memory, gpus)| {
        let container = Container { requests: resources(cpu, memory, gpus), ..Container::default() };
        let template = PodTemplate { containers: vec![container], ..PodTemplate::default() };
        PodSpec { namespace: "default".to_owned(), name: name.to_owned(), template, terminating: false }
    })
}
