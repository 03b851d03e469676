//! Fuzzes Kubernetes objects, JSON and YAML.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sched_fuzz_checks::objects(bytes));
