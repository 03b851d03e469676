//! `TaintToleration` as a sandboxed module; the policy itself is in [`sched_core::primitives`].

policy_sdk::export!(|_| sched_core::primitives::TaintToleration, sched_core::NoSettings);
