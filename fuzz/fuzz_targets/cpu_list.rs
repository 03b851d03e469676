//! Fuzzes lists of CPUs in the kernel's form.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sched_fuzz_checks::cpu_list(bytes));
