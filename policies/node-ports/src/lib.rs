//! `NodePorts` as a sandboxed module; the policy itself is in [`sched_core::primitives`].

policy_sdk::export!(|_| sched_core::primitives::NodePorts, sched_core::NoSettings);
