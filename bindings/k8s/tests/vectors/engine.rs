//! The two ways in which the policies are run: as native code, and as the sandboxed modules that ship with the library.

use sched_core::abi::Policy;
use sched_core::wasm::{Engine, EngineConfig, Module, WasmPolicy, WasmPolicyConfig};
use sched_core::{PolicyConfig, Profile, Scheduler};
use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Make {
    Native,
    Sandboxed,
}

static MODULES: LazyLock<BTreeMap<&'static str, Module>> = LazyLock::new(|| {
    let engine = Engine::new(&EngineConfig::default()).unwrap();
    sched_policies::ALL.iter().map(|(name, bytes)| (*name, Module::new(&engine, bytes).unwrap())).collect()
});

impl Make {
    pub(crate) fn policy(self, config: &PolicyConfig) -> Box<dyn Policy> {
        match self {
            Self::Native => config.build(),
            Self::Sandboxed => {
                let settings = WasmPolicyConfig { settings: config.settings(), ..WasmPolicyConfig::default() };
                Box::new(WasmPolicy::new(&MODULES[config.name()], settings).unwrap())
            }
        }
    }

    pub(crate) fn scheduler(self, profile: &Profile) -> Scheduler {
        let policies = profile.policies.iter().map(|entry| (self.policy(&entry.config), entry.weight));
        let mut scheduler = Scheduler::with_policies(policies.collect(), 1).unwrap();
        scheduler.stand_in_as(profile).unwrap();
        scheduler
    }
}
