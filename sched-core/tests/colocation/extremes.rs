//! Whatever is handed in, nothing panics and a refusal changes nothing.

use crate::generate::{config as cases, priority, qos, report as sound};
use proptest::prelude::*;
use sched_core::colocation::*;

fn number() -> impl Strategy<Value = i64> {
    let edges = vec![i64::MIN, -1, 0, 1, 999, 64_000, 1 << 40, (1 << 46) - 1, 1 << 46, (1 << 46) + 1, i64::MAX];
    prop_oneof![1 => prop::sample::select(edges), 3 => 0_i64..100_000, 1 => 0_i64..1 << 46]
}

fn time() -> impl Strategy<Value = u64> {
    let edges = vec![0, 1, 999, 1_000, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, u64::MAX];
    prop_oneof![1 => prop::sample::select(edges), 3 => 0_u64..10_000_000]
}

fn percent() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0_u32..=100, 1 => prop::sample::select(vec![101, 1_000, 6_000, u32::MAX])]
}

fn amounts() -> impl Strategy<Value = Amounts> {
    (number(), number()).prop_map(|(cpu, memory)| Amounts::new(cpu, memory))
}

prop_compose! {
    fn pod()(name in "[a-z]{0,3}", qos in qos(), priority in priority(), requested in amounts(),
        used in prop::option::of(amounts()), zones in prop::collection::vec(0_u32..4, 0..4), started_ms in time(),
        [terminating, evictable] in any::<[bool; 2]>()) -> PodReport {
        PodReport { name, qos, priority, requested, used, zones, started_ms, terminating, evictable }
    }
}

prop_compose! {
    fn report()(at_ms in time(), capacity in amounts(), other in [amounts(), amounts(), amounts()],
        equal: bool, pods in prop::collection::vec(pod(), 0..5),
        zones in prop::collection::vec((0_u32..4, amounts()), 0..4)) -> NodeReport {
        let zones = zones.into_iter().map(|(id, capacity)| ZoneReport { id, capacity });
        let [allocatable, annotated_reserve, system_used] = if equal { [capacity; 3] } else { other };
        NodeReport { at_ms, capacity, allocatable, annotated_reserve, system_used, pods, zones: zones.collect() }
    }
}

prop_compose! {
    fn settings()(percents in prop::collection::vec(percent(), 20), times in [time(), time(), time(), time()]) -> ColocationConfig {
        let p = |at: usize| percents[at];
        let sustain = SustainConfig { sustain_ms: times[0], gap_ms: times[1], cool_down_ms: times[2] };
        ColocationConfig {
            capacity: CapacityConfig {
                be_level_percent: Each { cpu: p(0) / 2, memory: p(1) / 2 },
                ot_cpu_level_percent: p(2) / 2,
                lend_percent: LendPercent { lsx: p(3), lsr: p(4), ls: p(5) },
                ot_memory_percent: p(6),
                promise_percent: Each { cpu: p(7).saturating_mul(10), memory: p(8).saturating_mul(10) },
                stale_after_ms: times[3],
                moves: Moves { down_percent_per_min: p(9).saturating_mul(60), up_percent_per_min: p(10), rise_after_ms: times[0] },
                ..CapacityConfig::default()
            },
            suppress: SuppressConfig {
                level_percent: p(11).saturating_add(50), admission_level_percent: p(12) / 2, reopen_gap_percent: p(13),
                floor_percent: p(14), floor_cpus: p(15), raise_percent_per_s: p(16), dead_band_percent: p(17) / 10,
                stale_after_ms: times[3],
            },
            memory: MemoryConfig { evict_percent: p(18).saturating_add(50), release_percent: p(19), sustain },
            starvation: StarvationConfig { sustain, ..StarvationConfig::default() },
        }
    }
}

/// Numbers of a saved state replaced by others.
fn torn(state: &Colocation, numbers: &[i64]) -> Option<Colocation> {
    fn tear(value: &mut serde_json::Value, numbers: &mut impl Iterator<Item = i64>) {
        match value {
            serde_json::Value::Number(_) => *value = numbers.next().unwrap_or(0).into(),
            serde_json::Value::Array(values) => values.iter_mut().for_each(|value| tear(value, numbers)),
            serde_json::Value::Object(fields) => fields.values_mut().for_each(|value| tear(value, numbers)),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(state).expect("plain data");
    tear(&mut value, &mut numbers.iter().copied());
    serde_json::from_value(value).ok()
}

proptest! {
    #![proptest_config(cases(1_024))]

    #[test]
    fn a_node_survives_whatever_it_is_told(
        config in prop_oneof![Just(ColocationConfig::default()), settings()], numbers in prop::collection::vec(number(), 40),
        steps in prop::collection::vec((time(), prop_oneof![report(), sound()]), 1..6)
    ) {
        let mut state = Colocation::default();
        for (now_ms, report) in &steps {
            let before = state.clone();
            if state.step(&config, report, *now_ms).is_err() {
                prop_assert_eq!(&state, &before);
            }
            if let Some(mut torn) = torn(&state, &numbers) {
                let before = torn.clone();
                if torn.step(&config, report, *now_ms).is_err() {
                    prop_assert_eq!(torn, before);
                }
            }
            let _ = system_use(report.capacity, &report.pods);
            for pair in report.pods.windows(2) {
                let _ = (by_cpu(&pair[0], &pair[1]), by_memory(&pair[0], &pair[1]));
            }
        }
    }

    #[test]
    fn the_functions_survive_whatever_they_are_told(
        qos in qos(), n in prop::collection::vec(number(), 24), p in prop::collection::vec(percent(), 6), path in "[a/.\n]{0,4}",
        device in "[0-9:]{0,12}"
    ) {
        let asks = |at: usize| Asks {
            cpu_request: n[at], cpu_limit: Some(n[at + 1]), memory_request: n[at + 2], memory_limit: Some(n[at + 3]),
        };
        let by = ByQos { lsx: p[0], lsr: p[1], ls: p[2], be: p[3], ot: p[4] };
        let config = GroupConfig {
            burst_percent: p[5], memory_min_percent: by, memory_low_percent: by, memory_high_percent: by,
            ..GroupConfig::default()
        };
        let _ = group(&config, &path, qos, &asks(0));
        let groups = [GroupResize { cgroup: path.clone(), from: asks(4), to: asks(8), memory_used: n[12] }];
        let room = Room { allocatable: Amounts::new(n[13], n[14]), free: Amounts::new(n[15], n[16]) };
        let _ = resize(&config, qos, &groups, Amounts::new(n[17], n[18]), &room);
        let _ = Resize { spec: room.free, allocated: room.allocatable, actual: room.free }.confirmed().charged();
        let disks = [Disk { device, shared: true, free_bytes: n[19], read_bps: Some(n[20]), ..Disk::default() }];
        let _ = io_settings(&IoConfig { be_percent: p[0], ot_weight: p[1], ..IoConfig::default() }, qos, &path, &disks);
        let _ = scratch(Scratch::Limited, qos, n[21], &disks);
        let both = |at: usize| Directions { ingress_bps: n[at], egress_bps: n[at + 1] };
        let _ = network_offer(&NetworkConfig { be_level_percent: p[2], ot_level_percent: p[3] }, both(0), both(2), both(4));
        let mut shortage = ShortageState::default();
        let _ = shortage.starvation(&StarvationConfig::default(), &NodeReport::default(), n[22], 0);
        let level = |at: usize| if n[at] % 5 == 0 { Level::Unlimited } else { Level::Amount(n[at]) };
        let change = Wanted { cgroup: path, file: CgroupFile::CpuMax, to: level(0), because: String::new() }.from(level(1));
        let _ = plan(vec![change.clone(), change]);
    }
}
