//! Faults planted one by one: the comparison with the model finds each of them.

use crate::machine::{Ledger, Reference};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use sched_core::Scheduler;
use sched_core::ledger::Defect;
use std::cell::Cell;
use std::panic::catch_unwind;

thread_local! {
    static PLANTED: Cell<Option<Defect>> = const { Cell::new(None) };
}

pub(crate) fn plant(scheduler: &mut Scheduler) {
    if let Some(defect) = PLANTED.get() {
        scheduler.plant(defect);
    }
}

/// The comparison with a fault in the ledger: whether it finds anything.
fn finds(defect: Option<Defect>) -> bool {
    PLANTED.set(defect);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = Reference::sequential_strategy(200);
    let fails = |_| {
        let (initial, steps, seen) = strategy.new_tree(&mut runner).expect("steps").current();
        catch_unwind(|| Ledger::test_sequential(Config::default(), initial, steps, seen)).is_err()
    };
    let found = (0..64).any(fails);
    PLANTED.set(None);
    found
}

#[test]
fn every_planted_fault_is_found() {
    assert!(!finds(None), "without a fault there is nothing to find");
    for defect in [
        Defect::LeaksOnFailedBind,
        Defect::DoubleFreeOnExpiry,
        Defect::RestrictedForAll,
        Defect::ForgetfulResize,
        Defect::UsedAfterExpiry,
        Defect::OnceIsTwice,
        Defect::MovesAndStays,
        Defect::ForgetfulRestore,
        Defect::ShrinksInPlace,
    ] {
        assert!(finds(Some(defect)), "{defect:?}");
    }
}
