//! Fuzzes text of profiles.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sched_fuzz_checks::profiles(bytes));
