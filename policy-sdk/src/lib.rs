//! What authors of scheduling policies build on. Everything a native policy needs is re-exported from [`abi`]; [`export!`]
//! makes a sandboxed module of it; with the feature `testing` there are the laws to test one with.
#![cfg_attr(not(feature = "testing"), no_std)]

#[doc(hidden)]
pub extern crate alloc;

pub use sched_abi as abi;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
mod recorder;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
pub use recorder::{Recorder, Replayer};

/// Makes a module of a policy: its exports, by the contract in [`abi::wire`]. The first argument makes the policy from its
/// settings, the second is their type, which serde reads and which has defaults. Compiled for `wasm32-unknown-unknown` as a
/// `cdylib`; for other targets it only checks its arguments.
///
/// ```
/// use policy_sdk::abi::{Manifest, Policy};
///
/// #[derive(Default, serde::Deserialize)]
/// #[serde(deny_unknown_fields, default)]
/// struct Settings {}
///
/// struct Nothing;
///
/// impl Policy for Nothing {
///     fn manifest(&self) -> Manifest {
///         Manifest::new("Nothing")
///     }
/// }
///
/// policy_sdk::export!(|_| Nothing, Settings);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($build:expr, $config:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, reason = "the names by which the host finds the functions")]
        const _: () = {
            use $crate::guest::Guest;

            fn build(config: &[u8]) -> Result<$crate::guest::Built, $crate::guest::Refusal> {
                let build: fn($config) -> _ = $build;
                $crate::guest::read(config).map(build).map($crate::guest::boxed)
            }

            static GUEST: Guest = Guest::new(build);

            #[unsafe(no_mangle)]
            extern "C" fn sched_abi_1() -> u32 {
                $crate::abi::wire::MINOR
            }
            #[unsafe(no_mangle)]
            extern "C" fn sched_manifest() -> i64 {
                GUEST.manifest()
            }
            #[unsafe(no_mangle)]
            extern "C" fn sched_alloc(len: u32) -> u32 {
                GUEST.alloc(len)
            }
            #[unsafe(no_mangle)]
            extern "C" fn sched_configure(ptr: u32, len: u32) -> i64 {
                GUEST.configure(ptr, len)
            }
            #[unsafe(no_mangle)]
            extern "C" fn sched_setup(ptr: u32, len: u32) -> i64 {
                GUEST.setup(ptr, len)
            }
            #[unsafe(no_mangle)]
            extern "C" fn sched_prepare(frame: u32) {
                GUEST.prepare(frame);
            }
            #[unsafe(no_mangle)]
            extern "C" fn sched_filter(frame: u32, start: u32, end: u32, list: u32) {
                GUEST.filter(frame, start, end, list);
            }
            #[unsafe(no_mangle)]
            extern "C" fn sched_filter_bits(frame: u32, start: u32, words: u32) -> u32 {
                GUEST.filter_bits(frame, start, words)
            }
            #[unsafe(no_mangle)]
            extern "C" fn sched_score(frame: u32, start: u32, end: u32, list: u32) {
                GUEST.score(frame, start, end, list);
            }
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            fn build(config: $config) -> impl $crate::abi::Policy {
                let build: fn($config) -> _ = $build;
                build(config)
            }
            let _ = build;
        };
    };
}

#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
struct TestingGuide;
