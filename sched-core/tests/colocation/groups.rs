//! What control groups say by class.

use crate::world::GIB;
use sched_core::colocation::*;

const ASKS: Asks =
    Asks { cpu_request: 2_000, cpu_limit: Some(4_000), memory_request: 2 * GIB, memory_limit: Some(4 * GIB) };

fn says(config: &GroupConfig, qos: Qos, file: CgroupFile) -> Option<Level> {
    let wanted = group(config, "pod", qos, &ASKS).expect("a sound pod");
    wanted.into_iter().find(|wanted| wanted.file == file).map(|wanted| wanted.to)
}

fn by_class(config: &GroupConfig, file: CgroupFile) -> [Option<Level>; 5] {
    Qos::ALL.map(|qos| says(config, qos, file))
}

fn some(amount: impl Into<Option<i64>>) -> Option<Level> {
    amount.into().map(Level::Amount)
}

const UNLIMITED: Option<Level> = Some(Level::Unlimited);

#[test]
fn classes_with_cores_of_their_own_have_no_quota() {
    let quota = by_class(&GroupConfig::default(), CgroupFile::CpuMax);
    assert_eq!(quota, [UNLIMITED, UNLIMITED, some(400_000), some(400_000), some(400_000)]);
}

#[test]
fn ot_is_idle_or_has_the_lowest_identity() {
    let idle = by_class(&GroupConfig::default(), CgroupFile::CpuIdle);
    assert_eq!(idle, [some(0), some(0), some(0), some(0), some(1)]);
    let config = GroupConfig { identity: Identity::Bvt, ..GroupConfig::default() };
    assert_eq!(by_class(&config, CgroupFile::CpuIdentity), [some(2), some(2), some(2), some(-1), some(-1)]);
}

#[test]
fn weights_follow_requests_as_kubelet_has_them_and_an_idle_group_has_none() {
    let weights = by_class(&GroupConfig::default(), CgroupFile::CpuWeight);
    // 2,000 m are 2,048 shares.
    assert_eq!(weights, [some(79), some(79), some(79), some(79), None]);
    let config = GroupConfig { identity: Identity::Bvt, ..GroupConfig::default() };
    assert_eq!(says(&config, Qos::Ot, CgroupFile::CpuWeight), some(1));
}

#[test]
fn only_ls_saves_up_for_a_burst() {
    let config = GroupConfig { burst_percent: 50, ..GroupConfig::default() };
    assert_eq!(by_class(&config, CgroupFile::CpuBurst), [None, None, some(200_000), None, None]);
}

#[test]
fn memory_is_protected_and_throttled_where_the_class_says_so() {
    let config = GroupConfig {
        memory_min_percent: ByQos { ls: 50, ..ByQos::default() },
        memory_low_percent: ByQos { ls: 100, ..ByQos::default() },
        memory_high_percent: ByQos { be: 75, ..ByQos::default() },
        ..GroupConfig::default()
    };
    let files = [CgroupFile::MemoryMin, CgroupFile::MemoryLow, CgroupFile::MemoryHigh, CgroupFile::MemoryMax];
    let of = |qos| files.map(|file| says(&config, qos, file));
    assert_eq!(of(Qos::Ls), [some(GIB), some(2 * GIB), UNLIMITED, some(4 * GIB)]);
    assert_eq!(of(Qos::Be), [some(0), some(0), some(3 * GIB), some(4 * GIB)]);
}

#[test]
fn protection_never_exceeds_where_throttling_begins() {
    let config = GroupConfig {
        memory_low_percent: ByQos { be: 100, ..ByQos::default() },
        memory_high_percent: ByQos { be: 25, ..ByQos::default() },
        ..GroupConfig::default()
    };
    assert_eq!(says(&config, Qos::Be, CgroupFile::MemoryLow), some(GIB));
}

#[test]
fn what_is_never_reclaimed_is_not_reclaimed_first_either() {
    let config = GroupConfig { memory_min_percent: ByQos { ls: 50, ..ByQos::default() }, ..GroupConfig::default() };
    assert_eq!(says(&config, Qos::Ls, CgroupFile::MemoryLow), some(GIB));
}

#[test]
fn a_burst_beyond_the_quota_and_a_negative_limit_are_refused() {
    let config = GroupConfig { burst_percent: 101, ..GroupConfig::default() };
    assert!(matches!(group(&config, "pod", Qos::Ls, &ASKS), Err(ColocationError::Setting { .. })));
    let asks = Asks { cpu_limit: Some(-1), ..ASKS };
    let error = group(&GroupConfig::default(), "pod", Qos::Ls, &asks).expect_err("negative");
    assert_eq!(error.to_string(), "limit of `pod`: cpu is -1: quantities are never negative");
}
