//! Sandboxed policies: modules of WebAssembly that keep the contract of [`sched_abi::wire`], run by an [`Engine`] under
//! limits, as ordinary policies ([`WasmPolicy`]).
//!
//! A module imports nothing. Its memory holds copies of the columns that it declares, which follow the cluster's journal; its
//! calls are about many rows at once and end when their fuel does. A call that fails costs the module its instance and
//! nothing else.

#[cfg(target_endian = "big")]
compile_error!("columns are shared with modules as they are, so the host must be little-endian as WebAssembly is");

mod answers;
mod bounds;
mod columns;
mod engine;
mod error;
mod grant;
mod guest;
mod instance;
mod labels;
mod module;
mod pod;
mod policy;

pub use engine::{Engine, EngineConfig};
pub use error::WasmError;
pub use module::Module;
pub use policy::{WasmPolicy, WasmPolicyConfig};
