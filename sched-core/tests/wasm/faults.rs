//! What a policy of its own fault costs, over its life: quarantine, replacement, the stack of its host's thread.

use crate::generated::plain_with;
use crate::site::{PLAIN, Site, compile, hostile, plain, policy};
use crate::support::{ENGINE, module};
use sched_core::ProfileError;
use sched_core::abi::{FailureMode, Manifest, Nodes, PodView, Policy, Prepared, ReasonArg, ReasonSpec, Rows, Verdict};
use sched_core::wasm::{Module, WasmError, WasmPolicy};

fn hostile_policy(name: &str) -> WasmPolicy {
    policy(&hostile(name).unwrap(), None).unwrap()
}

#[test]
fn a_module_that_keeps_the_contract_is_taken() {
    let mut site = Site::new(Some(plain()));
    assert_eq!(site.scheduler.decide(site.pod, 0).unwrap().feasible, 3);
    let statistics = site.statistics();
    assert_eq!((statistics.calls, statistics.failures), (3, 0));
    assert!(statistics.fuel > 0 && statistics.rows == 9);
}

#[test]
fn modules_of_earlier_minor_versions_still_work() {
    // The first one, and a policy in C as it was built before 1.3.
    let first = compile(include_str!("../fixtures/wasm/abi-1.0.wat")).unwrap();
    let previous = Module::new(&ENGINE, include_bytes!("../fixtures/wasm/abi-1.2.wasm")).unwrap();
    assert_eq!([&first, &previous].map(Module::abi_minor), [0, 2]);
    for module in [first, previous] {
        let mut site = Site::new(Some(policy(&module, None).unwrap()));
        assert_eq!(site.scheduler.decide(site.pod, 0).unwrap().feasible, 3);
        assert_eq!(site.statistics().failures, 0);
    }
}

#[test]
fn a_policy_that_fails_too_often_is_asked_no_more() {
    let mut site = Site::new(Some(hostile_policy("score-traps")));
    for _ in 0..3 {
        assert!(!site.statistics().quarantined);
        site.scheduler.decide(site.pod, 0).unwrap();
    }
    let before = site.statistics();
    assert!(before.quarantined && before.failed_decisions == 3);
    site.scheduler.decide(site.pod, 0).unwrap();
    assert_eq!(site.statistics(), before);
}

#[test]
fn a_policy_takes_the_place_of_the_one_of_its_name_only() {
    let mut site = Site::new(Some(plain()));
    let other = compile(&PLAIN.replace("Plain", "Other")).unwrap();
    let refused = site.scheduler.swap_policy(Box::new(policy(&other, None).unwrap()));
    assert_eq!(refused.err(), Some(ProfileError::NotThere("Other".to_owned())));
    assert_eq!(site.scheduler.decide(site.pod, 0).unwrap().feasible, 3);
}

#[test]
fn policies_that_are_refused_again_and_again_leave_room_for_others() {
    let mut site = Site::new(Some(plain()));
    for _ in 0..100 {
        let refused = site.scheduler.swap_policy(Box::new(hostile_policy("asks-for-every-pod-selector")));
        assert!(matches!(refused, Err(ProfileError::Setup { .. })));
    }
    let asks = r"\22asks\22:[{\22pods\22:{\22matchLabels\22:{\22a\22:\22b\22}}}]";
    let (plain, text) = (r"\22asks\22:[]", PLAIN.replace("0x2000_00000100", "0x2000_00000122"));
    let modest = compile(&text.replace(plain, asks)).unwrap();
    site.scheduler.swap_policy(Box::new(policy(&modest, None).unwrap())).unwrap();
    assert_eq!(site.scheduler.decide(site.pod, 0).unwrap().feasible, 3);
}

#[test]
fn a_deep_guest_on_a_small_thread_harms_nobody() {
    let problem = |stack: usize| {
        let mut site = Site::new(Some(hostile_policy("filter-recurses")));
        let thread = std::thread::Builder::new().stack_size(stack).spawn(move || {
            let feasible = site.scheduler.decide(site.pod, 0).unwrap().feasible;
            (feasible, site)
        });
        let (feasible, mut site) = thread.unwrap().join().unwrap();
        assert_eq!(feasible, 3, "it abstains");
        site.scheduler.swap_policy(Box::new(plain())).unwrap().last_problem().unwrap()
    };
    // The smaller first: the C library hands the stack of a thread that has ended to the next one.
    let (small, large) = (problem(96 << 10), problem(256 << 10));
    assert!(small.contains("MIN_THREAD_STACK_BYTES"), "{small}");
    assert!(large.contains("MAX_GUEST_STACK_BYTES"), "{large}");
}

#[test]
fn an_artefact_is_loaded_as_its_module() {
    let artefact = Module::precompile(&ENGINE, sched_policies::module("NodeResourcesFit").unwrap()).unwrap();
    #[allow(unsafe_code, reason = "made just now")]
    // SAFETY: the bytes come from `precompile`, unchanged.
    let loaded = unsafe { Module::load_trusted(&ENGINE, &artefact) }.unwrap();
    assert_eq!(loaded.manifest(), module("NodeResourcesFit").manifest());
    #[allow(unsafe_code, reason = "refused before any of it runs")]
    // SAFETY: it has no artefact's header.
    let refused = unsafe { Module::load_trusted(&ENGINE, b"no artefact") };
    assert!(matches!(refused.err(), Some(WasmError::Artefact(_))));
}

#[test]
fn a_policy_of_weight_0_is_asked_for_no_scores() {
    let mut site = Site::weighted(Some(hostile_policy("score-traps")), 0);
    let decision = site.scheduler.decide(site.pod, 0).unwrap();
    let evaluation = site.scheduler.evaluate(site.pod, 0).unwrap();
    assert_eq!(evaluation.chosen, Some(decision.row));
    let answer = &evaluation.answers[1];
    assert!(answer.filtered && !answer.scored && answer.raw.is_empty());
    assert_eq!(site.statistics().failures, 0);
}

#[test]
fn what_a_policy_narrows_is_the_same_for_a_decision_and_its_explanation() {
    let mut site = Site::new(Some(hostile_policy("narrows-to-nothing")));
    let decision = site.scheduler.decide(site.pod, 0).unwrap();
    assert_eq!(site.scheduler.evaluate(site.pod, 0).unwrap().chosen, Some(decision.row));
}

/// Keeps pods off one row, unless no other is feasible.
struct Soft;

impl Policy for Soft {
    fn manifest(&self) -> Manifest {
        let reasons = vec![ReasonSpec { text: "soft".into(), arg: ReasonArg::None }];
        Manifest { filters: true, reasons: reasons.into(), ..Manifest::new("Soft") }
    }

    fn prepare(&self, _: &PodView<'_>, _: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        Prepared { fall_back: true, ..Prepared::RUN }
    }

    fn filter(&self, _: &PodView<'_>, _: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        for (row, out) in rows.iter().zip(out) {
            *out = if row == 1 { Verdict::reason(0) } else { Verdict::PASS };
        }
    }
}

#[test]
fn a_policy_that_rejects_all_and_then_fails_leaves_no_filter_out() {
    let filter = "(local $at i32)
        (if (global.get $called) (then (unreachable)))
        (global.set $called (i32.const 1))
        (local.set $at (i32.load offset=64 (local.get 0)))
        (loop $next
          (i64.store (local.get $at) (i64.const 1))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (local.set 1 (i32.add (local.get 1) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get 1) (local.get 2))))
        (return)";
    let module = compile(&plain_with(filter, "(global $called (mut i32) (i32.const 0))")).unwrap();
    let fails = policy(&module, Some(FailureMode::Abstain)).unwrap();
    let decide = |mut site: Site| {
        let decision = site.scheduler.decide(site.pod, 0).unwrap();
        (decision.row, decision.feasible, decision.fell_back)
    };
    let with = |module| Site::of(vec![(Box::new(Soft), 1)], module, 1);
    assert_eq!(decide(with(Some(fails))), decide(with(None)));
}
