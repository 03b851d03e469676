//! Sandboxed policies beside native ones: the same policy, the same pods, the same columns, one after the other.

use crate::decision::{Failure, shape};
use crate::scenario::{FED_MS, NOW_MS, Scenario};
use sched_core::abi::{Hook, Manifest, Nodes, PodView, Policy, Prepared, Rows, Setup, SetupError, Verdict};
use sched_core::wasm::{Engine, EngineConfig, Module, WasmPolicy, WasmPolicyConfig};
use sched_core::{Event, PolicyConfig, Profile, Scheduler, Weighted};
use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Rows that a policy is asked about at once, as the pipeline does.
const PIECE: usize = 1024;
/// Calls that are timed together where one is short.
const CALLS: u32 = 64;

/// The library's modules, compiled.
pub struct Modules(Vec<(&'static str, Module)>);

impl Modules {
    /// Compiles them all.
    pub fn new(config: &EngineConfig) -> Result<Self, Failure> {
        let engine = Engine::new(config)?;
        let compile = |(name, bytes): &(&'static str, &[u8])| Ok((*name, Module::new(&engine, bytes)?));
        sched_policies::ALL.iter().map(compile).collect::<Result<_, Failure>>().map(Self)
    }

    /// Each with its policy's name.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &Module)> {
        self.0.iter().map(|(name, module)| (*name, module))
    }

    /// A profile's policies, sandboxed where there is a module.
    pub fn sandbox(&self, profile: &Profile) -> Result<Vec<Weighted>, Failure> {
        let sandboxed = |config: &PolicyConfig| match self.0.iter().find(|(name, _)| *name == config.name()) {
            Some((_, module)) => sandboxed(config, module),
            None => Ok(config.build()),
        };
        profile.policies.iter().map(|entry| Ok((sandboxed(&entry.config)?, entry.weight))).collect()
    }
}

fn sandboxed(config: &PolicyConfig, module: &Module) -> Result<Box<dyn Policy>, Failure> {
    let config = WasmPolicyConfig { settings: config.settings(), ..WasmPolicyConfig::default() };
    Ok(Box::new(WasmPolicy::new(module, config)?))
}

/// What one pod took, nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Everything about the pod on every row: native, sandboxed.
    pub whole: [f64; 2],
    /// The filters of that.
    pub filters: [f64; 2],
    /// A sandboxed `prepare`, the pod's copy included.
    pub prepare: f64,
    /// A sandboxed call for one row.
    pub one_row: f64,
    /// A sandboxed call for eight rows.
    pub eight_rows: f64,
}

/// Two makes of one policy, which are asked about every pod before a decision goes on without them.
struct Both {
    makes: [Box<dyn Policy>; 2],
    times: Arc<Mutex<Times>>,
}

fn nanos(call: impl FnOnce()) -> f64 {
    let start = Instant::now();
    call();
    start.elapsed().as_nanos() as f64
}

/// Room for answers, which a decision keeps too.
struct Room {
    verdicts: [Verdict; PIECE],
    scores: [i64; PIECE],
}

/// Asks a policy about every row, as a decision does.
fn ask(policy: &dyn Policy, manifest: &Manifest, room: &mut Room, pod: &PodView<'_>, nodes: &dyn Nodes) -> f64 {
    let mut filters = 0.0;
    let mut block = [0; 16];
    let Room { verdicts, scores } = room;
    let prepared = policy.prepare(pod, nodes, &mut block);
    for start in (0..nodes.rows()).step_by(PIECE) {
        let end = (start + PIECE).min(nodes.rows());
        let rows = Rows::Range { start, end };
        let mut feasible = [u64::MAX; PIECE / 64];
        let words = feasible.get_mut(..(end - start).div_ceil(64)).unwrap_or_default();
        if manifest.filters && prepared.filter == Hook::Run {
            filters += nanos(|| {
                if !policy.filter_bits(pod, nodes, &block, start, words) {
                    policy.filter(pod, nodes, &block, rows, verdicts.get_mut(..end - start).unwrap_or_default());
                }
            });
        }
        if manifest.scores && prepared.score == Hook::Run {
            policy.score(pod, nodes, &block, rows, scores.get_mut(..end - start).unwrap_or_default());
        }
        black_box((&verdicts, &scores, &feasible));
    }
    filters
}

impl Policy for Both {
    fn manifest(&self) -> Manifest {
        Manifest { filters: true, ..self.makes[0].manifest() }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.makes.iter_mut().try_for_each(|policy| policy.setup(host))
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let [native, sandboxed] = &self.makes;
        let mut block = [0; 16];
        let prepare = nanos(|| {
            black_box(sandboxed.prepare(pod, nodes, &mut block));
        });
        let mut filters = [0.0; 2];
        let manifest = native.manifest();
        let mut room = Room { verdicts: [Verdict::PASS; PIECE], scores: [0; PIECE] };
        let whole = [native, sandboxed].map(|policy| &**policy);
        let whole = whole.into_iter().zip(&mut filters);
        let whole = whole.map(|(policy, filters)| nanos(|| *filters = ask(policy, &manifest, &mut room, pod, nodes)));
        let whole: Vec<f64> = whole.collect();
        let whole = [whole.first(), whole.last()].map(|time| time.copied().unwrap_or(0.0));
        let scores = sandboxed.manifest().scores;
        let row = |k: u32| k * 31 % nodes.rows().max(1) as u32;
        let [one_row, eight_rows] = [1, 8].map(|count: u32| {
            let list: Vec<u32> = (0..count).map(row).collect();
            let (mut verdicts, mut raw) = (vec![Verdict::PASS; list.len()], vec![0; list.len()]);
            nanos(|| {
                for _ in 0..CALLS {
                    if scores {
                        sandboxed.score(pod, nodes, &block, Rows::List(&list), &mut raw);
                    } else {
                        sandboxed.filter(pod, nodes, &block, Rows::List(&list), &mut verdicts);
                    }
                    black_box((&verdicts, &raw));
                }
            }) / f64::from(CALLS)
        });
        *self.times.lock().unwrap_or_else(PoisonError::into_inner) =
            Times { whole, filters, prepare, one_row, eight_rows };
        Prepared::SKIP
    }
}

/// A cluster on which two makes of a policy are measured.
pub struct Duel {
    scheduler: Scheduler,
    times: Arc<Mutex<Times>>,
    owners: usize,
    serial: u64,
}

impl Duel {
    /// Builds the cluster.
    pub fn new(config: &PolicyConfig, module: &Module, scenario: Scenario) -> Result<Self, Failure> {
        let times = Arc::new(Mutex::default());
        let makes = [config.build(), sandboxed(config, module)?];
        let both = Both { makes, times: Arc::clone(&times) };
        let mut scheduler = Scheduler::with_policies(vec![(Box::new(both), 1)], 42)?;
        scenario.feed(|event| scheduler.apply(event, FED_MS))?;
        Ok(Self { scheduler, times, owners: scenario.owners(), serial: 0 })
    }

    /// Asks both about a new pod of the shape at a place of [`crate::decision::Shape::MIX`].
    pub fn run(&mut self, place: usize) -> Result<Times, Failure> {
        self.serial += 1;
        let pod = shape(place).pod(self.serial, self.owners);
        let id = self.scheduler.add_pod(&pod)?;
        self.scheduler.decide(id, NOW_MS)?;
        self.scheduler.apply(&Event::PodRemoved { namespace: pod.namespace, name: pod.name }, NOW_MS)?;
        Ok(*self.times.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same after another pod was bound to a node.
    pub fn run_after_a_change(&mut self, place: usize) -> Result<Times, Failure> {
        self.serial += 1;
        let pod = shape(place).pod(self.serial, self.owners);
        let id = self.scheduler.add_pod(&pod)?;
        let decision = self.scheduler.decide(id, NOW_MS)?;
        self.scheduler.reserve(&decision, NOW_MS)?;
        let times = self.run(place)?;
        self.scheduler.rollback(id)?;
        self.scheduler.apply(&Event::PodRemoved { namespace: pod.namespace, name: pod.name }, NOW_MS)?;
        Ok(times)
    }
}
