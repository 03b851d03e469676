//! The ledger: against a model, by its laws, and case by case.

#[cfg(test)]
mod cases;
#[cfg(test)]
#[cfg(feature = "defects")]
mod defects;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod gangs;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod model;
#[cfg(test)]
mod reservations;
#[cfg(test)]
#[cfg(feature = "wasm")]
mod sandbox;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use crate::machine::Ledger;
    use proptest::test_runner::Config;
    use proptest_state_machine::prop_state_machine;

    /// How many sequences: `SCHED_LEDGER_CASES`, by default few. A failure prints a sequence as small as it gets, and with
    /// `PROPTEST_RNG_SEED` the same ones are run again.
    fn config() -> Config {
        let cases = std::env::var("SCHED_LEDGER_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
        Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() }
    }

    prop_state_machine! {
        #![proptest_config(config())]
        #[test]
        fn the_ledger_equals_its_model_after_every_step(sequential 200 => Ledger);
    }
}
