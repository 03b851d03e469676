//! Fuzzes files of hot-node workloads.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sched_fuzz_checks::hot_nodes(bytes));
