//! `sched rerun`: does again what was recorded, and shows which decisions came out otherwise.

mod text;

use crate::args::{EngineKind, RerunArgs};
use crate::candidates;
use crate::choice;
use crate::error::CliError;
use crate::files::{json, print, read_bytes};
use crate::numbers::plural;
use crate::warnings;
use sched_core::Scheduler;
use sched_core::record::{Course, Difference, Record, RecordError, Rerun, RerunOptions};
use serde::Serialize;
use std::borrow::Cow;
use std::path::Path;
use std::process::ExitCode;

/// What the program ends with if a decision came out otherwise.
const DIFFERENT: u8 = 1;

/// What `--json` prints (docs/record.md).
#[derive(Serialize)]
struct Document<'a> {
    library: &'a str,
    seed: u64,
    anonymised: bool,
    recorded_profile: Option<&'a str>,
    /// Other policies than the recorded ones, if they were asked for: a profile, and files of sandboxed policies.
    other: Option<&'a str>,
    engine: EngineKind,
    own_course: bool,
    equal: bool,
    entries: u64,
    from_ms: u64,
    until_ms: u64,
    decisions: u64,
    recorded_placed: u64,
    placed: u64,
    different: u64,
    holds_different: u64,
    settled_before: u64,
    recorded_digest: String,
    digest: String,
    differences: &'a [Difference],
    damage: Option<String>,
}

/// A rerun that is done.
struct Done<'a> {
    args: &'a RerunArgs,
    record: &'a Record<'a>,
    recorded_profile: Option<&'a str>,
    other: Option<&'a str>,
    rerun: &'a Rerun,
}

pub(crate) fn run(args: &RerunArgs) -> Result<ExitCode, CliError> {
    let bytes = read_bytes(&args.file)?;
    let record = Record::open(&bytes).map_err(wrong(&args.file))?;
    let recorded_profile = record.header().profile.as_ref().map(|_| record.profile()).transpose();
    let recorded_profile = recorded_profile.map_err(wrong(&args.file))?;
    let profile = match &recorded_profile {
        _ if names_a_profile(args) => Cow::Owned(choice::profile(args.profile.as_deref(), args.profiles.as_deref())?),
        Some(profile) => Cow::Borrowed(profile),
        None => Cow::Owned(record.profile().map_err(wrong(&args.file))?),
    };
    let other = (names_a_profile(args) || !args.policies.policy.is_empty()).then(|| {
        let own = args.policies.policy.iter().map(ToString::to_string);
        std::iter::once(profile.name.clone()).chain(own).collect::<Vec<_>>().join(" with ")
    });
    let mut scheduler = candidates::one(&profile, &args.policies)?.start(record.header().seed)?;
    let course = if args.own_course { Course::Own } else { Course::Recorded };
    let options = if other.is_some() { RerunOptions::other_policies() } else { RerunOptions::default() };
    let keep = if args.json { options.keep } else { args.top };
    let rerun = record.rerun(&mut scheduler, RerunOptions { course, keep, ..options }).map_err(wrong(&args.file))?;
    warnings::show(&failures(&scheduler));
    let done = Done {
        args,
        record: &record,
        recorded_profile: recorded_profile.as_ref().map(|profile| &*profile.name),
        other: other.as_deref(),
        rerun: &rerun,
    };
    print(&if args.json { json(&done.document())? } else { done.text() })?;
    let equal = rerun.is_equal();
    damaged(&args.file, rerun.damage)?;
    Ok(if equal { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
}

fn names_a_profile(args: &RerunArgs) -> bool {
    args.profile.is_some() || args.profiles.is_some()
}

/// What sandboxed policies failed in.
fn failures(scheduler: &Scheduler) -> Vec<String> {
    let failed = scheduler.statistics().filter_map(|(name, done)| Some((name, done?.failed_decisions)));
    let failed = failed.filter(|&(_, decisions)| decisions > 0);
    failed
        .map(|(name, decisions)| format!("policy `{name}` failed in {}", plural(decisions as usize, "decision")))
        .collect()
}

/// What to make of a record's error.
pub(crate) fn wrong(path: &Path) -> impl Fn(RecordError) -> CliError {
    move |source| CliError::Record { path: path.to_owned(), source }
}

/// That the end of a record is torn off is what a crash leaves, and worth a warning; other damage is an error.
pub(crate) fn damaged(path: &Path, damage: Option<RecordError>) -> Result<(), CliError> {
    match damage {
        None => Ok(()),
        Some(torn @ RecordError::Torn { .. }) => {
            warnings::show(&[format!("{}; what comes before was used", wrong(path)(torn))]);
            Ok(())
        }
        Some(damage) => Err(wrong(path)(damage)),
    }
}

fn hex(digest: u64) -> String {
    format!("{digest:016x}")
}

impl Done<'_> {
    fn document(&self) -> Document<'_> {
        let (header, rerun) = (self.record.header(), self.rerun);
        Document {
            library: &header.library,
            seed: header.seed,
            anonymised: header.anonymised,
            recorded_profile: self.recorded_profile,
            other: self.other,
            engine: self.args.policies.engine,
            own_course: self.args.own_course,
            equal: rerun.is_equal(),
            entries: rerun.entries,
            from_ms: rerun.from_ms,
            until_ms: rerun.until_ms,
            decisions: rerun.decisions,
            recorded_placed: rerun.recorded_placed,
            placed: rerun.placed,
            different: rerun.different,
            holds_different: rerun.holds_different,
            settled_before: rerun.settled_before,
            recorded_digest: hex(rerun.recorded_digest),
            digest: hex(rerun.digest),
            differences: &rerun.differences,
            damage: rerun.damage.as_ref().map(ToString::to_string),
        }
    }
}
