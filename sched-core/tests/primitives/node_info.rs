//! Node info, real time.

use super::world::{GIB, HOUR, MINUTE, SECOND, World, cpu, node, of_app, pod};

fn world(config: &str) -> World {
    let mut world = World::new("NodeInfo", config);
    world.node(node("a", 10_000, 100));
    world.node(node("b", 10_000, 100));
    world
}

const CPU: &str = "memoryWeight: 0";

#[test]
fn the_score_is_the_weighted_headroom_after_placement() {
    let mut world = world("{cpuWeight: 3, memoryWeight: 1}");
    world.sample("a", MINUTE, 4_000, 20 * GIB);
    world.sample("b", MINUTE, 0, 0);
    let probe = world.pod(&pod("probe", &[("cpu", 1_000), ("memory", 10 * GIB)]));
    // CPU: 5000 of 10000 are left, memory: 70 of 100 GiB.
    let scores = world.scores(probe, MINUTE);
    assert_eq!((scores["a"], scores["b"]), ((3 * 50 + 70) / 4, 90));
}

#[test]
fn pods_placed_since_the_sample_are_added_once_by_estimate() {
    let mut world = world(&format!("{{{CPU}}}"));
    world.sample("a", 10 * MINUTE, 2_000, 0);
    let probe = world.pod(&cpu("probe", 0));
    assert_eq!(world.score(probe, "a", 11 * MINUTE), 80);
    world.bound(&cpu("p", 3_000), "a", 11 * MINUTE);
    assert_eq!(world.score(probe, "a", 11 * MINUTE), 50);
    // Its window covers the pod's life in part: still by estimate.
    world.sample("a", 11 * MINUTE + 30 * SECOND, 2_100, 0);
    assert_eq!(world.score(probe, "a", 12 * MINUTE), 49);
    // Now in full: by sample alone.
    world.sample("a", 12 * MINUTE, 4_000, 0);
    assert_eq!(world.score(probe, "a", 13 * MINUTE), 60);
}

#[test]
fn a_stale_sample_counts_for_nothing() {
    let mut world = world(&format!("{{{CPU}, staleAfterSeconds: 120}}"));
    world.bound(&cpu("p", 7_000), "a", 0);
    world.sample("a", 10 * MINUTE, 500, 0);
    let probe = world.pod(&cpu("probe", 0));
    let scores = [10, 12, 13].map(|minutes| world.score(probe, "a", minutes * MINUTE));
    assert_eq!(scores, [95, 95, 30]);
    // A high one neither.
    world.sample("b", 10 * MINUTE, 9_900, 0);
    assert_eq!(world.score(probe, "b", 13 * MINUTE), 100);
}

#[test]
fn missing_data_means_what_the_setting_says_and_never_idle() {
    let score = |missing: &str| {
        let mut world = world(&format!("{{{CPU}, missing: {missing}}}"));
        world.bound(&cpu("p", 6_000), "a", 0);
        let probe = world.pod(&cpu("probe", 1_000));
        world.score(probe, "a", MINUTE)
    };
    assert_eq!(["requests", "profile", "full"].map(score), [30, 30, 0]);
}

#[test]
fn pods_without_requests_are_not_taken_for_nothing() {
    let mut world = world(&format!("{{{CPU}}}"));
    for i in 0..20 {
        world.bound(&pod(&format!("p{i}"), &[]), "a", 0);
    }
    let probe = world.pod(&cpu("probe", 0));
    assert_eq!(world.score(probe, "a", MINUTE), 80);
}

/// A world in which pods of `busy` are known to use 900m, with one on node `a`, at 30 hours.
fn with_profile(config: &str) -> (World, sched_core::PodId) {
    let mut world = world(config);
    world.history("busy", "b", 900, 30);
    for i in 0..5 {
        world.bound(&of_app(&format!("busy-{i}"), "busy"), "a", HOUR);
    }
    let probe = world.pod(&cpu("probe", 0));
    (world, probe)
}

#[test]
fn the_larger_of_profile_and_live_counts_by_default() {
    let (mut world, probe) = with_profile(&format!("{{{CPU}}}"));
    world.sample("a", 30 * HOUR, 1_000, 0);
    let by_profile = world.score(probe, "a", 30 * HOUR);
    assert!((53..=57).contains(&by_profile), "{by_profile}");
    world.sample("a", 30 * HOUR, 8_000, 0);
    assert_eq!(world.score(probe, "a", 30 * HOUR), 20);
}

#[test]
fn a_blend_moves_from_live_to_profile_with_age() {
    let (mut world, probe) = with_profile(&format!("{{{CPU}, combine: blend, staleAfterSeconds: 300}}"));
    world.sample("a", 30 * HOUR, 1_000, 0);
    let scores = [0, 75, 150, 300].map(|seconds| world.score(probe, "a", 30 * HOUR + seconds * SECOND));
    assert_eq!(scores[0], 90);
    assert!(scores.is_sorted_by(|a, b| a > b), "{scores:?}");
    assert!((53..=57).contains(&scores[3]), "{scores:?}");
}

#[test]
fn without_a_profile_a_blend_is_the_live_use() {
    let mut world = world(&format!("{{{CPU}, combine: blend}}"));
    world.sample("a", MINUTE, 1_000, 0);
    let probe = world.pod(&cpu("probe", 0));
    assert_eq!([1, 3, 5].map(|minutes| world.score(probe, "a", minutes * MINUTE)), [90, 90, 90]);
}

#[test]
fn without_a_fresh_sample_the_profile_may_stand_alone() {
    let score = |missing: &str| {
        let (mut world, probe) = with_profile(&format!("{{{CPU}, missing: {missing}}}"));
        world.score(probe, "a", 30 * HOUR)
    };
    let profile = score("profile");
    assert!((53..=57).contains(&profile), "{profile}");
    assert_eq!((score("requests"), score("full")), (50, 0));
}

#[test]
fn a_resource_that_a_node_lacks_leaves_the_average() {
    let mut world = World::new("NodeInfo", "{}");
    world.node(node("a", 10_000, 0));
    world.node(node("b", 0, 0));
    world.sample("a", MINUTE, 2_500, 0);
    let probe = world.pod(&cpu("probe", 0));
    let scores = world.scores(probe, MINUTE);
    assert_eq!((scores["a"], scores["b"]), (75, 0));
}

#[test]
fn wrong_settings_are_refused_by_name() {
    for (config, names) in [
        ("{staleAfterSeconds: 0}", "staleAfterSeconds"),
        ("{cpuWeight: 0, memoryWeight: 0}", "cpuWeight"),
        ("{cpuWeight: 101}", "101"),
        ("{missing: idle}", "idle"),
        ("{staleAfter: 3}", "staleAfter"),
    ] {
        let error = World::refused("NodeInfo", config).err().unwrap();
        assert!(error.contains(names), "{error}");
    }
}
