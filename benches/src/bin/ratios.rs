//! Measures every pair that the project claims, both sides interleaved in one run, and prints one line for each:
//! `ratio NAME MEASURED BAR`, with both sides in absolute terms below it.

use clap::Parser;
use sched_benches::cpuset::{Call, Machine};
use sched_benches::decision::{Bench, Failure, Shape};
use sched_benches::events::{Kind, Motion};
use sched_benches::ratio::{Ratio, least, median};
use sched_benches::reads::Chain;
use sched_benches::scenario::Scenario;
use sched_benches::{ledger_claims, memory, wasm};
use sched_core::wasm::EngineConfig;
use sched_core::{PolicyConfig, Profile, ProfileSet};
use std::{path::PathBuf, process::ExitCode};

/// Nanoseconds a node in all that a decision of a profile may take; profiles without a claim are measured against the
/// larger one.
const DECISION_BARS: [(&str, f64); 2] = [("kube-default", 10.0), ("recommended", 20.0)];
/// Sizes of the clusters that decide, with the rounds of a measurement.
const SIZES: [(usize, usize); 2] = [(5_000, 120), (100_000, 25)];
/// Nodes of the cluster in motion; it has ten times as many pods.
const LARGE: usize = 100_000;

/// Measures what the project claims of its speed.
#[derive(Parser)]
struct Options {
    /// Also writes everything to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only what has this in its name, for example `decision/kube-default/5000` or `events`.
    #[arg(long, value_name = "PATTERN", default_value = "")]
    only: String,
    /// Measures the other built-in profiles too.
    #[arg(long)]
    all: bool,
    /// So many times the usual rounds, for a profiler.
    #[arg(long, value_name = "TIMES", default_value_t = 1)]
    rounds: usize,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        name.contains(&self.only) || self.only.starts_with(name)
    }
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Says whether every claim holds.
fn run(options: &Options) -> Result<bool, Failure> {
    let mut ratios = Vec::new();
    // First, while the process holds nothing else.
    if options.wants("events") {
        ratios.extend(print(events(options.rounds)?));
    }
    if options.wants("ledger") {
        ratios.extend(print(ledger_claims::ratios(options.rounds)?));
    }
    if options.wants("cpuset") {
        ratios.extend(print(cpuset(options.rounds)?));
    }
    if options.wants("wasm") {
        ratios.extend(print(wasm(options)?));
    }
    let profiles = ProfileSet::builtin();
    for (name, _) in DECISION_BARS.iter().filter(|(name, _)| profiles.get(name).is_none()) {
        println!("skipped: there is no profile `{name}` yet");
    }
    for profile in &profiles.profiles {
        let claimed = DECISION_BARS.iter().find(|(name, _)| *name == profile.name);
        if claimed.is_none() && !options.all && options.only.is_empty() {
            continue;
        }
        let bar = claimed.map_or(20.0, |&(_, bar)| bar);
        for (nodes, rounds) in SIZES {
            if options.wants(&format!("decision/{}/{nodes}", profile.name)) {
                ratios.extend(print(decision(profile, nodes, rounds * options.rounds, bar)?));
            }
        }
    }
    for pods in [30, 110].into_iter().filter(|pods| options.wants(&format!("colocation/{pods}"))) {
        ratios.extend(print(colocation(pods, 60 * options.rounds)?));
    }
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_string_pretty(&ratios)?)?;
    }
    Ok(ratios.iter().all(|ratio| ratio.holds))
}

fn print(ratios: Vec<Ratio>) -> Vec<Ratio> {
    for ratio in &ratios {
        print!("{ratio}");
    }
    ratios
}

/// Nanoseconds a node of a decision and of its ceiling, for each place of the mix and over all.
fn decision(profile: &Profile, nodes: usize, rounds: usize, bar: f64) -> Result<Vec<Ratio>, Failure> {
    let mut bench = Bench::new(profile, Scenario::for_decisions(nodes))?;
    let digest = bench.digest()?;
    let places = Shape::MIX.len();
    let (mut ours, mut ceiling) = (vec![Vec::new(); places], vec![Vec::new(); places]);
    for _ in 0..rounds {
        for (place, (ours, ceiling)) in ours.iter_mut().zip(&mut ceiling).enumerate() {
            ours.push(bench.decide(place)?);
            ceiling.push(bench.ceiling(place)?);
        }
    }
    let per_node = |lists: &mut Vec<Vec<f64>>, of: fn(&mut [f64]) -> f64| -> Vec<f64> {
        lists.iter_mut().map(|list| of(list) / nodes as f64).collect()
    };
    let mean = |list: &[f64]| list.iter().sum::<f64>() / places as f64;
    let [fastest, fastest_floor] = [&mut ours, &mut ceiling].map(|lists| mean(&per_node(lists, least)));
    let (ours, ceiling) = (per_node(&mut ours, median), per_node(&mut ceiling, median));
    let (all, floor) = (mean(&ours), mean(&ceiling));
    let mut later: Vec<f64> = (0..8).map(|_| bench.decide_later(0)).collect::<Result<Vec<f64>, Failure>>()?;
    let later = median(&mut later) / nodes as f64;

    let name = format!("decision/{}/{nodes}", profile.name);
    let bytes = mean(&bench.reads().iter().map(sched_benches::ceiling::Reads::bytes_per_node).collect::<Vec<_>>());
    let mut absolute = Ratio::new(format!("{name}/ns-a-node"), all, bar, "ns a node")
        .side("a whole decision", all * nodes as f64 / 1000.0, "us")
        .side("fastest rounds", fastest, "ns a node")
        .side("decision after a slot of recent placements has passed", later, "ns a node")
        .note(format!("digest of decisions: {digest:016x}"));
    let mut seen = Vec::new();
    for (shape, ours) in Shape::MIX.iter().zip(&ours).filter(|(shape, _)| **shape != Shape::Plain) {
        seen.push(format!("{shape:?} {ours:.2}"));
    }
    let plain = mean_of(&ours, |place| Shape::MIX.get(place) == Some(&Shape::Plain));
    absolute = absolute.note(format!("by shape of pod, ns a node: Plain {plain:.2}, {}", seen.join(", ")));
    let to_ceiling = Ratio::new(format!("{name}/to-ceiling"), all / floor, bar / floor, "times")
        .side("decision", all, "ns a node")
        .side("ceiling: one pass that adds the same columns up", floor, "ns a node")
        .side("ceiling, fastest rounds", fastest_floor, "ns a node")
        .side("columns", bytes, "bytes a node");
    Ok(vec![absolute, to_ceiling])
}

/// Sandboxed policies beside native ones.
fn wasm(options: &Options) -> Result<Vec<Ratio>, Failure> {
    let modules = wasm::Modules::new(&EngineConfig::default())?;
    let mut ratios = Vec::new();
    for (nodes, rounds) in SIZES {
        let mut of_policies = Vec::new();
        let wanted = |name: &str| options.wants(&format!("wasm/{name}/{nodes}"));
        for (name, module) in modules.all().filter(|(name, _)| wanted(name)) {
            let config = PolicyConfig::default_of(name).ok_or("a module without a policy")?;
            let mut duel = wasm::Duel::new(&config, module, Scenario::for_decisions(nodes))?;
            let mut sides = [Vec::new(), Vec::new()];
            let mut filters = [Vec::new(), Vec::new()];
            let (mut one, mut eight, mut plain, mut delta) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for _ in 0..rounds * options.rounds {
                for place in 0..Shape::MIX.len() {
                    let times = duel.run(place)?;
                    sides.iter_mut().zip(times.whole).for_each(|(side, time)| side.push(time));
                    filters.iter_mut().zip(times.filters).for_each(|(side, time)| side.push(time));
                    one.push(times.one_row);
                    eight.push(times.eight_rows);
                    plain.push(times.prepare);
                    delta.push(duel.run_after_a_change(place)?.prepare);
                }
            }
            let [native, sandboxed] = sides.each_mut().map(|side| median(side) / 1000.0);
            let [filter, sandboxed_filter] = filters.each_mut().map(|side| median(side) / 1000.0);
            of_policies.push(sandboxed / native);
            let name = format!("wasm/{name}/{nodes}");
            let [one, eight, plain, delta] = [one, eight, plain, delta].map(|mut times| median(&mut times));
            ratios.push(
                Ratio::new(format!("{name}/to-native"), sandboxed / native, 1.7, "times")
                    .side("sandboxed", sandboxed, "us")
                    .side("native", native, "us")
                    .side("its filter, sandboxed", sandboxed_filter, "us")
                    .side("its filter, native", filter, "us"),
            );
            ratios.push(Ratio::new(format!("{name}/one-row"), one / 1000.0, 0.15, "us"));
            ratios.push(Ratio::new(format!("{name}/eight-rows"), eight / 1000.0, 0.25, "us"));
            ratios.push(
                Ratio::new(format!("{name}/delta"), (delta - plain) / 1000.0, 0.3, "us")
                    .side("pod and nothing else new", plain, "ns")
                    .side("a pod bound besides", delta, "ns"),
            );
        }
        if of_policies.len() == modules.all().count() {
            ratios.push(Ratio::new(format!("wasm/median/{nodes}"), median(&mut of_policies), 1.15, "times"));
        }
    }
    if options.wants("wasm/recommended/5000") {
        ratios.push(wasm_recommended(options, &modules)?);
    }
    Ok(ratios)
}

/// The whole `recommended` profile, sandboxed beside native.
fn wasm_recommended(options: &Options, modules: &wasm::Modules) -> Result<Ratio, Failure> {
    let profiles = ProfileSet::builtin();
    let profile = profiles.get("recommended").ok_or("no profile `recommended`")?;
    let (nodes, rounds) = SIZES[0];
    let mut native = Bench::new(profile, Scenario::for_decisions(nodes))?;
    let mut sandboxed = Bench::with_policies(modules.sandbox(profile)?, profile, Scenario::for_decisions(nodes))?;
    let digests = [native.digest()?, sandboxed.digest()?];
    if digests[0] != digests[1] {
        return Err("sandboxed policies decide otherwise than native ones".into());
    }
    let mut sides = [Vec::new(), Vec::new()];
    for _ in 0..rounds * options.rounds {
        for place in 0..Shape::MIX.len() {
            sides[0].push(native.decide(place)?);
            sides[1].push(sandboxed.decide(place)?);
        }
    }
    let [native, sandboxed] = sides.each_mut().map(|side| median(side) / 1000.0);
    Ok(Ratio::new(format!("wasm/recommended/{nodes}"), sandboxed / native, 1.2, "times")
        .side("sandboxed", sandboxed, "us")
        .side("native", native, "us")
        .note(format!("digest of decisions, both: {:016x}", digests[0])))
}

/// Everything that an agent decides about a node of so many pods.
fn colocation(pods: u32, rounds: usize) -> Result<Vec<Ratio>, Failure> {
    let mut node = sched_benches::colocation::Node::new(pods);
    let (mut ours, mut ceiling) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(node.decide()? / 1000.0);
        ceiling.push(node.ceiling() / 1000.0);
    }
    let [ours, ceiling] = [ours, ceiling].map(|mut times| median(&mut times));
    let ratio = Ratio::new(format!("colocation/{pods}/us-a-decision"), ours, 2.0 + 0.1 * f64::from(pods), "us")
        .side("ceiling: one pass that adds up what pods ask for and use", ceiling, "us")
        .side("to that", ours / ceiling, "times");
    Ok(vec![ratio])
}

fn mean_of(values: &[f64], which: impl Fn(usize) -> bool) -> f64 {
    let chosen: Vec<f64> = values.iter().enumerate().filter(|(place, _)| which(*place)).map(|(_, v)| *v).collect();
    chosen.iter().sum::<f64>() / chosen.len().max(1) as f64
}

/// CPUs of a container, by machine: the slowest of all ways to take them.
fn cpuset(times: usize) -> Result<Vec<Ratio>, Failure> {
    let mut ratios = Vec::new();
    for (index, machine) in Machine::all()?.iter().enumerate() {
        let mut rounds = Call::ALL.map(|_| Vec::new());
        for _ in 0..301 * times {
            for (call, rounds) in Call::ALL.into_iter().zip(&mut rounds) {
                rounds.push(machine.nanos(call)?);
            }
        }
        let typical = rounds.each_mut().map(|rounds| median(rounds) / 1000.0);
        let fastest = rounds.each_mut().map(|rounds| least(rounds) / 1000.0);
        let slowest = typical.into_iter().fold(0.0, f64::max);
        let bar = if machine.cpus() > 128 { 3.0 } else { 2.0 };
        let name = format!("cpuset/{}-{index}/us-a-take", machine.cpus());
        let mut ratio = Ratio::new(name, slowest, bar, "us a take of 8 cpus, the slowest way");
        for ((call, typical), fastest) in Call::ALL.into_iter().zip(typical).zip(fastest) {
            ratio = ratio.side(format!("{call:?}"), typical, "us").side("its fastest round", fastest, "us");
        }
        ratios.push(ratio);
    }
    Ok(ratios)
}

/// The cost of an event and the memory of a large cluster in motion.
fn events(times: usize) -> Result<Vec<Ratio>, Failure> {
    let profiles = ProfileSet::builtin();
    let profile = profiles.get("recommended").or_else(|| profiles.get("kube-default")).ok_or("no profiles")?;
    let before = memory::now().resident;
    let mut motion = Motion::new(profile, Scenario::full(LARGE))?;
    motion.warm_up(20_000)?;
    let (mut rounds, mut reads, mut chain) = (Vec::new(), Vec::new(), Chain::default());
    for _ in 0..30 * times {
        rounds.push(motion.mixed(10_000)?.as_nanos() as f64 / 1e4);
        reads.push(chain.nanos_a_read(20_000));
    }
    let mean = rounds.iter().sum::<f64>() / rounds.len() as f64 / 1000.0;
    let fastest = least(&mut rounds) / 1000.0;
    let (typical, read) = (median(&mut rounds) / 1000.0, median(&mut reads));
    let memory = memory::now();
    drop(chain);
    let mut by_kind = Vec::new();
    motion.of_kind(Kind::PodAdded, 20_000)?;
    for (kind, share) in Kind::MIX {
        let elapsed = motion.of_kind(kind, 10_000)?;
        by_kind.push(format!("{kind:?} {:.2} ({share} %)", elapsed.as_nanos() as f64 / 10_000_000.0));
    }
    let (pods, nodes) = motion.size();
    let what = format!("{nodes} nodes, {pods} pods, profile `{}`", profile.name);
    // The chain is no part of the cluster.
    let gb = |bytes: u64| bytes as f64 / 1e9;
    let [resident, peak] = [memory.resident, memory.peak].map(|bytes| bytes.saturating_sub(Chain::BYTES));
    Ok(vec![
        Ratio::new("events/us-an-event", typical, 2.0, "us an event")
            .side("mean over all rounds", mean, "us an event")
            .side("fastest round", fastest, "us an event")
            .side("one dependent look into memory", read, "ns")
            .side("an event, in such looks", typical * 1000.0 / read, "times")
            .note(what.clone())
            .note(format!("us by kind, each alone: {}", by_kind.join(", "))),
        Ratio::new("events/resident-memory", gb(resident), 1.5, "GB")
            .side("at its highest", gb(peak), "GB")
            .side("before the cluster", gb(before), "GB")
            .note(what),
    ])
}
