//! Who goes when memory has long been short, and that nobody goes before.

use crate::generate::{config as cases, curve, report};
use crate::world::*;
use proptest::prelude::*;
use sched_core::colocation::*;

fn memory(qos: Qos, name: &str, priority: Priority, requested: i64, used: i64) -> PodReport {
    PodReport { priority, ..PodReport::new(name, qos, amounts(0, requested)).using(amounts(0, used)) }
}

/// 70 of 100 GiB in use, 40 of them by BE and OT.
fn short() -> Vec<PodReport> {
    vec![
        memory(Qos::Ls, "online", Priority::P4, 0, 30),
        memory(Qos::Be, "within", Priority::P4, 10, 10),
        memory(Qos::Be, "above", Priority::P4, 5, 10),
        memory(Qos::Be, "important", Priority::P3, 0, 10),
        memory(Qos::Ot, "ot", Priority::P4, 20, 10),
    ]
}

struct Node {
    state: ShortageState,
    pods: Vec<PodReport>,
}

impl Node {
    fn new(pods: Vec<PodReport>) -> Self {
        Self { state: ShortageState::default(), pods }
    }

    fn at(&mut self, second: u64) -> Shortage {
        self.by(&MemoryConfig::default(), second)
    }

    fn by(&mut self, config: &MemoryConfig, second: u64) -> Shortage {
        let now_ms = T0 + second * 1_000;
        let report = NodeReport { at_ms: now_ms, ..with(&self.pods) };
        self.state.memory(config, &report, now_ms).expect("a sound report")
    }

    fn victims(&mut self, config: &MemoryConfig) -> Vec<String> {
        let last = [0, 20, 40, 60].map(|second| self.by(config, second)).into_iter().next_back();
        last.expect("four").victims.into_iter().map(|victim| victim.name).collect()
    }
}

#[test]
fn nobody_goes_before_the_shortage_has_lasted() {
    let mut node = Node::new(short());
    for second in [0, 20, 40, 59] {
        let now = node.at(second);
        assert_eq!((now.breach, now.victims), (Breach::Since { since_ms: T0 }, vec![]), "{second}");
    }
    let now = node.at(60);
    assert_eq!(now.breach, Breach::Sustained { since_ms: T0 });
    assert_eq!((now.need, now.victims.len(), now.victims[0].frees), (2 * GIB, 1, 10 * GIB));
}

#[test]
fn a_shortage_begins_at_the_level() {
    let mut pods = short();
    assert_ne!(Node::new(pods.clone()).at(0).breach, Breach::No);
    pods[0].used = Some(Amounts::new(0, 30 * GIB - 1));
    assert_eq!(Node::new(pods).at(0).breach, Breach::No);
}

#[test]
fn one_sample_below_the_level_ends_a_shortage() {
    let mut node = Node::new(short());
    node.at(0);
    node.at(30);
    let pods = std::mem::replace(&mut node.pods, vec![memory(Qos::Ls, "online", Priority::P0, 0, 69)]);
    assert_eq!(node.at(45).breach, Breach::No);
    node.pods = pods;
    assert_eq!(node.at(60).breach, Breach::Since { since_ms: T0 + 60_000 });
    assert_eq!(node.at(90).victims, []);
}

#[test]
fn what_lies_between_samples_too_far_apart_is_no_proof() {
    let mut node = Node::new(short());
    node.at(0);
    assert_eq!(node.at(31).breach, Breach::Since { since_ms: T0 + 31_000 });
}

#[test]
fn a_stale_sample_is_no_proof_and_the_same_one_twice_is_none_either() {
    let mut node = Node::new(short());
    for second in [0, 20, 40] {
        node.at(second);
    }
    let old = NodeReport { at_ms: T0 + 40_000, ..with(&node.pods) };
    let again = node.state.memory(&MemoryConfig::default(), &old, T0 + 70_000).expect("a sound report");
    assert_eq!((again.breach, again.victims), (Breach::Since { since_ms: T0 }, vec![]));
    let stale = node.state.memory(&MemoryConfig::default(), &old, T0 + 70_001).expect("a sound report");
    assert_eq!(stale.breach, Breach::No);
}

#[test]
fn the_effect_of_an_eviction_is_waited_for() {
    let mut node = Node::new(short());
    assert_eq!(node.victims(&MemoryConfig::default()), ["ot"]);
    for second in [80, 100, 119] {
        assert_eq!(node.at(second).victims, [], "{second}");
    }
    assert_eq!(node.at(120).victims.len(), 1);
}

#[test]
fn one_sample_evicts_once() {
    let config = MemoryConfig {
        sustain: SustainConfig { cool_down_ms: 0, ..SustainConfig::default() },
        ..MemoryConfig::default()
    };
    let mut node = Node::new(short());
    assert_eq!(node.victims(&config), ["ot"]);
    assert_eq!(node.by(&config, 60).victims, []);
    assert_eq!(node.by(&config, 61).victims.len(), 1);
}

#[test]
fn pods_on_their_way_out_are_not_evicted_again() {
    let mut pods = short();
    pods[4].terminating = true;
    let all = MemoryConfig { evict_percent: 1, release_percent: 0, ..MemoryConfig::default() };
    assert_eq!(Node::new(pods).victims(&all), ["above", "within", "important"]);
}

#[test]
fn the_order_is_priority_then_ot_then_use_above_requests_then_the_youngest() {
    let all = MemoryConfig { evict_percent: 1, release_percent: 0, ..MemoryConfig::default() };
    let mut pods = short();
    pods.push(PodReport { started_ms: 7, ..memory(Qos::Be, "younger", Priority::P4, 10, 10) });
    assert_eq!(Node::new(pods).victims(&all), ["ot", "above", "younger", "within", "important"]);
}

#[test]
fn online_and_protected_pods_never_go() {
    let all = MemoryConfig { evict_percent: 1, release_percent: 0, ..MemoryConfig::default() };
    let mut pods = short();
    for pod in &mut pods {
        pod.evictable = pod.qos.online();
    }
    assert_eq!(Node::new(pods).victims(&all), [""; 0]);
}

#[test]
fn a_pod_that_frees_nothing_stays() {
    let mut pods = short();
    pods[4].used = None;
    pods[0].used = Some(amounts(0, 40));
    assert_eq!(Node::new(pods).victims(&MemoryConfig::default()), ["above"]);
}

#[test]
fn memory_of_pods_on_their_way_out_counts_as_freed() {
    let mut pods = short();
    pods[4].terminating = true;
    let mut node = Node::new(pods);
    assert_eq!(node.victims(&MemoryConfig::default()), [""; 0]);
}

#[test]
fn levels_that_contradict_each_other_are_refused() {
    let config = MemoryConfig { evict_percent: 70, release_percent: 70, ..MemoryConfig::default() };
    let error = ShortageState::default().memory(&config, &machine(), T0).expect_err("no release");
    assert!(
        error.to_string().starts_with("`releasePercent` is 70, which must be below `evictPercent` (70)"),
        "{error}"
    );
    let config = StarvationConfig { satisfied_percent: 61, ..StarvationConfig::default() };
    let error = ShortageState::default().starvation(&config, &machine(), 0, T0).expect_err("too high");
    assert_eq!(error.to_string(), "`satisfiedPercent` is 61: it must lie in 0..=60");
}

#[test]
fn time_that_goes_back_leaves_the_shortage_as_it_was() {
    let mut node = Node::new(short());
    node.at(30);
    let before = node.state;
    let report = NodeReport { at_ms: T0, ..with(&node.pods) };
    assert!(node.state.memory(&MemoryConfig::default(), &report, T0).is_err());
    assert_eq!(node.state, before);
}

#[test]
fn a_saved_shortage_that_is_longer_than_its_samples_is_refused() {
    let mut node = Node::new(short());
    node.at(0);
    let saved = serde_json::to_string(&node.state).expect("plain data");
    let torn = saved.replace(&format!("\"since\":{T0}"), &format!("\"since\":{}", T0 + 50_000));
    assert_ne!(saved, torn);
    node.state = serde_json::from_str(&torn).expect("plain data");
    let report = NodeReport { at_ms: T0 + 20_000, ..with(&node.pods) };
    let refused = node.state.memory(&MemoryConfig::default(), &report, T0 + 20_000);
    assert!(matches!(refused, Err(ColocationError::State(_))), "{refused:?}");
}

fn total(report: &NodeReport) -> i64 {
    report.system_used.memory + report.pods.iter().filter_map(|pod| pod.used).map(|used| used.memory).sum::<i64>()
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn no_eviction_without_an_unbroken_row_of_samples_above_the_level(
        curve in curve(), evict in 1_u32..80, sustain_ms in 1_u64..120_000, gap_ms in 1_u64..250_000
    ) {
        let sustain = SustainConfig { sustain_ms, gap_ms, cool_down_ms: 0 };
        let config = MemoryConfig { evict_percent: evict, release_percent: 0, sustain };
        let mut state = ShortageState::default();
        let mut row: Vec<u64> = Vec::new();
        let mut newest = None;
        for (now_ms, report) in &curve {
            if newest.is_none_or(|newest| report.at_ms > newest) {
                let above = i128::from(total(report)) * 100 >= i128::from(report.capacity.memory) * i128::from(evict);
                if !above || newest.is_some_and(|newest| report.at_ms - newest > gap_ms) {
                    row.clear();
                }
                if above {
                    row.push(report.at_ms);
                }
                newest = Some(report.at_ms);
            }
            let now = state.memory(&config, report, *now_ms).expect("a sound report");
            let lasted = row.last().zip(row.first()).is_some_and(|(last, first)| last - first >= sustain_ms);
            prop_assert!(now.victims.is_empty() || lasted, "{row:?}: {now:?}");
            if now.breach == Breach::No {
                row.clear();
            }
        }
    }

    #[test]
    fn the_victims_are_offline_enough_and_none_too_many(report in report(), release in 0_u32..50) {
        let sustain = SustainConfig { sustain_ms: 1, gap_ms: 10_000, cool_down_ms: 0 };
        let config = MemoryConfig { evict_percent: release + 1, release_percent: release, sustain };
        let mut state = ShortageState::default();
        let step = |state: &mut ShortageState, report: &NodeReport, at_ms| {
            let report = NodeReport { at_ms, ..report.clone() };
            state.memory(&config, &report, at_ms).expect("a sound report")
        };
        step(&mut state, &report, T0);
        let mut turned = report.clone();
        turned.pods.reverse();
        let mut other = state;
        let now = step(&mut state, &report, T0 + 1_000);
        let of = |name: &str| report.pods.iter().find(|pod| pod.name == name).expect("a pod of the report");
        prop_assert!(now.victims.iter().all(|victim| !of(&victim.name).qos.online()));
        let freed: i64 = now.victims.iter().map(|victim| victim.frees).sum();
        let last = now.victims.last().map_or(0, |victim| victim.frees);
        prop_assert!(now.victims.is_empty() || freed - last < now.need, "{now:?}");
        let could: i64 = report.pods.iter().filter(|pod| !pod.qos.online() && pod.evictable && !pod.terminating)
            .filter_map(|pod| pod.used).map(|used| used.memory).sum();
        let ripe = matches!(now.breach, Breach::Sustained { .. });
        prop_assert!(!ripe || freed >= now.need.min(could), "{now:?}");
        let again = step(&mut other, &turned, T0 + 1_000);
        let frees = |shortage: &Shortage| shortage.victims.iter().map(|victim| victim.frees).sum::<i64>();
        prop_assert_eq!(frees(&now), frees(&again));
    }
}
