//! The order of events, and what is known when, seen by a host that writes everything down.

use super::*;
use crate::resource::cpu_pod;
use crate::trace::TracePod;
use crate::usage::{Curve, Usage};
use sched_core::{NodeSpec, Sample};
use std::sync::Arc;

const MINUTE_MS: u64 = 60_000;

/// Nodes with room for one pod each; the lowest free one is chosen.
#[derive(Default)]
struct Recorder {
    free: Vec<bool>,
    bound: Vec<Option<usize>>,
    log: Vec<String>,
    /// Now, and the sample.
    samples: Vec<(u64, Sample)>,
}

impl Recorder {
    fn new(nodes: usize, pods: usize) -> Self {
        Self { free: vec![true; nodes], bound: vec![None; pods], ..Self::default() }
    }
}

impl Host for Recorder {
    fn add_pod(&mut self, pod: Known<'_>, now_ms: u64) -> Result<(), SimError> {
        self.log.push(format!("{now_ms} add {}", pod.index));
        Ok(())
    }

    fn place(&mut self, pod: Known<'_>, now_ms: u64) -> Result<Option<usize>, SimError> {
        let node = self.free.iter().position(|&free| free);
        self.log.push(format!("{now_ms} place {} {node:?}", pod.index));
        if let Some(node) = node {
            self.free[node] = false;
            self.bound[pod.index] = Some(node);
        }
        Ok(node)
    }

    fn reasons(&mut self, pod: Known<'_>, now_ms: u64) -> Result<Vec<String>, SimError> {
        self.log.push(format!("{now_ms} why {}", pod.index));
        Ok(vec!["full".into()])
    }

    fn remove_pod(&mut self, pod: Known<'_>, now_ms: u64) -> Result<(), SimError> {
        self.log.push(format!("{now_ms} remove {}", pod.index));
        if let Some(node) = self.bound[pod.index].take() {
            self.free[node] = true;
        }
        Ok(())
    }

    fn node_sample(&mut self, node: usize, sample: Sample, now_ms: u64) -> Result<(), SimError> {
        self.log.push(format!("{now_ms} node {node} at {} {}", sample.at_ms, sample.cpu_milli));
        self.samples.push((now_ms, sample));
        Ok(())
    }

    fn pod_sample(&mut self, pod: Known<'_>, sample: Sample, now_ms: u64) -> Result<(), SimError> {
        assert!(self.bound[pod.index].is_some(), "samples of pods that are gone are dropped");
        let Sample { at_ms, window_ms, cpu_milli, .. } = sample;
        self.log.push(format!("{now_ms} pod {} at {at_ms} {cpu_milli} over {window_ms}", pod.index));
        self.samples.push((now_ms, sample));
        Ok(())
    }
}

fn pod(name: &str, cpu_milli: i64, arrive_ms: u64, end_ms: Option<u64>) -> TracePod {
    TracePod { spec: cpu_pod(name, cpu_milli), arrive_ms, end_ms, usage: None }
}

fn trace(nodes: usize, pods: Vec<TracePod>, horizon_ms: u64) -> Trace {
    let node = |index| NodeSpec { name: format!("node-{index}"), ..NodeSpec::default() };
    let nodes = (0..nodes).map(node).collect();
    Trace { name: "test".into(), nodes, pods, horizon_ms, measured_ms: 0..horizon_ms }
}

fn play(trace: &Trace, delay_ms: u64) -> (Outcome, Recorder) {
    let clockwork = Clockwork { metrics_delay_ms: delay_ms, sample_interval_ms: MINUTE_MS };
    drive(trace, clockwork, Recorder::new(trace.nodes.len(), trace.pods.len()), &mut |_| {}).unwrap()
}

#[test]
fn departures_come_before_arrivals_and_file_order_decides_among_these() {
    let pods = vec![pod("late", 1, 5, None), pod("first", 1, 0, Some(5)), pod("second", 2, 5, None)];
    let (outcome, host) = play(&trace(1, pods, 10), 0);
    let expected = [
        "0 add 1",
        "0 place 1 Some(0)",
        "5 remove 1",
        "5 add 0",
        "5 place 0 Some(0)",
        "5 add 2",
        "5 place 2 None",
        "10 why 2",
    ];
    assert_eq!(host.log, expected);
    assert_eq!(outcome.unplaced, [Unplaced { pod: 2, reasons: vec!["full".into()] }]);
    assert_eq!((outcome.placements.len(), outcome.failed_attempts), (2, 1));
}

#[test]
fn pods_that_wait_are_tried_in_order_when_room_is_freed_and_given_up_at_their_end() {
    let pods = vec![
        pod("runs", 1, 0, Some(20)),
        pod("gives-up", 2, 1, Some(15)),
        pod("waits", 3, 2, Some(40)),
        pod("waits-more", 4, 3, None),
        pod("arrives-then", 5, 20, None),
    ];
    let (outcome, host) = play(&trace(1, pods, 100), 0);
    let placed: Vec<_> = outcome.placements.iter().map(|p| (p.pod, p.bind_ms)).collect();
    assert_eq!(placed, [(0, 0), (2, 20), (3, 40)]);
    assert!(host.log.contains(&"15 why 1".into()) && host.log.contains(&"15 remove 1".into()), "{:?}", host.log);
    assert_eq!(outcome.unplaced.iter().map(|u| u.pod).collect::<Vec<_>>(), [1, 4]);
}

#[test]
fn equal_pods_are_not_asked_for_twice_in_a_round() {
    let pods = vec![pod("a", 1, 0, Some(9)), pod("b", 1, 1, None), pod("c", 1, 2, None), pod("d", 1, 3, None)];
    let (_, host) = play(&trace(1, pods, 10), 0);
    let at_9: Vec<_> = host.log.iter().filter(|line| line.starts_with("9 place")).collect();
    assert_eq!(at_9, ["9 place 1 Some(0)", "9 place 2 None"]);
}

/// One node, one pod from `arrive_ms` on, whose use changes every half minute.
fn used(arrive_ms: u64, end_ms: Option<u64>) -> Trace {
    let curve = Arc::new(Curve::new(MINUTE_MS / 2, vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]));
    let mut pod = pod("a", 1000, arrive_ms, end_ms);
    pod.usage = Some(Usage { curve, request_milli: 1000.0 });
    trace(1, vec![pod], 5 * MINUTE_MS)
}

#[test]
fn a_sample_is_the_mean_of_its_window_and_arrives_after_the_delay() {
    let (_, host) = play(&used(MINUTE_MS / 2, Some(4 * MINUTE_MS - 30_000)), 90_000);
    let samples: Vec<_> = host.log.iter().filter(|line| line.contains(" at ")).collect();
    let expected = [
        "150000 node 0 at 60000 100",
        "150000 pod 0 at 60000 200 over 30000",
        "210000 node 0 at 120000 350",
        "270000 node 0 at 180000 550",
    ];
    assert_eq!(samples, expected, "the pod is gone at 210000, before its second sample is due");
}

#[test]
fn what_pods_used_before_they_left_counts_for_the_node() {
    let (_, host) = play(&used(0, Some(90_000)), 0);
    let nodes: Vec<_> = host.log.iter().filter(|line| line.contains("node 0")).collect();
    assert_eq!(nodes[..3], ["60000 node 0 at 60000 150", "120000 node 0 at 120000 150", "180000 node 0 at 180000 0"]);
}

#[test]
fn nothing_newer_than_the_delay_allows_is_ever_known() {
    for delay_ms in [0, 30_000, MINUTE_MS, 170_000] {
        let (_, host) = play(&used(0, None), delay_ms);
        assert!(host.samples.iter().all(|(now_ms, sample)| sample.at_ms + delay_ms <= *now_ms));
        let due = (1..5).filter(|minute| minute * MINUTE_MS + delay_ms < 5 * MINUTE_MS).count();
        assert_eq!(host.samples.len(), 2 * due, "and everything that is due is known, with a delay of {delay_ms} ms");
    }
}
