//! `sched rerun`: does again what was recorded, and shows which decisions came out otherwise.

mod text;

use crate::args::RerunArgs;
use crate::choice;
use crate::error::CliError;
use crate::files::{json, print, read_bytes};
use crate::warnings;
use sched_core::record::{Course, Difference, Record, RecordError, Rerun, RerunOptions};
use sched_core::{Profile, Scheduler};
use serde::Serialize;
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
    /// Another one than the recorded, if it was asked for.
    other_profile: Option<&'a str>,
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
    recorded_profile: Option<&'a Profile>,
    other_profile: Option<&'a Profile>,
    rerun: &'a Rerun,
}

pub(crate) fn run(args: &RerunArgs) -> Result<ExitCode, CliError> {
    let bytes = read_bytes(&args.file)?;
    let record = Record::open(&bytes).map_err(wrong(&args.file))?;
    let recorded_profile = record.header().profile.as_ref().map(|_| record.profile()).transpose();
    let recorded_profile = recorded_profile.map_err(wrong(&args.file))?;
    let other = args.profile.is_some() || args.profiles.is_some();
    let other_profile =
        other.then(|| choice::profile(args.profile.as_deref(), args.profiles.as_deref())).transpose()?;
    let mut scheduler = match &other_profile {
        None => record.scheduler().map_err(wrong(&args.file))?,
        Some(profile) => start(profile, record.header().seed)?,
    };
    let course = if args.own_course { Course::Own } else { Course::Recorded };
    let options = if other { RerunOptions::other_policies() } else { RerunOptions::default() };
    let keep = if args.json { options.keep } else { args.top };
    let rerun = record.rerun(&mut scheduler, RerunOptions { course, keep, ..options }).map_err(wrong(&args.file))?;
    let done = Done {
        args,
        record: &record,
        recorded_profile: recorded_profile.as_ref(),
        other_profile: other_profile.as_ref(),
        rerun: &rerun,
    };
    print(&if args.json { json(&done.document())? } else { done.text() })?;
    let equal = rerun.is_equal();
    damaged(&args.file, rerun.damage)?;
    Ok(if equal { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
}

fn start(profile: &Profile, seed: u64) -> Result<Scheduler, CliError> {
    let failed = |source| CliError::Profile { profile: profile.name.clone(), source };
    Scheduler::new(profile, seed).map_err(failed)
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
            recorded_profile: self.recorded_profile.map(|profile| &*profile.name),
            other_profile: self.other_profile.map(|profile| &*profile.name),
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
