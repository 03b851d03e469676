//! A small cluster with a native policy and a module beside it, and modules out of files.

use crate::support::ENGINE;
use sched_core::abi::FailureMode;
use sched_core::wasm::{Module, WasmError, WasmPolicy, WasmPolicyConfig};
use sched_core::{Event, NodeSpec, PodId, PodSpec, PolicyConfig, Sample, Scheduler, Weighted};
use std::path::{Path, PathBuf};

/// A module that keeps the contract; every hostile one has its name.
pub(crate) const PLAIN: &str = include_str!("../fixtures/wasm/plain.wat");

/// Decisions are made at these times, milliseconds.
const TIMES: [u64; 2] = [0, 3_600_000];

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile")
}

pub(crate) fn compile(text: &str) -> Result<Module, WasmError> {
    Module::new(&ENGINE, &wat::parse_str(text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

pub(crate) fn hostile(name: &str) -> Result<Module, WasmError> {
    compile(&std::fs::read_to_string(folder().join(format!("{name}.wat"))).unwrap())
}

pub(crate) fn policy(module: &Module, failure_mode: Option<FailureMode>) -> Result<WasmPolicy, WasmError> {
    WasmPolicy::new(module, WasmPolicyConfig { failure_mode, failed_decisions: 3, ..WasmPolicyConfig::default() })
}

pub(crate) fn plain() -> WasmPolicy {
    policy(&compile(PLAIN).unwrap(), None).unwrap()
}

/// A scheduler of three nodes with resource fit and perhaps a module, and a pod that waits.
pub(crate) struct Site {
    pub(crate) scheduler: Scheduler,
    pub(crate) pod: PodId,
}

/// A decision as far as it says where the pod goes: row, total, how many nodes were feasible.
pub(crate) type Choice = Option<(u32, i64, u32)>;

impl Site {
    pub(crate) fn new(module: Option<WasmPolicy>) -> Self {
        Self::weighted(module, 1)
    }

    /// With a weight for the module.
    pub(crate) fn weighted(module: Option<WasmPolicy>, weight: i64) -> Self {
        Self::of(Vec::new(), module, weight)
    }

    /// With more policies, behind resource fit.
    pub(crate) fn of(more: Vec<Weighted>, module: Option<WasmPolicy>, weight: i64) -> Self {
        let fit = PolicyConfig::default_of("NodeResourcesFit").unwrap().build();
        let mut policies: Vec<Weighted> = vec![(fit, 1)];
        policies.extend(more);
        policies.extend(module.map(|module| -> Weighted { (Box::new(module), weight) }));
        let mut scheduler = Scheduler::with_policies(policies, 7).unwrap();
        for (name, cpu) in [("a", 2_000), ("b", 8_000), ("c", 4_000)] {
            let allocatable = [("cpu".to_owned(), cpu), ("memory".to_owned(), 1 << 30), ("pods".to_owned(), 10)].into();
            let node = NodeSpec { name: name.to_owned(), allocatable, ..NodeSpec::default() };
            scheduler.apply(&Event::NodeAdded(node), 0).unwrap();
        }
        let pod = |name: &str| PodSpec { namespace: "default".to_owned(), name: name.to_owned(), ..PodSpec::default() };
        scheduler.apply(&Event::PodAdded(pod("old")), 0).unwrap();
        let (namespace, name, node) = ("default".to_owned(), "old".to_owned(), "a".to_owned());
        scheduler.apply(&Event::PodBound { namespace, name, node, at_ms: 0 }, 0).unwrap();
        let sample = Sample { at_ms: 0, window_ms: 0, cpu_milli: 100, memory_bytes: 1 << 20 };
        scheduler.apply(&Event::NodeSample { name: "a".to_owned(), sample }, 0).unwrap();
        let pod = scheduler.add_pod(&pod("new")).unwrap();
        Self { scheduler, pod }
    }

    /// What is decided at each of the times.
    pub(crate) fn choices(&mut self) -> [Choice; 2] {
        TIMES.map(|now_ms| {
            let decision = self.scheduler.decide(self.pod, now_ms).ok()?;
            Some((decision.row.0, decision.total, decision.feasible))
        })
    }

    /// What resource fit says of each node, and how it scores those that are feasible.
    pub(crate) fn fit(&mut self) -> (Vec<u64>, Vec<i64>) {
        let evaluation = self.scheduler.evaluate(self.pod, TIMES[1]).unwrap();
        let answer = &evaluation.answers[0];
        (answer.verdicts.iter().map(|verdict| verdict.0).collect(), answer.scores.clone())
    }

    /// What the module did so far.
    pub(crate) fn statistics(&self) -> sched_core::abi::Statistics {
        self.scheduler.statistics().nth(1).and_then(|(_, statistics)| statistics).unwrap()
    }
}
