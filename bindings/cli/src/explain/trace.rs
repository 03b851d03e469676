//! Explaining a pod of a replay at the moment at which it was decided on.

use super::text::Context;
use super::{Moment, show};
use crate::args::{ExplainArgs, ReplayArgs};
use crate::candidates::{self, Candidate};
use crate::choice;
use crate::error::CliError;
use crate::replay;
use crate::warnings;
use sched_core::Explanation;
use sched_sim::{Explained, Options, Trace};
use std::cmp::Reverse;

/// How many of the best nodes `replay --explain` lists.
const TOP: usize = 10;
const MS_PER_MIN: u64 = 60_000;

/// Explains a pod of an embedded sample: the one named, or a telling one.
pub(super) fn in_sample(args: &ExplainArgs, candidate: &Candidate) -> Result<(Explanation, Moment), CliError> {
    let trace = replay::sample(args.sample.unwrap_or_default())?;
    let options = replay::delayed(args.metrics_delay);
    let pod = match &args.pod {
        Some(name) => find(&trace, name)?,
        None => largest(&trace)?,
    };
    at_decision(&trace, pod, candidate, args.seed, options)
}

/// `sched replay --explain`.
pub(crate) fn in_replay(args: &ReplayArgs, pod: &str) -> Result<(), CliError> {
    let name = args.profiles.profile.first().map(String::as_str);
    let profile = choice::profile(name, args.profiles.profiles.as_deref())?;
    let candidate = candidates::one(&profile, &args.policies)?;
    let traces = replay::traces(args)?;
    let Some(trace) = traces.first() else { return Ok(()) };
    let seed = args.seeds.first;
    let found = find(trace, pod)?;
    let (explanation, moment) = at_decision(trace, found, &candidate, seed, replay::options(args))?;
    let warnings = warnings::of(std::slice::from_ref(&profile), args.metrics_delay);
    show(&explanation, &Context { profile: &profile.name, seed, moment, top: TOP, warnings }, args.json)
}

fn find(trace: &Trace, name: &str) -> Result<usize, CliError> {
    let name_alone = name.rsplit_once('/').map_or(name, |(_, name)| name);
    let place = trace.pods.iter().position(|pod| pod.spec.name == name_alone);
    place.ok_or_else(|| CliError::UnknownPod { name: name.to_owned(), place: trace.name.clone() })
}

/// The pod of the measured time that asks for most cpu, the first of equals: its choice is the hardest.
fn largest(trace: &Trace) -> Result<usize, CliError> {
    let pods = trace.pods.iter().enumerate().filter(|(_, pod)| trace.measured_ms.contains(&pod.arrive_ms));
    let largest = pods.min_by_key(|(_, pod)| Reverse(replay::requested_cpu_milli(pod)));
    largest.map(|(place, _)| place).ok_or_else(|| CliError::Usage(format!("{} has no pod to explain", trace.name)))
}

fn at_decision(
    trace: &Trace,
    pod: usize,
    candidate: &Candidate,
    seed: u64,
    options: Options<'_>,
) -> Result<(Explanation, Moment), CliError> {
    let explained = sched_sim::explain(trace, candidate, seed, options, pod)?;
    let Explained { at_ms, attempt, explanation } = explained.ok_or_else(|| {
        CliError::Usage(format!("the pod arrives when {} is over, so nobody decided on it", trace.name))
    })?;
    let minute = at_ms / MS_PER_MIN;
    let (day, hour, minute) = (minute / 1_440 + 1, minute / 60 % 24, minute % 60);
    let moment = format!("{} at {hour:02}:{minute:02} of day {day}", trace.name);
    let moment = if attempt > 1 { format!("{moment}, attempt {attempt}") } else { moment };
    Ok((explanation, Moment { at_ms, notes: vec![moment] }))
}
