//! Profiles: named sets of policies with weights and configuration, built in code or read from YAML or JSON (`de`, `text`).

#[cfg(feature = "serde")]
mod de;
#[cfg(feature = "yaml")]
mod text;

use crate::limits::{MAX_NAME_BYTES, MAX_POLICIES};
use crate::registry::PolicyConfig;
use sched_abi::Policy;
use std::fmt;
use thiserror::Error;

/// A profile was refused.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The text does not parse, or says something unknown.
    #[error("{0}")]
    Syntax(String),
    /// Something is wrong at a place of a text.
    #[error("{place}: {problem}")]
    At {
        /// Where.
        place: TextPlace,
        /// What.
        problem: Box<ProfileError>,
    },
    /// A policy stands twice in one profile.
    #[error("policy `{0}` stands twice in one profile")]
    Twice(String),
    /// A policy is to replace one that is not there.
    #[error("the profile has no policy `{0}` to replace")]
    NotThere(String),
    /// The name of a profile is empty, too long or not one line.
    #[error("the name of a profile must have 1 to {max} bytes and no control characters", max = crate::limits::MAX_NAME_BYTES)]
    ProfileName,
    /// Two profiles have one name.
    #[error("profile `{0}` stands twice")]
    ProfileTwice(String),
    /// A weight is out of range.
    #[error("policy `{policy}`: weight {weight} is not within 0..={max}", max = crate::limits::MAX_WEIGHT)]
    Weight {
        /// The policy.
        policy: String,
        /// Its weight.
        weight: i64,
    },
    /// A policy refused its configuration.
    #[error("policy `{policy}`: {problem}")]
    Setup {
        /// The policy.
        policy: String,
        /// Why.
        problem: String,
    },
    /// Something is beyond a limit.
    #[error("{count} {what} are beyond the limit of {limit} ({name})")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How many.
        count: usize,
        /// The limit.
        limit: usize,
        /// Its name in `limits.rs`.
        name: &'static str,
    },
}

/// Where in a text of profiles something stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TextPlace {
    /// Line, from 1; 0 where it is not known.
    pub line: u64,
    /// Column, from 1; 0 where it is not known.
    pub column: u64,
    /// The way from the whole to the part, such as `profiles[0].policies[1].config`; empty for the whole.
    pub path: String,
}

impl fmt::Display for TextPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_empty() { "" } else { ": " };
        write!(f, "line {}, column {}{separator}{}", self.line, self.column, self.path)
    }
}

/// A policy and its weight.
pub type Weighted = (Box<dyn Policy>, i64);

/// A policy of a profile, written and read as `name`, `weight`, `config`, `standsInFor`.
#[derive(Clone, PartialEq, Debug)]
pub struct PolicyEntry {
    /// How much its score counts; a policy that only filters ignores it.
    pub weight: i64,
    /// Which policy, and its settings.
    pub config: PolicyConfig,
    /// The policy of the profile that it stands in for: it is asked only where that one failed, or abstains since what it
    /// reads is too old.
    pub stands_in_for: Option<String>,
}

impl PolicyEntry {
    /// A policy with its weight.
    pub fn new(weight: i64, config: PolicyConfig) -> Self {
        Self { weight, config, stands_in_for: None }
    }
}

/// A named set of policies. Filters are asked in this order; the first that rejects a node is the one that is reported.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Its policies.
    pub policies: Vec<PolicyEntry>,
}

impl Profile {
    /// Makes the policies, with their weights. They are set up by the scheduler that takes them; which of them stand in for
    /// others it is told by [`Scheduler::stand_in_as`](crate::Scheduler::stand_in_as).
    pub fn build(&self) -> Result<Vec<Weighted>, ProfileError> {
        if self.name.is_empty() || self.name.len() > MAX_NAME_BYTES || self.name.chars().any(char::is_control) {
            return Err(ProfileError::ProfileName);
        }
        if self.policies.len() > MAX_POLICIES {
            let count = self.policies.len();
            return Err(ProfileError::Limit { what: "policies", count, limit: MAX_POLICIES, name: "MAX_POLICIES" });
        }
        Ok(self.policies.iter().map(|p| (p.config.build(), p.weight)).collect())
    }

    /// What is allowed, but hardly meant: one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut list = Vec::new();
        if !self.policies.iter().any(|entry| matches!(entry.config, PolicyConfig::NodeResourcesFit(_))) {
            list.push(
                "no policy checks requests: without `NodeResourcesFit` nodes are filled beyond what they have"
                    .to_owned(),
            );
        }
        let estimates = |entry: &&PolicyEntry| {
            let reads = matches!(entry.config, PolicyConfig::NodeInfo(_) | PolicyConfig::NodeBalance(_));
            reads && entry.weight > 0 && entry.stands_in_for.is_none()
        };
        let cools = |entry: &PolicyEntry| matches!(entry.config, PolicyConfig::CoolDown(_)) && entry.weight > 0;
        if let Some(entry) = self.policies.iter().find(estimates).filter(|_| self.policies.iter().any(cools)) {
            list.push(format!(
                "`CoolDown` and `{}` both charge a node for pods that its samples do not show yet: one of them is enough",
                entry.config.name()
            ));
        }
        for entry in &self.policies {
            if let PolicyConfig::CoolDown(config) = &entry.config {
                let name = entry.config.name();
                list.extend(config.warnings().into_iter().map(|warning| format!("policy `{name}`: {warning}")));
            }
        }
        list
    }
}

/// Profiles by name.
#[derive(Clone, PartialEq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ProfileSet {
    /// The profiles.
    pub profiles: Vec<Profile>,
}

impl ProfileSet {
    /// The name of the profile, among those that ship with the library, that it recommends.
    pub const RECOMMENDED: &str = "recommended";

    /// The profile of that name.
    pub fn get(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|p| p.name == name)
    }
}
