//! Generated settings, reports and load curves.

use crate::world::T0;
use proptest::prelude::*;
use sched_core::colocation::*;

pub(crate) use policy_sdk::testing::strategies::config;

const CPU: i64 = 64_000;
const MEMORY: i64 = 1 << 38;

/// Whole numbers of no particular size, so that every rounding is met.
fn amounts(percent: i64) -> impl Strategy<Value = Amounts> {
    (0..=CPU * percent / 100, 0..=MEMORY * percent / 100).prop_map(|(cpu, memory)| Amounts::new(cpu, memory))
}

pub(crate) fn qos() -> impl Strategy<Value = Qos> {
    prop::sample::select(Qos::ALL.to_vec())
}

pub(crate) fn priority() -> impl Strategy<Value = Priority> {
    prop::sample::select(vec![Priority::P0, Priority::P1, Priority::P2, Priority::P3, Priority::P4])
}

pub(crate) fn pod(zones: u32) -> impl Strategy<Value = PodReport> {
    let bound = prop::sample::subsequence((0..zones).collect::<Vec<_>>(), 0..=zones as usize);
    let about = (qos(), priority(), prop::option::weighted(0.9, amounts(20)), any::<[bool; 2]>(), 0..T0);
    (about, amounts(20), bound, 0_u32..40).prop_map(|(about, requested, zones, name)| {
        let (qos, priority, used, [terminating, evictable], started_ms) = about;
        let name = format!("{qos}-{name}");
        PodReport { name, qos, priority, requested, used, zones, started_ms, terminating, evictable }
    })
}

pub(crate) fn report() -> impl Strategy<Value = NodeReport> {
    (0_u32..=4).prop_flat_map(|count| {
        let pods = prop::collection::vec(pod(count), 0..12);
        let capacity = Amounts::new(CPU, MEMORY);
        let reserves = (amounts(10), amounts(10), amounts(15));
        (pods, reserves, prop::collection::vec(amounts(24), count as usize)).prop_map(move |(pods, reserves, zones)| {
            let zones = zones.into_iter().enumerate().map(|(id, capacity)| ZoneReport { id: id as u32, capacity });
            NodeReport {
                at_ms: T0,
                capacity,
                allocatable: capacity.left_after(reserves.0),
                annotated_reserve: reserves.1,
                system_used: reserves.2,
                pods,
                zones: zones.collect(),
            }
        })
    })
}

fn each<T: Copy + std::fmt::Debug>(value: impl Strategy<Value = T> + Clone) -> impl Strategy<Value = Each<T>> {
    (value.clone(), value).prop_map(|(cpu, memory)| Each { cpu, memory })
}

pub(crate) fn capacity_config() -> impl Strategy<Value = CapacityConfig> {
    let formula = prop::sample::select(vec![Formula::Usage, Formula::Request, Formula::MaxUsageRequest]);
    let levels = (each(0_u32..=100), 0_u32..=100, each(50_u32..=300));
    let lend = (0_u32..=100, 0_u32..=100, 0_u32..=100).prop_map(|(lsx, lsr, ls)| LendPercent { lsx, lsr, ls });
    let moves = (1_u32..=300, 1_u32..=300, 0_u64..90_000);
    let stale = (1_u64..600_000, prop::sample::select(vec![WhenStale::ByRequest, WhenStale::Withdraw]));
    (each(formula), levels, lend, 0_u32..=100, moves, stale).prop_map(|(formula, levels, lend, ot, moves, stale)| {
        CapacityConfig {
            formula,
            be_level_percent: levels.0,
            ot_cpu_level_percent: levels.1,
            lend_percent: lend,
            ot_memory_percent: ot,
            promise_percent: levels.2,
            stale_after_ms: stale.0,
            when_stale: stale.1,
            moves: Moves { down_percent_per_min: moves.0, up_percent_per_min: moves.1, rise_after_ms: moves.2 },
        }
    })
}

/// Reports of one machine at rising times, some of them late.
pub(crate) fn curve() -> impl Strategy<Value = Vec<(u64, NodeReport)>> {
    let late = prop_oneof![8 => Just(0_u64), 1 => 0_u64..900_000];
    prop::collection::vec((0_u64..200_000, late, report()), 1..10).prop_map(|steps| {
        let mut now_ms = T0;
        let mut curve = Vec::new();
        for (gap_ms, late_ms, report) in steps {
            now_ms += gap_ms;
            curve.push((now_ms, NodeReport { at_ms: now_ms - late_ms, ..report }));
        }
        curve
    })
}
