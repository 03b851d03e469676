//! The orders of the kubelet's accumulator.

use super::files::{Folder, report, set};
use sched_core::cpuset::{Orders, orders};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    topology: String,
    avail: String,
    numas: Vec<u32>,
    sockets: Vec<u32>,
    uncores: Vec<u32>,
    cores: Vec<u32>,
    cpus_packed: Vec<u16>,
    cpus_spread: Vec<u16>,
    free_numas: Vec<u32>,
    free_sockets: Vec<u32>,
    free_uncores: Vec<u32>,
    free_cores: Vec<u32>,
}

#[test]
fn orders_of_vectors_are_the_kubelets() {
    let Some(folder) = Folder::open() else { return };
    let cases = folder.cases::<Case>("kubelet_order");
    let mut wrong = Vec::new();
    let count = cases.len();
    for (place, case) in cases {
        let ours = orders(folder.machines.of(&case.topology), &set(&case.avail)).unwrap();
        let theirs = Orders {
            numas: case.numas,
            sockets: case.sockets,
            uncores: case.uncores,
            cores: case.cores,
            cpus_packed: case.cpus_packed,
            cpus_spread: case.cpus_spread,
            free_numas: case.free_numas,
            free_sockets: case.free_sockets,
            free_uncores: case.free_uncores,
            free_cores: case.free_cores,
        };
        if ours != theirs {
            wrong.push(format!("{place} {}: {ours:?} instead of {theirs:?}", case.id));
        }
    }
    report("orders", count, &wrong);
}
