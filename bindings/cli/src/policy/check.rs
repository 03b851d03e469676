//! `sched policy check`: the conformance kit for a module whose source one need not have.

use super::args::CheckArgs;
use super::subject::Subject;
use crate::error::CliError;
use crate::files::{json, print};
use crate::numbers::plural;
use crate::progress::Steps;
use policy_sdk::testing::{Failure, Law, Options, Outcome, Report, check_along};
use sched_core::abi::{Manifest, Policy, Setup, SetupError};
use serde::Serialize;
use std::fmt::Write as _;
use std::process::ExitCode;

/// What `--json` prints (docs/policy-json.md).
#[derive(Serialize)]
struct Document<'a> {
    file: String,
    policy: &'a str,
    cases: usize,
    seed: u64,
    passed: bool,
    laws: Vec<Judged<'a>>,
}

#[derive(Serialize)]
struct Judged<'a> {
    law: &'a str,
    #[serde(flatten)]
    outcome: Came<'a>,
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Came<'a> {
    Holds,
    NotClaimed { why: &'a str },
    Broken { what: &'a str, pod: &'a str, cluster: &'a str },
}

impl<'a> From<&'a Outcome> for Came<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        match outcome {
            Outcome::Holds => Self::Holds,
            Outcome::NotClaimed(why) => Self::NotClaimed { why },
            Outcome::Broken(failure) => {
                let Failure { what, pod, cluster, .. } = &**failure;
                Self::Broken { what, pod, cluster }
            }
        }
    }
}

pub(super) fn run(args: &CheckArgs) -> Result<ExitCode, CliError> {
    let subject = Subject::open(&args.module)?;
    let options = Options { cases: args.cases as usize, seed: args.seed, ..Options::default() };
    let make = || -> Box<dyn Policy> {
        match subject.policy() {
            Ok(policy) => Box::new(policy),
            Err(error) => Box::new(Refused(error.to_string())),
        }
    };
    let bar = Steps::new(Law::ALL.len());
    let report = check_along(&make, &options, &mut |law| bar.next(law.name()));
    drop(bar);
    let file = subject.path.display().to_string();
    print(&if args.json { json(&document(file, &report))? } else { text(&file, &report) })?;
    Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A module that was made once and cannot be made again: every law is broken by that.
struct Refused(String);

impl Policy for Refused {
    fn manifest(&self) -> Manifest {
        Manifest::new("")
    }

    fn setup(&mut self, _: &mut dyn Setup) -> Result<(), SetupError> {
        Err(SetupError(self.0.clone()))
    }
}

fn document(file: String, report: &Report) -> Document<'_> {
    let laws = report.laws.iter().map(|(law, outcome)| Judged { law, outcome: outcome.into() });
    let (policy, cases, seed) = (&*report.policy, report.cases, report.seed);
    Document { file, policy, cases, seed, passed: report.passed(), laws: laws.collect() }
}

fn text(file: &str, report: &Report) -> String {
    let mut out = format!("{file}: {report}\n");
    let broken = report.failures().count();
    let held = report.laws.iter().filter(|(_, outcome)| *outcome == Outcome::Holds).count();
    // Writing to a string cannot fail.
    let _ = match broken {
        0 => writeln!(out, "{} that the policy claims: all hold.", plural(held, "law")),
        _ => {
            writeln!(out, "{} broken.", if broken == 1 { "1 law is".to_owned() } else { format!("{broken} laws are") })
        }
    };
    out
}
