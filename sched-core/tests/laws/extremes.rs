//! At the ends of the ranges: the largest quantities, use far beyond requests, defaults that add up. Sums stay exact there, so
//! that what is given back is given back whole, and every answer stays in its range.

use crate::support::{pod_id, scheduler};
use proptest::prelude::*;
use sched_core::abi::{Manifest, Nodes, Normalize, PodView, Policy, Rows};
use sched_core::limits::MAX_QUANTITY;
use sched_core::{ClusterError, Container, Event, NodeSpec, Owner, PodSpec, PodTemplate, Resources, Sample, Scheduler};

const DAY_MS: u64 = 86_400_000;
const POLICIES: [&str; 6] =
    ["NodeResourcesFit", "NodeBalance", "NodeInfo", "WaterLevel", "TargetLoadPacking", "ExpectedOverload"];

/// Applies events that must be accepted.
fn apply_all(s: &mut Scheduler, now_ms: u64, events: &[Event]) {
    for event in events {
        s.apply(event, now_ms).unwrap_or_else(|error| panic!("{event:?}: {error}"));
    }
}

fn profile_of(names: &[&str]) -> serde_json::Value {
    let policies: Vec<_> = names.iter().map(|name| serde_json::json!({ "name": name })).collect();
    serde_json::json!({ "name": "extremes", "policies": policies })
}

fn amounts(cpu: i64, memory: i64) -> Resources {
    [("cpu", cpu), ("memory", memory)].map(|(name, amount)| (name.to_owned(), amount)).into()
}

fn node(cpu: i64, memory: i64) -> Event {
    let mut allocatable = amounts(cpu, memory);
    allocatable.insert("pods".to_owned(), 1_000);
    Event::NodeAdded(NodeSpec { name: "node".to_owned(), allocatable, ..NodeSpec::default() })
}

fn pod(name: usize, owner: usize, containers: Vec<Container>) -> PodSpec {
    let owner = Some(Owner { kind: "Job".to_owned(), name: format!("job-{owner}") });
    let template = PodTemplate { owner, containers, ..PodTemplate::default() };
    PodSpec { namespace: "ns".to_owned(), name: name.to_string(), template, terminating: false }
}

fn bound(name: usize, at_ms: u64) -> Event {
    Event::PodBound { namespace: "ns".to_owned(), name: name.to_string(), node: "node".to_owned(), at_ms }
}

/// Amounts at both ends of the range and around the places where sums, and hundred times a sum, cease to be exact in a float.
fn amount() -> impl Strategy<Value = i64> {
    let near = (prop::sample::select(vec![0u32, 20, 40, 42, 43, 44, 46]), -3i64..=3);
    near.prop_map(|(bits, by)| ((1i64 << bits) + by).clamp(0, MAX_QUANTITY))
}

/// Of a dump, what is said of the one node.
fn node_part(s: &Scheduler) -> String {
    let dump = s.cluster().dump();
    dump.lines().take_while(|line| !["pod ", "quantum "].iter().any(|start| line.starts_with(start))).collect()
}

proptest! {
    #[test]
    fn what_is_released_is_released_whole_and_scores_stay_in_range(
        machine in (amount(), amount()),
        pods in prop::collection::vec((amount(), amount(), 0..3usize, amount(), 0..4u64), 1..24),
    ) {
        let mut s = scheduler(&profile_of(&POLICIES), 1);
        apply_all(&mut s, 0, &[node(machine.0, machine.1)]);

        let empty = node_part(&s);
        for (i, &(cpu, memory, owner, used, hours)) in pods.iter().enumerate() {
            let now_ms = DAY_MS + i as u64 * 600_000;
            let container = Container { requests: amounts(cpu, memory), ..Container::default() };
            apply_all(&mut s, now_ms, &[Event::PodAdded(pod(i, owner, vec![container]))]);
            let sample = Sample { at_ms: now_ms - hours * 3_600_000, window_ms: 3_600_000, cpu_milli: used, memory_bytes: used };
            let event = Event::PodSample { namespace: "ns".to_owned(), name: i.to_string(), sample };
            s.apply(&event, now_ms).expect("a sample");
            let id = pod_id(s.cluster(), &("ns".to_owned(), i.to_string()));
            for policy in s.evaluate(id, now_ms).expect("a pod that waits").answers {
                prop_assert!(policy.raw.iter().all(|raw| (0..=MAX_QUANTITY).contains(raw)), "{policy:?}");
                prop_assert!(policy.scores.iter().all(|score| (0..=100).contains(score)), "{policy:?}");
            }
            let before = node_part(&s);
            match s.apply(&bound(i, now_ms), now_ms) {
                Ok(()) => {}
                Err(ClusterError::TooLarge { .. }) => prop_assert_eq!(node_part(&s), before),
                Err(error) => prop_assert!(false, "{}", error),
            }
        }
        for i in 0..pods.len() {
            apply_all(&mut s, 0, &[Event::PodRemoved { namespace: "ns".to_owned(), name: i.to_string() }]);
        }
        prop_assert_eq!(node_part(&s), empty);
    }

    #[test]
    fn resource_scores_equal_integer_arithmetic(allocatable in 1..=MAX_QUANTITY, held in amount(), asked in amount(), most: bool) {
        let kind = if most { "MostAllocated" } else { "LeastAllocated" };
        let config = serde_json::json!({ "scoringStrategy": { "type": kind, "resources": [{ "name": "memory", "weight": 1 }] } });
        let profile = serde_json::json!({ "name": "one", "policies": [{ "name": "NodeResourcesFit", "config": config }] });
        let mut s = scheduler(&profile, 1);
        apply_all(&mut s, 0, &[node(MAX_QUANTITY, allocatable)]);
        let with = |memory: i64| vec![Container { requests: amounts(1, memory), ..Container::default() }];
        apply_all(&mut s, 0, &[Event::PodAdded(pod(0, 0, with(held))), bound(0, 0), Event::PodAdded(pod(1, 0, with(asked)))]);
        let id = pod_id(s.cluster(), &("ns".to_owned(), "1".to_owned()));
        let evaluation = s.evaluate(id, 0).expect("a pod that waits");
        let requested = held + asked;
        prop_assert_eq!(evaluation.feasible.is_empty(), asked > 0 && requested > allocatable);
        let part = |amount: i64| i128::from(amount) * 100 / i128::from(allocatable);
        let score = if most { part(requested.min(allocatable)) } else { part((allocatable - requested).max(0)) };
        for raw in &evaluation.answers[0].raw {
            prop_assert_eq!(i128::from(*raw), score);
        }
    }
}

#[test]
fn defaults_that_add_up_beyond_the_largest_quantity_are_refused() {
    let mut s = scheduler(&profile_of(&["NodeResourcesFit"]), 1);
    apply_all(&mut s, 0, &[node(MAX_QUANTITY, MAX_QUANTITY)]);
    // A thousand containers that request no memory count as 200 MiB each when room is scored: 335 such pods fit below 2^46.
    let mut refused = None;
    for i in 0..400 {
        apply_all(&mut s, 0, &[Event::PodAdded(pod(i, 0, vec![Container::default(); 1_000]))]);
        if let Err(error) = s.apply(&bound(i, 0), 0) {
            refused = Some((i, error.to_string()));
            break;
        }
    }
    let (at, text) = refused.expect("a sum beyond the bound");
    assert_eq!(at, 335);
    assert_eq!(
        text,
        "pod `ns/335`: the sum of requests of memory on node `node` is beyond 70368744177664 (2^46), the largest quantity"
    );
    assert_eq!(s.cluster().amounts(s.cluster().row_of("node").expect("the node"), "memory")[1], 0);
}

#[test]
fn a_time_beyond_the_latest_is_refused_by_name() {
    let mut s = scheduler(&profile_of(&["NodeInfo"]), 1);
    apply_all(&mut s, 0, &[node(1, 1)]);
    let late = sched_core::limits::MAX_TIME_MS + 1;
    let sample = Sample { at_ms: late, window_ms: 1, cpu_milli: 1, memory_bytes: 1 };
    let error = s.apply(&Event::NodeSample { name: "node".to_owned(), sample }, 0).expect_err("a time out of range");
    assert!(error.to_string().contains("when the sample was taken: 9007199254740993 ms is beyond"), "{error}");
    assert!(s.apply(&node(1, 1), late).expect_err("a time out of range").to_string().contains("MAX_TIME_MS"));
}

#[test]
fn use_that_is_predicted_beyond_the_largest_quantity_counts_as_that_and_is_given_back() {
    let mut s = scheduler(&profile_of(&["NodeInfo", "ExpectedOverload"]), 1);
    apply_all(&mut s, 0, &[node(MAX_QUANTITY, 1)]);
    // Four times what it asks for, hour after hour.
    let (request, hours) = (MAX_QUANTITY / 4, 20);
    let container = Container { requests: amounts(request, 0), ..Container::default() };
    for i in 0..4 {
        apply_all(&mut s, 0, &[Event::PodAdded(pod(i, 0, vec![container.clone()]))]);
    }
    for hour in 0..hours {
        let at_ms = DAY_MS + hour * 3_600_000;
        let sample = Sample { at_ms, window_ms: 3_600_000, cpu_milli: MAX_QUANTITY, memory_bytes: 0 };
        let event = Event::PodSample { namespace: "ns".to_owned(), name: "0".to_owned(), sample };
        s.apply(&event, at_ms).expect("a sample");
    }
    let now_ms = DAY_MS + hours * 3_600_000;
    let unseen = |s: &Scheduler| {
        let part = node_part(s);
        let load = part.split("load [").nth(1).and_then(|load| load.split(']').next()).expect("the load").to_owned();
        load.split("Some(").nth(4).and_then(|cell| cell.split(')').next()?.parse::<f64>().ok()).expect("a number")
    };
    s.apply(&bound(0, now_ms), now_ms).expect("room");
    let one = unseen(&s);
    assert!(one > 0.6 * MAX_QUANTITY as f64 && one <= MAX_QUANTITY as f64, "{one}");
    for i in 1..3 {
        s.apply(&bound(i, now_ms), now_ms).expect("room");
        assert_eq!(unseen(&s), MAX_QUANTITY as f64);
    }
    let waiting = pod_id(s.cluster(), &("ns".to_owned(), "3".to_owned()));
    let answers = s.evaluate(waiting, now_ms).expect("a pod that waits").answers;
    let overload = answers.iter().find(|a| a.policy == "ExpectedOverload").expect("the policy");
    assert_eq!(overload.raw, [MAX_QUANTITY]);
    for (name, left) in [("2", MAX_QUANTITY as f64), ("1", one), ("0", 0.0)] {
        apply_all(&mut s, now_ms, &[Event::PodRemoved { namespace: "ns".to_owned(), name: name.to_owned() }]);
        assert_eq!(unseen(&s), left);
    }
}

/// A policy of somebody else's, which says what it likes of nodes by their row.
struct Wild(Normalize, Vec<i64>);

impl Policy for Wild {
    fn manifest(&self) -> Manifest {
        Manifest { scores: true, normalize: self.0, ..Manifest::new("Wild") }
    }

    fn score(&self, _: &PodView<'_>, _: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        for (row, out) in rows.iter().zip(out) {
            *out = self.1[row % self.1.len()];
        }
    }
}

proptest! {
    #[test]
    fn scores_out_of_range_are_held_to_it(
        how in prop::sample::select(vec![Normalize::None, Normalize::Max, Normalize::MaxReversed, Normalize::MinMaxReversed]),
        raw in prop::collection::vec(prop_oneof![any::<i64>(), -3i64..104, Just(i64::MIN), Just(i64::MAX)], 1..20),
        weight in prop_oneof![Just(1i64), Just(1_000_000)],
    ) {
        let nodes = raw.len();
        let mut s = Scheduler::with_policies(vec![(Box::new(Wild(how, raw)), weight)], 1).expect("one policy");
        for i in 0..nodes {
            apply_all(&mut s, 0, &[Event::NodeAdded(NodeSpec { name: format!("node-{i}"), ..NodeSpec::default() })]);
        }
        apply_all(&mut s, 0, &[Event::PodAdded(pod(0, 0, Vec::new()))]);
        let id = pod_id(s.cluster(), &("ns".to_owned(), "0".to_owned()));
        let evaluation = s.evaluate(id, 0).expect("a pod that waits");
        prop_assert!(evaluation.answers[0].scores.iter().all(|score| (0..=100).contains(score)), "{:?}", evaluation.answers[0]);
        let decision = s.decide(id, 0).expect("a node");
        prop_assert_eq!(Some(decision.row), evaluation.chosen);
        prop_assert_eq!(Some(&decision.total), evaluation.totals.iter().max());
    }
}
