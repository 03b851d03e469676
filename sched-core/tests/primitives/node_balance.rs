//! Node balance.

use super::world::{HOUR, MINUTE, World, cpu, labelled, node, of_app};

fn world(config: &str, nodes: &[&str]) -> World {
    let mut world = World::new("NodeBalance", config);
    for name in nodes {
        world.node(node(name, 10_000, 64));
    }
    world
}

/// A pod that requests so much on a node, and the node's use.
fn load(world: &mut World, node: &str, requested: i64, used: i64) {
    world.bound(&cpu(&format!("on-{node}"), requested), node, 0);
    world.sample(node, 10 * MINUTE, used, 0);
}

const NOW: u64 = 11 * MINUTE;

#[test]
fn the_score_falls_with_the_distance_from_the_pools_ratio_weighted_by_allocation() {
    let mut world = world("{distanceLimit: 50}", &["low", "mean", "high"]);
    // 1000 + 2000 + 3000 of 12000: the pool's ratio is 0.5.
    load(&mut world, "low", 4_000, 1_000);
    load(&mut world, "mean", 4_000, 2_000);
    load(&mut world, "high", 4_000, 3_000);
    let probe = world.pod(&cpu("probe", 1_000));
    // |(U + 1000) / 5000 - 0.5| * 5000 / 10000 in percent: 5, 5 and 15, of 50.
    let scores = world.scores(probe, NOW);
    assert_eq!([scores["low"], scores["mean"], scores["high"]], [90, 90, 70]);
}

#[test]
fn nodes_that_use_much_for_what_is_requested_lose() {
    let mut world = world("{}", &["a", "b"]);
    load(&mut world, "a", 6_000, 5_000);
    load(&mut world, "b", 6_000, 1_000);
    let probe = world.pod(&cpu("probe", 500));
    let scores = world.scores(probe, NOW);
    assert!(scores["a"] < scores["b"], "{scores:?}");
    let decision = world.scheduler.decide(probe, NOW).unwrap();
    assert_eq!(world.scheduler.cluster().node_name(decision.row), Some("b"));
}

#[test]
fn an_empty_node_stands_at_the_pools_ratio() {
    let mut world = world("{}", &["empty", "full"]);
    load(&mut world, "full", 8_000, 4_000);
    // What runs on an empty machine besides pods says nothing about a ratio.
    world.sample("empty", 10 * MINUTE, 300, 0);
    let probe = world.pod(&cpu("probe", 1_000));
    // Only the pod's own distance is left, |1000 - 0.5 * 1000| of 10000: 5 of 50 percent.
    let scores = world.scores(probe, NOW);
    assert_eq!((scores["empty"], scores["full"]), (90, 90));
}

#[test]
fn a_node_of_which_nothing_is_known_stands_there_too() {
    let mut world = world("{staleAfterSeconds: 300}", &["dark", "stale", "seen"]);
    load(&mut world, "seen", 4_000, 2_000);
    world.bound(&cpu("p", 4_000), "dark", 0);
    load(&mut world, "stale", 4_000, 4_000);
    world.sample("seen", 20 * MINUTE, 2_000, 0);
    let probe = world.pod(&cpu("probe", 1_000));
    let scores = world.scores(probe, 20 * MINUTE);
    assert_eq!([scores["dark"], scores["stale"], scores["seen"]], [90, 90, 90]);
}

#[test]
fn the_use_of_the_system_counts() {
    let mut world = world("{}", &["plain", "busy"]);
    load(&mut world, "plain", 5_000, 2_000);
    // The same pods; a daemon outside of Kubernetes uses 2 cores.
    load(&mut world, "busy", 5_000, 4_000);
    let probe = world.pod(&cpu("probe", 1_000));
    let scores = world.scores(probe, NOW);
    assert!(scores["busy"] < scores["plain"], "{scores:?}");
}

#[test]
fn the_incoming_pods_own_profile_counts() {
    let mut world = world("{}", &["low", "high", "spare"]);
    world.history("idle", "spare", 100, 30);
    let at = 30 * HOUR;
    for (node, used) in [("low", 1_000), ("high", 7_000)] {
        world.bound(&cpu(&format!("on-{node}"), 8_000), node, 0);
        world.sample(node, at, used, 0);
    }
    let greedy = world.pod(&cpu("greedy", 1_000));
    let idle = world.pod(&of_app("idle-1", "idle"));
    let (greedy, idle) = (world.scores(greedy, at), world.scores(idle, at));
    // A pod that uses little of what it requests brings the busy node closer to the ratio than one that uses all of it.
    assert!(idle["high"] > greedy["high"], "{idle:?} {greedy:?}");
}

#[test]
fn with_one_side_only_use_above_the_ratio_counts() {
    let mut world = world("{side: above}", &["low", "mean", "high"]);
    load(&mut world, "low", 4_000, 1_000);
    load(&mut world, "mean", 4_000, 2_000);
    load(&mut world, "high", 4_000, 3_000);
    let probe = world.pod(&cpu("probe", 1_000));
    let scores = world.scores(probe, NOW);
    assert_eq!([scores["low"], scores["mean"], scores["high"]], [100, 90, 70]);
}

#[test]
fn pools_have_ratios_of_their_own() {
    let pool = "{nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: In, values: [batch]}]}]}";
    let mut world = world(&format!("{{pools: [{pool}]}}"), &["a", "b"]);
    world.node(labelled("batch", 10_000, "pool", "batch"));
    load(&mut world, "a", 5_000, 1_000);
    load(&mut world, "b", 5_000, 1_000);
    load(&mut world, "batch", 5_000, 5_000);
    let probe = world.pod(&cpu("probe", 1_000));
    let scores = world.scores(probe, NOW);
    // At the pool's ratio of 1 the pod fits exactly; in the rest, of 0.2, it is 800m too much.
    assert_eq!([scores["a"], scores["b"], scores["batch"]], [84, 84, 100]);
}

#[test]
fn the_ratio_moves_in_steps_of_its_quantum() {
    let score = |more: i64| {
        let mut world = world("{distanceLimit: 1}", &["a", "b"]);
        load(&mut world, "a", 5_000, 2_050);
        load(&mut world, "b", 5_000, 2_950 + more);
        let probe = world.pod(&cpu("probe", 1_000));
        world.score(probe, "a", NOW)
    };
    // Of 10000 requested, 4 more in use round to the same thousandth, 5 to the next: 6m less of the 100m that cost 100.
    assert_eq!([0, 4, 5].map(score), [50, 50, 56]);
}

#[test]
fn a_node_without_cpu_scores_nothing() {
    let mut world = world("{}", &["a"]);
    world.node(node("none", 0, 64));
    let probe = world.pod(&cpu("probe", 0));
    assert_eq!(world.score(probe, "none", NOW), 0);
}

#[test]
fn wrong_settings_are_refused_by_name() {
    for (config, names) in [
        ("{distanceLimit: 0}", "distanceLimit"),
        ("{pools: [{}]}", "pools"),
        ("{staleAfterSeconds: 0}", "staleAfterSeconds"),
        ("{side: below}", "below"),
    ] {
        let error = World::refused("NodeBalance", config).err().unwrap();
        assert!(error.contains(names), "{error}");
    }
}
