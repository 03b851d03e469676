//! What the laws found, as data and as text.

use super::laws::Law;
use std::fmt;

/// A broken law, with the smallest cluster that was found to show it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Failure {
    /// The law's name.
    pub law: String,
    /// What differs, or lies outside what is allowed.
    pub what: String,
    /// The nodes, one a line, with the columns that the policy declares.
    pub cluster: String,
    /// The pod.
    pub pod: String,
    /// The seed that shows it again, see [`crate::testing::Options::seed`].
    pub seed: u64,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "law `{}` is broken: {}", self.law, self.what)?;
        if !self.cluster.is_empty() {
            writeln!(f, "  pod: {}\n  cluster: {}", self.pod, self.cluster.trim_end().replace('\n', "\n  "))?;
        }
        write!(f, "  seed: {}", self.seed)
    }
}

impl std::error::Error for Failure {}

/// What came of one law.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It holds on every case.
    Holds,
    /// It is not for this policy, and why.
    NotClaimed(String),
    /// It is broken.
    Broken(Box<Failure>),
}

/// What came of every law that a policy was judged by.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Report {
    /// The policy's name.
    pub policy: String,
    /// How many cases there were; a law that is broken saw a part of them.
    pub cases: usize,
    /// The seed of the cases.
    pub seed: u64,
    /// Each law's name with what came of it.
    pub laws: Vec<(String, Outcome)>,
}

impl Report {
    /// Whether no law is broken.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The broken laws.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.laws.iter().filter_map(|(_, outcome)| match outcome {
            Outcome::Broken(failure) => Some(&**failure),
            Outcome::Holds | Outcome::NotClaimed(_) => None,
        })
    }

    /// What came of one law; `None` if it was not asked about.
    pub fn outcome(&self, law: Law) -> Option<&Outcome> {
        self.laws.iter().find(|(name, _)| name == law.name()).map(|(_, outcome)| outcome)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} cases, seed {}", self.policy, self.cases, self.seed)?;
        for (law, outcome) in &self.laws {
            match outcome {
                Outcome::Holds => writeln!(f, "  {law:<24} holds")?,
                Outcome::NotClaimed(why) => writeln!(f, "  {law:<24} not claimed: {why}")?,
                Outcome::Broken(_) => writeln!(f, "  {law:<24} BROKEN")?,
            }
        }
        for failure in self.failures() {
            writeln!(f, "\n{failure}")?;
        }
        Ok(())
    }
}
