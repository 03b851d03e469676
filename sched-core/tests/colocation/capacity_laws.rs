//! What holds of every offer, on generated machines, settings and load curves.

use crate::generate::{capacity_config, config, curve, pod, report};
use crate::reference::Reference;
use crate::world::T0;
use proptest::prelude::*;
use sched_core::colocation::*;

fn four(split: Split) -> [i64; 4] {
    [split.be.cpu, split.be.memory, split.ot.cpu, split.ot.memory]
}

fn offered(offer: &Offer) -> [i64; 4] {
    four(Split { be: offer.be.offered, ot: offer.ot.offered })
}

fn target(offer: &Offer) -> [i64; 4] {
    four(Split { be: offer.be.target, ot: offer.ot.target })
}

fn requested(report: &NodeReport) -> Amounts {
    let online = report.pods.iter().filter(|pod| pod.qos.online());
    online.fold(Amounts::default(), |sum, pod| sum.zip(pod.requested, |a, b| a + b))
}

fn step(state: &mut OfferState, config: &CapacityConfig, (now_ms, report): &(u64, NodeReport)) -> Offer {
    state.step(config, report, *now_ms).expect("a sound report")
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn promises_never_exceed_the_stated_multiple(config in capacity_config(), curve in curve()) {
        let mut state = OfferState::default();
        for at in &curve {
            let offer = step(&mut state, &config, at);
            let online = requested(&at.1);
            for resource in Resource::ALL {
                let sold = offer.be.offered.of(resource) + offer.ot.offered.of(resource);
                let promise = at.1.capacity.of(resource) * i64::from(config.promise_percent.of(resource)) / 100;
                prop_assert!(sold == 0 || online.of(resource) + sold <= promise, "{resource}: {offer:?}");
            }
            let level = at.1.capacity.memory * i64::from(config.be_level_percent.memory) / 100;
            prop_assert!(offer.be.offered.memory + offer.ot.offered.memory <= level);
        }
    }

    #[test]
    fn zones_never_have_more_than_the_node(config in capacity_config(), curve in curve()) {
        let mut state = OfferState::default();
        for at in &curve {
            let offer = step(&mut state, &config, at);
            let sum = |zone: fn(&ZoneOffer) -> Split| offer.zones.iter().map(zone).map(four).fold([0; 4], |sum, zone| {
                [0, 1, 2, 3].map(|i| sum[i] + zone[i])
            });
            prop_assert!(sum(|zone| zone.offered).iter().zip(offered(&offer)).all(|(zones, node)| *zones <= node));
            prop_assert!(sum(|zone| zone.target).iter().zip(target(&offer)).all(|(zones, node)| *zones <= node));
        }
    }

    #[test]
    fn an_offer_falls_no_faster_than_its_rate_while_requests_stay(config in capacity_config(), curve in curve()) {
        // Only use changes along this curve, and samples are fresh: nothing but the rate may take the offer down.
        let specs = &curve[0].1;
        let mut state = OfferState::default();
        let mut before: Option<(u64, [i64; 4])> = None;
        for (now_ms, report) in &curve {
            let mut report = NodeReport { at_ms: *now_ms, system_used: report.system_used, ..specs.clone() };
            for (pod, used) in report.pods.iter_mut().zip(curve.iter().flat_map(|at| &at.1.pods).skip(*now_ms as usize % 7)) {
                pod.used = used.used;
            }
            let now = offered(&step(&mut state, &config, &(*now_ms, report)));
            if let Some((last_ms, last)) = before {
                let seconds = (now_ms / 1_000 - last_ms / 1_000) as i64;
                for (at, capacity) in [specs.capacity.cpu, specs.capacity.memory, specs.capacity.cpu].into_iter().enumerate() {
                    let rate = (capacity * i64::from(config.moves.down_percent_per_min) / 100 / 60).max(1);
                    prop_assert!(now[at] >= last[at] - rate * seconds, "{at}: {last:?} -> {now:?} in {seconds} s");
                }
            }
            before = Some((*now_ms, now));
        }
    }

    #[test]
    fn more_online_use_never_raises_a_target(
        config in capacity_config(), report in report(), more in 0_i64..2_000, pick: prop::sample::Index
    ) {
        let before = target(&step(&mut OfferState::default(), &config, &(T0, report.clone())));
        let mut busier = report;
        let mut online: Vec<_> = busier.pods.iter_mut().filter(|pod| pod.qos.online() && pod.used.is_some()).collect();
        if online.is_empty() {
            busier.system_used.cpu += more;
            busier.system_used.memory += more;
        } else {
            let pod = pick.index(online.len());
            online[pod].used = online[pod].used.map(|used| used.map(|used| used + more));
        }
        let after = target(&step(&mut OfferState::default(), &config, &(T0, busier)));
        prop_assert!(after.iter().zip(before).all(|(after, before)| *after <= before), "{before:?} -> {after:?}");
    }

    #[test]
    fn pods_of_ot_never_raise_what_be_is_offered(config in capacity_config(), report in report(), extra in pod(0)) {
        let before = step(&mut OfferState::default(), &config, &(T0, report.clone())).be.target;
        let mut more = report;
        more.pods.push(PodReport { qos: Qos::Ot, ..extra });
        let after = step(&mut OfferState::default(), &config, &(T0, more)).be.target;
        prop_assert!(after.cpu == before.cpu && after.memory <= before.memory, "{before:?} -> {after:?}");
    }

    #[test]
    fn the_slow_reference_agrees(config in capacity_config(), curve in curve()) {
        let (mut state, mut slow) = (OfferState::default(), Reference::default());
        for at in &curve {
            let offer = step(&mut state, &config, at);
            prop_assert_eq!(offered(&offer).map(i128::from), slow.step(&config, &at.1, at.0), "at {}", at.0);
        }
    }

    #[test]
    fn steps_in_between_change_nothing(config in capacity_config(), curve in curve(), cuts in prop::collection::vec(0_u64..200_000, 1..8)) {
        let (mut once, mut often) = (OfferState::default(), OfferState::default());
        let mut last_ms = T0;
        for (now_ms, report) in curve {
            let report = NodeReport { at_ms: now_ms, ..report };
            let mut times: Vec<u64> = cuts.iter().map(|cut| last_ms + cut).filter(|&at| at < now_ms).collect();
            times.sort_unstable();
            if once != OfferState::default() {
                for between in times {
                    let early = NodeReport { at_ms: between, ..report.clone() };
                    step(&mut often, &config, &(between, early));
                }
            }
            let at = (now_ms, report);
            prop_assert_eq!(step(&mut once, &config, &at), step(&mut often, &config, &at));
            last_ms = now_ms;
        }
    }

    #[test]
    fn a_report_is_read_back_as_it_was_written(report in report()) {
        let text = serde_json::to_string(&report).expect("plain data");
        prop_assert_eq!(serde_json::from_str::<NodeReport>(&text).expect("what was just written"), report);
    }

    #[test]
    fn a_restored_state_gives_the_same_answers(config in capacity_config(), curve in curve()) {
        let (mut kept, mut restored) = (OfferState::default(), OfferState::default());
        for at in &curve {
            let saved = serde_json::to_string(&restored).expect("plain data");
            restored = serde_json::from_str(&saved).expect("what was just written");
            prop_assert_eq!(step(&mut kept, &config, at), step(&mut restored, &config, at));
        }
    }

    #[test]
    fn the_order_of_pods_and_zones_does_not_matter(config in capacity_config(), report in report(), turn in 0_usize..12) {
        let mut turned = report.clone();
        let by = turn % turned.pods.len().max(1);
        turned.pods.rotate_left(by);
        turned.pods.reverse();
        turned.zones.reverse();
        let one = step(&mut OfferState::default(), &config, &(T0, report));
        let mut other = step(&mut OfferState::default(), &config, &(T0, turned));
        other.zones.reverse();
        prop_assert_eq!(one, other);
    }

    #[test]
    fn what_is_admitted_stays_within_the_promise(
        config in capacity_config(), online in (0_i64..64_000, 0_i64..1 << 37),
        steps in prop::collection::vec((1_u64..200, [0_i64..=100, 0_i64..=100, 0_i64..=100, 0_i64..=100]), 1..40)
    ) {
        let capacity = Amounts::new(64_000, 1 << 38);
        let asked = Amounts::new(online.0, online.1);
        let mut pods = vec![PodReport::new("online", Qos::Ls, asked)];
        let (mut state, mut now_ms) = (OfferState::default(), T0);
        let mut sold = Amounts::default();
        for (seconds, [used, be, ot, by_be]) in steps {
            now_ms += seconds * 1_000;
            pods[0].used = Some(asked.map(|asked| asked * used / 100));
            let report = NodeReport { at_ms: now_ms, capacity, allocatable: capacity, pods: pods.clone(), ..NodeReport::default() };
            let offer = step(&mut state, &config, &(now_ms, report));
            for (qos, may, part) in [(Qos::Be, offer.be.admissible, be), (Qos::Ot, offer.ot.admissible, ot)] {
                let more = may.map(|may| may * part / 100);
                sold = sold.zip(more, |sold, more| sold + more);
                pods.push(PodReport::new("more", qos, more).using(more.map(|more| more * by_be / 100)));
            }
            for resource in Resource::ALL {
                let promise = capacity.of(resource) * i64::from(config.promise_percent.of(resource)) / 100;
                let all = asked.of(resource) + sold.of(resource);
                prop_assert!(sold.of(resource) == 0 || all <= promise, "{resource}: {all} of {promise}");
            }
            let safe = capacity.memory * i64::from(config.be_level_percent.memory) / 100;
            prop_assert!(sold.memory <= safe, "{} of {safe}", sold.memory);
        }
    }
}
