//! `NodeBalance` as a sandboxed module; the policy itself is in [`sched_core::primitives`].

policy_sdk::export!(sched_core::primitives::NodeBalance::new, sched_core::primitives::NodeBalanceConfig);
