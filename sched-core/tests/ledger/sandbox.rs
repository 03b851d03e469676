//! Room that is a pod's own is open in sandboxes too: both sides decide alike through any history of holds.

use crate::machine::{START_MS, apply, scheduler};
use crate::steps::{Op, step};
use proptest::prelude::*;
use sched_core::wasm::{Engine, EngineConfig, Module, WasmPolicy, WasmPolicyConfig};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn a_sandboxed_fit_sees_own_room_as_the_native_one_does(steps in prop::collection::vec(step(), 1..80)) {
        let mut both = [scheduler(), scheduler()];
        let engine = Engine::new(&EngineConfig::default()).unwrap();
        let module = Module::new(&engine, sched_policies::module("NodeResourcesFit").unwrap()).unwrap();
        both[1].swap_policy(Box::new(WasmPolicy::new(&module, WasmPolicyConfig::default()).unwrap())).unwrap();
        let mut now = START_MS;
        for step in steps.iter().filter(|step| !matches!(step.op, Op::Restart)) {
            let at_ms = now.saturating_add_signed(step.after_ms);
            let done = both.each_mut().map(|scheduler| apply(scheduler, &step.op, at_ms, now));
            prop_assert_eq!(done[0], done[1], "{:?}", step);
            now = if done[0] { now.max(at_ms) } else { now };
            for pod in 0..6 {
                let decided = both.each_mut().map(|scheduler| {
                    let id = scheduler.cluster().pod_id("ns", &format!("pod-{pod}"))?;
                    Some(scheduler.decide(id, now).map(|decision| (decision.row, decision.total, decision.feasible)))
                });
                prop_assert_eq!(&decided[0], &decided[1], "pod-{} after {:?}", pod, step);
            }
        }
        prop_assert_eq!(both[0].cluster().dump(), both[1].cluster().dump());
    }
}
