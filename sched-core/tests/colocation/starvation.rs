//! Who goes when BE has long been left too little CPU.

use crate::world::*;
use sched_core::colocation::*;

fn be(name: &str, asked: i64, used: i64) -> PodReport {
    PodReport { name: name.into(), ..pod(Qos::Be, (asked, 0), (used, 0)) }
}

fn starve(pods: &[PodReport], limit_milli: i64) -> Shortage {
    let mut state = ShortageState::default();
    let steps = [0, 20_000, 40_000, 60_000].map(|after_ms| {
        let report = NodeReport { at_ms: T0 + after_ms, ..with(pods) };
        let now_ms = report.at_ms;
        state.starvation(&StarvationConfig::default(), &report, limit_milli, now_ms).expect("a sound report")
    });
    let [early @ .., last] = steps;
    assert!(early.iter().all(|now| now.victims.is_empty()));
    last
}

#[test]
fn be_pods_go_when_be_is_left_too_little_for_long() {
    // 12 of 40 CPUs are 30 %; 30 CPUs asked for would be satisfied by 40 %.
    let now = starve(&[be("a", 20_000, 4_000), be("b", 10_000, 6_000), be("c", 10_000, 2_000)], 12_000);
    let names: Vec<_> = now.victims.iter().map(|victim| (&*victim.name, victim.frees)).collect();
    assert_eq!((now.need, names), (10_000, vec![("b", 10_000)]));
    let because = "BE has long been left 12000m of CPU, at most 30% of the 40000m it asks for";
    assert_eq!(now.victims[0].because, because);
}

#[test]
fn be_pods_on_their_way_out_count_as_gone() {
    let leaving = PodReport { terminating: true, ..be("b", 10_000, 6_000) };
    let now = starve(&[be("a", 20_000, 4_000), leaving, be("c", 10_000, 2_000)], 12_000);
    assert_eq!((now.need, now.victims), (0, vec![]));
}

#[test]
fn be_that_does_not_use_what_it_is_left_is_not_starving() {
    assert_eq!(starve(&[be("a", 40_000, 10_799)], 12_000).breach, Breach::No);
    assert_ne!(starve(&[be("a", 40_000, 10_800)], 12_000).breach, Breach::No);
}

#[test]
fn be_that_is_left_enough_is_not_starving() {
    assert_eq!(starve(&[be("a", 40_000, 12_001)], 12_001).breach, Breach::No);
}
