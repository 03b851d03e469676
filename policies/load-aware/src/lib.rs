//! `LoadAware` as a sandboxed module; the policy itself is in [`sched_core::primitives`].

policy_sdk::export!(sched_core::primitives::LoadAware::new, sched_core::primitives::LoadAwareConfig);
