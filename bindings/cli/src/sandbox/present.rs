//! Modules from files and from the library, and profiles whose policies they are.

use crate::args::{EngineKind, PolicyChoice};
use crate::candidates::Candidate;
use crate::error::CliError;
use sched_core::abi::Policy;
use sched_core::wasm::{Engine, EngineConfig, Module, WasmError, WasmPolicy, WasmPolicyConfig};
use sched_core::{PolicyConfig, PolicyEntry, Profile, ProfileError, Scheduler};
use sched_sim::read;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The weight of a policy that is added without one.
const WEIGHT: i64 = 1;

/// The engine of this program's modules.
pub(crate) fn engine() -> Result<Engine, CliError> {
    Engine::new(&EngineConfig::default()).map_err(|error| CliError::Usage(error.to_string()))
}

/// A mistake of a module in a file.
pub(crate) fn refused(path: &Path) -> impl Fn(WasmError) -> CliError {
    move |source| CliError::Module { path: path.to_owned(), source: Box::new(source) }
}

/// The module in a file, compiled; where `trusted`, also an artefact.
pub(crate) fn load(engine: &Engine, path: &Path, trusted: bool) -> Result<Module, CliError> {
    let bytes = read::file(path)?;
    // Artefacts are object files for the machine.
    if !bytes.starts_with(b"\x7fELF") {
        return Module::new(engine, &bytes).map_err(refused(path));
    }
    if !trusted {
        return Err(CliError::Untrusted { path: path.to_owned() });
    }
    #[allow(unsafe_code, reason = "the user vouches for the file")]
    // SAFETY: `--trust-precompiled` is the user's word that the file is what `sched policy precompile` wrote.
    let module = unsafe { Module::load_trusted(engine, &bytes) };
    module.map_err(refused(path))
}

/// A module from a file.
struct Added {
    module: Module,
    path: PathBuf,
    weight: Option<i64>,
}

impl Added {
    fn name(&self) -> &str {
        &self.module.manifest().name
    }
}

/// Modules of the library, compiled when they are first wanted.
struct Library {
    engine: Engine,
    compiled: BTreeMap<&'static str, Module>,
}

impl Library {
    fn module(&mut self, policy: &PolicyConfig) -> Result<Option<Module>, CliError> {
        let name = policy.name();
        if let Some(module) = self.compiled.get(name) {
            return Ok(Some(module.clone()));
        }
        let Some(bytes) = sched_policies::module(name) else { return Ok(None) };
        let module = Module::new(&self.engine, bytes).map_err(refused(Path::new(name)))?;
        self.compiled.insert(name, module.clone());
        Ok(Some(module))
    }
}

/// The profiles, with the policies that the user adds or puts in their place.
pub(crate) fn candidates(profiles: &[Profile], choice: &PolicyChoice) -> Result<Vec<Candidate>, CliError> {
    if choice.engine == EngineKind::Native && choice.policy.is_empty() {
        return Ok(profiles.iter().map(Candidate::native).collect());
    }
    let mut library = Library { engine: engine()?, compiled: BTreeMap::new() };
    let added = added(&library.engine, choice)?;
    profiles.iter().map(|profile| candidate(profile, &added, choice.engine, &mut library)).collect()
}

fn added(engine: &Engine, choice: &PolicyChoice) -> Result<Vec<Added>, CliError> {
    let mut all: Vec<Added> = Vec::with_capacity(choice.policy.len());
    for file in &choice.policy {
        let module = load(engine, &file.path, choice.trust_precompiled)?;
        let added = Added { module, path: file.path.clone(), weight: file.weight };
        if let Some(other) = all.iter().find(|other| other.name() == added.name()) {
            let (one, two) = (other.path.display(), added.path.display());
            return Err(CliError::Usage(format!("`{one}` and `{two}` are both policy `{}`", added.name())));
        }
        all.push(added);
    }
    Ok(all)
}

/// What makes a policy, and its weight.
struct Entry {
    make: Box<dyn Fn() -> Result<Box<dyn Policy>, ProfileError>>,
    weight: i64,
}

fn candidate(
    profile: &Profile,
    added: &[Added],
    engine: EngineKind,
    library: &mut Library,
) -> Result<Candidate, CliError> {
    let mut entries = Vec::with_capacity(profile.policies.len() + added.len());
    for PolicyEntry { weight, config, .. } in &profile.policies {
        let own = added.iter().find(|added| added.name() == config.name());
        let module = match own {
            Some(own) => Some(own.module.clone()),
            None if engine == EngineKind::Wasm => Some(
                library
                    .module(config)?
                    .ok_or_else(|| CliError::NoModule { profile: profile.name.clone(), policy: config.name() })?,
            ),
            None => None,
        };
        let weight = own.and_then(|own| own.weight).unwrap_or(*weight);
        entries.push(match module {
            Some(module) => sandboxed(module, config.settings(), weight),
            None => native(config.clone(), weight),
        });
    }
    let others = added.iter().filter(|added| profile.policies.iter().all(|entry| entry.config.name() != added.name()));
    entries.extend(others.map(|own| sandboxed(own.module.clone(), String::new(), own.weight.unwrap_or(WEIGHT))));
    let of = profile.clone();
    Ok(Candidate::new(&profile.name, move |seed| {
        let policies = entries.iter().map(|entry| Ok(((entry.make)()?, entry.weight)));
        let mut scheduler = Scheduler::with_policies(policies.collect::<Result<_, ProfileError>>()?, seed)?;
        scheduler.stand_in_as(&of)?;
        Ok(scheduler)
    }))
}

fn native(config: PolicyConfig, weight: i64) -> Entry {
    Entry { make: Box::new(move || Ok(config.build())), weight }
}

fn sandboxed(module: Module, settings: String, weight: i64) -> Entry {
    let config = WasmPolicyConfig { settings, ..WasmPolicyConfig::default() };
    let make = move || match WasmPolicy::new(&module, config.clone()) {
        Ok(policy) => Ok(Box::new(policy) as Box<dyn Policy>),
        Err(error) => {
            let policy = module.manifest().name.clone().into_owned();
            Err(ProfileError::Setup { policy, problem: error.to_string() })
        }
    };
    Entry { make: Box::new(make), weight }
}
