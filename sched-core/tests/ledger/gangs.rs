//! Gangs: together or not at all, near each other, and never waiting for each other.

use crate::support::{Site, node, pod};
use proptest::prelude::*;
use sched_core::{Event, GangError, GangRole, GangSpec, GangState, PodId, PodPhase};

fn spec(name: &str, roles: &[(&str, u32)], topology: &[&str]) -> GangSpec {
    let role = |&(name, min_members): &(&str, u32)| GangRole { name: name.to_owned(), min_members };
    GangSpec {
        name: name.to_owned(),
        roles: roles.iter().map(role).collect(),
        topology: topology.iter().map(|&key| key.to_owned()).collect(),
        wait_ms: 60_000,
    }
}

fn workers(site: &mut Site, gang: &str, count: usize, cpu: i64) -> Vec<PodId> {
    (0..count).map(|i| site.add(&pod(&format!("{gang}-{i}"), gang, cpu))).collect()
}

fn members(pods: &[PodId]) -> Vec<(&'static str, PodId)> {
    pods.iter().map(|&pod| ("worker", pod)).collect()
}

#[test]
fn all_members_get_room_or_none() {
    let mut site = Site::of(&[node("a", 2_000, &[]), node("b", 2_000, &[])]);
    let pods = workers(&mut site, "g", 5, 1_000);
    site.0.open_gang(&spec("g", &[("worker", 4)], &[]), 0).expect("a gang");
    let before = site.0.cluster().dump();
    let none = site.0.reserve_gang("g", &members(&pods), 0);
    assert_eq!(none, Err(GangError::Unschedulable { gang: "g".to_owned(), pods: 5 }));
    assert_eq!(site.0.cluster().dump(), before);
    let decided = site.0.decide_gang("g", &members(&pods[..4]), 0).expect("room for four");
    assert_eq!(site.0.cluster().dump(), before);
    assert_eq!(site.0.reserve_gang("g", &members(&pods[..4]), 0).as_ref(), Ok(&decided));
    site.0.commit_gang("g", 0).expect("all of them");
    assert!(pods[..4].iter().all(|&pod| matches!(site.0.cluster().pod_phase(pod), Some(PodPhase::Bound(_)))));
}

#[test]
fn roles_of_different_shape_are_placed_together() {
    let mut site = Site::of(&[node("a", 2_000, &[]), node("b", 4_000, &[])]);
    let small = workers(&mut site, "small", 2, 1_000);
    let large = site.add(&pod("large", "large", 4_000));
    site.0.open_gang(&spec("g", &[("worker", 2), ("driver", 1)], &[]), 0).expect("a gang");
    site.0.reserve_gang("g", &members(&small), 0).expect("room");
    let missing = GangError::Incomplete { gang: "g".to_owned(), role: "driver".to_owned(), has: 0, min: 1 };
    assert_eq!(site.0.commit_gang("g", 0), Err(missing));
    site.0.rollback_gang("g").expect("a gang");
    site.0.open_gang(&spec("g", &[("worker", 2), ("driver", 1)], &[]), 0).expect("a gang");
    let all = [("worker", small[0]), ("worker", small[1]), ("driver", large)];
    site.0.reserve_gang("g", &all, 0).expect("room for all, the large one first");
    site.0.commit_gang("g", 0).expect("all of them");
}

#[test]
fn a_gang_stays_in_the_narrowest_domain_that_has_room() {
    let nodes: Vec<_> = (0..8)
        .map(|i| {
            let (rack, zone) = (format!("r{}", i / 2), format!("z{}", i / 4));
            node(&format!("n{i}"), 2_000, &[("rack", rack.as_str()), ("zone", zone.as_str())])
        })
        .collect();
    for (count, domain) in [(4, Some("rack")), (5, Some("zone")), (8, Some("zone")), (9, None)] {
        let mut site = Site::of(&nodes);
        let pods = workers(&mut site, "g", count, 1_000);
        site.0.open_gang(&spec("g", &[("worker", 1)], &["rack", "zone"]), 0).expect("a gang");
        let decision = site.0.reserve_gang("g", &members(&pods), 0).expect("room");
        assert_eq!(decision.domain.as_ref().map(|(key, _)| key.as_str()), domain, "{count} members");
    }
}

#[test]
fn it_grows_where_it_is() {
    let nodes =
        [node("a1", 2_000, &[("rack", "a")]), node("a2", 2_000, &[("rack", "a")]), node("b1", 9_000, &[("rack", "b")])];
    let mut site = Site::of(&nodes);
    let pods = workers(&mut site, "g", 4, 1_000);
    site.0.open_gang(&spec("g", &[("worker", 2)], &["rack"]), 0).expect("a gang");
    site.0.reserve_gang("g", &members(&pods[..2]), 0).expect("room");
    site.0.commit_gang("g", 0).expect("complete");
    let grown = site.0.reserve_gang("g", &members(&pods[2..]), 90_000).expect("room");
    assert_eq!(grown.domain, Some(("rack".to_owned(), "a".to_owned())));
    site.0.commit_gang("g", 90_000).expect("they join");
}

#[test]
fn members_that_wait_too_long_give_their_room_back() {
    let mut site = Site::of(&[node("a", 2_000, &[])]);
    let pods = workers(&mut site, "g", 2, 1_000);
    site.0.open_gang(&spec("g", &[("worker", 2)], &[]), 0).expect("a gang");
    site.0.reserve_gang("g", &members(&pods[..1]), 1_000).expect("room");
    assert_eq!(site.requested("a"), 1_000);
    assert_eq!(site.0.commit_gang("g", 61_000), Err(GangError::Expired("g".to_owned())));
    site.0.tick(61_000).expect("a time");
    assert_eq!(site.requested("a"), 0);
    assert_eq!(site.0.cluster().gang("g"), Some((GangState::Expired, Vec::new())));
    assert_eq!(site.0.reserve_gang("g", &members(&pods), 62_000), Err(GangError::Expired("g".to_owned())));
    site.0.open_gang(&spec("g", &[("worker", 2)], &[]), 63_000).expect("again");
    site.0.audit().expect("a clean audit");
}

#[test]
fn two_gangs_that_hold_half_each_do_not_wait_for_each_other() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    let [first, second] = ["first", "second"].map(|gang| {
        let pods = workers(&mut site, gang, 4, 1_000);
        site.0.open_gang(&spec(gang, &[("worker", 4)], &[]), 0).expect("a gang");
        pods
    });
    site.0.reserve_gang("first", &members(&first[..2]), 0).expect("room");
    site.0.reserve_gang("second", &members(&second[..2]), 0).expect("room");
    site.0.reserve_gang("first", &members(&first[2..]), 0).expect("the younger one gives way");
    site.0.commit_gang("first", 0).expect("complete");
    assert_eq!(site.0.cluster().gang("second"), Some((GangState::Waiting, Vec::new())));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// Whatever the order in which members come: as long as everybody goes on asking, the oldest is complete, then the next.
    #[test]
    fn gangs_that_fit_one_by_one_all_start_in_the_end(
        turns in prop::collection::vec((0..3_usize, 1..4_usize), 1..40), sizes in prop::array::uniform3(1..5_usize),
    ) {
        let mut site = Site::of(&[node("a", 2_000, &[]), node("b", 2_000, &[])]);
        let names = ["g0", "g1", "g2"];
        let pods: Vec<Vec<PodId>> = names.iter().zip(sizes).map(|(gang, size)| {
            site.0.open_gang(&spec(gang, &[("worker", u32::try_from(size).unwrap())], &[]), 0).unwrap();
            workers(&mut site, gang, size, 1_000)
        }).collect();
        let waiting = |site: &Site, gang: usize| -> Vec<PodId> {
            let waits = |pod: &&PodId| site.0.cluster().pod_phase(**pod) == Some(PodPhase::Pending);
            pods[gang].iter().filter(waits).copied().collect()
        };
        let mut started = Vec::new();
        for (gang, count) in turns.into_iter().chain((0..24).map(|i| (i % 3, 4))) {
            if started.contains(&gang) {
                continue;
            }
            let mut next = waiting(&site, gang);
            next.truncate(count);
            let _ = site.0.reserve_gang(names[gang], &members(&next), 0);
            prop_assert!(site.requested("a") <= 2_000 && site.requested("b") <= 2_000);
            site.0.audit().unwrap();
            if site.0.commit_gang(names[gang], 0).is_ok() {
                started.push(gang);
                // It runs, ends, and leaves its room to the others.
                for pod in &pods[gang] {
                    let name = site.0.cluster().pod_name(*pod).unwrap().1.to_owned();
                    site.apply(&Event::PodRemoved { namespace: "default".to_owned(), name }, 0);
                }
            }
        }
        prop_assert_eq!(started.len(), 3, "{:?}", started);
    }
}
