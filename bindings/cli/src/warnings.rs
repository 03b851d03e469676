//! What is allowed in a profile, but hardly meant, and policies that failed: a line each on standard error, and a list in JSON.

use crate::error::one_line;
use crate::numbers::plural;
use sched_core::{PolicyConfig, Profile};

/// The warnings of profiles. Where it is known how late metrics come, what the profiles say about that does not count.
pub(crate) fn of(profiles: &[Profile], metrics_delay_ms: Option<u64>) -> Vec<String> {
    let each = profiles.iter().flat_map(|profile| {
        let warnings = with_delay(profile, metrics_delay_ms).warnings();
        warnings.into_iter().map(|warning| format!("profile `{}`: {warning}", profile.name))
    });
    each.collect()
}

/// Sandboxed policies that failed in some decisions, which were then made without them.
pub(crate) fn of_failures(result: &sched_sim::Comparison) -> Vec<String> {
    let runs = result.profiles.iter().flat_map(|profile| profile.runs.iter().map(move |run| (profile, run)));
    let failed = runs.flat_map(|(profile, run)| {
        let failed = run.statistics.iter().filter(|(_, done)| done.failed_decisions > 0);
        failed.map(move |(policy, done)| {
            let decisions = plural(done.failed_decisions as usize, "decision");
            let end = if done.quarantined { " and was asked no more" } else { "" };
            let (profile, seed, trace) = (&profile.profile, run.seed, &result.trace);
            format!("profile `{profile}`: policy `{policy}` failed in {decisions}{end}, seed {seed} of {trace}")
        })
    });
    failed.collect()
}

/// Prints them.
pub(crate) fn show(warnings: &[String]) {
    for warning in warnings {
        eprintln!("warning: {}", one_line(warning));
    }
}

fn with_delay(profile: &Profile, metrics_delay_ms: Option<u64>) -> Profile {
    let mut profile = profile.clone();
    let Some(delay_ms) = metrics_delay_ms else { return profile };
    let seconds = u32::try_from(delay_ms.div_ceil(1_000)).unwrap_or(u32::MAX);
    for entry in &mut profile.policies {
        if let PolicyConfig::CoolDown(config) = &mut entry.config {
            config.metrics_delay_seconds = seconds;
        }
    }
    profile
}
