//! Fuzzes what modules say of themselves.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sched_fuzz_checks::manifest(bytes));
