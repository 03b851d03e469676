//! Expected overload, and what it is predicted from.

use super::world::{HOUR, MINUTE, World, cpu, node, of_app};
use sched_core::{Event, Owner, PodSpec, Sample};

const DAY: u64 = 24 * HOUR;

/// A pod of an application of so many milli-CPU.
fn pod(name: &str, app: &str, milli: i64) -> PodSpec {
    let mut spec = cpu(name, milli);
    spec.template.owner = Some(Owner { kind: "Deployment".to_owned(), name: app.to_owned() });
    spec
}

/// Samples of five minutes each, for so many days from 0 on, of a pod that uses so much at each hour.
fn days(world: &mut World, pods: &[(&PodSpec, &dyn Fn(u64) -> i64)], days: u64) {
    for at_ms in (1..=days * 288).map(|slot| slot * 5 * MINUTE) {
        for (spec, used) in pods {
            let cpu_milli = used((at_ms - 1) / HOUR % 24);
            let sample = Sample { at_ms, window_ms: 5 * MINUTE, cpu_milli, memory_bytes: 0 };
            let (namespace, name) = (spec.namespace.clone(), spec.name.clone());
            let event = Event::PodSample { namespace, name, sample };
            world.scheduler.apply(&event, at_ms).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

/// What stays free of a node that has the pod of an application alone, by its profile, hour by hour of the day after.
fn free_by_hour(used: &dyn Fn(u64) -> i64) -> Vec<i64> {
    let mut world = World::new("NodeInfo", "{memoryWeight: 0, missing: profile}");
    world.node(node("a", 1_000, 64));
    let running = pod("running", "shop", 1_000);
    world.bound(&running, "a", 0);
    days(&mut world, &[(&running, used)], 4);
    let probe = world.pod(&cpu("probe", 0));
    (0..24).map(|hour| world.score(probe, "a", 4 * DAY + hour * HOUR)).collect()
}

#[test]
fn an_application_that_peaks_at_two_in_the_afternoon_is_predicted_to_peak_then() {
    let free = free_by_hour(&|hour| if hour == 14 { 900 } else { 100 });
    let least = free.iter().min().unwrap();
    assert_eq!(free.iter().position(|free| free == least), Some(14), "{free:?}");
    // Four hours at 0.9 beside four hours at 0.1 on both sides that count half: the mean of 0.5 and a little for the fallback.
    assert!((50..=52).contains(least), "{free:?}");
    assert!(free.iter().enumerate().all(|(hour, &free)| (13..=15).contains(&hour) || free >= 85), "{free:?}");
}

/// The raw scores of nodes that each run another application, for one more pod of `web`, which is busy by day.
fn beside(other: &'static str, used: &dyn Fn(u64) -> i64) -> i64 {
    // Asked hours after the last sample.
    let mut world = World::new("ExpectedOverload", "{staleAfterSeconds: 86400}");
    world.node(node("a", 4_000, 64));
    // Somewhere else, so that the room of all is the same.
    world.node(node("spare", 4_000, 64));
    let (web, running) = (pod("web-0", "web", 2_000), pod("other-0", other, 2_000));
    world.bound(&web, "spare", 0);
    world.bound(&running, "a", 0);
    days(&mut world, &[(&web, &by_day), (&running, used)], 5);
    let probe = world.pod(&pod("web-1", "web", 2_000));
    world.score(probe, "a", 5 * DAY + 9 * HOUR)
}

fn by_day(hour: u64) -> i64 {
    if (9..17).contains(&hour) { 1_900 } else { 100 }
}

fn by_night(hour: u64) -> i64 {
    if (9..17).contains(&hour) { 100 } else { 1_900 }
}

#[test]
fn applications_that_peak_at_different_hours_share_a_node_where_those_that_peak_together_do_not() {
    let apart = beside("night", &by_night);
    let together = beside("day", &by_day);
    // Eight hours at 3800 of 4000, 1200 above the level: thousands of milli-CPU-hours, in sixteenths.
    assert!(apart + 16 * 2_000 < together, "{apart} {together}");
}

#[test]
fn pods_of_one_application_vary_together() {
    let jumpy = |hour: u64| if hour.is_multiple_of(2) { 1_500 } else { 500 };
    assert!(beside("web", &jumpy) > beside("other", &jumpy));
}

#[test]
fn an_application_that_is_not_known_is_expected_to_use_what_applications_use() {
    let mut world = World::new("NodeInfo", "{memoryWeight: 0}");
    world.node(node("a", 100_000, 64));
    let running = of_app("running", "known");
    world.pod(&running);
    let probe = world.pod(&pod("probe", "unknown", 100_000));
    // Nothing was sampled: its requests.
    assert_eq!(world.score(probe, "a", 0), 0);
    days(&mut world, &[(&running, &|_| 900)], 1);
    // A day at 0.9, and 0.42 for 120,000 seconds: 128,160 / 206,400.
    assert_eq!(world.score(probe, "a", DAY), 37);
}

#[test]
fn recent_use_counts_for_less_every_hour_ahead() {
    // The first day: nothing is known of the hours to come but the recent level and the mean.
    let mut world = World::new("NodeInfo", "{memoryWeight: 0, missing: profile}");
    world.node(node("a", 1_000, 64));
    let running = pod("running", "shop", 1_000);
    world.bound(&running, "a", 0);
    for slot in 1..=12 * 12 {
        let at_ms = slot * 5 * MINUTE;
        let cpu_milli = if at_ms > 10 * HOUR { 900 } else { 100 };
        let sample = Sample { at_ms, window_ms: 5 * MINUTE, cpu_milli, memory_bytes: 0 };
        let (namespace, name) = (running.namespace.clone(), running.name.clone());
        world.scheduler.apply(&Event::PodSample { namespace, name, sample }, at_ms).unwrap();
    }
    let probe = world.pod(&cpu("probe", 0));
    let free: Vec<i64> = (12..16).map(|hour| world.score(probe, "a", hour * HOUR)).collect();
    // Two hours with a half-life of one: (1 - 1/4) of what is recent, so about 0.7, falls back on the mean of 0.23; the hour
    // that was just seen stands beside the next.
    assert!(free[0] < 25 && free.is_sorted(), "{free:?}");
}

#[test]
fn the_band_follows_the_room() {
    let near_the_level = |empty: usize, used: i64| {
        let mut world = World::new("ExpectedOverload", "{cautionPercent: 100}");
        world.node(node("a", 10_000, 64));
        for i in 0..empty {
            world.node(node(&format!("empty-{i}"), 10_000, 64));
        }
        let running = pod("running", "shop", 10_000);
        world.bound(&running, "a", 0);
        days(&mut world, &[(&running, &|_| used)], 3);
        let probe = world.pod(&of_app("probe", "probe"));
        world.score(probe, "a", 3 * DAY)
    };
    // The more room there is, the more an error is worth avoiding on a node that is not far below the level.
    let costs = [0, 1, 3].map(|empty| near_the_level(empty, 5_000));
    assert!(costs[0] < costs[1] && costs[1] <= costs[2], "{costs:?}");
}

#[test]
fn of_nodes_far_from_the_level_the_fullest_is_taken() {
    let mut world = World::new("ExpectedOverload", "{floorPermille: 30}");
    for name in ["a", "b"] {
        world.node(node(name, 64_000, 64));
    }
    world.bound(&pod("running", "shop", 4_000), "b", 0);
    let probe = world.pod(&of_app("probe", "probe"));
    let scores = world.scores(probe, MINUTE);
    assert!(scores["b"] < scores["a"], "{scores:?}");
}

#[test]
fn a_pod_that_uses_hundreds_of_times_its_request_is_predicted_to() {
    let mut world = World::new("NodeInfo", "{memoryWeight: 0, missing: profile}");
    world.node(node("a", 10_000, 64));
    let running = pod("running", "shop", 10);
    world.bound(&running, "a", 0);
    days(&mut world, &[(&running, &|_| 3_000)], 3);
    let probe = world.pod(&cpu("probe", 0));
    let free = world.score(probe, "a", 3 * DAY);
    assert!((68..=72).contains(&free), "{free}");
}
