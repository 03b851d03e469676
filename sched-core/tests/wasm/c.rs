//! The policy in C beside the header for C is built by clang, keeps the laws, and answers as it says it does.

use crate::support::ENGINE;
use policy_sdk::abi::Policy;
use policy_sdk::testing::{Options, check};
use sched_core::wasm::{Module, WasmPolicy, WasmPolicyConfig};
use sched_core::{Event, NodeSpec, PodSpec, Scheduler};
use std::path::Path;
use std::process::Command;

/// The module, or `None` where there is no clang.
fn built() -> Option<Vec<u8>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy-sdk/c/least_pods.c");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("least_pods.wasm");
    let mut clang = Command::new("clang");
    clang.args(["--target=wasm32", "-O2", "-nostdlib", "-msimd128", "-Wall", "-Wextra", "-Werror"]);
    let built = clang.args(["-Wl,--no-entry", "-Wl,--strip-all", "-o"]).arg(&out).arg(&source).output();
    match built {
        Ok(built) => {
            assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
            Some(std::fs::read(out).unwrap())
        }
        Err(error) => {
            eprintln!("NOT TESTED: clang cannot be run ({error}); `make tools` installs it");
            None
        }
    }
}

fn policy(bytes: &[u8], settings: &str) -> Box<dyn Policy> {
    let module = Module::new(&ENGINE, bytes).unwrap();
    let config = WasmPolicyConfig { settings: settings.to_owned(), ..WasmPolicyConfig::default() };
    Box::new(WasmPolicy::new(&module, config).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn a_policy_in_c_keeps_the_laws_and_says_what_it_should() {
    let Some(bytes) = built() else { return };
    let report = check(&|| policy(&bytes, "{}"), &Options { cases: 20, ..Options::default() });
    assert!(report.passed(), "{report}");

    let mut scheduler = Scheduler::with_policies(vec![(policy(&bytes, ""), 1)], 0).unwrap();
    for (name, places) in [("full", 0), ("ten", 10), ("forty", 40)] {
        let allocatable = [("pods".to_owned(), places)].into();
        let node = NodeSpec { name: name.into(), allocatable, ..NodeSpec::default() };
        scheduler.apply(&Event::NodeAdded(node), 0).unwrap();
    }
    let pod = |name: &str| PodSpec { namespace: "ns".into(), name: name.into(), ..PodSpec::default() };
    let at = |name: &str, node: &str| {
        let (namespace, name, node) = ("ns".to_owned(), name.to_owned(), node.to_owned());
        Event::PodBound { namespace, name, node, at_ms: 0 }
    };
    for (name, node) in [("a", "ten"), ("b", "forty"), ("c", "forty")] {
        scheduler.apply(&Event::PodAdded(pod(name)), 0).unwrap();
        scheduler.apply(&at(name, node), 0).unwrap();
    }
    let id = scheduler.add_pod(&pod("new")).unwrap();
    let evaluation = scheduler.evaluate(id, 0).unwrap();
    // By name: forty with 38 free of 40, full, ten with 9 of 10.
    assert_eq!(evaluation.answers[0].raw, [95, 90]);
    assert_eq!(evaluation.feasible.len(), 2);
    let answer = &evaluation.answers[0];
    let said: Vec<&str> = answer.verdicts.iter().flat_map(|verdict| answer.texts(*verdict)).collect();
    assert_eq!(said, ["Too many pods"]);
}
