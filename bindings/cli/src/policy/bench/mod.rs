//! `sched policy bench`: what a module costs on a large cluster, and the native policy of its name beside it in one run.

mod cluster;
mod probe;
mod text;

use super::args::BenchArgs;
use super::subject::Subject;
use crate::error::CliError;
use crate::files::{json, print};
use crate::sandbox::refused;
use probe::{Probe, Record, Round, Times, nanos};
use sched_core::abi::Policy;
use sched_core::wasm::Module;
use sched_core::{Event, PolicyEntry, Scheduler};
use sched_sim::{Trace, sample};
use serde::Serialize;

/// Pods that are asked about before and while it is measured.
const WARM_UP: usize = 20;
const ROUNDS: usize = 300;
/// Loads, and first answers.
const LOADS: usize = 15;

/// What `--json` prints (docs/policy-json.md).
#[derive(Serialize)]
struct Document {
    file: String,
    policy: String,
    nodes: u32,
    pods: usize,
    bytes: usize,
    compile_ms: f64,
    load_us: f64,
    first_answer_us: f64,
    fuel_per_row: f64,
    wasm: Side,
    native: Option<Side>,
    ratio: Option<f64>,
}

/// One make of the policy; medians over pods.
#[derive(Clone, Copy, Serialize)]
struct Side {
    pod_us: f64,
    rows_per_second: f64,
    prepare_us: f64,
    filter_ns_per_row: Option<f64>,
    score_ns_per_row: Option<f64>,
}

pub(super) fn run(args: &BenchArgs) -> Result<(), CliError> {
    let subject = Subject::open(&args.module)?;
    if cfg!(debug_assertions) {
        eprintln!("warning: this program was built without optimisation, so the native side is slower than it need be");
    }
    let trace = sample::openb()?;
    let mut bench = Bench::new(&subject, &trace, args.nodes)?;
    let first_answer = bench.first_answers()?;
    let rounds = bench.rounds()?;
    let (compile, load) = loads(&subject)?;
    let rows = f64::from(args.nodes);
    let side = |of: &dyn Fn(&Round) -> Option<Times>| Side::of(&rounds.iter().filter_map(of).collect::<Vec<_>>(), rows);
    let ratios = rounds.iter().filter_map(|round| Some(round.sandboxed.whole / round.native?.whole.max(1.0)));
    let document = Document {
        file: subject.path.display().to_string(),
        policy: subject.name().to_owned(),
        nodes: args.nodes,
        pods: rounds.len(),
        bytes: subject.bytes.len(),
        compile_ms: compile / 1e6,
        load_us: load / 1e3,
        first_answer_us: first_answer / 1e3,
        fuel_per_row: median(rounds.iter().map(|round| round.fuel as f64)).unwrap_or(0.0) / rows,
        wasm: side(&|round| Some(round.sandboxed)),
        native: native(&subject).map(|_| side(&|round| round.native)),
        ratio: median(ratios),
    };
    print(&if args.json { json(&document)? } else { text::render(&document) })
}

impl Side {
    fn of(times: &[Times], rows: f64) -> Self {
        let of = |value: fn(&Times) -> f64| median(times.iter().map(value)).unwrap_or(0.0);
        let hook = |value: fn(&Times) -> Option<f64>| median(times.iter().filter_map(value)).map(|ns| ns / rows);
        let whole = of(|times| times.whole);
        Self {
            pod_us: whole / 1e3,
            rows_per_second: rows / whole.max(1.0) * 1e9,
            prepare_us: of(|times| times.prepare) / 1e3,
            filter_ns_per_row: hook(|times| times.filter),
            score_ns_per_row: hook(|times| times.score),
        }
    }
}

/// The native policy of the module's name, if there is one that takes the same settings.
fn native(subject: &Subject) -> Option<Box<dyn Policy>> {
    let name = serde_json::to_string(subject.name()).ok()?;
    let settings = Some(&*subject.settings).filter(|settings| !settings.trim().is_empty()).unwrap_or("{}");
    // The name must come before the settings, which a map of JSON values would not promise.
    let entry: PolicyEntry = serde_json::from_str(&format!("{{\"name\":{name},\"config\":{settings}}}")).ok()?;
    Some(entry.config.build())
}

/// A filled cluster with both makes in it.
struct Bench<'a> {
    subject: &'a Subject,
    trace: &'a Trace,
    scheduler: Scheduler,
    record: Record,
    serial: usize,
}

impl<'a> Bench<'a> {
    fn new(subject: &'a Subject, trace: &'a Trace, nodes: u32) -> Result<Self, CliError> {
        let record = Record::default();
        let probe = Probe { sandboxed: Box::new(subject.policy()?), native: native(subject), record: record.clone() };
        let refused = |source| CliError::Profile { profile: "bench".to_owned(), source };
        let mut scheduler = Scheduler::with_policies(vec![(Box::new(probe), 1)], 0).map_err(refused)?;
        cluster::fill(&mut scheduler, trace, nodes)?;
        Ok(Self { subject, trace, scheduler, record, serial: 0 })
    }

    /// Asks about the next pod.
    fn ask(&mut self) -> Result<(), CliError> {
        let place = self.serial % self.trace.pods.len().max(1);
        self.serial += 1;
        let Some(pod) = self.trace.pods.get(place) else { return Ok(()) };
        let pod = cluster::named(&pod.spec, format!("asked-{}", self.serial));
        let failed = |source| CliError::Cluster { what: format!("pod `{}`", pod.name), source };
        let id = self.scheduler.add_pod(&pod).map_err(failed)?;
        let decided = self.scheduler.decide(id, cluster::NOW_MS);
        decided.map_err(|source| CliError::Schedule { pod: pod.name.clone(), source })?;
        let gone = Event::PodRemoved { namespace: pod.namespace.clone(), name: pod.name.clone() };
        self.scheduler.apply(&gone, cluster::NOW_MS).map_err(failed)
    }

    /// The median time from a loaded module to its first answer, nanoseconds: made, set up, given the columns, asked about
    /// a pod on every node.
    fn first_answers(&mut self) -> Result<f64, CliError> {
        let mut times = Vec::with_capacity(LOADS);
        for _ in 0..LOADS {
            let (made, policy) = nanos(|| self.subject.policy());
            let record = Record::default();
            let probe = Probe { sandboxed: Box::new(policy?), native: None, record: record.clone() };
            let swapped = self.scheduler.swap_policy(Box::new(probe));
            let both = swapped.map_err(|source| CliError::Profile { profile: "bench".to_owned(), source })?;
            self.ask()?;
            let measured = record.get();
            let asked = measured.rounds.first().map_or(0.0, |round| round.sandboxed.whole);
            times.push(made + measured.setup + asked);
            drop(measured);
            let swapped = self.scheduler.swap_policy(both);
            swapped.map_err(|source| CliError::Profile { profile: "bench".to_owned(), source })?;
        }
        Ok(median(times).unwrap_or(0.0))
    }

    fn rounds(&mut self) -> Result<Vec<Round>, CliError> {
        for _ in 0..WARM_UP + ROUNDS {
            self.ask()?;
        }
        let rounds = self.record.get().rounds.split_off(WARM_UP);
        match rounds.iter().find_map(|round| round.problem.clone()) {
            Some(problem) => Err(CliError::Usage(format!("policy `{}` fails: {problem}", self.subject.name()))),
            None => Ok(rounds),
        }
    }
}

/// Median times to compile the module, and to load what was compiled, nanoseconds.
fn loads(subject: &Subject) -> Result<(f64, f64), CliError> {
    let Subject { engine, bytes, path, .. } = subject;
    let artefact = Module::precompile(engine, bytes).map_err(refused(path))?;
    let mut times = [const { Vec::new() }; 2];
    for _ in 0..LOADS {
        let (compile, module) = nanos(|| Module::new(engine, bytes));
        module.map_err(refused(path))?;
        #[allow(unsafe_code, reason = "the artefact was made above")]
        // SAFETY: `Module::precompile` made it in this process, and nothing changed it.
        let (load, module) = nanos(|| unsafe { Module::load_trusted(engine, &artefact) });
        module.map_err(refused(path))?;
        let [compiles, loads] = &mut times;
        compiles.push(compile);
        loads.push(load);
    }
    let [compile, load] = times.map(|times| median(times).unwrap_or(0.0));
    Ok((compile, load))
}

fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
