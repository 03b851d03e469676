//! Fuzzes sequences of events and decisions.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sched_fuzz_checks::events(bytes));
