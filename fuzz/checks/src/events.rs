//! Sequences of events and decisions over one cluster.

use crate::generate::{event, name, time};
use crate::{apply, observed};
use arbitrary::{Result, Unstructured};
use sched_core::{PodId, PolicyConfig, PolicyEntry, Profile, Scheduler};

/// Steps of one sequence.
const MAX_STEPS: usize = 200;

/// Any sequence is survived: refused events and decisions change nothing, a reservation that is rolled back leaves nothing.
pub fn events(bytes: &[u8]) {
    let scheduler = Scheduler::new(&every_policy(), 0);
    assert!(scheduler.is_ok(), "the policies' defaults are refused");
    let Ok(mut scheduler) = scheduler else { return };
    let mut source = Unstructured::new(bytes);
    for _ in 0..MAX_STEPS {
        if source.is_empty() || step(&mut scheduler, &mut source).is_err() {
            return;
        }
    }
}

/// A profile of all policies with their defaults.
fn every_policy() -> Profile {
    let configs = PolicyConfig::NAMES.iter().filter_map(|name| PolicyConfig::default_of(name));
    let policies = configs.map(|config| PolicyEntry::new(1, config)).collect();
    Profile { name: "every".to_owned(), policies }
}

fn step(scheduler: &mut Scheduler, source: &mut Unstructured<'_>) -> Result<()> {
    let now_ms = time(source)?;
    let what = source.int_in_range(0..=15_u8)?;
    if what < 11 {
        let _ = apply(scheduler, &event(source)?, now_ms);
        return Ok(());
    }
    let (namespace, name) = (name(source)?, name(source)?);
    let Some(pod) = scheduler.cluster().pod_id(&namespace, &name) else { return Ok(()) };
    match what {
        11 => explain(scheduler, pod, now_ms),
        12 => reserve_and_roll_back(scheduler, pod, now_ms),
        13 => drop(scheduler.schedule(pod, now_ms)),
        14 => refused_changes_nothing(scheduler, |scheduler| scheduler.commit(pod, now_ms).is_ok()),
        _ => refused_changes_nothing(scheduler, |scheduler| scheduler.rollback(pod).is_ok()),
    }
    Ok(())
}

/// The explanation is of the decision.
fn explain(scheduler: &mut Scheduler, pod: PodId, now_ms: u64) {
    let Ok(decision) = scheduler.decide(pod, now_ms) else {
        let _ = scheduler.explain(pod, now_ms);
        return;
    };
    let chosen = scheduler.cluster().node_name(decision.row).map(str::to_owned);
    let explained = scheduler.explain(pod, now_ms).map(|explanation| explanation.chosen);
    assert_eq!(explained, Ok(chosen), "the explanation is of another decision");
}

fn reserve_and_roll_back(scheduler: &mut Scheduler, pod: PodId, now_ms: u64) {
    let Ok(decision) = scheduler.decide(pod, now_ms) else { return };
    let before = scheduler.cluster().dump();
    if scheduler.reserve(&decision, now_ms).is_ok() {
        let rolled_back = scheduler.rollback(pod);
        assert_eq!(rolled_back, Ok(()));
    }
    assert_eq!(scheduler.cluster().dump(), before, "something of the reservation stays");
}

fn refused_changes_nothing(scheduler: &mut Scheduler, act: impl FnOnce(&mut Scheduler) -> bool) {
    let before = observed(scheduler.cluster());
    if !act(scheduler) {
        assert_eq!(observed(scheduler.cluster()), before, "refused, and yet something changed");
    }
}
