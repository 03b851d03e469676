//! A module in a file, under settings.

use super::args::ModuleArgs;
use crate::error::CliError;
use crate::sandbox::{engine, refused};
use sched_core::wasm::{Engine, Module, WasmPolicy, WasmPolicyConfig};
use sched_sim::read;
use std::path::PathBuf;

/// A module that takes its settings.
pub(super) struct Subject {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) engine: Engine,
    pub(super) module: Module,
    pub(super) settings: String,
}

impl Subject {
    pub(super) fn open(args: &ModuleArgs) -> Result<Self, CliError> {
        let (engine, bytes) = (engine()?, read::file(&args.file)?);
        let module = Module::new(&engine, &bytes).map_err(refused(&args.file))?;
        let subject = Self { path: args.file.clone(), bytes, engine, module, settings: args.settings.clone() };
        subject.policy().map(|_| subject)
    }

    /// An instance that is not set up yet.
    pub(super) fn policy(&self) -> Result<WasmPolicy, CliError> {
        let config = WasmPolicyConfig { settings: self.settings.clone(), ..WasmPolicyConfig::default() };
        WasmPolicy::new(&self.module, config).map_err(refused(&self.path))
    }

    pub(super) fn name(&self) -> &str {
        &self.module.manifest().name
    }
}
