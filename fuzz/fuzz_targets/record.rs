//! Fuzzes records of inputs and decisions.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sched_fuzz_checks::record(bytes));
