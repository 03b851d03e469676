//! criterion: a decision for a pod never seen before under every built-in profile, and its ceiling.

#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to say")]
#![allow(clippy::items_after_statements, reason = "the type is of use where it stands alone")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sched_benches::decision::{Bench, Failure, Shape};
use sched_benches::scenario::Scenario;
use sched_core::ProfileSet;
use std::time::Duration;

fn decisions(criterion: &mut Criterion) {
    let profiles = ProfileSet::builtin();
    if profiles.get("recommended").is_none() {
        println!("skipped: there is no profile `recommended` yet");
    }
    for nodes in [5_000, 100_000] {
        for profile in &profiles.profiles {
            let mut group = criterion.benchmark_group(format!("decision/{}", profile.name));
            group.throughput(Throughput::Elements(nodes as u64));
            let mut bench = Bench::new(profile, Scenario::for_decisions(nodes)).expect("the scenario is valid");
            println!(
                "digest of decisions, {} at {nodes} nodes: {:016x}",
                profile.name,
                bench.digest().expect("decides")
            );
            type Side = fn(&mut Bench, usize) -> Result<f64, Failure>;
            let sides: [(&str, Side); 2] = [("decision", Bench::decide), ("ceiling", Bench::ceiling)];
            for (name, measure) in sides {
                group.bench_function(BenchmarkId::new(name, nodes), |b| {
                    b.iter_custom(|rounds| {
                        let one = |i| measure(&mut bench, i as usize % Shape::MIX.len()).expect("measures");
                        Duration::from_nanos((0..rounds).map(one).sum::<f64>() as u64)
                    });
                });
            }
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = decisions
}
criterion_main!(benches);
