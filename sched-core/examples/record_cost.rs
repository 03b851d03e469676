//! What a record costs: time of a call with and without one, and bytes of an entry. Run it with
//! `cargo run --release -p sched-core --features record --example record_cost`.

use sched_core::record::{RecordOptions, Recorder};
use sched_core::{
    Container, Event, NodeSpec, PodId, PodSpec, PodTemplate, Profile, ProfileSet, Row, Sample, Scheduler,
};
use std::error::Error;
use std::time::Instant;

const NODES: u32 = 5_000;
const PODS: u32 = 50_000;
const MINUTES: u64 = 10;
const RUNS: usize = 3;

/// A phase: what is called, how often, how long one call takes without and with a record, and what one entry takes.
struct Phase {
    name: &'static str,
    calls: u64,
    nanoseconds: f64,
    bytes: usize,
}

fn node(i: u32) -> NodeSpec {
    let labels = [
        ("kubernetes.io/hostname".to_owned(), format!("node-{i:05}")),
        ("topology.kubernetes.io/zone".to_owned(), format!("zone-{}", i % 3)),
        ("node.kubernetes.io/instance-type".to_owned(), "m5.8xlarge".to_owned()),
    ];
    let allocatable = [("cpu".to_owned(), 32_000), ("memory".to_owned(), 128 << 30), ("pods".to_owned(), 110)];
    NodeSpec {
        name: format!("node-{i:05}"),
        labels: labels.into(),
        allocatable: allocatable.into(),
        ..NodeSpec::default()
    }
}

/// One of a thousand applications.
fn pod(i: u32) -> PodSpec {
    let app = i % 1_000;
    let requests = [("cpu".to_owned(), i64::from(app % 20) * 50), ("memory".to_owned(), 256 << 20)];
    let container = Container {
        requests: requests.into(),
        image: format!("registry.example/app-{app}:v1"),
        ..Container::default()
    };
    let labels = [("app".to_owned(), format!("app-{app}"))];
    let template = PodTemplate { labels: labels.into(), containers: vec![container], ..PodTemplate::default() };
    let name = format!("app-{app}-7d4b9c6f5-{:05x}", i.wrapping_mul(2_654_435_761) & 0xf_ffff);
    PodSpec { namespace: "production".to_owned(), name: format!("{name}-{i}"), template, terminating: false }
}

fn sample(i: u32, minute: u64) -> Sample {
    let noise = i64::from(i.wrapping_mul(2_654_435_761).rotate_left(minute as u32) % 10_000);
    Sample {
        at_ms: 1_700_000_000_000 + minute * 60_000 - u64::from(i % 30) * 1_000,
        window_ms: 60_000,
        cpu_milli: 2_000 + noise,
        memory_bytes: (8 << 30) + noise * 123_457,
    }
}

fn run(profile: &Profile, with_record: bool) -> Result<Vec<Phase>, Box<dyn Error>> {
    let mut recorder = if with_record {
        Recorder::new(profile, 0, RecordOptions::default())?
    } else {
        Recorder::off(Scheduler::new(profile, 0)?)
    };
    let mut phases = Vec::new();
    let mut phase = |name, calls: u64, recorder: &mut Recorder, f: &mut dyn FnMut(&mut Recorder)| {
        recorder.take();
        let started = Instant::now();
        f(recorder);
        let nanoseconds = started.elapsed().as_nanos() as f64 / calls as f64;
        phases.push(Phase { name, calls, nanoseconds, bytes: recorder.take().len() });
    };
    let start_ms = 1_700_000_000_000;
    let nodes: Vec<Event> = (0..NODES).map(|i| Event::NodeAdded(node(i))).collect();
    phase("node added", u64::from(NODES), &mut recorder, &mut |recorder| {
        for event in &nodes {
            drop(recorder.apply(event, start_ms));
        }
    });
    let specs: Vec<PodSpec> = (0..PODS).map(pod).collect();
    let mut ids: Vec<PodId> = Vec::new();
    phase("pod added", u64::from(PODS), &mut recorder, &mut |recorder| {
        ids = specs.iter().filter_map(|spec| recorder.add_pod(spec).ok()).collect();
    });
    let bound: Vec<Event> = (0..PODS)
        .zip(&specs)
        .map(|(i, pod)| {
            let (namespace, name) = (pod.namespace.clone(), pod.name.clone());
            Event::PodBound { namespace, name, node: format!("node-{:05}", i % NODES), at_ms: start_ms }
        })
        .skip(1_000)
        .collect();
    phase("pod bound", bound.len() as u64, &mut recorder, &mut |recorder| {
        for event in &bound {
            drop(recorder.apply(event, start_ms));
        }
    });
    phase("node sample", u64::from(NODES) * MINUTES, &mut recorder, &mut |recorder| {
        for minute in 1..=MINUTES {
            for i in 0..NODES {
                drop(recorder.node_sample(Row(i), &sample(i, minute), start_ms + minute * 60_000));
            }
        }
    });
    phase("pod sample", u64::from(PODS), &mut recorder, &mut |recorder| {
        for (i, &id) in (0..).zip(&ids) {
            drop(recorder.pod_sample(id, &sample(i, MINUTES), start_ms + MINUTES * 60_000));
        }
    });
    let now_ms = start_ms + MINUTES * 60_000;
    phase("scheduled (4 entries)", 1_000, &mut recorder, &mut |recorder| {
        ids.iter().take(1_000).for_each(|&id| drop(recorder.schedule(id, now_ms)));
    });
    Ok(phases)
}

fn main() -> Result<(), Box<dyn Error>> {
    let profiles = ProfileSet::builtin();
    let profile = profiles.get(ProfileSet::RECOMMENDED).ok_or("no recommended profile")?;
    let mut best: Vec<[Phase; 2]> = Vec::new();
    for _ in 0..RUNS {
        let pairs = run(profile, false)?.into_iter().zip(run(profile, true)?).map(|(off, on)| [off, on]);
        if best.is_empty() {
            best = pairs.collect();
            continue;
        }
        for (best, pair) in best.iter_mut().zip(pairs) {
            for (best, phase) in best.iter_mut().zip(pair) {
                best.nanoseconds = best.nanoseconds.min(phase.nanoseconds);
            }
        }
    }
    println!("{:<22} {:>8} {:>12} {:>12} {:>10} {:>8}", "call", "calls", "ns without", "ns with", "more", "bytes");
    for [off, on] in &best {
        let more = on.nanoseconds - off.nanoseconds;
        let bytes = on.bytes as f64 / on.calls as f64;
        println!(
            "{:<22} {:>8} {:>12.0} {:>12.0} {:>10.0} {:>8.1}",
            on.name, on.calls, off.nanoseconds, on.nanoseconds, more, bytes
        );
    }
    Ok(())
}
