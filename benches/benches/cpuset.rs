//! Eight CPUs taken of half-free machines of 128 and 256 CPUs.

use criterion::{Criterion, criterion_group, criterion_main};
use sched_benches::cpuset::{Call, Machine};
use std::hint::black_box;

fn take(criterion: &mut Criterion) {
    for (index, machine) in Machine::all().unwrap_or_default().iter().enumerate() {
        for call in Call::ALL {
            let name = format!("cpuset/{}-cpus-machine-{index}/{call:?}/two-calls", machine.cpus());
            criterion.bench_function(&name, |bencher| bencher.iter(|| black_box(machine.call(call).is_ok())));
        }
    }
}

criterion_group!(benches, take);
criterion_main!(benches);
