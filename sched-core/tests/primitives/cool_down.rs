//! Cool-down of hot nodes.

use super::world::{MINUTE, SECOND, World, cpu, node};
use sched_core::{Event, NodeSpec, ProfileSet};

const SHARE: &str = "{mode: share, halfLifeSeconds: 300, heatLimit: 50}";

fn world(config: &str) -> World {
    let mut world = World::new("CoolDown", config);
    world.node(node("a", 10_000, 64));
    world.node(node("b", 10_000, 64));
    world
}

#[test]
fn the_score_falls_linearly_to_zero_at_the_heat_limit() {
    let mut world = world(SHARE);
    let probe = world.pod(&cpu("probe", 100));
    let mut scores = vec![world.score(probe, "a", MINUTE)];
    for i in 0..6 {
        world.bound(&cpu(&format!("p{i}"), 1_000), "a", MINUTE);
        scores.push(world.score(probe, "a", MINUTE));
    }
    assert_eq!(scores, [100, 80, 60, 40, 20, 0, 0]);
    assert_eq!(world.score(probe, "b", MINUTE), 100);
}

#[test]
fn heat_halves_with_the_half_life_and_ends() {
    let mut world = world(SHARE);
    let probe = world.pod(&cpu("probe", 100));
    world.bound(&cpu("p", 4_000), "a", 0);
    let scores = [0, 5, 10, 15, 60].map(|minutes| world.score(probe, "a", minutes * MINUTE));
    assert_eq!(scores, [20, 60, 80, 90, 100]);
}

#[test]
fn how_often_time_was_looked_at_does_not_matter() {
    let (mut often, mut once) = (world(SHARE), world(SHARE));
    let mut probes = Vec::new();
    for world in [&mut often, &mut once] {
        probes.push(world.pod(&cpu("probe", 100)));
        world.bound(&cpu("p", 4_321), "a", 0);
    }
    for step in 0..200 {
        often.score(probes[0], "a", step * 3 * SECOND);
    }
    assert_eq!(often.score(probes[0], "a", 11 * MINUTE), once.score(probes[1], "a", 11 * MINUTE));
}

#[test]
fn in_count_mode_every_placement_weighs_the_same() {
    let mut world = world("{mode: count, heatLimit: 4}");
    let probe = world.pod(&cpu("probe", 100));
    world.bound(&cpu("small", 1), "a", MINUTE);
    world.bound(&cpu("large", 9_000), "b", MINUTE);
    assert_eq!((world.score(probe, "a", MINUTE), world.score(probe, "b", MINUTE)), (75, 75));
}

#[test]
fn windows_count_placements_by_step() {
    let mut world = world("{mode: windows, windows: [{seconds: 300, step: 3}, {seconds: 60, step: 2}]}");
    let probe = world.pod(&cpu("probe", 100));
    for i in 0..7 {
        world.bound(&cpu(&format!("p{i}"), 1), "a", 10 * MINUTE);
    }
    // floor(7 / 3) + floor(7 / 2), then the short window has passed, then both.
    let at = |world: &mut World, minutes| world.score(probe, "a", minutes * MINUTE);
    assert_eq!([10, 11, 15].map(|minutes| at(&mut world, minutes)), [50, 80, 100]);
    for i in 7..40 {
        world.bound(&cpu(&format!("p{i}"), 1), "a", 10 * MINUTE);
    }
    assert_eq!(at(&mut world, 10), 0);
}

#[test]
fn every_observed_bind_counts_whoever_made_it() {
    let (mut ours, mut theirs) = (world(SHARE), world(SHARE));
    let probes = [ours.pod(&cpu("probe", 100)), theirs.pod(&cpu("probe", 100))];
    let placed = ours.pod(&cpu("p", 2_000));
    let decision = ours.scheduler.schedule(placed, MINUTE).unwrap();
    let node = ours.scheduler.cluster().node_name(decision.row).unwrap().to_owned();
    theirs.bound(&cpu("p", 2_000), &node, MINUTE);
    let scores = ours.scores(probes[0], MINUTE);
    assert_eq!(scores, theirs.scores(probes[1], MINUTE));
    assert_eq!(scores[&node], 60);
}

#[test]
fn a_placement_counts_from_its_reservation_on_and_once() {
    let mut world = world(SHARE);
    let (probe, placed) = (world.pod(&cpu("probe", 100)), world.pod(&cpu("p", 2_000)));
    let decision = world.scheduler.decide(placed, MINUTE).unwrap();
    world.scheduler.reserve(&decision, MINUTE).unwrap();
    let reserved = world.scores(probe, MINUTE);
    assert_eq!(reserved.values().sum::<i64>(), 160);
    let later = world.scores(probe, 2 * MINUTE);
    world.scheduler.commit(placed, 2 * MINUTE).unwrap();
    assert_eq!(world.scores(probe, 2 * MINUTE), later);
}

#[test]
fn a_rollback_restores_heat_exactly() {
    let mut world = world(SHARE);
    let (probe, placed) = (world.pod(&cpu("probe", 100)), world.pod(&cpu("p", 1_234)));
    world.bound(&cpu("before", 777), "a", 0);
    let before = (world.scheduler.cluster().dump(), world.scores(probe, MINUTE));
    let decision = world.scheduler.decide(placed, MINUTE).unwrap();
    world.scheduler.reserve(&decision, MINUTE).unwrap();
    assert_ne!(world.scheduler.cluster().dump(), before.0);
    // Time passes before the bind fails.
    world.scores(probe, 7 * MINUTE);
    world.scheduler.rollback(placed).unwrap();
    assert_eq!((world.scheduler.cluster().dump(), world.scores(probe, MINUTE)), before);
}

#[test]
fn a_deleted_pod_takes_its_remainder_with_it() {
    let mut world = world(SHARE);
    let probe = world.pod(&cpu("probe", 100));
    world.bound(&cpu("stays", 1_000), "a", 0);
    world.bound(&cpu("goes", 3_000), "a", 0);
    assert_eq!(world.score(probe, "a", 5 * MINUTE), 60);
    world.remove("goes");
    assert_eq!(world.score(probe, "a", 5 * MINUTE), 90);
}

#[test]
fn after_a_restart_heat_is_rebuilt_from_bind_times() {
    let binds = [("a", 1_000, 10 * SECOND), ("b", 500, 2 * MINUTE), ("a", 2_000, 7 * MINUTE), ("b", 100, 8 * MINUTE)];
    let now = 9 * MINUTE;
    let (mut lived, mut rebuilt) = (world(SHARE), world(SHARE));
    let probes = [lived.pod(&cpu("probe", 100)), rebuilt.pod(&cpu("probe", 100))];
    for (i, (node, milli, at)) in binds.into_iter().enumerate() {
        lived.bound(&cpu(&format!("p{i}"), milli), node, at);
        lived.scores(probes[0], at);
    }
    // A watch that starts anew lists pods in any order, all in the past.
    for (i, (node, milli, at)) in binds.into_iter().enumerate().rev() {
        rebuilt.bound(&cpu(&format!("p{i}"), milli), node, at);
    }
    assert_eq!(lived.scores(probes[0], now), rebuilt.scores(probes[1], now));
    assert_eq!(lived.scheduler.cluster().dump(), rebuilt.scheduler.cluster().dump());
}

#[test]
fn heat_does_not_wait_for_metrics_and_is_not_taken_back_by_them() {
    let mut world = world(SHARE);
    let probe = world.pod(&cpu("probe", 100));
    world.bound(&cpu("p", 2_000), "a", MINUTE);
    assert_eq!(world.score(probe, "a", MINUTE), 60);
    let later = world.score(probe, "a", 3 * MINUTE);
    world.sample("a", 3 * MINUTE, 9_000, 0);
    assert_eq!(world.score(probe, "a", 3 * MINUTE), later);
}

#[test]
fn a_new_node_of_an_old_name_is_cool() {
    let mut world = world(SHARE);
    let probe = world.pod(&cpu("probe", 100));
    world.bound(&cpu("p", 2_000), "a", MINUTE);
    world.remove("p");
    world.event(&Event::NodeRemoved { name: "a".to_owned() });
    world.node(NodeSpec { unschedulable: true, ..node("a", 10_000, 64) });
    assert_eq!(world.score(probe, "a", MINUTE), 100);
}

#[test]
fn a_half_life_below_delay_plus_window_is_a_warning() {
    let warnings = |config: &str| {
        let text = format!(
            "profiles: [{{name: p, policies: [{{name: NodeResourcesFit}}, {{name: CoolDown, config: {config}}}]}}]"
        );
        ProfileSet::from_text(&text).unwrap().profiles[0].warnings()
    };
    assert_eq!(warnings("{halfLifeSeconds: 360, metricsDelaySeconds: 300, metricsWindowSeconds: 60}").len(), 0);
    let short = warnings("{halfLifeSeconds: 345, metricsDelaySeconds: 300, metricsWindowSeconds: 60}");
    assert!(short[0].contains("`CoolDown`") && short[0].contains("345") && short[0].contains("300 + 60"), "{short:?}");
    let windows = "{mode: windows, windows: [{seconds: 60, step: 2}], metricsDelaySeconds: 300}";
    assert_eq!(warnings(windows).len(), 1);
    assert!(ProfileSet::builtin().profiles.iter().all(|profile| profile.warnings().is_empty()));
}

#[test]
fn wrong_settings_are_refused_by_name() {
    for (config, names) in [
        ("{halfLifeSeconds: 5}", "halfLifeSeconds"),
        ("{heatLimit: 0}", "heatLimit"),
        ("{mode: windows, windows: []}", "windows"),
        ("{mode: windows, windows: [{seconds: 100, step: 2}]}", "100"),
        ("{mode: windows, windows: [{seconds: 60, step: 0}]}", "step"),
        ("{halfLife: 5}", "halfLife"),
        ("{mode: warm}", "warm"),
    ] {
        let error = World::refused("CoolDown", config).err().unwrap();
        assert!(error.contains(names), "{error}");
    }
}
