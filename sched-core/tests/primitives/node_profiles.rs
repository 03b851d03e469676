//! Profiles of nodes and of pools, from the samples of machines.

use super::world::{HOUR, MINUTE, World, cpu, labelled, node};
use sched_core::{Event, Sample};

const DAY: u64 = 24 * HOUR;
const BY_NODE: &str = "{memoryWeight: 0, missing: profile, profile: {nodes: {}}}";
const BY_POOL: &str = "{memoryWeight: 0, missing: profile, profile: {nodes: {poolLabel: pool}}}";

/// Samples of five minutes each of a machine that uses so much at each hour of the day.
fn days(world: &mut World, name: &str, used: impl Fn(u64) -> i64, days: std::ops::Range<u64>) {
    for at_ms in (days.start * 288 + 1..=days.end * 288).map(|slot| slot * 5 * MINUTE) {
        let cpu_milli = used((at_ms - 1) / HOUR % 24);
        let sample = Sample { at_ms, window_ms: 5 * MINUTE, cpu_milli, memory_bytes: 0 };
        let event = Event::NodeSample { name: name.to_owned(), sample };
        world.scheduler.apply(&event, at_ms).unwrap();
    }
}

fn by_night(hour: u64) -> i64 {
    if hour < 6 { 8_000 } else { 1_000 }
}

#[test]
fn a_machine_is_predicted_to_do_what_it_does_at_this_hour() {
    let mut world = World::new("NodeInfo", BY_NODE);
    world.node(node("night", 10_000, 64));
    days(&mut world, "night", by_night, 0..4);
    let probe = world.pod(&cpu("probe", 0));
    // Two hours after the last sample none counts: the profile stands alone, which knows the hour of the day.
    let free = [2, 3, 12, 20].map(|hour| world.score(probe, "night", 4 * DAY + hour * HOUR));
    assert!(free[..2].iter().all(|free| (20..=27).contains(free)), "{free:?}");
    assert!(free[2..].iter().all(|free| (85..=90).contains(free)), "{free:?}");
}

#[test]
fn a_node_that_is_new_stands_at_the_profile_of_its_pool() {
    let mut world = World::new("NodeInfo", BY_POOL);
    for (name, pool) in [("busy", "web"), ("calm", "batch")] {
        world.node(labelled(name, 10_000, "pool", pool));
    }
    days(&mut world, "busy", |_| 7_000, 0..1);
    days(&mut world, "calm", |_| 1_000, 0..1);
    world.node(labelled("new", 20_000, "pool", "web"));
    let probe = world.pod(&cpu("probe", 0));
    let at = DAY + 2 * HOUR;
    let busy = world.score(probe, "busy", at);
    assert!((30..=33).contains(&busy), "{busy}");
    // Twice the size, and so twice the use.
    assert!((busy - world.score(probe, "new", at)).abs() <= 1);
    // It moves to the other pool.
    world.event(&Event::NodeChanged(labelled("new", 20_000, "pool", "batch")));
    assert!((world.score(probe, "calm", at) - world.score(probe, "new", at)).abs() <= 1);
    // A pool of which nothing is known has no profile: what pods request, which is nothing.
    world.event(&Event::NodeChanged(labelled("new", 20_000, "pool", "gpu")));
    assert_eq!(world.score(probe, "new", at), 100);
}

#[test]
fn its_own_samples_count_more_than_the_pool() {
    let mut world = World::new("NodeInfo", BY_NODE);
    for name in ["a", "b"] {
        world.node(node(name, 10_000, 64));
    }
    days(&mut world, "a", |_| 9_000, 0..2);
    days(&mut world, "b", |_| 1_000, 0..2);
    let probe = world.pod(&cpu("probe", 0));
    let scores = world.scores(probe, 2 * DAY + HOUR);
    assert!(scores["a"] <= 15 && scores["b"] >= 85, "{scores:?}");
}

#[test]
fn a_node_that_comes_back_is_remembered() {
    let mut world = World::new("NodeInfo", BY_NODE);
    world.node(node("a", 10_000, 64));
    world.node(node("b", 10_000, 64));
    days(&mut world, "a", |_| 9_000, 0..1);
    world.event(&Event::NodeRemoved { name: "a".to_owned() });
    days(&mut world, "b", |_| 1_000, 1..3);
    world.node(node("a", 10_000, 64));
    let probe = world.pod(&cpu("probe", 0));
    let scores = world.scores(probe, 3 * DAY + HOUR);
    assert!(scores["a"] <= 25 && scores["b"] >= 85, "{scores:?}");
}

#[test]
fn a_sample_that_is_delivered_twice_teaches_nothing() {
    let world = |twice: bool| {
        let mut world = World::new("NodeInfo", BY_NODE);
        world.node(node("a", 10_000, 64));
        for minute in 1..=600 {
            for _ in 0..=usize::from(twice && minute % 2 == 0) {
                world.sample("a", minute * MINUTE, minute as i64 % 7 * 1_000, 0);
            }
        }
        let probe = world.pod(&cpu("probe", 0));
        world.score(probe, "a", 11 * HOUR)
    };
    assert_eq!(world(true), world(false));
}
