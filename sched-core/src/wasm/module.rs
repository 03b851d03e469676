//! Modules: bytes that are checked and compiled once, and shared by every policy made of them.

use super::instance::Instance;
use super::{Engine, WasmError};
use crate::limits::{MAX_GUEST_MEMORY_BYTES, MAX_MODULE_BYTES, MAX_MODULE_FUNCTIONS, MAX_NAME_BYTES};
use sched_abi::wire::export;
use sched_abi::{MAX_REASONS, Manifest, NodeColumns, PodFields};
use std::sync::Arc;
use wasmparser::{Parser, Payload};

/// Bytes of a page of a module's memory.
pub(super) const PAGE: usize = 1 << 16;

/// A compiled module that keeps the contract as far as it can be seen without a pod. Clones share it.
///
/// ```
/// use sched_core::wasm::{Engine, EngineConfig, Module};
/// let engine = Engine::new(&EngineConfig::default())?;
/// let refused = Module::new(&engine, b"not a module").err().unwrap();
/// assert!(refused.to_string().starts_with("the module does not compile"));
/// # Ok::<(), sched_core::wasm::WasmError>(())
/// ```
#[derive(Clone)]
pub struct Module(pub(super) Arc<Compiled>);

pub(super) struct Compiled {
    pub(super) engine: Engine,
    pub(super) module: wasmtime::Module,
    /// Whether it has the shorter way to filter.
    pub(super) filter_bits: bool,
    minor: u32,
    /// Under default settings.
    manifest: Manifest,
}

impl Module {
    /// Checks and compiles a module. Cost: about a millisecond for each 10 KB.
    pub fn new(engine: &Engine, bytes: &[u8]) -> Result<Self, WasmError> {
        check(bytes)?;
        let compiled = wasmtime::Module::from_binary(&engine.0.engine, bytes);
        Self::take(engine, compiled.map_err(|e| WasmError::Compile(line_of(&format!("{e:#}"))))?)
    }

    /// Checks and compiles a module to an artefact that [`Module::load_trusted`] takes, with an engine of the same
    /// configuration on the same kind of machine.
    pub fn precompile(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, WasmError> {
        Self::new(engine, bytes)?.0.module.serialize().map_err(|e| WasmError::Compile(line_of(&format!("{e:#}"))))
    }

    /// Loads what [`Module::precompile`] made. Cost: well below a millisecond.
    ///
    /// # Safety
    /// An artefact is machine code that is run as it is: it must come from [`Module::precompile`], unchanged.
    #[allow(unsafe_code, reason = "the caller vouches for the artefact")]
    pub unsafe fn load_trusted(engine: &Engine, artefact: &[u8]) -> Result<Self, WasmError> {
        // SAFETY: the caller's promise.
        let module = unsafe { wasmtime::Module::deserialize(&engine.0.engine, artefact) };
        Self::take(engine, module.map_err(|e| WasmError::Artefact(line_of(&format!("{e:#}"))))?)
    }

    /// What the policy says of itself under default settings.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// The minor version of the contract that it was built for; the major one is [`sched_abi::wire::MAJOR`].
    pub fn abi_minor(&self) -> u32 {
        self.0.minor
    }

    /// Whether it has the optional shorter way to filter, [`Policy::filter_bits`](sched_abi::Policy::filter_bits).
    pub fn has_filter_bits(&self) -> bool {
        self.0.filter_bits
    }

    fn take(engine: &Engine, module: wasmtime::Module) -> Result<Self, WasmError> {
        if let Some(import) = module.imports().next() {
            return Err(WasmError::Import(line_of(&format!("{}.{}", import.module(), import.name()))));
        }
        let memory = module.get_export(export::MEMORY).and_then(|e| e.memory().cloned());
        let memory = memory.ok_or(WasmError::Export { name: export::MEMORY, expected: "a memory" })?;
        if let Some(pages) = memory.maximum().filter(|&pages| pages < (MAX_GUEST_MEMORY_BYTES / PAGE) as u64) {
            return Err(WasmError::MemoryMaximum { pages });
        }
        let mut instance = Instance::new(engine, &module)?;
        let (minor, manifest) = (instance.minor, instance.manifest()?);
        check_manifest(&manifest)?;
        let filter_bits = module.get_export(export::FILTER_BITS).is_some();
        Ok(Self(Arc::new(Compiled { engine: engine.clone(), module, filter_bits, minor, manifest })))
    }
}

/// What can be refused before anything is compiled.
fn check(bytes: &[u8]) -> Result<(), WasmError> {
    let limit = |what, count: u64, limit: u64, name| {
        if count > limit { Err(WasmError::Limit { what, count, limit, name }) } else { Ok(()) }
    };
    limit("bytes", bytes.len() as u64, MAX_MODULE_BYTES as u64, "MAX_MODULE_BYTES")?;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|e| WasmError::Compile(line_of(&e.to_string())))? {
            Payload::StartSection { .. } => return Err(WasmError::Start),
            Payload::FunctionSection(functions) => {
                let most = u64::from(MAX_MODULE_FUNCTIONS);
                limit("functions", u64::from(functions.count()), most, "MAX_MODULE_FUNCTIONS")?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a manifest can say that no policy can mean.
pub(super) fn check_manifest(manifest: &Manifest) -> Result<(), WasmError> {
    let name = &manifest.name;
    let field = if name.is_empty() || !is_line(name) {
        "name"
    } else if !PodFields::ALL.has(manifest.pod_fields) {
        "podFields"
    } else if !NodeColumns::ALL.has(manifest.columns) {
        "columns"
    } else if manifest.reasons.len() > MAX_REASONS as usize || !manifest.reasons.iter().all(|r| is_line(&r.text)) {
        "reasons"
    } else {
        return Ok(());
    };
    Err(WasmError::Manifest { field })
}

/// Whether a text that a module gives can stand in a line of an explanation without forging others.
pub(super) fn is_line(text: &str) -> bool {
    text.len() <= MAX_NAME_BYTES && !text.chars().any(char::is_control)
}

/// A module's words, or an engine's about it, as one line of bounded length, which can forge no other.
pub(super) fn line_of(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(MAX_NAME_BYTES).collect()
}
