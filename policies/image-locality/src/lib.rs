//! `ImageLocality` as a sandboxed module; the policy itself is in [`sched_core::primitives`].

policy_sdk::export!(|_| sched_core::primitives::ImageLocality, sched_core::NoSettings);
