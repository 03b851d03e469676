//! Modules are judged by the laws that native policies are judged by, and answer as those do.

use crate::support::{module, policy};
use policy_domain_spread::{DomainSpread, DomainSpreadConfig};
use policy_node_number::{NodeNumber, NodeNumberConfig};
use policy_sdk::abi::Policy;
use policy_sdk::testing::{Options, check, same_answers};
use sched_core::PolicyConfig;
use sched_core::wasm::{WasmPolicy, WasmPolicyConfig};

fn options() -> Options {
    Options { cases: 20, ..Options::default() }
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

#[test]
fn examples_answer_as_native_ones_do() {
    let number = || -> Box<dyn Policy> { Box::new(NodeNumber::new(NodeNumberConfig::default())) };
    let spread = || -> Box<dyn Policy> { Box::new(DomainSpread::new(DomainSpreadConfig::default())) };
    let same = [
        same_answers(&number, &|| policy("NodeNumber", &NodeNumberConfig::default()), &options()),
        same_answers(&spread, &|| policy("DomainSpread", &DomainSpreadConfig::default()), &options()),
    ];
    for same in same {
        same.unwrap_or_else(|failure| panic!("{failure}"));
    }
}
