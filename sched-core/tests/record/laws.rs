//! What is recorded runs again with the same answers and ends in the same state.

use crate::common::generate::{NOW_MS, any_profile, config, scenario};
use crate::history::{Recorded, history, profile_of, prompt_history, rerun};
use proptest::prelude::*;
use sched_core::record::{Course, Record, RecordError, RecordOptions, Recorder, RerunOptions};
use sched_core::{Event, NodeSpec, ProfileSet, Scheduler};

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn a_record_of_any_history_reruns_to_the_same_decisions_and_state(
        history in history(), profile in any_profile(), seed: u64,
    ) {
        let recorded = Recorded::under(&profile, seed, RecordOptions::default()).history(&history);
        let (rerun, scheduler) = rerun(&recorded.bytes);
        prop_assert!(rerun.is_equal(), "{:?}", rerun);
        prop_assert_eq!((rerun.damage, rerun.digest), (None, rerun.recorded_digest));
        prop_assert_eq!(scheduler.cluster().dump(), recorded.dump());
    }

    #[test]
    fn a_record_of_any_cluster_reruns_to_the_same_decisions(
        scenario in scenario(8), profile in any_profile(), seed: u64,
    ) {
        let recorded = Recorded::under(&profile, seed, RecordOptions::default()).scenario(&scenario, NOW_MS);
        let (rerun, scheduler) = rerun(&recorded.bytes);
        prop_assert!(rerun.is_equal() && rerun.decisions == scenario.pending.len() as u64, "{:?}", rerun);
        prop_assert_eq!(scheduler.cluster().dump(), recorded.dump());
    }

    #[test]
    fn recording_changes_no_answer(history in history(), profile in any_profile(), seed: u64) {
        let plain = Scheduler::new(&profile_of(&profile), seed).expect("a profile");
        let plain = Recorded::new(Recorder::off(plain)).history(&history);
        prop_assert!(plain.bytes.is_empty());
        for anonymise in [false, true] {
            let options = RecordOptions { anonymise, ..RecordOptions::default() };
            let recorded = Recorded::under(&profile, seed, options).history(&history);
            prop_assert_eq!(&recorded.answers, &plain.answers);
            prop_assert_eq!(recorded.dump(), plain.dump());
        }
    }

    #[test]
    fn under_other_policies_the_record_is_followed(
        history in history(), profile in any_profile(), other in any_profile(), seed: u64,
    ) {
        let recorded = Recorded::under(&profile, seed, RecordOptions::default()).history(&history);
        let record = Record::open(&recorded.bytes).expect("a record");
        let mut scheduler = Scheduler::new(&profile_of(&other), seed).expect("a profile");
        let rerun = record.rerun(&mut scheduler, RerunOptions::other_policies()).expect("what was accepted once");
        for pod in (0..24).map(sched_core::PodId) {
            prop_assert_eq!(scheduler.cluster().pod_phase(pod), recorded.recorder.cluster().pod_phase(pod));
        }
        prop_assert_eq!(rerun.differences.len() as u64, rerun.different);
        for difference in &rerun.differences {
            prop_assert_ne!(difference.recorded.node(), difference.now.node());
            prop_assert_eq!(difference.recorded.node().is_some(), difference.recorded_node.is_some());
            prop_assert_eq!(difference.now.node().is_some(), difference.chosen_node.is_some());
        }
    }

    #[test]
    fn the_same_policies_keep_to_the_record_on_their_own(
        history in prompt_history(), profile in any_profile(), seed: u64,
    ) {
        let recorded = Recorded::under(&profile, seed, RecordOptions::default()).history(&history);
        let record = Record::open(&recorded.bytes).expect("a record");
        let mut scheduler = record.scheduler().expect("a profile");
        let options = RerunOptions { course: Course::Own, ..RerunOptions::default() };
        let rerun = record.rerun(&mut scheduler, options).expect("what was accepted once");
        prop_assert!(rerun.is_equal() && rerun.settled_before == 0, "{:?}", rerun);
        prop_assert_eq!(scheduler.cluster().dump(), recorded.dump());
    }

    #[test]
    fn other_policies_on_their_own_course_come_to_its_end(
        history in history(), profile in any_profile(), other in any_profile(), seed: u64,
    ) {
        let recorded = Recorded::under(&profile, seed, RecordOptions::default()).history(&history);
        let record = Record::open(&recorded.bytes).expect("a record");
        let mut scheduler = Scheduler::new(&profile_of(&other), seed).expect("a profile");
        let options = RerunOptions { course: Course::Own, ..RerunOptions::other_policies() };
        let rerun = record.rerun(&mut scheduler, options).expect("what was accepted once");
        prop_assert_eq!(scheduler.cluster().pod_count(), recorded.recorder.cluster().pod_count());
        prop_assert_eq!(rerun.damage, None);
    }
}

#[test]
fn a_record_begins_with_an_empty_scheduler() {
    let profiles = ProfileSet::builtin();
    let profile = profiles.get("recommended").unwrap();
    let used = || {
        let mut used = Scheduler::new(profile, 0).unwrap();
        used.apply(&Event::NodeAdded(NodeSpec { name: "a".into(), ..NodeSpec::default() }), 0).unwrap();
        used
    };
    let recorder = Recorder::over(used(), Some(profile), RecordOptions::default());
    assert_eq!(recorder.err(), Some(RecordError::Used));
    let mut recorder = Recorder::new(profile, 0, RecordOptions::default()).unwrap();
    let bytes = recorder.take();
    let rerun = Record::open(&bytes).unwrap().rerun(&mut used(), RerunOptions::default());
    assert_eq!(rerun, Err(RecordError::Used));
}

#[test]
fn policies_of_the_embedders_own_are_asked_for_by_name() {
    let profile = ProfileSet::builtin().get("kube-default").unwrap().clone();
    let own = || Scheduler::with_policies(profile.build().unwrap(), 3).unwrap();
    let mut recorder = Recorder::over(own(), None, RecordOptions::default()).unwrap();
    let bytes = recorder.take();
    let record = Record::open(&bytes).unwrap();
    let refused = record.scheduler().err().unwrap();
    assert!(refused.to_string().contains("NodeResourcesFit"), "{refused}");
    assert!(record.rerun(&mut own(), RerunOptions::default()).unwrap().is_equal());
}

#[test]
fn an_object_that_a_record_cannot_hold_is_refused_and_changes_nothing() {
    let profile = ProfileSet::builtin().get("kube-default").unwrap().clone();
    let mut recorder = Recorder::new(&profile, 0, RecordOptions::default()).unwrap();
    let labels = (0..2_000).map(|i| (format!("{i:04}{}", "k".repeat(2_000)), "v".repeat(2_000))).collect();
    let huge = NodeSpec { name: "huge".into(), labels, ..NodeSpec::default() };
    let refused = recorder.apply(&Event::NodeAdded(huge), 0).unwrap_err().to_string();
    assert!(refused.contains("node `huge`") && refused.contains("MAX_RECORD_OBJECT_BYTES"), "{refused}");
    assert_eq!(recorder.cluster().node_count(), 0);
}
