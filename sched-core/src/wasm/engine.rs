//! The engine that compiles and runs modules: one for a process, shared by all its policies and schedulers.

use super::WasmError;
use crate::limits;
use std::sync::Arc;
use wasmtime::{Config, OptLevel};

/// How the engine works. Artefacts fit only engines of the same configuration.
///
/// ```
/// use sched_core::wasm::{Engine, EngineConfig};
/// // For a process whose signal handlers belong to another runtime, as Go's or Java's.
/// let engine = Engine::new(&EngineConfig { signals_based_traps: false, ..EngineConfig::default() })?;
/// # let _ = engine;
/// # Ok::<(), sched_core::wasm::WasmError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EngineConfig {
    /// Whether memory faults of modules are caught by signal handlers. Without them every access is checked, which costs
    /// time, but the process's handlers are left alone.
    pub signals_based_traps: bool,
    /// Bytes of one policy's memory, at most [`limits::MAX_GUEST_MEMORY_BYTES`].
    pub memory_bytes: usize,
    /// Fuel of a call before it looks at rows.
    pub fuel_per_call: u64,
    /// Fuel of a call for each of its rows.
    pub fuel_per_row: u64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            signals_based_traps: true,
            memory_bytes: limits::MAX_GUEST_MEMORY_BYTES,
            fuel_per_call: limits::FUEL_PER_CALL,
            fuel_per_row: limits::FUEL_PER_ROW,
        }
    }
}

/// The engine. Clones share it.
#[derive(Clone)]
pub struct Engine(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) engine: wasmtime::Engine,
    pub(super) config: EngineConfig,
}

impl Engine {
    /// An engine of this configuration.
    pub fn new(config: &EngineConfig) -> Result<Self, WasmError> {
        let mut settings = Config::new();
        settings
            .consume_fuel(true)
            .max_wasm_stack(limits::MAX_GUEST_STACK_BYTES)
            .cranelift_opt_level(OptLevel::Speed)
            .wasm_simd(true)
            .wasm_relaxed_simd(false)
            .wasm_memory64(false)
            .wasm_multi_memory(false)
            .wasm_tail_call(false)
            .wasm_backtrace_max_frames(None)
            .generate_address_map(false)
            .signals_based_traps(config.signals_based_traps);
        let engine = wasmtime::Engine::new(&settings).map_err(|e| WasmError::Engine(format!("{e:#}")))?;
        let memory_bytes = config.memory_bytes.min(limits::MAX_GUEST_MEMORY_BYTES);
        Ok(Self(Arc::new(Shared { engine, config: EngineConfig { memory_bytes, ..*config } })))
    }
}
