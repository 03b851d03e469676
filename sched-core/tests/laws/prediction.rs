//! What is learned of applications over days, and every answer that follows from it, equals the reference, which adds up the
//! whole list of samples each time.

use crate::agreement::agree_on_pending;
use crate::common::generate::{Step, config, known_profile, one_of};
use crate::support::Pair;
use proptest::prelude::*;
use sched_core::{Container, Event, NodeSpec, Owner, PodSpec, PodTemplate, Resources, Sample};
use serde_json::{Value, json};

const MINUTE_MS: u64 = 60_000;
/// The histories begin three days after the epoch, at an hour.
const START_MS: u64 = 3 * 24 * 60 * MINUTE_MS;

/// What happens, some minutes after what happened before.
#[derive(Clone, Debug)]
enum Happening {
    /// A sample of one of the pods, taken some minutes ago.
    Sample {
        pod: usize,
        late: u64,
        window_ms: u64,
        cpu_milli: i64,
    },
    /// A pod is placed.
    Bind {
        pod: usize,
        node: usize,
    },
    Remove {
        pod: usize,
    },
    /// A sample of a machine.
    NodeSample {
        node: usize,
        late: u64,
        window_ms: u64,
        cpu_milli: i64,
    },
    /// A node goes, or one of its name comes with another size and in another pool.
    Leaves {
        node: usize,
    },
    Joins {
        node: usize,
        cpu: i64,
        pool: &'static str,
    },
    /// Decisions are made.
    Look,
}

fn happening() -> impl Strategy<Value = Happening> {
    let sample = |of: usize| {
        let times = (one_of(&[0, 0, 1, 10, 130]), one_of(&[0, 60_000, 300_000, 3_600_000]));
        (0..of, times, one_of(&[0, 90, 420, 800, 1_500, 70_000]))
    };
    prop_oneof![
        16 => sample(4).prop_map(|(node, (late, window_ms), cpu_milli)| {
            Happening::NodeSample { node, late, window_ms, cpu_milli }
        }),
        1 => (0..4_usize).prop_map(|node| Happening::Leaves { node }),
        2 => (0..4_usize, one_of(&[0, 1_000, 32_000]), one_of(&["", "ssd", "hdd"]))
            .prop_map(|(node, cpu, pool)| Happening::Joins { node, cpu, pool }),
        24 => sample(8).prop_map(|(pod, (late, window_ms), cpu_milli)| {
            Happening::Sample { pod, late, window_ms, cpu_milli }
        }),
        3 => (0..8_usize, 0..4_usize).prop_map(|(pod, node)| Happening::Bind { pod, node }),
        1 => (0..8_usize).prop_map(|pod| Happening::Remove { pod }),
        2 => Just(Happening::Look),
    ]
}

/// A profile with the policy that the prediction is for.
fn forecasting() -> impl Strategy<Value = Value> {
    known_profile().prop_map(|mut profile| {
        let policies = profile["policies"].as_array_mut().expect("a list");
        if policies.iter().all(|policy| policy["name"] != "ExpectedOverload") {
            policies.push(json!({ "name": "ExpectedOverload" }));
        }
        profile
    })
}

fn amounts(cpu: i64) -> Resources {
    [("cpu", cpu), ("memory", 1 << 36), ("pods", 110)].map(|(name, amount)| (name.to_owned(), amount)).into()
}

/// A node of a pool.
fn node(i: usize, cpu: i64, pool: &str) -> NodeSpec {
    let labels = [("disk".to_owned(), pool.to_owned())].into();
    NodeSpec { name: format!("node-{i}"), labels, allocatable: amounts(cpu), ..NodeSpec::default() }
}

/// Pods of three applications and of none, which request from nothing to a whole node.
fn pod(i: usize, request: i64) -> PodSpec {
    let app = ["web", "web", "batch", "nightly"].get(i % 5);
    let requests = [("cpu".to_owned(), request)].into();
    let template = PodTemplate {
        containers: vec![Container { requests, ..Container::default() }],
        owner: app.map(|name| Owner { kind: "Deployment".to_owned(), name: (*name).to_owned() }),
        ..PodTemplate::default()
    };
    PodSpec { namespace: "default".to_owned(), name: format!("pod-{i}"), template, terminating: false }
}

fn event(happening: &Happening, now_ms: u64) -> Option<Event> {
    let of = |pod: usize| ("default".to_owned(), format!("pod-{pod}"));
    Some(match *happening {
        Happening::Sample { pod, late, window_ms, cpu_milli } => {
            let (namespace, name) = of(pod);
            let sample = Sample { at_ms: now_ms - late * MINUTE_MS, window_ms, cpu_milli, memory_bytes: 1 << 30 };
            Event::PodSample { namespace, name, sample }
        }
        Happening::Bind { pod, node } => {
            let (namespace, name) = of(pod);
            Event::PodBound { namespace, name, node: format!("node-{node}"), at_ms: now_ms }
        }
        Happening::Remove { pod } => {
            let (namespace, name) = of(pod);
            Event::PodRemoved { namespace, name }
        }
        Happening::NodeSample { node, late, window_ms, cpu_milli } => {
            let sample = Sample { at_ms: now_ms - late * MINUTE_MS, window_ms, cpu_milli, memory_bytes: 1 << 30 };
            Event::NodeSample { name: format!("node-{node}"), sample }
        }
        Happening::Leaves { node } => Event::NodeRemoved { name: format!("node-{node}") },
        Happening::Joins { node, cpu, pool } => Event::NodeAdded(self::node(node, cpu, pool)),
        Happening::Look => return None,
    })
}

proptest! {
    #![proptest_config(config(160))]

    #[test]
    fn what_is_predicted_equals_the_reference_after_days_of_samples(
        sizes in prop::collection::vec(one_of(&[0, 1_000, 4_000, 32_000]), 1..=4),
        requests in prop::collection::vec(one_of(&[0, 1, 100, 1_000, 4_000]), 11),
        history in prop::collection::vec((one_of(&[0, 1, 4, 20, 60, 300]), happening()), 0..=90),
        profile in forecasting(),
        seed: u64,
    ) {
        let mut pair = Pair::new(&profile, seed);
        let tell = |pair: &mut Pair, now_ms, event| pair.step(now_ms, &Step::Apply(Box::new(event)));
        for (i, &cpu) in sizes.iter().enumerate() {
            tell(&mut pair, START_MS, Event::NodeAdded(node(i, cpu, ["ssd", "hdd"][i % 2])));
        }
        for (i, &request) in requests.iter().enumerate() {
            tell(&mut pair, START_MS, Event::PodAdded(pod(i, request)));
        }
        let mut now_ms = START_MS;
        for (pause, happening) in &history {
            now_ms += pause * MINUTE_MS;
            match event(happening, now_ms) {
                Some(Event::NodeAdded(node)) if !tell(&mut pair, now_ms, Event::NodeAdded(node.clone())) => {
                    // It is there: so it changes.
                    tell(&mut pair, now_ms, Event::NodeChanged(node));
                }
                Some(Event::NodeAdded(_)) => {}
                Some(event) => drop(tell(&mut pair, now_ms, event)),
                None => agree_on_pending(&mut pair, now_ms),
            }
        }
        for later in [0, 3, 5, 40, 7 * 60] {
            agree_on_pending(&mut pair, now_ms + later * MINUTE_MS);
        }
    }
}
