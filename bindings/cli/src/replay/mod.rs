//! `sched replay`: drives profiles through workloads and shows what became of them.

mod json;
mod measures;
mod placements;
mod scenes;
mod source;

pub(crate) use source::sample;

use crate::args::ReplayArgs;
use crate::choice::{self, RECOMMENDED};
use crate::compare::{Comparison, plural};
use crate::error::CliError;
use crate::explain;
use crate::files::{Output, print};
use crate::progress::Bar;
use crate::report::Report;
use crate::table;
use crate::values::show_ms;
use measures::{SHOWN, TABLE, comparison};
use placements::Placements;
use sched_core::Profile;
use sched_sim::{Options, Trace};
use std::io::IsTerminal as _;
use std::time::Instant;

pub(crate) fn run(args: &ReplayArgs) -> Result<(), CliError> {
    if let Some(pod) = &args.explain {
        return explain::in_replay(args, pod);
    }
    let profiles = choice::profiles(&args.profiles)?;
    let traces = source::traces(args)?;
    // Wrong paths are found before the work, not after it.
    let report = args.report.as_deref().map(Output::open).transpose()?;
    let placements = args.placements.as_deref().map(|path| Placements::open(path, &traces, &profiles, args.seeds));
    let placements = placements.transpose()?;
    let results = simulate(args, &traces, &profiles)?;
    if let Some(placements) = placements {
        placements.write(&traces, &results)?;
    }
    let each: Vec<Comparison> = results.iter().map(comparison).collect();
    let whole = Comparison::together(&each);
    if let Some(report) = report {
        report.write(&page(args, &traces, &results, &whole).render())?;
    }
    print(&if args.json { json::render(&results, &whole)? } else { text(args, &traces, &results, &each, &whole) })
}

fn simulate(args: &ReplayArgs, traces: &[Trace], profiles: &[Profile]) -> Result<Vec<sched_sim::Comparison>, CliError> {
    let profiles: Vec<&Profile> = profiles.iter().collect();
    let seeds: Vec<u64> = args.seeds.iter().collect();
    let started = Instant::now();
    let clock = || started.elapsed().as_nanos() as u64;
    let options = Options { clock: Some(&clock), ..options(args) };
    let runs = profiles.len() * seeds.len();
    let mut bar = Bar::new(runs * traces.len());
    let mut results = Vec::with_capacity(traces.len());
    for trace in traces {
        let mut update = |progress: sched_sim::Progress<'_>| bar.update(&trace.name, &progress);
        results.push(sched_sim::run(trace, &profiles, &seeds, options, &mut update)?);
        bar.group_done(runs);
    }
    Ok(results)
}

/// The simulator's options, without a clock.
pub(crate) fn options(args: &ReplayArgs) -> Options<'static> {
    Options { metrics_delay_ms: args.metrics_delay, ..Options::default() }
}

/// What ran, for people.
fn facts(args: &ReplayArgs, traces: &[Trace], results: &[sched_sim::Comparison]) -> Vec<(&'static str, String)> {
    let names: Vec<&str> = traces.iter().map(|trace| trace.name.as_str()).collect();
    let seeds = match args.seeds.count() {
        1 => args.seeds.first.to_string(),
        count => format!("{} to {} ({count})", args.seeds.first, args.seeds.end - 1),
    };
    let each = |count: &dyn Fn(&Trace) -> usize| {
        let counts: Vec<String> = traces.iter().map(|trace| plural(count(trace), "").trim_end_matches(" s").trim().to_owned()).collect();
        counts.join(", ")
    };
    let mut facts = vec![
        (if names.len() > 1 { "Workloads" } else { "Workload" }, names.join(", ")),
        ("Nodes", each(&|trace| trace.nodes.len())),
        ("Pods", each(&|trace| trace.pods.len())),
        (if args.seeds.count() > 1 { "Seeds" } else { "Seed" }, seeds),
    ];
    if traces.iter().any(Trace::has_usage) {
        facts.push(("Metrics delay", show_ms(args.metrics_delay)));
        let level = results.first().map_or(0.0, |result| result.water_level * 100.0);
        facts.push(("Water level", format!("{level:.0} %")));
    }
    facts
}

fn text(
    args: &ReplayArgs,
    traces: &[Trace],
    results: &[sched_sim::Comparison],
    each: &[Comparison],
    whole: &Comparison,
) -> String {
    let styled = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let facts = facts(args, traces, results);
    let mut out = facts.iter().map(|(word, value)| format!("{word} {value}")).collect::<Vec<_>>().join(" · ");
    out.push_str("\n\n");
    if each.len() > 1 {
        for (trace, comparison) in traces.iter().zip(each) {
            out.push_str(&format!("{}\n{}\n", trace.name, table::render(&comparison.only(&TABLE), styled)));
        }
        out.push_str("all together\n");
    }
    out.push_str(&table::render(&whole.only(&TABLE), styled));
    for (reason, count) in unplaced_reasons(results) {
        out.push_str(&format!("   {} refused: {reason}\n", plural(count as usize, "unplaced pod")));
    }
    out.push_str(&format!("\n{}.\n", whole.verdict()));
    if let Some(path) = &args.report {
        out.push_str(&format!("Plots: {}\n", path.display()));
    }
    if let Some(how) = how_to_ask(args, traces, results, whole) {
        out.push_str(&format!("Why did a pod go where it went? Ask:  {how}\n"));
    }
    out
}

/// Reasons why the best profile's unplaced pods found no node, most frequent first.
fn unplaced_reasons(results: &[sched_sim::Comparison]) -> Vec<(&str, u64)> {
    let [result] = results else { return Vec::new() };
    let best = result.profiles.iter().find(|profile| profile.profile == result.recommended);
    let mut reasons: Vec<(&str, u64)> =
        best.into_iter().flat_map(|best| &best.unplaced_reasons).map(|(reason, &count)| (reason.as_str(), count)).collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons.truncate(5);
    reasons
}

/// The command that explains a telling pod: one that the two best profiles put on different nodes.
fn how_to_ask(
    args: &ReplayArgs,
    traces: &[Trace],
    results: &[sched_sim::Comparison],
    whole: &Comparison,
) -> Option<String> {
    let ranking = whole.ranking();
    let (result, trace) = (results.first()?, traces.first()?);
    let first = result.profiles.get(*ranking.first()?)?;
    let next = ranking.get(1).and_then(|&place| result.profiles.get(place)).unwrap_or(first);
    let pod = source::telling_pod(trace, first.runs.first()?, next.runs.first()?)?;
    let asked = if source::is_sample(args) {
        format!("sched explain --sample{} --pod {}", source::sample_option(args), quoted(pod))
    } else {
        format!("sched replay {} --explain {}", source::options_again(args), quoted(pod))
    };
    let profile = if first.profile == RECOMMENDED { String::new() } else { format!(" --profile {}", quoted(&first.profile)) };
    let file = args.profiles.profiles.as_ref();
    let file = file.map_or_else(String::new, |path| format!(" --profiles {}", quoted(&path.display().to_string())));
    let seed = match args.seeds.first {
        0 => String::new(),
        seed if source::is_sample(args) => format!(" --seed {seed}"),
        seed => format!(" --seeds {seed}"),
    };
    let default_delay = Options::default().metrics_delay_ms;
    let delay = if args.metrics_delay == default_delay { String::new() } else { format!(" --metrics-delay {}", quoted(&show_ms(args.metrics_delay))) };
    Some(format!("{asked}{profile}{file}{seed}{delay}"))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn page<'a>(
    args: &ReplayArgs,
    traces: &[Trace],
    results: &[sched_sim::Comparison],
    whole: &'a Comparison,
) -> Report<'a> {
    let words = std::env::args().skip(1).map(|word| quoted(&word));
    Report {
        facts: facts(args, traces, results),
        comparison: whole,
        columns: &TABLE,
        shown: &SHOWN,
        recommended: RECOMMENDED,
        scenes: scenes::scenes(traces, results),
        command: std::iter::once("sched".to_owned()).chain(words).collect::<Vec<_>>().join(" "),
    }
}
