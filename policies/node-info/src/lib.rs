//! `NodeInfo` as a sandboxed module; the policy itself is in [`sched_core::primitives`].

policy_sdk::export!(sched_core::primitives::NodeInfo::new, sched_core::primitives::NodeInfoConfig);
