//! A node's decisions together.

use crate::generate::{config as cases, curve};
use crate::world::*;
use proptest::prelude::*;
use sched_core::colocation::*;

fn decide(state: &mut Colocation, pods: &[PodReport], second: u64) -> NodeDecision {
    let now_ms = T0 + second * 1_000;
    let report = NodeReport { at_ms: now_ms, ..with(pods) };
    state.step(&ColocationConfig::default(), &report, now_ms).expect("a sound report")
}

#[test]
fn admission_stops_first_then_cpu_is_squeezed_then_pods_go() {
    let be = |used| pod(Qos::Be, (60_000, 1), (used, 1));
    let mut state = Colocation::default();
    decide(&mut state, &[be(55_000)], 0);
    let calm = decide(&mut state, &[be(55_000)], 600);
    assert_eq!((calm.stop, calm.suppression.limit_milli), (None, 65_000));
    let busy = decide(&mut state, &[be(55_000), pod(Qos::Ls, (0, 0), (8_000, 0))], 610);
    assert_eq!((busy.stop, busy.offer.be.admissible), (Some(Stop::Cpu), Amounts::default()));
    assert!(busy.suppression.limit_milli > 55_000);
    let online = pod(Qos::Ls, (0, 0), (50_000, 0));
    let squeezed = decide(&mut state, &[be(55_000), online.clone()], 620);
    assert_eq!((squeezed.suppression.limit_milli, squeezed.starvation.victims), (15_000, vec![]));
    for second in [640, 660, 679] {
        assert!(decide(&mut state, &[be(15_000), online.clone()], second).starvation.victims.is_empty());
    }
    assert_eq!(decide(&mut state, &[be(15_000), online], 680).starvation.victims.len(), 1);
}

#[test]
fn a_short_spike_evicts_no_one_and_takes_little_from_the_offer() {
    let be = pod(Qos::Be, (60_000, 40), (60_000, 40));
    let mut state = Colocation::default();
    decide(&mut state, std::slice::from_ref(&be), 0);
    let before = decide(&mut state, std::slice::from_ref(&be), 3_600).offer.be.offered;
    let spike = decide(&mut state, &[be, pod(Qos::Ls, (0, 0), (90_000, 60))], 3_610);
    assert!(spike.memory.victims.is_empty() && spike.starvation.victims.is_empty());
    let after = spike.offer.be.offered;
    assert!(after.cpu * 100 >= before.cpu * 90 && after.memory * 100 >= before.memory * 90, "{before:?} {after:?}");
}

#[test]
fn what_is_sold_lies_below_what_is_taken_away() {
    let refused = |change: fn(&mut ColocationConfig)| {
        let mut config = ColocationConfig::default();
        change(&mut config);
        config.check().expect_err("no hysteresis").to_string()
    };
    let text = refused(|config| config.capacity.be_level_percent.cpu = 65);
    assert!(
        text.starts_with("`capacity.beLevelPercent.cpu` is 65, which must be below `suppress.levelPercent`"),
        "{text}"
    );
    let text = refused(|config| config.capacity.be_level_percent.memory = 70);
    assert!(text.starts_with("`capacity.beLevelPercent.memory` is 70"), "{text}");
    let text = refused(|config| config.capacity.ot_cpu_level_percent = 70);
    assert!(text.starts_with("`capacity.otCpuLevelPercent` is 70"), "{text}");
}

#[test]
fn a_decision_is_read_by_people_and_by_machines() {
    let be = PodReport { name: "batch".into(), ..pod(Qos::Be, (1_000, 75), (1_000, 75)) };
    let mut state = Colocation::default();
    for second in [0, 20, 40] {
        decide(&mut state, std::slice::from_ref(&be), second);
    }
    let decision = decide(&mut state, &[be], 60);
    let text = "\
cpu: BE 60000m, OT 59000m: 60% of 100000m, less 0m of the system and 0m online (use)
memory: BE 69793218560 bytes, OT 0 bytes: 65% of 107374182400 bytes, less 0 bytes of the system and 0 bytes online (use)
BE is offered 1000m and 69793218560 bytes, may admit 0m and 0 bytes
OT is offered 0m and 0 bytes, may admit 0m and 0 bytes
BE and OT may use 65000m: 65% of 100000m, less 0m online and 0m of the system, at least 2000m
no BE or OT pod is admitted: memory in use is at the level of eviction
evict `batch`: memory in use has long been at or above 70% of 107374182400 bytes
";
    assert_eq!(decision.to_string(), text);
    let json = serde_json::to_value(&decision).expect("plain data");
    assert_eq!(json["stop"], "memory");
    assert_eq!(json["memory"]["victims"][0]["name"], "batch");
    assert_eq!(json["offer"]["be"]["offered"]["cpu"], 1_000);
    assert_eq!(json["suppression"]["limitMilli"], 65_000);
}

#[test]
fn settings_are_read_from_text_and_unknown_ones_refused() {
    let text = r#"{"capacity": {"beLevelPercent": {"cpu": 50, "memory": 60}}, "suppress": {"floorCpus": 4}}"#;
    let config: ColocationConfig = serde_json::from_str(text).expect("known settings");
    assert_eq!((config.capacity.be_level_percent.cpu, config.suppress.floor_cpus), (50, 4));
    let error = serde_json::from_str::<ColocationConfig>(r#"{"capacity": {"beLevel": 1}}"#).expect_err("unknown");
    assert!(error.to_string().contains("beLevel"), "{error}");
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn a_restart_from_saved_state_changes_nothing(curve in curve(), at in 0_usize..10) {
        let config = ColocationConfig::default();
        let (mut kept, mut restarted) = (Colocation::default(), Colocation::default());
        for (step, (now_ms, report)) in curve.iter().enumerate() {
            if step == at {
                let saved = serde_json::to_string(&restarted).expect("plain data");
                restarted = serde_json::from_str(&saved).expect("what was just written");
            }
            let one = kept.step(&config, report, *now_ms).expect("a sound report");
            prop_assert_eq!(one, restarted.step(&config, report, *now_ms).expect("a sound report"));
        }
    }

    #[test]
    fn a_refused_report_leaves_the_node_as_it_was(curve in curve(), bad in 0_usize..4) {
        let config = ColocationConfig::default();
        let mut state = Colocation::default();
        for (now_ms, report) in &curve {
            state.step(&config, report, *now_ms).expect("a sound report");
            let before = state.clone();
            let mut wrong = report.clone();
            let mut then = *now_ms;
            match bad {
                0 => wrong.system_used.cpu = -1,
                1 => wrong.pods.push(PodReport::new("bad", Qos::Ls, Amounts::new(0, i64::MAX))),
                2 => wrong.zones = vec![ZoneReport { id: 1, capacity: wrong.capacity }; 2],
                _ => then -= 1_000,
            }
            prop_assert!(state.step(&config, &wrong, then).is_err());
            prop_assert_eq!(&state, &before);
        }
    }
}
