//! Schedulers whose policies are native, and the same with every policy that has a module sandboxed.

use crate::common::generate::profile_text;
use policy_domain_spread::{DomainSpread, DomainSpreadConfig};
use policy_node_number::{NodeNumber, NodeNumberConfig};
use policy_sdk::abi::Policy;
use sched_core::wasm::{Engine, EngineConfig, Module, WasmPolicy, WasmPolicyConfig};
use sched_core::{PolicyEntry, ProfileSet, Scheduler, Weighted};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(crate) static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&EngineConfig::default()).unwrap());

/// The modules that ship with the library, compiled once for all tests.
static MODULES: LazyLock<BTreeMap<&str, Module>> = LazyLock::new(|| {
    let compile = |bytes: &[u8]| Module::new(&ENGINE, bytes).unwrap_or_else(|error| panic!("{error}"));
    let all = sched_policies::ALL.iter().chain(sched_policies::EXAMPLES);
    all.map(|(name, bytes)| (*name, compile(bytes))).collect()
});

pub(crate) fn module(policy: &str) -> &'static Module {
    &MODULES[policy]
}

/// The policy of an entry, sandboxed where it has a module.
pub(crate) fn sandboxed(entry: &PolicyEntry) -> Weighted {
    let Some(module) = MODULES.get(entry.config.name()) else { return (entry.config.build(), entry.weight) };
    let config = WasmPolicyConfig { settings: entry.config.settings(), ..WasmPolicyConfig::default() };
    let policy = WasmPolicy::new(module, config);
    (Box::new(policy.unwrap_or_else(|error| panic!("{error}"))), entry.weight)
}

/// An empty scheduler under a generated profile, native and sandboxed.
pub(crate) fn schedulers(profile: &Value, seed: u64) -> [Scheduler; 2] {
    let text = profile_text(profile);
    let profiles = ProfileSet::from_text(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let profile = &profiles.profiles[0];
    let sandboxed = profile.policies.iter().map(sandboxed).collect();
    let mut sandboxed = Scheduler::with_policies(sandboxed, seed).unwrap();
    sandboxed.stand_in_as(profile).unwrap();
    [Scheduler::new(profile, seed).unwrap(), sandboxed]
}

/// A policy out of a module, under settings.
pub(crate) fn policy(name: &str, settings: &impl serde::Serialize) -> Box<dyn Policy> {
    let settings = serde_json::to_string(settings).unwrap();
    let config = WasmPolicyConfig { settings, ..WasmPolicyConfig::default() };
    Box::new(WasmPolicy::new(module(name), config).unwrap_or_else(|error| panic!("{error}")))
}

/// An empty scheduler with the examples, native and sandboxed.
pub(crate) fn examples(number: NodeNumberConfig, spread: &DomainSpreadConfig, seed: u64) -> [Scheduler; 2] {
    let native: [Box<dyn Policy>; 2] = [Box::new(NodeNumber::new(number)), Box::new(DomainSpread::new(spread.clone()))];
    [native, [policy("NodeNumber", &number), policy("DomainSpread", spread)]]
        .map(|policies| Scheduler::with_policies(policies.into_iter().map(|p| (p, 1)).collect(), seed).unwrap())
}
