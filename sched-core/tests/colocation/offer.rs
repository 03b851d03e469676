//! How offers move in time, and what bad input does.

use crate::world::*;
use sched_core::colocation::*;

/// Down 12 % (12,000 m) and up 6 % (6,000 m) a minute, after a minute of more.
fn config() -> CapacityConfig {
    let moves = Moves { down_percent_per_min: 12, up_percent_per_min: 6, rise_after_ms: 60_000 };
    CapacityConfig { moves, ot_memory_percent: 0, ..CapacityConfig::default() }
}

struct Node {
    state: OfferState,
    now_s: u64,
}

impl Node {
    fn new() -> Self {
        Self { state: OfferState::default(), now_s: T0 / 1_000 }
    }

    /// The offer after so many seconds of this online use.
    fn after(&mut self, seconds: u64, online_used: i64) -> Offer {
        self.now_s += seconds;
        let mut report = with(&[pod(Qos::Ls, (0, 0), (online_used, 0)), pod(Qos::Be, (10_000, 0), (10_000, 0))]);
        report.at_ms = self.now_s * 1_000;
        self.state.step(&config(), &report, report.at_ms).expect("a sound report")
    }
}

#[test]
fn a_fresh_state_offers_what_runs_already_and_rises_from_there() {
    let mut node = Node::new();
    assert_eq!(node.after(0, 0).be.offered.cpu, 10_000);
    assert_eq!(node.after(60, 0).be.offered.cpu, 10_000);
    assert_eq!(node.after(60, 0).be.offered.cpu, 16_000);
    assert_eq!(node.after(3_600, 0).be.offered.cpu, 60_000);
}

#[test]
fn a_spike_takes_little_from_the_offer_and_stops_admission_at_once() {
    let mut node = Node::new();
    node.after(0, 0);
    node.after(3_600, 0);
    let spike = node.after(10, 50_000);
    assert_eq!((spike.be.offered.cpu, spike.be.target.cpu), (58_000, 10_000));
    assert_eq!(spike.be.admissible.cpu, 0);
    let after = node.after(10, 0);
    assert_eq!((after.be.offered.cpu, after.be.admissible.cpu), (58_000, 48_000));
}

#[test]
fn an_offer_rises_only_after_a_pause() {
    let mut node = Node::new();
    node.after(0, 0);
    node.after(3_600, 0);
    node.after(600, 50_000);
    assert_eq!(node.after(30, 0).be.offered.cpu, 10_000);
    assert_eq!(node.after(10, 50_000).be.offered.cpu, 10_000);
    assert_eq!(node.after(59, 0).be.offered.cpu, 10_000);
    assert_eq!(node.after(2, 0).be.offered.cpu, 10_100);
}

#[test]
fn an_offer_below_what_is_promised_admits_nobody_and_takes_nothing_back() {
    let mut node = Node::new();
    node.after(0, 0);
    let offer = node.after(3_600, 58_000);
    assert_eq!((offer.be.offered.cpu, offer.be.promised.cpu, offer.be.admissible.cpu), (2_000, 10_000, 0));
}

#[test]
fn new_requests_take_from_the_offer_at_once_where_the_promise_demands_it() {
    let config = CapacityConfig { promise_percent: Each { cpu: 100, memory: 100 }, ..config() };
    let mut state = OfferState::default();
    let step = |state: &mut OfferState, requested: i64, now_ms: u64| {
        let report = NodeReport { at_ms: now_ms, ..with(&[pod(Qos::Ls, (requested, 0), (0, 0))]) };
        state.step(&config, &report, now_ms).expect("a sound report").be.offered.cpu
    };
    step(&mut state, 0, T0);
    assert_eq!(step(&mut state, 0, T0 + 3_600_000), 60_000);
    assert_eq!(step(&mut state, 70_000, T0 + 3_600_000), 30_000);
}

#[test]
fn the_offer_of_a_small_machine_moves_too() {
    let capacity = Amounts::new(400, 400);
    let report = |at_ms| NodeReport { at_ms, capacity, allocatable: capacity, ..NodeReport::default() };
    let mut state = OfferState::default();
    state.step(&config(), &report(T0), T0).expect("a sound report");
    let now_ms = T0 + 70_000;
    // 6 % of 400 a minute are less than 1 a second.
    assert_eq!(state.step(&config(), &report(now_ms), now_ms).expect("a sound report").be.offered.cpu, 10);
}

#[test]
fn stale_samples_mean_requests_and_never_idle() {
    let report = with(&[pod(Qos::Ls, (40_000, 40), (0, 0))]);
    let config = config();
    let mut state = OfferState::default();
    let mut step = |age_ms: u64, now_ms: u64| {
        let report = NodeReport { at_ms: now_ms - age_ms, ..report.clone() };
        state.step(&config, &report, now_ms).expect("a sound report")
    };
    step(0, T0);
    assert_eq!(step(0, T0 + 3_600_000).be.offered, amounts(60_000, 65));
    let late = step(900_001, T0 + 3_600_000);
    assert_eq!((late.stale, late.be.target), (true, amounts(20_000, 25)));
    let in_time = step(900_000, T0 + 3_600_000);
    assert_eq!((in_time.stale, in_time.be.target), (false, amounts(60_000, 65)));
    assert_eq!(step(900_001, T0 + 7_200_000).be.offered, amounts(20_000, 25));
}

#[test]
fn stale_samples_never_raise_an_offer() {
    let busy = with(&[pod(Qos::Ls, (0, 0), (60_000, 65))]);
    let mut state = OfferState::default();
    state.step(&config(), &busy, T0).expect("a sound report");
    let offer = state.step(&config(), &busy, T0 + 86_400_000).expect("a sound report");
    assert!(offer.stale);
    assert_eq!(offer.be.offered, Amounts::default());
}

#[test]
fn stale_samples_withdraw_the_offer_where_that_is_the_setting() {
    let config = CapacityConfig { when_stale: WhenStale::Withdraw, ..config() };
    let mut state = OfferState::default();
    state.step(&config, &machine(), T0).expect("a sound report");
    let full = NodeReport { at_ms: T0 + 3_600_000, ..machine() };
    assert_eq!(state.step(&config, &full, T0 + 3_600_000).expect("sound").be.offered, amounts(60_000, 65));
    let offer = state.step(&config, &full, T0 + 3_600_000 + 900_001).expect("sound");
    assert_eq!(offer.be.offered, Amounts::default());
}

fn refused(change: impl FnOnce(&mut CapacityConfig, &mut NodeReport)) -> String {
    let (mut config, mut report) = (config(), with(&[pod(Qos::Ls, (1_000, 1), (1_000, 1))]));
    change(&mut config, &mut report);
    let mut state = OfferState::default();
    state.step(&CapacityConfig::default(), &machine(), T0).expect("a sound report");
    let before = state.clone();
    let error = state.step(&config, &report, T0).expect_err("bad input");
    assert_eq!(state, before, "{error}");
    error.to_string()
}

#[test]
fn bad_reports_are_refused_by_name() {
    let text = refused(|_, report| report.pods[0].requested.cpu = -1);
    assert_eq!(text, "request of pod `LS`: cpu is -1: quantities are never negative");
    let text = refused(|_, report| report.pods[0].used = Some(amounts(110_001, 0)));
    assert_eq!(text, "use of pod `LS`: cpu is 110001, more than the node's capacity of 100000");
    let text = refused(|_, report| report.capacity.memory = (1 << 46) + 1);
    assert_eq!(text, "the node's capacity: memory is beyond 70368744177664 (2^46, MAX_QUANTITY), the largest quantity");
    let text = refused(|_, report| report.allocatable.cpu = 100_001);
    assert_eq!(text, "the node's allocatable: cpu is 100001, more than the node's capacity of 100000");
    let zone = |id, cpu| ZoneReport { id, capacity: amounts(cpu, 0) };
    let text = refused(|_, report| report.zones = vec![zone(3, 1), zone(3, 1)]);
    assert_eq!(text, "zone 3 is there twice");
    let text = refused(|_, report| report.zones = vec![zone(0, 60_000), zone(1, 60_000)]);
    assert_eq!(text, "the zones have 120000 of cpu together, the node 100000");
    let text = refused(|_, report| report.pods[0].zones = vec![7]);
    assert_eq!(text, "pod `LS`: zone 7 is named twice or is not a zone of the node");
    let text = refused(|_, report| report.zones = (0..65).map(|id| zone(id, 1)).collect());
    assert_eq!(text, "65 zones, more than 64 (MAX_ZONES)");
    let text = refused(|_, report| report.at_ms = T0 + 300_001);
    assert!(text.starts_with("the report ended 300001 ms after the present"), "{text}");
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let text = refused(|config, _| config.be_level_percent.cpu = 101);
    assert_eq!(text, "`beLevelPercent.cpu` is 101: it must lie in 0..=100");
    let text = refused(|config, _| config.promise_percent.memory = 1_001);
    assert_eq!(text, "`promisePercent.memory` is 1001: it must lie in 0..=1000");
    let text = refused(|config, _| config.moves.up_percent_per_min = 0);
    assert_eq!(text, "`moves.upPercentPerMin` is 0: it must lie in 1..=6000");
}

#[test]
fn time_that_goes_back_is_refused() {
    let mut state = OfferState::default();
    state.step(&config(), &machine(), T0).expect("a sound report");
    let error = state.step(&config(), &machine(), T0 - 1_000).expect_err("the past");
    assert_eq!(error, ColocationError::TimeBackwards { now_ms: T0 - 1_000, last_ms: T0 });
}

#[test]
fn a_saved_state_that_this_library_did_not_write_is_refused() {
    let mut state = OfferState::default();
    state.step(&config(), &machine(), T0).expect("a sound report");
    let text = serde_json::to_string(&state).expect("plain data");
    let torn = text.replacen("\"offered\":0", "\"offered\":-5", 1);
    assert_ne!(text, torn);
    let mut state: OfferState = serde_json::from_str(&torn).expect("plain data");
    assert!(matches!(state.step(&config(), &machine(), T0), Err(ColocationError::State(_))));
}
