//! `NodeResourcesBalancedAllocation` as a sandboxed module; the policy itself is in [`sched_core::primitives`].

policy_sdk::export!(sched_core::primitives::Balanced::new, sched_core::primitives::BalancedConfig);
