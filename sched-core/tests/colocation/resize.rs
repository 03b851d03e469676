//! In-place resize: what is charged, what is held back, and in which order settings come.

use crate::generate::config as cases;
use crate::world::{GIB, amounts};
use proptest::prelude::*;
use sched_core::colocation::*;

const fn asks(cpu: i64, gib: i64) -> Asks {
    Asks { cpu_request: cpu, cpu_limit: Some(cpu), memory_request: gib * GIB, memory_limit: Some(gib * GIB) }
}

/// A pod of one container.
fn pod(from: Asks, to: Asks, used_gib: i64) -> [GroupResize; 2] {
    ["pod", "pod/container"].map(|cgroup| GroupResize { cgroup: cgroup.into(), from, to, memory_used: used_gib * GIB })
}

fn decide(qos: Qos, groups: &[GroupResize], free: Amounts) -> ResizeDecision {
    let from = groups[0].from;
    let charged = Amounts::new(from.cpu_request, from.memory_request);
    let room = Room { allocatable: amounts(16_000, 64), free };
    resize(&GroupConfig::default(), qos, groups, charged, &room).expect("a sound pod")
}

fn order(decision: &ResizeDecision) -> Vec<String> {
    decision.settings.iter().map(|setting| format!("{} {}", setting.cgroup, setting.file)).collect()
}

#[test]
fn the_largest_of_spec_allocated_and_actual_is_charged_until_the_shrink_is_confirmed() {
    let grown = Resize { spec: amounts(4_000, 8), ..Resize::at(amounts(2_000, 4)) };
    assert_eq!(grown.charged(), amounts(4_000, 8));
    let shrunk = Resize { spec: amounts(1_000, 2), allocated: amounts(1_000, 2), actual: amounts(2_000, 4) };
    assert_eq!(shrunk.charged(), amounts(2_000, 4));
    assert_eq!(shrunk.confirmed().charged(), amounts(1_000, 2));
    let mixed = Resize { spec: amounts(4_000, 2), ..Resize::at(amounts(2_000, 4)) };
    assert_eq!(mixed.charged(), amounts(4_000, 4));
}

#[test]
fn growing_goes_outside_in_quota_before_weight_and_cpu_before_memory() {
    let decision = decide(Qos::Ls, &pod(asks(2_000, 4), asks(4_000, 8), 1), amounts(8_000, 16));
    let files = ["cpu.max", "cpu.weight", "memory.max"];
    let expected: Vec<_> =
        ["pod", "pod/container"].iter().flat_map(|at| files.map(|file| format!("{at} {file}"))).collect();
    assert_eq!((order(&decision), decision.allocated, decision.held), (expected, amounts(4_000, 8), None));
}

#[test]
fn shrinking_is_the_reverse() {
    let grown = decide(Qos::Ls, &pod(asks(2_000, 4), asks(4_000, 8), 1), amounts(8_000, 16));
    let shrunk = decide(Qos::Ls, &pod(asks(4_000, 8), asks(2_000, 4), 1), amounts(0, 0));
    let mut reversed = order(&grown);
    reversed.reverse();
    assert_eq!((order(&shrunk), shrunk.allocated), (reversed, amounts(2_000, 4)));
}

#[test]
fn memory_never_shrinks_below_use_and_cpu_goes_on() {
    let decision = decide(Qos::Ls, &pod(asks(4_000, 8), asks(2_000, 4), 5), amounts(0, 0));
    assert_eq!(decision.held, Some(Held::MemoryInUse { used: 5 * GIB, limit: 4 * GIB }));
    assert!(decision.settings.iter().all(|setting| !setting.file.name().starts_with("memory")));
    assert_eq!(decision.allocated, amounts(2_000, 8));
}

#[test]
fn a_limit_of_memory_that_grows_is_not_held_though_use_is_above_it() {
    let decision = decide(Qos::Ls, &pod(asks(2_000, 4), asks(2_000, 6), 7), amounts(8_000, 16));
    assert_eq!((decision.held, decision.allocated), (None, amounts(2_000, 6)));
}

#[test]
fn a_burst_goes_before_the_quota_that_it_belongs_to() {
    let to = Asks { cpu_limit: None, ..asks(2_000, 4) };
    let config = GroupConfig { burst_percent: 50, ..GroupConfig::default() };
    let room = Room { allocatable: amounts(16_000, 64), free: amounts(0, 0) };
    let decision = resize(&config, Qos::Ls, &pod(asks(2_000, 4), to, 1)[..1], amounts(2_000, 4), &room).expect("sound");
    let said: Vec<_> = decision.settings.iter().map(|setting| (setting.file.name(), &*setting.value)).collect();
    assert_eq!(said, [("cpu.max.burst", "0"), ("cpu.max", "max 100000")]);
}

#[test]
fn what_the_node_never_has_is_infeasible_and_what_others_have_is_deferred() {
    let free = amounts(1_000, 100);
    let infeasible = decide(Qos::Ls, &pod(asks(2_000, 4), asks(16_001, 4), 1), free);
    let held = infeasible.held.expect("too large");
    assert_eq!(held.to_string(), "infeasible: 16001 of cpu asked for, the node has 16000");
    let deferred = decide(Qos::Ls, &pod(asks(2_000, 4), asks(4_000, 4), 1), free);
    assert_eq!(deferred.held, Some(Held::Deferred { resource: Resource::Cpu, more: 2_000, free: 1_000 }));
    assert_eq!((deferred.settings, deferred.allocated), (vec![], amounts(2_000, 4)));
}

#[test]
fn room_that_is_charged_already_need_not_be_free() {
    let groups = pod(asks(2_000, 4), asks(4_000, 4), 1);
    let room = Room { allocatable: amounts(16_000, 64), free: amounts(0, 0) };
    let decision = resize(&GroupConfig::default(), Qos::Ls, &groups, amounts(4_000, 4), &room).expect("a sound pod");
    assert_eq!(decision.held, None);
}

#[test]
fn a_pod_may_take_all_that_the_node_has_and_all_that_is_free() {
    let decision = decide(Qos::Ls, &pod(asks(2_000, 4), asks(16_000, 64), 1), amounts(14_000, 60));
    assert_eq!((decision.held, decision.allocated), (None, amounts(16_000, 64)));
}

#[test]
fn a_pod_may_shrink_on_a_node_that_has_promised_too_much() {
    let decision = decide(Qos::Ls, &pod(asks(4_000, 8), asks(2_000, 4), 1), amounts(-1_000, -1));
    assert_eq!(decision.held, None);
}

#[test]
fn cores_of_lsx_come_whole_and_are_allotted_elsewhere() {
    let more = decide(Qos::Lsx, &pod(asks(2_000, 4), asks(4_000, 4), 1), amounts(8_000, 8));
    assert_eq!(more.cpus, Some((2, 4)));
    let half = decide(Qos::Lsr, &pod(asks(2_000, 4), asks(2_500, 4), 1), amounts(8_000, 8));
    assert_eq!(half.held, Some(Held::NotWhole { cpu_milli: 2_500 }));
}

#[test]
fn a_container_with_more_than_its_pod_is_refused() {
    let mut groups = pod(asks(2_000, 4), asks(4_000, 4), 1);
    groups[1].to = asks(5_000, 4);
    let room = Room { allocatable: amounts(16_000, 64), free: amounts(8_000, 8) };
    let error = resize(&GroupConfig::default(), Qos::Ls, &groups, amounts(2_000, 4), &room).expect_err("more");
    assert_eq!(error.to_string(), "cpu.max of `pod/container` would end above that of `pod`");
}

fn part() -> impl Strategy<Value = Asks> {
    (1_i64..8, 1_i64..16, any::<[bool; 2]>()).prop_map(|(cpu, gib, [cpu_limit, memory_limit])| {
        let all = asks(cpu * 500, gib);
        let (cpu_limit, memory_limit) =
            (all.cpu_limit.filter(|_| cpu_limit), all.memory_limit.filter(|_| memory_limit));
        Asks { cpu_limit, memory_limit, ..all }
    })
}

fn sum(a: Asks, b: Asks) -> Asks {
    let both = |a: Option<i64>, b: Option<i64>| a.zip(b).map(|(a, b)| a + b);
    Asks {
        cpu_request: a.cpu_request + b.cpu_request,
        cpu_limit: both(a.cpu_limit, b.cpu_limit),
        memory_request: a.memory_request + b.memory_request,
        memory_limit: both(a.memory_limit, b.memory_limit),
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn at_no_step_has_a_container_more_than_its_pod_or_less_memory_than_it_uses(
        from in [part(), part()], to in [part(), part()], used in [0_i64..16, 0_i64..16]
    ) {
        let group = |cgroup: &str, from: Asks, to: Asks, used: i64| {
            let most = from.memory_limit.unwrap_or(i64::MAX);
            GroupResize { cgroup: cgroup.into(), from, to, memory_used: (used * GIB).min(most) }
        };
        let groups = [
            group("pod", sum(from[0], from[1]), sum(to[0], to[1]), used[0] + used[1]),
            group("pod/a", from[0], to[0], used[0]),
            group("pod/b", from[1], to[1], used[1]),
        ];
        let config = GroupConfig { burst_percent: 50, ..GroupConfig::default() };
        let room = Room { allocatable: amounts(64_000, 64), free: amounts(64_000, 64) };
        let decision = resize(&config, Qos::Ls, &groups, Amounts::default(), &room).expect("a sound pod");
        let mut now: Vec<(String, CgroupFile, Level)> = Vec::new();
        for one in &groups {
            let wanted = sched_core::colocation::group(&config, &one.cgroup, Qos::Ls, &one.from).expect("sound");
            now.extend(wanted.into_iter().map(|wanted| (wanted.cgroup, wanted.file, wanted.to)));
        }
        for setting in &decision.settings {
            let first = setting.value.split(' ').next().expect("a value");
            let level = first.parse().map_or(Level::Unlimited, Level::Amount);
            now.retain(|(cgroup, file, _)| (cgroup, *file) != (&setting.cgroup, setting.file));
            now.push((setting.cgroup.clone(), setting.file, level));
            let says = |cgroup: &str, file| now.iter().find(|at| at.0 == cgroup && at.1 == file).map(|at| at.2);
            for one in &groups {
                let memory = says(&one.cgroup, CgroupFile::MemoryMax).expect("always there");
                prop_assert!(memory >= Level::Amount(one.memory_used), "{setting}");
                for file in [CgroupFile::CpuMax, CgroupFile::MemoryMax] {
                    let (inner, outer) = (says(&one.cgroup, file), says("pod", file));
                    prop_assert!(inner == Some(Level::Unlimited) || inner <= outer, "{setting}: {inner:?} {outer:?}");
                }
                let burst = says(&one.cgroup, CgroupFile::CpuBurst).unwrap_or(Level::Amount(0));
                prop_assert!(burst <= says(&one.cgroup, CgroupFile::CpuMax).expect("always there"), "{setting}");
            }
        }
    }
}
