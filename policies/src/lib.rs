//! The library's policies as sandboxed modules: their bytes, built by `make policies` from the same source as the native ones.
#![no_std]

/// Every policy that is here, by name, with the bytes of its module.
///
/// ```
/// assert!(sched_policies::ALL.iter().all(|(_, bytes)| bytes.starts_with(b"\0asm")));
/// ```
pub const ALL: &[(&str, &[u8])] = &[
    ("CoolDown", include_bytes!("../wasm/cool-down.wasm")),
    ("Dynamic", include_bytes!("../wasm/dynamic.wasm")),
    ("ExpectedOverload", include_bytes!("../wasm/expected-overload.wasm")),
    ("HybridUnschedulable", include_bytes!("../wasm/hybrid-unschedulable.wasm")),
    ("ImageLocality", include_bytes!("../wasm/image-locality.wasm")),
    ("LoadAware", include_bytes!("../wasm/load-aware.wasm")),
    ("NodeAffinity", include_bytes!("../wasm/node-affinity.wasm")),
    ("NodeBalance", include_bytes!("../wasm/node-balance.wasm")),
    ("NodeInfo", include_bytes!("../wasm/node-info.wasm")),
    ("NodeName", include_bytes!("../wasm/node-name.wasm")),
    ("NodePorts", include_bytes!("../wasm/node-ports.wasm")),
    ("NodeResourcesBalancedAllocation", include_bytes!("../wasm/balanced-allocation.wasm")),
    ("NodeResourcesFit", include_bytes!("../wasm/fit.wasm")),
    ("NodeUnschedulable", include_bytes!("../wasm/node-unschedulable.wasm")),
    ("TaintToleration", include_bytes!("../wasm/taint-toleration.wasm")),
    ("TargetLoadPacking", include_bytes!("../wasm/target-load-packing.wasm")),
    ("WaterLevel", include_bytes!("../wasm/water-level.wasm")),
];

/// Examples of policies on the SDK alone: their bytes, by name. No profile of the library has them.
pub const EXAMPLES: &[(&str, &[u8])] = &[
    ("DomainSpread", include_bytes!("../wasm/domain-spread.wasm")),
    ("NodeNumber", include_bytes!("../wasm/node-number.wasm")),
];

/// The module of a policy.
///
/// ```
/// assert!(sched_policies::module("NodeResourcesFit").is_some());
/// ```
pub fn module(policy: &str) -> Option<&'static [u8]> {
    ALL.iter().find(|(name, _)| *name == policy).map(|(_, bytes)| *bytes)
}
