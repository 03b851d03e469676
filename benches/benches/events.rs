//! criterion: one event of a mix on a cluster of 100,000 nodes and 1,000,000 pods, and the memory that it takes.

#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to say")]

use criterion::{Criterion, criterion_group, criterion_main};
use sched_benches::events::{BATCH, Kind, Motion};
use sched_benches::memory;
use sched_benches::scenario::Scenario;
use sched_core::ProfileSet;
use std::time::Duration;

fn events(criterion: &mut Criterion) {
    let profiles = ProfileSet::builtin();
    let profile = profiles.get("recommended").or_else(|| profiles.get("kube-default")).expect("profiles");
    let mut motion = Motion::new(profile, Scenario::full(100_000)).expect("the scenario is valid");
    motion.warm_up(20_000).expect("events are valid");
    let (pods, nodes) = motion.size();
    let memory = memory::now();
    println!("{nodes} nodes, {pods} pods: {} MB resident, {} MB at most", memory.resident >> 20, memory.peak >> 20);
    let mut group = criterion.benchmark_group("events");
    group.bench_function("mix", |b| {
        b.iter_custom(|rounds| {
            // Rounded up to whole batches; criterion is told the time of as many events as it asked for.
            let count = (rounds as usize).next_multiple_of(BATCH);
            motion.mixed(count).expect("events are valid").mul_f64(rounds as f64 / count as f64)
        });
    });
    for (kind, _) in Kind::MIX {
        group.bench_function(format!("{kind:?}"), |b| {
            b.iter_custom(|rounds| motion.of_kind(kind, rounds as usize).expect("events are valid"));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(500));
    targets = events
}
criterion_main!(benches);
