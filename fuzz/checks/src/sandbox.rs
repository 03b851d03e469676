//! A module under test beside a policy of the library: whatever it is, it is refused with its error or taken, and the other
//! policy answers as if it were alone.

use sched_core::abi::FailureMode;
use sched_core::wasm::{Engine, EngineConfig, Module, WasmError, WasmPolicy, WasmPolicyConfig};
use sched_core::{Event, NodeSpec, PodId, PodSpec, PolicyConfig, ProfileError, Sample, Scheduler, Weighted};
use std::sync::OnceLock;

/// Fuel of a call: little, so that what loops ends soon.
const FUEL: u64 = 20_000;

/// Times of the decisions, milliseconds.
const TIMES: [u64; 3] = [0, 1_000, 3_600_000];

/// The engine of all modules; `None` where the machine has none.
pub(crate) fn engine() -> Option<&'static Engine> {
    static ENGINE: OnceLock<Option<Engine>> = OnceLock::new();
    let config = EngineConfig { fuel_per_call: FUEL, fuel_per_row: 100, ..EngineConfig::default() };
    ENGINE.get_or_init(|| Engine::new(&config).ok()).as_ref()
}

/// Holds a host to its promises with a module of these bytes, under these settings.
pub(crate) fn holds(bytes: &[u8], settings: &str) {
    let Some(engine) = engine() else { return };
    let module = match Module::new(engine, bytes) {
        Ok(module) => module,
        Err(error) => return told(&error),
    };
    for mode in [FailureMode::Abstain, FailureMode::Reject] {
        match policy(&module, settings, mode) {
            Ok(policy) => beside(policy, mode),
            Err(error) => return told(&error),
        }
    }
}

fn policy(module: &Module, settings: &str, mode: FailureMode) -> Result<WasmPolicy, WasmError> {
    let config = WasmPolicyConfig { settings: settings.to_owned(), failure_mode: Some(mode), failed_decisions: 2 };
    WasmPolicy::new(module, config)
}

/// An error says something, in one line that is no book.
fn told(error: &WasmError) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() < 100_000 && !text.contains('\n'), "{text}");
}

/// Decides with and without it.
fn beside(policy: WasmPolicy, mode: FailureMode) {
    let alone = scheduler(None);
    assert!(alone.is_ok(), "the cluster is refused");
    let Ok((mut alone, pod)) = alone else { return };
    let (mut both, _) = match scheduler(Some(policy)) {
        Ok(both) => both,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let before = both.cluster().dump();
    for now_ms in TIMES {
        let failed_before = failed(&both);
        let decision = both.decide(pod, now_ms).ok().map(|d| (d.row, d.total, d.feasible));
        let right = alone.decide(pod, now_ms).ok().map(|d| (d.row, d.total, d.feasible));
        let after = failed(&both);
        if after.0 > failed_before.0 || after.1 {
            let expected = if mode == FailureMode::Abstain { right } else { None };
            assert_eq!(decision, expected, "a policy that failed has a say");
        }
        let answers = |scheduler: &mut Scheduler| {
            let evaluation = scheduler.evaluate(pod, now_ms).ok()?;
            evaluation.answers.first().map(|answer| (answer.policy.clone(), answer.verdicts.clone()))
        };
        assert_eq!(answers(&mut both), answers(&mut alone), "the other policy answers otherwise");
        let _ = both.explain(pod, now_ms).map(|explanation| explanation.to_string());
    }
    assert_eq!(both.cluster().dump(), before, "decisions changed the cluster");
}

/// In how many decisions the module failed, and whether it is asked no more.
fn failed(scheduler: &Scheduler) -> (u64, bool) {
    let statistics = scheduler.statistics().find_map(|(_, statistics)| statistics);
    statistics.map_or((0, false), |s| (s.failed_decisions, s.quarantined))
}

/// A few nodes of different kinds, resource fit, perhaps the module, and a pod that waits.
fn scheduler(module: Option<WasmPolicy>) -> Result<(Scheduler, PodId), ProfileError> {
    let fit = PolicyConfig::default_of("NodeResourcesFit").map(|config| config.build());
    let mut policies: Vec<Weighted> = fit.into_iter().map(|fit| (fit, 1)).collect();
    policies.extend(module.map(|module| -> Weighted { (Box::new(module), 2) }));
    let mut scheduler = Scheduler::with_policies(policies, 1)?;
    let mut apply = |event: Event| assert_eq!(scheduler.apply(&event, 0), Ok(()));
    for at in 0..70_i64 {
        let allocatable = [("cpu".to_owned(), 1_000 * (at % 5)), ("pods".to_owned(), 10)].into();
        let labels = [("zone".to_owned(), format!("z{}", at % 3))].into();
        apply(Event::NodeAdded(NodeSpec { name: format!("n{at}"), labels, allocatable, ..NodeSpec::default() }));
    }
    let pod = |name: &str| PodSpec { namespace: "default".to_owned(), name: name.to_owned(), ..PodSpec::default() };
    let sample = Sample { at_ms: 0, window_ms: 0, cpu_milli: 500, memory_bytes: 1 << 20 };
    apply(Event::PodAdded(pod("old")));
    let (namespace, name, node) = ("default".to_owned(), "old".to_owned(), "n4".to_owned());
    apply(Event::PodBound { namespace, name, node, at_ms: 0 });
    apply(Event::NodeSample { name: "n4".to_owned(), sample });
    apply(Event::NodeRemoved { name: "n1".to_owned() });
    let added = scheduler.add_pod(&pod("new"));
    assert!(added.is_ok(), "the pod is refused");
    Ok((scheduler, added.unwrap_or(PodId(0))))
}
