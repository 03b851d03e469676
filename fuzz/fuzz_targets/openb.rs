//! Fuzzes openb lists of nodes and pods.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sched_fuzz_checks::openb(bytes));
