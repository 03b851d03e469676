//! Fuzzes lines from which a ledger is restored.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sched_fuzz_checks::ledger(bytes));
