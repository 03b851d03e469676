//! Explaining a pod of a replay at the moment at which it was decided on.

use super::show;
use super::text::Context;
use crate::args::{ExplainArgs, ReplayArgs};
use crate::choice;
use crate::error::CliError;
use crate::replay;
use crate::values::show_ms;
use sched_core::{Explanation, Profile};
use sched_sim::{Options, Trace};

/// How many of the best nodes `replay --explain` lists.
const TOP: usize = 10;

/// Explains a pod of an embedded sample: the one named, or a telling one.
pub(super) fn in_sample(args: &ExplainArgs, profile: &Profile) -> Result<(Explanation, Option<String>), CliError> {
    let trace = replay::sample(args.sample.unwrap_or_default())?;
    let options = Options { metrics_delay_ms: args.metrics_delay, ..Options::default() };
    let pod = match &args.pod {
        Some(name) => find(&trace, name)?,
        None => largest(&trace),
    };
    at_decision(&trace, pod, profile, args.seed, options)
}

/// `sched replay --explain`.
pub(crate) fn in_replay(args: &ReplayArgs, pod: &str) -> Result<(), CliError> {
    let name = args.profiles.profile.first().map(String::as_str);
    let profile = choice::profile(name, args.profiles.profiles.as_deref())?;
    let traces = replay::traces(args)?;
    let Some(trace) = traces.first() else { return Ok(()) };
    let seed = args.seeds.first;
    let found = find(trace, pod)?;
    let (explanation, moment) = at_decision(trace, found, &profile, seed, replay::options(args))?;
    show(&explanation, &Context { profile: &profile.name, seed, moment, top: TOP }, args.json)
}

fn find(trace: &Trace, name: &str) -> Result<usize, CliError> {
    let name_alone = name.rsplit_once('/').map_or(name, |(_, name)| name);
    let place = trace.pods.iter().position(|pod| pod.spec.name == name_alone);
    place.ok_or_else(|| CliError::UnknownPod { name: name.to_owned(), place: format!("{}", trace.name) })
}
