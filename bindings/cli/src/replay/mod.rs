//! `sched replay`: drives profiles through workloads and shows what became of them.

mod digests;
mod json;
mod measures;
mod placements;
mod record;
mod scenes;
mod source;
mod text;

pub(crate) use source::{requested_cpu_milli, sample, traces};

use crate::args::ReplayArgs;
use crate::candidates::{self, Candidate};
use crate::choice;
use crate::compare::Comparison;
use crate::error::CliError;
use crate::explain;
use crate::files::{Output, apart, print};
use crate::progress::Bar;
use crate::report::Report;
use crate::warnings;
use measures::{SHOWN, TABLE, comparison};
use placements::Placements;
use record::Recorded;
use sched_core::ProfileSet;
use sched_sim::{Options, Recording, Trace};
use std::path::PathBuf;
use std::time::Instant;
use text::quoted;

/// A replay that is done: what was asked for, what ran, what came out.
struct Replay<'a> {
    args: &'a ReplayArgs,
    traces: &'a [Trace],
    results: &'a [sched_sim::Comparison],
}

pub(crate) fn run(args: &ReplayArgs) -> Result<(), CliError> {
    if let Some(pod) = &args.explain {
        return explain::in_replay(args, pod);
    }
    let tables =
        args.workload.iter().flat_map(|dir| ["nodes.csv", "apps.csv", "pods.csv"].map(|table| dir.join(table)));
    let files = [&args.nodes, &args.pods, &args.profiles.profiles].into_iter().flatten().cloned();
    let modules = args.policies.policy.iter().map(|policy| policy.path.clone());
    apart(
        tables.chain(files).chain(modules),
        [&args.report, &args.placements, &args.record].into_iter().flatten().map(PathBuf::as_path),
    )?;
    let profiles = choice::profiles(&args.profiles)?;
    let candidates = candidates::all(&profiles, &args.policies)?;
    let traces = source::traces(args)?;
    // Wrong paths are found before the work, not after it.
    let report = args.report.as_deref().map(Output::open).transpose()?;
    let placements = args.placements.as_deref().map(|path| Placements::open(path, &traces, &profiles, args.seeds));
    let placements = placements.transpose()?;
    let record = args.record.as_deref().map(|path| Recorded::open(path, &traces, &profiles, args)).transpose()?;
    let results = simulate(args, &traces, &candidates, record.as_ref())?;
    if let Some(placements) = placements {
        placements.write(&traces, &results)?;
    }
    if let Some(record) = record {
        record.write()?;
    }
    let each: Vec<Comparison> = results.iter().map(comparison).collect();
    let whole = Comparison::together(&each);
    let replay = Replay { args, traces: &traces, results: &results };
    if let Some(report) = report {
        report.write(replay.page(&whole).render())?;
    }
    let mut warnings = warnings::of(&profiles, args.metrics_delay);
    warnings.extend(results.iter().flat_map(warnings::of_failures));
    warnings::show(&warnings);
    print(&if args.json { json::render(&replay, &whole, &warnings)? } else { replay.text(&each, &whole) })
}

fn simulate(
    args: &ReplayArgs,
    traces: &[Trace],
    candidates: &[Candidate],
    record: Option<&Recorded<'_>>,
) -> Result<Vec<sched_sim::Comparison>, CliError> {
    let seeds: Vec<u64> = args.seeds.iter().collect();
    let started = Instant::now();
    let clock = || started.elapsed().as_nanos() as u64;
    let append = |piece: &[u8]| record.into_iter().for_each(|record| record.append(piece));
    let recording = record.map(|record| Recording { profile: record.profile, sink: &append });
    let options = Options { clock: Some(&clock), record: recording, ..options(args) };
    let runs = candidates.len() * seeds.len();
    let mut bar = Bar::new(runs * traces.len());
    let mut results = Vec::with_capacity(traces.len());
    for trace in traces {
        let mut update = |progress: sched_sim::Progress<'_>| bar.update(&trace.name, &progress);
        results.push(sched_sim::run(trace, candidates, &seeds, options, &mut update)?);
        bar.group_done(runs);
    }
    Ok(results)
}

/// The simulator's options, without a clock.
pub(crate) fn options(args: &ReplayArgs) -> Options<'static> {
    delayed(args.metrics_delay)
}

/// The simulator's options with metrics that come so late, if it is said.
pub(crate) fn delayed(metrics_delay_ms: Option<u64>) -> Options<'static> {
    let default = Options::default();
    Options { metrics_delay_ms: metrics_delay_ms.unwrap_or(default.metrics_delay_ms), ..default }
}

impl Replay<'_> {
    fn page<'c>(&self, whole: &'c Comparison) -> Report<'c> {
        let (scenes, not_drawn) = scenes::scenes(self.traces, self.results);
        let words = std::env::args().skip(1).map(|word| quoted(&word));
        Report {
            facts: self.facts(),
            comparison: whole,
            columns: &TABLE,
            shown: &SHOWN,
            recommended: ProfileSet::RECOMMENDED,
            scenes,
            not_drawn,
            command: std::iter::once("sched".to_owned()).chain(words).collect::<Vec<_>>().join(" "),
        }
    }
}
