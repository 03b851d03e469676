//! What the formulas offer, rule by rule.

use crate::world::*;
use sched_core::colocation::*;

fn config() -> CapacityConfig {
    CapacityConfig { ot_memory_percent: 0, ..CapacityConfig::default() }
}

fn all(formula: Formula) -> CapacityConfig {
    CapacityConfig { formula: Each { cpu: formula, memory: formula }, ..config() }
}

#[test]
fn an_empty_node_offers_its_levels() {
    assert_eq!(target(&config(), &machine()).be.target, amounts(60_000, 65));
}

#[test]
fn the_three_formulas_charge_use_request_and_the_larger_of_both() {
    let mut report = with(&[pod(Qos::Ls, (20_000, 10), (5_000, 20)), pod(Qos::Ls, (10_000, 10), (15_000, 5))]);
    report.system_used = amounts(2_000, 3);
    report.annotated_reserve = amounts(1_000, 4);
    let be = |formula| target(&all(formula), &report).be.target;
    assert_eq!(be(Formula::Usage), amounts(60_000 - 2_000 - 20_000, 65 - 4 - 25));
    assert_eq!(be(Formula::Request), amounts(60_000 - 1_000 - 30_000, 65 - 4 - 20));
    assert_eq!(be(Formula::MaxUsageRequest), amounts(60_000 - 2_000 - 35_000, 65 - 4 - 30));
}

#[test]
fn a_pod_without_a_sample_counts_with_what_it_asks_for_by_every_formula() {
    let report = with(&[PodReport::new("new", Qos::Ls, amounts(20_000, 30))]);
    for formula in [Formula::Usage, Formula::Request, Formula::MaxUsageRequest] {
        assert_eq!(target(&all(formula), &report).be.target, amounts(40_000, 35), "{formula:?}");
    }
}

#[test]
fn the_largest_of_system_use_and_both_reserves_counts() {
    let be = |used: i64, annotated: i64, kubelet: i64| {
        let report = NodeReport {
            system_used: amounts(used, 0),
            annotated_reserve: amounts(annotated, 0),
            allocatable: amounts(100_000 - kubelet, 100),
            ..machine()
        };
        target(&config(), &report).be.target.cpu
    };
    assert_eq!(be(7_000, 2_000, 3_000), 53_000);
    assert_eq!(be(1_000, 8_000, 3_000), 52_000);
    assert_eq!(be(1_000, 2_000, 9_000), 51_000);
}

#[test]
fn idle_cores_of_lsx_and_lsr_are_not_sold_and_those_of_ls_are() {
    let be = |qos| target(&config(), &with(&[pod(qos, (10_000, 0), (2_000, 0))])).be.target.cpu;
    assert_eq!([be(Qos::Lsx), be(Qos::Lsr), be(Qos::Ls)], [50_000, 50_000, 58_000]);
}

#[test]
fn a_class_that_lends_half_is_charged_for_half_of_what_is_idle() {
    let config = CapacityConfig { lend_percent: LendPercent { lsx: 0, lsr: 50, ls: 100 }, ..config() };
    let be = target(&config, &with(&[pod(Qos::Lsr, (10_000, 0), (2_000, 0))])).be.target.cpu;
    assert_eq!(be, 60_000 - 2_000 - 4_000);
}

#[test]
fn memory_of_every_class_counts_by_use() {
    let be = |qos| target(&config(), &with(&[pod(qos, (0, 20), (0, 5))])).be.target.memory;
    assert_eq!([be(Qos::Lsx), be(Qos::Lsr), be(Qos::Ls)], [60 * GIB; 3]);
}

#[test]
fn a_terminating_pod_keeps_its_room() {
    let leaving = PodReport { terminating: true, ..pod(Qos::Ls, (10_000, 10), (10_000, 10)) };
    assert_eq!(target(&config(), &with(&[leaving])).be.target, amounts(50_000, 55));
}

#[test]
fn ot_is_offered_the_cpu_that_be_does_not_use() {
    let report = with(&[pod(Qos::Ls, (0, 0), (10_000, 0)), pod(Qos::Be, (40_000, 0), (15_000, 0))]);
    let config = CapacityConfig { ot_cpu_level_percent: 55, ..config() };
    let offer = target(&config, &report);
    assert_eq!((offer.be.target.cpu, offer.ot.target.cpu), (50_000, 30_000));
}

#[test]
fn memory_is_offered_to_be_or_to_ot_and_never_to_both() {
    let config = CapacityConfig { ot_memory_percent: 20, ..config() };
    let report = with(&[pod(Qos::Ls, (0, 0), (0, 15)), pod(Qos::Be, (0, 20), (0, 5))]);
    let offer = target(&config, &report);
    // 65 - 15 are left, of which BE holds 20; a fifth of the other 30 goes to OT.
    assert_eq!((offer.be.target.memory, offer.ot.target.memory), (44 * GIB, 6 * GIB));
}

#[test]
fn pods_of_ot_never_raise_the_memory_of_be() {
    let config = CapacityConfig { ot_memory_percent: 20, ..config() };
    let be = |ot: &[PodReport]| target(&config, &with(ot)).be.target.memory;
    assert!(be(&[pod(Qos::Ot, (0, 30), (0, 10))]) < be(&[]));
    assert!(be(&[pod(Qos::Ot, (0, 10), (0, 30))]) < be(&[]));
}

#[test]
fn ot_gives_way_when_memory_runs_short() {
    let report = with(&[pod(Qos::Ls, (0, 0), (0, 40)), pod(Qos::Be, (0, 20), (0, 20)), pod(Qos::Ot, (0, 10), (0, 10))]);
    let offer = target(&config(), &report);
    assert_eq!((offer.be.target.memory, offer.ot.target.memory), (20 * GIB, 5 * GIB));
}

#[test]
fn requests_and_offers_together_stay_within_the_promise() {
    let config = CapacityConfig { promise_percent: Each { cpu: 120, memory: 110 }, ..config() };
    let idle = with(&[pod(Qos::Ls, (90_000, 90), (0, 0))]);
    let offer = target(&config, &idle);
    assert_eq!((offer.be.target.cpu, offer.ot.target.cpu), (30_000, 0));
    assert_eq!(offer.be.target.memory + offer.ot.target.memory, 20 * GIB);
}

#[test]
fn nothing_is_offered_where_requests_alone_break_the_promise() {
    let report = with(&[pod(Qos::Ls, (250_000, 200), (0, 0))]);
    let offer = target(&config(), &report);
    assert_eq!((offer.be.target, offer.ot.target), (Amounts::default(), Amounts::default()));
}

#[test]
fn a_zone_pays_for_the_pods_that_are_bound_to_it() {
    let zone = |id| ZoneReport { id, capacity: amounts(50_000, 50) };
    let bound = PodReport { zones: vec![1], ..pod(Qos::Ls, (0, 0), (10_000, 5)) };
    let report = NodeReport { zones: vec![zone(0), zone(1)], ..with(&[bound, pod(Qos::Ls, (0, 0), (6_000, 1))]) };
    let offer = target(&config(), &report);
    let cpu: Vec<i64> = offer.zones.iter().map(|zone| zone.target.be.cpu).collect();
    assert_eq!(cpu, [27_000, 17_000]);
}

#[test]
fn a_pod_that_is_bound_to_some_zones_counts_there_with_equal_shares_rounded_up() {
    let zone = |id| ZoneReport { id, capacity: amounts(30_000, 30) };
    let bound = PodReport { zones: vec![0, 2], ..pod(Qos::Ls, (0, 0), (5_001, 0)) };
    let spread = pod(Qos::Ls, (0, 0), (1_000, 0));
    let report = NodeReport { zones: vec![zone(0), zone(1), zone(2)], ..with(&[bound, spread]) };
    let cpu: Vec<i64> = target(&config(), &report).zones.iter().map(|zone| zone.target.be.cpu).collect();
    assert_eq!(cpu, [18_000 - 334 - 2_501, 18_000 - 334, 18_000 - 334 - 2_501]);
}

#[test]
fn zones_share_what_the_node_has_where_one_of_them_is_over_its_level() {
    let zone = |id| ZoneReport { id, capacity: amounts(50_000, 50) };
    let bound = PodReport { zones: vec![0], ..pod(Qos::Ls, (0, 0), (50_000, 0)) };
    let report = NodeReport { zones: vec![zone(0), zone(1)], ..with(&[bound]) };
    let offer = target(&config(), &report);
    let cpu: Vec<i64> = offer.zones.iter().map(|zone| zone.target.be.cpu).collect();
    // The zones alone would have 0 and 30,000; the node has 10,000.
    assert_eq!((offer.be.target.cpu, cpu), (10_000, vec![0, 10_000]));
}

#[test]
fn an_offer_says_how_it_came_about() {
    let report = NodeReport { system_used: amounts(7_000, 12), ..with(&[pod(Qos::Ls, (40_000, 60), (33_000, 33))]) };
    let offer = target(&config(), &report);
    let text = "cpu: BE 20000m, OT 20000m: 60% of 100000m, less 7000m of the system and 33000m online (use)";
    assert_eq!(offer.terms.cpu.to_string(), text);
}
