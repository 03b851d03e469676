//! The ledger: against a model, by its laws, and case by case.

mod cases;
mod gangs;
mod machine;
mod model;
mod reservations;
mod steps;
mod support;

use machine::Ledger;
use proptest::test_runner::Config;
use proptest_state_machine::{StateMachineTest, prop_state_machine};

/// How many sequences: `SCHED_LEDGER_CASES`, by default few. `PROPTEST_RNG_SEED` and what a failure prints rerun one.
fn config() -> Config {
    let cases = std::env::var("SCHED_LEDGER_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
    Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() }
}

prop_state_machine! {
    #![proptest_config(config())]
    #[test]
    fn the_ledger_equals_its_model_after_every_step(sequential 200 => Ledger);
}
