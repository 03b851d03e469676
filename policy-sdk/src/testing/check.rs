//! Runs laws over cases, and makes of a failure what a person can read.

use super::case::Case;
use super::cases::Cases;
use super::laws::{Law, Verdict, Violation, judge_same};
use super::quiet::catching;
use super::render;
use super::report::{Failure, Outcome, Report};
use super::rng::Rng;
use super::shrink::{Shrunk, shrink};
use super::subject::{Make, Subject};
use sched_abi::Policy;

/// What to judge a policy by.
///
/// ```
/// use policy_sdk::testing::{Law, Options};
/// let quick = Options { cases: 40, ..Options::default() };
/// let one = Options { laws: vec![Law::InRange], ..Options::default() };
/// # assert!(quick.laws.len() > one.laws.len());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Cases made of generated nodes, besides those of whole clusters; the default is 120. The first 33 have each size once,
    /// up to 4,200 rows.
    pub cases: usize,
    /// What everything random follows from. Equal seeds make equal cases.
    pub seed: u64,
    /// The laws; all of them by default. A law that the manifest does not claim is passed over.
    pub laws: Vec<Law>,
}

impl Default for Options {
    fn default() -> Self {
        Self { cases: 120, seed: 0, laws: Law::ALL.to_vec() }
    }
}

/// Judges a policy by every law that its manifest claims: the conformance kit. `make` makes an instance of the policy that is
/// not set up yet; a module in a sandbox is judged alike, wrapped as a [`Policy`].
///
/// Cost: below a second for a native policy with default options.
///
/// ```
/// use policy_sdk::testing::{Options, check};
/// use sched_core::primitives::NodePorts;
/// let report = check(&|| Box::new(NodePorts), &Options { cases: 40, ..Options::default() });
/// assert!(report.passed(), "{report}");
/// ```
pub fn check(make: &dyn Fn() -> Box<dyn Policy>, options: &Options) -> Report {
    check_along(make, options, &mut |_| {})
}

/// The same as [`check`]; `progress` hears of each law before it is asked about.
///
/// ```
/// use policy_sdk::testing::{Options, check_along};
/// use sched_core::primitives::NodePorts;
/// let mut laws = Vec::new();
/// check_along(&|| Box::new(NodePorts), &Options { cases: 1, ..Options::default() }, &mut |law| laws.push(law));
/// assert_eq!(laws, Options::default().laws);
/// ```
pub fn check_along(make: &dyn Fn() -> Box<dyn Policy>, options: &Options, progress: &mut dyn FnMut(Law)) -> Report {
    let name = catching(|| make().manifest().name.into_owned()).unwrap_or_default();
    let mut report = Report { policy: name, cases: 0, seed: options.seed, laws: Vec::new() };
    let ready = subject(make);
    let mut cases = Cases::new(options.seed, options.cases);
    for &law in &options.laws {
        progress(law);
        let outcome = match &ready {
            Ok(subject) => outcome(law, subject, &mut cases),
            Err(problem) => Outcome::Broken(Box::new(bare(law.name(), problem, options.seed))),
        };
        report.laws.push((law.name().to_owned(), outcome));
    }
    report.cases = cases.made();
    report
}

fn outcome(law: Law, subject: &Subject<'_>, cases: &mut Cases) -> Outcome {
    if let Some(why) = law.not_claimed(subject) {
        return Outcome::NotClaimed(why.to_owned());
    }
    let judge = |case: &Case, rng: &mut Rng| law.judge(subject, case, true, rng);
    judged(law.name(), subject, cases, &judge).map_or_else(Outcome::Broken, |()| Outcome::Holds)
}

/// Judges a policy by one law, whether its manifest claims it or not.
pub(super) fn one(law: Law, make: Make<'_>, options: &Options) -> Result<(), Failure> {
    let subject = subject(make).map_err(|problem| bare(law.name(), &problem, options.seed))?;
    let judge = |case: &Case, rng: &mut Rng| law.judge(&subject, case, false, rng);
    let cases = &mut Cases::new(options.seed, options.cases);
    judged(law.name(), &subject, cases, &judge).map_err(|failure| *failure)
}

/// The name under which two implementations are reported that differ.
const SAME: &str = "same_answers";

/// Judges whether two implementations of a policy answer alike: a native one and its module, or a fast one and an obvious one.
///
/// ```
/// use policy_sdk::testing::{Options, same_answers};
/// use sched_core::primitives::{Fit, FitConfig};
/// let fit = || -> Box<dyn sched_core::abi::Policy> { Box::new(Fit::new(FitConfig::default())) };
/// same_answers(&fit, &fit, &Options { cases: 40, ..Options::default() }).unwrap();
/// ```
pub fn same_answers(
    first: &dyn Fn() -> Box<dyn Policy>,
    second: &dyn Fn() -> Box<dyn Policy>,
    options: &Options,
) -> Result<(), Failure> {
    let problem = |problem: String| bare(SAME, &problem, options.seed);
    let (one, other) = (subject(first).map_err(problem)?, subject(second).map_err(problem)?);
    let judge = |case: &Case, rng: &mut Rng| judge_same(&one, &other, case, rng);
    let cases = &mut Cases::new(options.seed, options.cases);
    judged(SAME, &one, cases, &judge).map_err(|failure| *failure)
}

fn subject(make: Make<'_>) -> Result<Subject<'_>, String> {
    catching(|| Subject::new(make)).unwrap_or_else(|message| Err(format!("it panics: {message}")))
}

/// A failure before any case.
fn bare(law: &str, problem: &str, seed: u64) -> Failure {
    Failure { law: law.to_owned(), what: problem.to_owned(), cluster: String::new(), pod: String::new(), seed }
}

type Judge<'a> = &'a dyn Fn(&Case, &mut Rng) -> Verdict;

/// Asks a law about every case; the first one that it does not hold on is made small.
fn judged(law: &str, subject: &Subject<'_>, cases: &mut Cases, judge: Judge<'_>) -> Result<(), Box<Failure>> {
    let seed = cases.seed;
    for i in 0.. {
        let stream = i as u64;
        let made = catching(|| cases.get(subject, i)).unwrap_or_else(|message| Err(format!("it panics: {message}")));
        let Some(case) = made.map_err(|problem| bare(law, &problem, seed))? else { break };
        let Some(violation) = find(judge, &case, seed, stream) else { continue };
        // A smaller case draws other numbers, so a second draw is tried.
        let fails = |case: &Case| (0..2).find_map(|more| find(judge, case, seed, stream + more * 1_000));
        let Shrunk { case, violation } = shrink((*case).clone(), violation, &fails);
        let case = subject.shown(&case);
        let cluster = render::cluster(subject, &case, violation.row);
        let (law, pod) = (law.to_owned(), render::pod(&case));
        return Err(Box::new(Failure { law, what: violation.what, cluster, pod, seed }));
    }
    Ok(())
}

/// How a law is broken on a case; a panic breaks every law.
fn find(judge: Judge<'_>, case: &Case, seed: u64, stream: u64) -> Option<Violation> {
    let judged = catching(|| judge(case, &mut Rng::new(seed, stream)));
    judged.unwrap_or_else(|message| Err(Violation::new(format!("it panics: {message}")))).err()
}
