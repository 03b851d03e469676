//! What reservations mean, case by case.

use crate::support::{Site, cpu, hold, node, of, pod};
use sched_core::{Event, HoldSpec, LedgerChange, LedgerError, LedgerOp, OwnerTerm, Resources, Taint, TaintEffect};

fn resize(name: &str, amounts: Resources) -> LedgerOp {
    LedgerOp::Resize { name: name.to_owned(), amounts }
}

#[test]
fn a_reservation_is_closed_to_strangers_and_open_to_its_owner() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    site.hold(hold("sale", "a", 3_000, "web"));
    assert_eq!(site.schedule(&pod("stranger", "batch", 2_000), 0), None);
    assert_eq!(site.schedule(&pod("own", "web", 2_000), 0).as_deref(), Some("a"));
    assert_eq!(site.requested("a"), 3_000);
}

#[test]
fn the_owner_prefers_its_reservation_by_order_then_the_tightest() {
    let nodes = ["a", "b", "c", "d"].map(|name| node(name, 8_000, &[]));
    let mut site = Site::of(&nodes);
    site.hold(hold("roomy", "a", 6_000, "web"));
    site.hold(hold("tight", "b", 1_000, "web"));
    site.hold(HoldSpec { order: 1, ..hold("later", "c", 1_000, "web") });
    let went: Vec<_> = (0..4).map(|i| site.schedule(&pod(&format!("p{i}"), "web", 1_000), 0).expect("room")).collect();
    assert_eq!(went, ["b", "a", "a", "a"]);
}

#[test]
fn aligned_takes_the_rest_from_the_node_and_restricted_does_not() {
    for (restricted, goes) in [(false, Some("a")), (true, None)] {
        let mut site = Site::of(&[node("a", 4_000, &[])]);
        site.run(&pod("other", "batch", 1_000), "a");
        site.hold(HoldSpec { restricted, ..hold("sale", "a", 2_000, "web") });
        assert_eq!(site.schedule(&pod("own", "web", 3_000), 0).as_deref(), goes, "restricted: {restricted}");
    }
}

#[test]
fn several_reservations_of_a_pod_add_up_on_one_node() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    site.hold(hold("one", "a", 2_000, "web"));
    site.hold(hold("two", "a", 2_000, "web"));
    assert_eq!(site.schedule(&pod("own", "web", 4_000), 0).as_deref(), Some("a"));
    assert_eq!(site.requested("a"), 4_000);
}

#[test]
fn what_a_pod_gives_back_returns_to_where_it_came_from() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    site.hold(HoldSpec { expires_ms: Some(60_000), ..hold("sale", "a", 3_000, "web") });
    let own = pod("own", "web", 4_000);
    let id = site.add(&own);
    let decision = site.0.decide(id, 0).expect("room");
    site.0.reserve(&decision, 0).expect("room");
    assert_eq!(site.requested("a"), 4_000);
    site.0.rollback(id).expect("a reservation");
    assert_eq!(site.requested("a"), 3_000);
    site.0.schedule(id, 0).expect("room");
    site.0.tick(60_000).expect("a time");
    assert_eq!(site.requested("a"), 4_000);
    site.remove(&own, 60_000);
    assert_eq!(site.requested("a"), 0);
}

#[test]
fn allocate_once_ends_with_its_first_pod_and_not_with_a_failed_bind() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    site.hold(HoldSpec { once: true, ..hold("once", "a", 3_000, "web") });
    let id = site.add(&pod("own", "web", 1_000));
    let decision = site.0.decide(id, 0).expect("room");
    site.0.reserve(&decision, 0).expect("room");
    assert_eq!(site.schedule(&pod("second", "web", 2_000), 0), None);
    site.0.rollback(id).expect("a reservation");
    assert_eq!(site.holds(), ["once"]);
    site.0.schedule(id, 0).expect("room");
    assert_eq!((site.holds().len(), site.requested("a")), (0, 1_000));
}

#[test]
fn a_tainted_reservation_is_for_pods_that_tolerate_it() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    let taint = Taint { key: "sale".to_owned(), value: String::new(), effect: TaintEffect::NoSchedule };
    site.hold(HoldSpec { taints: vec![taint], ..hold("sale", "a", 4_000, "web") });
    assert_eq!(site.schedule(&pod("plain", "web", 1_000), 0), None);
    let mut tolerant = pod("tolerant", "web", 1_000);
    let operator = sched_core::TolerationOperator::Exists;
    tolerant.template.tolerations.push(sched_core::Toleration {
        key: "sale".to_owned(),
        operator,
        ..Default::default()
    });
    assert_eq!(site.schedule(&tolerant, 0).as_deref(), Some("a"));
}

#[test]
fn a_preallocated_reservation_fills_as_its_owners_pods_leave() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    let old = pod("old", "web", 3_000);
    site.run(&old, "a");
    site.hold(HoldSpec { preallocate: true, ..hold("next", "a", 4_000, "web") });
    assert_eq!(site.requested("a"), 4_000);
    site.remove(&old, 0);
    assert_eq!(site.requested("a"), 4_000);
    assert_eq!(site.schedule(&pod("new", "web", 4_000), 0).as_deref(), Some("a"));
}

#[test]
fn without_a_node_it_goes_where_a_pod_would() {
    let mut site = Site::of(&[node("a", 1_000, &[]), node("b", 8_000, &[])]);
    site.hold(HoldSpec { node: None, ..hold("sale", "", 6_000, "web") });
    assert_eq!(site.requested("b"), 6_000);
    let none = site.0.operate(&LedgerOp::Hold(HoldSpec { node: None, ..hold("more", "", 6_000, "web") }), 0);
    assert_eq!(none, Err(LedgerError::Unplaced { hold: "more".to_owned() }));
    assert_eq!(site.0.cluster().pod_count(), 0);
}

#[test]
fn a_hold_on_a_cordoned_or_lost_node_moves_if_it_can_and_else_ends_with_an_event_either_way() {
    for gone in [false, true] {
        let mut site = Site::of(&[node("a", 4_000, &[]), node("b", 4_000, &[])]);
        site.hold(hold("first", "a", 3_000, "web"));
        site.hold(hold("second", "a", 1_000, "web"));
        site.run(&pod("other", "batch", 1_000), "b");
        site.0.take_ledger_events();
        let away = if gone {
            Event::NodeRemoved { name: "a".to_owned() }
        } else {
            Event::NodeChanged(sched_core::NodeSpec { unschedulable: true, ..node("a", 4_000, &[]) })
        };
        site.apply(&away, 5);
        let changes: Vec<_> = site.0.take_ledger_events().into_iter().map(|event| (event.name, event.what)).collect();
        let on = |node: &str| node.to_owned();
        assert_eq!(
            changes,
            [
                ("first".to_owned(), LedgerChange::Displaced { node: on("a") }),
                ("second".to_owned(), LedgerChange::Displaced { node: on("a") }),
                ("first".to_owned(), LedgerChange::Moved { node: on("b") }),
                ("second".to_owned(), LedgerChange::Unplaced),
            ]
        );
        assert_eq!((site.holds(), site.requested("b")), (vec!["first".to_owned()], 4_000));
    }
}

#[test]
fn bad_input_is_refused_by_name_and_changes_nothing() {
    let mut site = Site::of(&[node("a", 4_000, &[]), node("b", 4_000, &[])]);
    site.operate(&LedgerOp::Hold(HoldSpec { expires_ms: Some(50_000), ..hold("sale", "a", 3_000, "web") }), 10_000);
    site.schedule(&pod("own", "web", 2_000), 10_000).expect("room");
    let nobody = HoldSpec { owners: Vec::new(), ..hold("x", "a", 1, "web") };
    let everybody = HoldSpec { owners: vec![OwnerTerm::default()], ..hold("x", "a", 1, "web") };
    let name = || "sale".to_owned();
    let cases = [
        (LedgerOp::Hold(nobody), "hold `x` has no owner: name a pod, a controller, labels or a namespace"),
        (
            LedgerOp::Hold(everybody),
            "hold `x`: an owner term that says nothing would mean every pod; name a pod, a controller, labels or a namespace",
        ),
        (LedgerOp::Hold(hold("sale", "a", 1, "web")), "hold `sale` is already there; resize, renew or release it"),
        (LedgerOp::Hold(hold("x", "z", 1, "web")), "no node `z`"),
        (LedgerOp::Hold(hold("x", "a", 0, "web")), "hold `x` asks for nothing"),
        (
            LedgerOp::Hold(HoldSpec { expires_ms: Some(9_999), ..hold("x", "a", 1, "web") }),
            "hold `x` would end at 9999 ms, and it is 10000 ms already",
        ),
        (LedgerOp::Hold(hold("x", "a", 5_000, "web")), "hold `x`: 5000 cpu is more than node `a` has, 4000"),
        (LedgerOp::Hold(hold("x", "a", 2_000, "web")), "hold `x`: node `a` has 1000 cpu free, 2000 are asked for"),
        (LedgerOp::Hold(hold("x", "a", -1, "web")), "hold `x`: amount of cpu is -1: quantities are never negative"),
        (resize("sale", cpu(1_000)), "hold `sale`: 2000 cpu are in use, it cannot shrink to 1000"),
        (resize("sale", cpu(4_500)), "hold `sale`: 4500 cpu is more than node `a` has, 4000"),
        (resize("none", cpu(1)), "no hold `none`"),
        (
            LedgerOp::Migrate { name: name(), node: "b".to_owned() },
            "hold `sale` is in use by 1 pods; it moves once they are gone",
        ),
        (
            LedgerOp::Renew { name: name(), expires_ms: Some(1) },
            "hold `sale` would end at 1 ms, and it is 10000 ms already",
        ),
    ];
    for (op, message) in cases {
        let before = site.0.cluster().dump();
        let refused = site.0.operate(&op, 10_000).expect_err("bad input");
        assert_eq!(refused.to_string(), message);
        assert_eq!(site.0.cluster().dump(), before);
    }
    let late = site.0.operate(&LedgerOp::Release { name: name() }, 50_000).expect_err("its time is over");
    assert_eq!(late, LedgerError::Expired { hold: name(), expires_ms: 50_000 });
}

#[test]
fn a_reservation_shrinks_grows_and_moves() {
    let mut site = Site::of(&[node("a", 4_000, &[]), node("b", 4_000, &[])]);
    site.hold(hold("sale", "a", 3_000, "web"));
    site.operate(&resize("sale", cpu(4_000)), 0);
    assert_eq!(site.requested("a"), 4_000);
    site.operate(&resize("sale", cpu(500)), 0);
    assert_eq!(site.requested("a"), 500);
    site.operate(&LedgerOp::Migrate { name: "sale".to_owned(), node: "b".to_owned() }, 0);
    assert_eq!([site.requested("a"), site.requested("b")], [0, 500]);
}

#[test]
fn owners_are_an_or_of_ands() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    let large = OwnerTerm { min_requests: cpu(2_000), ..of("web") };
    let named = OwnerTerm::pod("default", "chosen");
    site.hold(HoldSpec { owners: vec![large, named], ..hold("sale", "a", 4_000, "") });
    assert_eq!(site.schedule(&pod("small", "web", 1_000), 0), None);
    assert_eq!(site.schedule(&pod("chosen", "batch", 1_000), 0).as_deref(), Some("a"));
    assert_eq!(site.schedule(&pod("large", "web", 2_000), 0).as_deref(), Some("a"));
}

#[test]
fn an_update_in_place_keeps_the_pods_room_and_grows_out_of_free_room() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    site.run(&pod("own", "web", 2_000), "a");
    let [namespace, name] = ["default", "own"].map(str::to_owned);
    site.operate(&LedgerOp::BeginInPlace { namespace: namespace.clone(), pod: name.clone(), expires_ms: 9_000 }, 0);
    site.apply(&Event::PodChanged(pod("own", "web", 0)), 0);
    assert_eq!(site.requested("a"), 2_000);
    let grow = |to| LedgerOp::ResizeInPlace { namespace: namespace.clone(), pod: name.clone(), amounts: cpu(to) };
    assert!(matches!(site.0.operate(&grow(5_000), 0), Err(LedgerError::MoreThanNode { .. })));
    site.operate(&grow(3_000), 0);
    assert_eq!(site.schedule(&pod("other", "batch", 2_000), 0), None);
    site.apply(&Event::PodChanged(pod("own", "web", 3_000)), 0);
    assert_eq!(site.requested("a"), 3_000);
    site.apply(&Event::PodChanged(pod("own", "web", 1_000)), 0);
    site.0.tick(9_000).expect("a time");
    assert_eq!((site.requested("a"), site.holds().len()), (1_000, 0));
}

#[test]
fn an_explanation_names_who_holds_what_is_missing_and_until_when() {
    let mut site = Site::of(&[node("a", 4_000, &[]), node("b", 4_000, &[]), node("c", 1_000, &[])]);
    for (name, at) in [("sale-a", "a"), ("sale-b", "b")] {
        site.hold(HoldSpec { expires_ms: Some(43_200_000), ..hold(name, at, 3_000, "web") });
    }
    let stranger = site.add(&pod("stranger", "batch", 2_000));
    let explanation = site.0.explain(stranger, 0).expect("a known pod");
    assert_eq!(
        explanation.message,
        "0/3 nodes are available: 3 Insufficient cpu, 1 of them held by reservation `sale-a` until 12:00, \
         1 of them held by reservation `sale-b` until 12:00."
    );
    let held = &explanation.rejected[0].held[0];
    assert_eq!((held.hold.as_str(), held.amount, held.until_ms), ("sale-a", 3_000, Some(43_200_000)));
    let own = site.add(&pod("own", "web", 2_000));
    let explanation = site.0.explain(own, 0).expect("a known pod");
    assert_eq!(explanation.candidates.len(), 2);
    assert!(explanation.candidates.iter().all(|c| c.scores.iter().any(|score| score.policy == "Reservation")));
}

#[test]
fn a_thousand_holds_that_come_and_go_leave_nothing_behind() {
    let mut site = Site::of(&[node("a", 4_000, &[])]);
    site.run(&pod("own", "web", 1_000), "a");
    let (dump, stats) = (site.0.cluster().dump(), site.0.cluster().stats());
    for round in 0..1_000_i64 {
        let card = format!("example.com/card-{round}");
        let mut spec = hold(&format!("hold-{round}"), "a", 1_000, "web");
        spec.amounts.insert(card.clone(), 0);
        spec.expires_ms = (round % 2 == 0).then_some(5);
        site.hold(spec);
        let update = LedgerOp::BeginInPlace { namespace: "default".to_owned(), pod: "own".to_owned(), expires_ms: 9 };
        site.operate(&update, 0);
        site.operate(&resize(&format!("hold-{round}"), [("cpu".to_owned(), 500), (card, 0)].into()), 0);
        site.operate(&LedgerOp::EndInPlace { namespace: "default".to_owned(), pod: "own".to_owned() }, 0);
        site.operate(&LedgerOp::Release { name: format!("hold-{round}") }, 0);
    }
    assert_eq!(site.0.cluster().stats(), stats);
    assert_eq!(site.0.cluster().dump(), dump);
}
