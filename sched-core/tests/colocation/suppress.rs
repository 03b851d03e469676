//! How BE and OT are squeezed and let go again.

use crate::generate::{config as cases, curve};
use crate::world::*;
use proptest::prelude::*;
use sched_core::colocation::*;

fn node(online: i64, offline: i64, second: u64) -> (NodeReport, u64) {
    let now_ms = T0 + second * 1_000;
    let pods = [pod(Qos::Ls, (0, 0), (online, 0)), pod(Qos::Be, (0, 0), (offline, 0))];
    (NodeReport { at_ms: now_ms, ..with(&pods) }, now_ms)
}

fn step(state: &mut SuppressState, online: i64, offline: i64, second: u64) -> Suppression {
    let (report, now_ms) = node(online, offline, second);
    state.step(&SuppressConfig::default(), &report, now_ms).expect("a sound report")
}

#[test]
fn be_may_use_what_is_left_below_the_level() {
    let report = NodeReport { system_used: amounts(5_000, 0), ..node(20_000, 0, 0).0 };
    let now = SuppressState::default().step(&SuppressConfig::default(), &report, T0).expect("a sound report");
    assert_eq!((now.limit_milli, now.cpus(), now.quota_us()), (40_000, 40, 4_000_000));
    let text = "BE and OT may use 40000m: 65% of 100000m, less 20000m online and 5000m of the system, at least 2000m";
    assert_eq!(now.to_string(), text);
}

#[test]
fn the_limit_falls_at_once_and_rises_in_steps() {
    let mut state = SuppressState::default();
    assert_eq!(step(&mut state, 0, 0, 0).limit_milli, 65_000);
    assert_eq!(step(&mut state, 50_000, 0, 1).limit_milli, 15_000);
    assert_eq!(step(&mut state, 0, 0, 2).limit_milli, 25_000);
    assert_eq!(step(&mut state, 0, 0, 4).limit_milli, 45_000);
    assert_eq!(step(&mut state, 0, 0, 60).limit_milli, 65_000);
}

#[test]
fn be_keeps_its_floor_however_busy_the_node_is() {
    let mut state = SuppressState::default();
    assert_eq!(step(&mut state, 100_000, 0, 0).limit_milli, 2_000);
    let config = SuppressConfig { floor_percent: 10, ..SuppressConfig::default() };
    let (report, now_ms) = node(100_000, 0, 1);
    assert_eq!(state.step(&config, &report, now_ms + 60_000).expect("sound").limit_milli, 10_000);
}

#[test]
fn small_changes_are_not_worth_a_write_and_the_floor_is() {
    let mut state = SuppressState::default();
    step(&mut state, 20_000, 0, 0);
    assert_eq!(step(&mut state, 21_000, 0, 1).limit_milli, 45_000);
    assert_eq!(step(&mut state, 21_001, 0, 2).limit_milli, 43_999);
    step(&mut state, 62_500, 0, 3);
    assert_eq!(step(&mut state, 63_500, 0, 4).limit_milli, 2_000);
}

#[test]
fn cores_of_lsx_are_not_left_to_be_though_idle() {
    let report = NodeReport { at_ms: T0, ..with(&[pod(Qos::Lsx, (80_000, 0), (1_000, 0))]) };
    let now = SuppressState::default().step(&SuppressConfig::default(), &report, T0).expect("a sound report");
    assert_eq!(now.limit_milli, 20_000);
}

#[test]
fn admission_stops_below_the_level_of_suppression_and_opens_again_further_down() {
    let mut state = SuppressState::default();
    assert!(step(&mut state, 30_000, 30_000, 0).admit);
    let stopped = step(&mut state, 30_000, 30_001, 1);
    assert!(!stopped.admit && stopped.limit_milli > 30_001, "{stopped}");
    assert!(!step(&mut state, 30_000, 25_001, 2).admit);
    assert!(step(&mut state, 30_000, 25_000, 3).admit);
}

#[test]
fn admission_stops_where_be_uses_more_than_cores_of_lsx_leave_it() {
    let report = with(&[pod(Qos::Lsx, (80_000, 0), (1_000, 0)), pod(Qos::Be, (0, 0), (20_001, 0))]);
    assert!(!SuppressState::default().step(&SuppressConfig::default(), &report, T0).expect("a sound report").admit);
}

#[test]
fn stale_samples_mean_requests() {
    let report = with(&[pod(Qos::Ls, (50_000, 0), (0, 0))]);
    let now = SuppressState::default().step(&SuppressConfig::default(), &report, T0 + 60_001).expect("sound");
    assert_eq!(now.limit_milli, 15_000);
}

#[test]
fn an_admission_level_at_the_level_of_suppression_is_refused() {
    let config = SuppressConfig { admission_level_percent: 65, ..SuppressConfig::default() };
    let error = SuppressState::default().step(&config, &machine(), T0).expect_err("no hysteresis");
    let text = "`admissionLevelPercent` is 65, which must be below `levelPercent` (65): otherwise what is admitted is suppressed at once";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_limit_becomes_a_quota_with_its_reason() {
    let now = step(&mut SuppressState::default(), 45_000, 0, 0);
    let change = now.wanted("besteffort").from(Level::Unlimited);
    let plan = plan(vec![change]).expect("one change");
    let text = "set cpu.max of `besteffort` to `2000000 100000` because BE and OT may use 20000m: \
                65% of 100000m, less 45000m online and 0m of the system, at least 2000m";
    assert_eq!(plan.iter().map(ToString::to_string).collect::<Vec<_>>(), [text]);
}

prop_compose! {
    fn settings()(level in 1_u32..=100, gap in 0_u32..20, floor in 0_u32..30, cpus in 0_u32..8, raise in 1_u32..=100,
        band in 0_u32..=10, below in 1_u32..=100, stale in 1_u64..600_000) -> SuppressConfig {
        SuppressConfig {
            level_percent: level, admission_level_percent: level.saturating_sub(below), reopen_gap_percent: gap,
            floor_percent: floor, floor_cpus: cpus, raise_percent_per_s: raise, dead_band_percent: band,
            stale_after_ms: stale,
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn the_limit_stays_between_floor_and_what_is_left(config in settings(), curve in curve()) {
        let mut state = SuppressState::default();
        for (now_ms, report) in &curve {
            let now = state.step(&config, report, *now_ms).expect("a sound report");
            let band = report.capacity.cpu * i64::from(config.dead_band_percent) / 100;
            let left = report.capacity.cpu * i64::from(config.level_percent) / 100 - now.online_milli - now.system_milli;
            prop_assert!(now.limit_milli <= (left + band).max(now.floor_milli), "{now:?}");
            prop_assert!(now.limit_milli >= now.floor_milli.min(now.goal_milli));
        }
    }

    #[test]
    fn admission_is_closed_whenever_be_uses_more_than_is_left(config in settings(), curve in curve()) {
        let mut state = SuppressState::default();
        for (now_ms, report) in &curve {
            let now = state.step(&config, report, *now_ms).expect("a sound report");
            let left = report.capacity.cpu * i64::from(config.level_percent) / 100 - now.online_milli - now.system_milli;
            prop_assert!(!now.admit || now.offline_milli <= left.max(now.floor_milli), "{now:?}");
        }
    }

    #[test]
    fn a_restored_limit_goes_on_where_it_was(config in settings(), curve in curve()) {
        let (mut kept, mut restored) = (SuppressState::default(), SuppressState::default());
        for (now_ms, report) in &curve {
            let saved = serde_json::to_string(&restored).expect("plain data");
            restored = serde_json::from_str(&saved).expect("what was just written");
            let now = kept.step(&config, report, *now_ms).expect("a sound report");
            prop_assert_eq!(now, restored.step(&config, report, *now_ms).expect("a sound report"));
        }
    }

    #[test]
    fn more_online_use_never_raises_the_goal(config in settings(), curve in curve(), more in 0_i64..5_000) {
        let (now_ms, report) = &curve[0];
        let mut busier = report.clone();
        busier.pods.push(PodReport::new("more", Qos::Ls, Amounts::new(more, 0)).using(Amounts::new(more, 0)));
        let one = SuppressState::default().step(&config, report, *now_ms).expect("a sound report");
        let two = SuppressState::default().step(&config, &busier, *now_ms).expect("a sound report");
        prop_assert!(two.limit_milli <= one.limit_milli);
    }
}
