//! Modules that break the contract: each gets its error, and a decision goes on as the failure mode says.

use crate::support::module;
use crate::wat::{Wat, manifest};
use sched_core::abi::FailureMode;
use sched_core::wasm::{Module, WasmError, WasmPolicy, WasmPolicyConfig};
use sched_core::{Event, NodeSpec, PodId, PodSpec, PolicyConfig, ProfileError, ScheduleError, Scheduler};

const NODES: usize = 3;

fn policy(wat: &Wat, failure_mode: Option<FailureMode>) -> WasmPolicy {
    let config = WasmPolicyConfig { failure_mode, failed_decisions: 3, ..WasmPolicyConfig::default() };
    WasmPolicy::new(&wat.load().unwrap(), config).unwrap()
}

/// A scheduler of three nodes with a sandboxed policy, and a pod.
fn scheduler(policy: WasmPolicy) -> (Scheduler, PodId) {
    let fit = PolicyConfig::default_of("NodeResourcesFit").unwrap().build();
    let mut scheduler = Scheduler::with_policies(vec![(fit, 1), (Box::new(policy), 1)], 7).unwrap();
    for name in ["a", "b", "c"].into_iter().take(NODES) {
        let allocatable = [("cpu".to_owned(), 4_000), ("pods".to_owned(), 10)].into();
        let node = NodeSpec { name: name.to_owned(), allocatable, ..NodeSpec::default() };
        scheduler.apply(&Event::NodeAdded(node), 0).unwrap();
    }
    let pod = PodSpec { namespace: "default".to_owned(), name: "p".to_owned(), ..PodSpec::default() };
    let pod = scheduler.add_pod(&pod).unwrap();
    (scheduler, pod)
}

#[test]
fn a_module_that_keeps_the_contract_is_taken() {
    let (mut scheduler, pod) = scheduler(policy(&Wat::default(), None));
    assert_eq!(scheduler.decide(pod, 0).unwrap().feasible, 3);
    let (_, statistics) = scheduler.statistics().nth(1).unwrap();
    let statistics = statistics.unwrap();
    assert_eq!((statistics.calls, statistics.failures), (3, 0));
    assert!(statistics.fuel > 0 && statistics.rows == 9);
}

#[test]
fn what_can_be_seen_at_loading_is_refused_then() {
    let wat = Wat::default;
    let error = |wat: Wat| wat.load().err().unwrap();
    assert_eq!(
        error(Wat { head: "(import \"env\" \"now\" (func))".to_owned(), ..wat() }),
        WasmError::Import("env.now".to_owned())
    );
    assert_eq!(error(Wat { head: "(start 0)".to_owned(), ..wat() }), WasmError::Start);
    assert_eq!(error(Wat { version: 99, ..wat() }), WasmError::Version { theirs: 99 });
    assert_eq!(error(Wat { memory: "1 2", ..wat() }), WasmError::MemoryMaximum { pages: 2 });
    assert!(matches!(error(Wat { memory: "2000", ..wat() }), WasmError::Instantiate(_)));
    assert!(matches!(error(Wat { manifest: "{}".to_owned(), ..wat() }), WasmError::Syntax { .. }));
    assert_eq!(error(Wat { manifest: manifest("", "none"), ..wat() }), WasmError::Manifest { field: "name" });
    let columns = manifest("Wat", "none").replace("256", "4294967295");
    assert_eq!(error(Wat { manifest: columns, ..wat() }), WasmError::Manifest { field: "columns" });
    let many = format!("(table 20000 funcref){}", "(func)".repeat(20_001));
    assert!(matches!(error(Wat { head: many, ..wat() }), WasmError::Limit { name: "MAX_MODULE_FUNCTIONS", .. }));
    let table = "(table 20000 funcref)".to_owned();
    assert!(matches!(error(Wat { head: table, ..wat() }), WasmError::Instantiate(_)));
    let missing = wat().text().replace("sched_prepare", "prepare");
    let missing = Module::new(&crate::support::ENGINE, &wat::parse_str(missing).unwrap()).err().unwrap();
    assert_eq!(missing, WasmError::Export { name: "sched_prepare", expected: "(i32)" });
}

#[test]
fn a_module_of_the_previous_minor_version_still_works() {
    let text = include_str!("../fixtures/wasm/abi-1.0.wat");
    let module = Module::new(&crate::support::ENGINE, &wat::parse_str(text).unwrap()).unwrap();
    let policy = WasmPolicy::new(&module, WasmPolicyConfig::default()).unwrap();
    let (mut scheduler, pod) = scheduler(policy);
    assert_eq!(scheduler.decide(pod, 0).unwrap().feasible, 3);
    assert_eq!(scheduler.statistics().nth(1).unwrap().1.unwrap().failures, 0);
}

/// One fault each, in a call about a pod, and what the error says of it.
fn faults() -> Vec<(&'static str, Wat, &'static str)> {
    let wat = Wat::default;
    let spin = "(loop (br 0))";
    let all = "(memory.fill (i32.load offset=64 (local.get 0)) (i32.const 0x41) (i32.const 8192))";
    vec![
        ("loops in prepare", Wat { prepare: spin, ..wat() }, "fuel"),
        ("loops in filter", Wat { filter: spin, ..wat() }, "fuel"),
        ("loops in score", Wat { score: spin, ..wat() }, "fuel"),
        ("recurses", Wat { head: "(func $r (call $r))".to_owned(), filter: "(call $r)", ..wat() }, "stack"),
        ("traps", Wat { score: "unreachable", ..wat() }, "trapped"),
        ("reads beyond its memory", Wat { filter: "(drop (i32.load (i32.const -8)))", ..wat() }, "trapped"),
        ("names a reason that there is not", Wat { filter: all, ..wat() }, "not in the table"),
        ("scores out of range", Wat { score: all, ..wat() }, "out of range"),
        (
            "prepares nonsense",
            Wat { prepare: "(memory.fill (local.get 0) (i32.const 0x41) (i32.const 600))", ..wat() },
            "cannot be",
        ),
        ("has no filter though it says so", Wat { filter_export: "filter", ..wat() }, "must export"),
    ]
}

#[test]
fn a_fault_makes_a_policy_abstain_or_reject_as_it_is_told() {
    for (name, wat, text) in faults() {
        let (mut scheduler, pod) = scheduler(policy(&wat, Some(FailureMode::Abstain)));
        let decision = scheduler.decide(pod, 0).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(decision.feasible, 3, "{name}");
        let evaluation = scheduler.evaluate(pod, 0).unwrap();
        assert_eq!(evaluation.chosen, Some(decision.row), "{name}");
        let (_, statistics) = scheduler.statistics().nth(1).unwrap();
        assert!(statistics.unwrap().failures >= 2, "{name}");
        let (mut scheduler, pod) = self::scheduler(policy(&wat, Some(FailureMode::Reject)));
        assert_eq!(scheduler.decide(pod, 0), Err(ScheduleError::Unschedulable), "{name}");
        let message = scheduler.explain(pod, 0).unwrap().to_string();
        assert!(message.contains("policy Wat failed"), "{name}: {message}");
        let old = scheduler.swap_policy(Box::new(policy(&Wat::default(), None))).unwrap();
        assert!(old.statistics().unwrap().failures >= 2);
        assert!(old.last_problem().unwrap().contains(text), "{name}: {:?}", old.last_problem());
        assert_eq!(scheduler.decide(pod, 0).unwrap().feasible, 3, "{name}: nothing of it is left");
    }
}

#[test]
fn a_policy_that_fails_too_often_is_asked_no_more() {
    let wat = Wat { score: "unreachable", ..Wat::default() };
    let (mut scheduler, pod) = scheduler(policy(&wat, None));
    let calls = |scheduler: &Scheduler| scheduler.statistics().nth(1).unwrap().1.unwrap();
    for _ in 0..3 {
        assert!(!calls(&scheduler).quarantined);
        scheduler.decide(pod, 0).unwrap();
    }
    let before = calls(&scheduler);
    assert!(before.quarantined && before.failed_decisions == 3);
    scheduler.decide(pod, 0).unwrap();
    assert_eq!(calls(&scheduler), before);
}

#[test]
fn a_broken_replacement_leaves_the_old_policy_in_place() {
    let (mut scheduler, pod) = scheduler(policy(&Wat::default(), None));
    let asks = r#"[{"nodes":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"","operator":"Exists"}]}]}}]"#;
    let broken = policy(&Wat { asks, ..Wat::default() }, None);
    assert!(matches!(scheduler.swap_policy(Box::new(broken)), Err(ProfileError::Setup { .. })));
    let other = policy(&Wat { manifest: manifest("Other", "none"), ..Wat::default() }, None);
    assert_eq!(scheduler.swap_policy(Box::new(other)).err(), Some(ProfileError::NotThere("Other".to_owned())));
    assert_eq!(scheduler.decide(pod, 0).unwrap().feasible, 3);
    assert_eq!(scheduler.statistics().nth(1).unwrap().1.unwrap().calls, 3);
}

#[test]
fn a_deep_guest_on_a_small_thread_harms_nobody() {
    let problem = |stack: usize| {
        let recurses = Wat { head: "(func $r (call $r))".to_owned(), filter: "(call $r)", ..Wat::default() };
        let (mut scheduler, pod) = scheduler(policy(&recurses, None));
        let thread = std::thread::Builder::new().stack_size(stack).spawn(move || {
            let feasible = scheduler.decide(pod, 0).unwrap().feasible;
            (feasible, scheduler)
        });
        let (feasible, mut scheduler) = thread.unwrap().join().unwrap();
        assert_eq!(feasible, 3, "it abstains");
        scheduler.swap_policy(Box::new(policy(&Wat::default(), None))).unwrap().last_problem().unwrap()
    };
    // The smaller first: the C library hands the stack of a thread that has ended to the next one.
    let (small, large) = (problem(96 << 10), problem(256 << 10));
    assert!(small.contains("MIN_THREAD_STACK_BYTES"), "{small}");
    assert!(large.contains("MAX_GUEST_STACK_BYTES"), "{large}");
}

#[test]
fn an_artefact_is_loaded_as_its_module() {
    let engine = &crate::support::ENGINE;
    let artefact = Module::precompile(engine, sched_policies::module("NodeResourcesFit").unwrap()).unwrap();
    #[allow(unsafe_code, reason = "made just now")]
    // SAFETY: the bytes come from `precompile`, unchanged.
    let loaded = unsafe { Module::load_trusted(engine, &artefact) }.unwrap();
    assert_eq!(loaded.manifest(), module("NodeResourcesFit").manifest());
    #[allow(unsafe_code, reason = "refused before any of it runs")]
    // SAFETY: it has no artefact's header.
    let refused = unsafe { Module::load_trusted(engine, b"no artefact") };
    assert!(matches!(refused.err(), Some(WasmError::Artefact(_))));
}
