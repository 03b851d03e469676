//! Fuzzes what is read under `/sys/devices/system`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sched_fuzz_checks::sys_files(bytes));
