//! The library's policies as sandboxed modules: their bytes, built by `make policies` from the same source as the native ones.
#![no_std]

/// Every policy that is here, by name, with the bytes of its module.
///
/// ```
/// assert!(sched_policies::ALL.iter().all(|(_, bytes)| bytes.starts_with(b"\0asm")));
/// ```
pub const ALL: &[(&str, &[u8])] = &[
    ("ExpectedOverload", include_bytes!("../wasm/expected-overload.wasm")),
    ("NodeResourcesFit", include_bytes!("../wasm/fit.wasm")),
];

/// The module of a policy.
///
/// ```
/// assert!(sched_policies::module("NodeResourcesFit").is_some());
/// ```
pub fn module(policy: &str) -> Option<&'static [u8]> {
    ALL.iter().find(|(name, _)| *name == policy).map(|(_, bytes)| *bytes)
}
