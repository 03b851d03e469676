//! Modules are judged by the laws that native policies are judged by, and answer as those do.

use crate::support::module;
use policy_sdk::abi::Policy;
use policy_sdk::testing::{Options, check, same_answers};
use sched_core::PolicyConfig;
use sched_core::wasm::{WasmPolicy, WasmPolicyConfig};

fn options() -> Options {
    Options { cases: 60, ..Options::default() }
}

#[test]
fn modules_keep_the_laws_and_answer_as_native_policies_do() {
    for (name, _) in sched_policies::ALL {
        let make = || -> Box<dyn Policy> {
            Box::new(WasmPolicy::new(module(name), WasmPolicyConfig::default()).expect("settings with defaults"))
        };
        let report = check(&make, &options());
        assert!(report.passed(), "{report}");
        let native = PolicyConfig::default_of(name).expect("a policy that ships");
        if let Err(failure) = same_answers(&|| native.build(), &make, &options()) {
            panic!("{name}: {failure}");
        }
    }
}
