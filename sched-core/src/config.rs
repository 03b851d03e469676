//! Profiles: named sets of policies with weights and configuration, built in code or read from YAML or JSON.

use crate::limits::MAX_POLICIES;
use crate::registry::PolicyConfig;
use sched_abi::Policy;
use thiserror::Error;

/// A profile was refused.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The text does not parse, or says something unknown.
    #[error("{0}")]
    Syntax(String),
    /// A policy stands twice in one profile.
    #[error("policy `{0}` stands twice in one profile")]
    Twice(String),
    /// A policy is to replace one that is not there.
    #[error("the profile has no policy `{0}` to replace")]
    NotThere(String),
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

/// A policy and its weight.
pub type Weighted = (Box<dyn Policy>, i64);

/// A policy of a profile.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PolicyEntry {
    /// How much its score counts; a policy that only filters ignores it.
    pub weight: i64,
    /// Which policy, and its settings.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub config: PolicyConfig,
}

/// A named set of policies. Filters are asked in this order; the first that rejects a node is the one that is reported.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Its policies.
    pub policies: Vec<PolicyEntry>,
}

impl Profile {
    /// Makes the policies, with their weights. They are set up by the scheduler that takes them.
    pub fn build(&self) -> Result<Vec<Weighted>, ProfileError> {
        if self.policies.len() > MAX_POLICIES {
            let count = self.policies.len();
            return Err(ProfileError::Limit { what: "policies", count, limit: MAX_POLICIES, name: "MAX_POLICIES" });
        }
        Ok(self.policies.iter().map(|p| (p.config.build(), p.weight)).collect())
    }

    /// What is allowed, but hardly meant: one sentence each, beginning with the policy's name.
    pub fn warnings(&self) -> Vec<String> {
        let mut list = Vec::new();
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct ProfileSet {
    /// The profiles.
    pub profiles: Vec<Profile>,
}

impl ProfileSet {
    /// The profile of that name.
    pub fn get(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|p| p.name == name)
    }

    /// Reads profiles from YAML or JSON (which is YAML too). An error names the key or value and its line and column;
    /// every policy is also built once, so that a profile that is accepted works.
    ///
    /// ```
    /// use sched_core::ProfileSet;
    /// let text = "profiles:\n- name: tight\n  policies:\n  - name: NodeResourcesFit\n    weight: 1\n    config: {scoringStrategy: {type: MostAllocated}}\n";
    /// assert_eq!(ProfileSet::from_text(text)?.profiles.len(), 1);
    /// let wrong = ProfileSet::from_text(&text.replace("MostAllocated", "Most")).unwrap_err();
    /// assert!(wrong.to_string().contains("Most") && wrong.to_string().contains("line 6"), "{wrong}");
    /// # Ok::<(), sched_core::ProfileError>(())
    /// ```
    #[cfg(feature = "yaml")]
    pub fn from_text(text: &str) -> Result<Self, ProfileError> {
        let set: Self = serde_saphyr::from_str(text).map_err(|e| ProfileError::Syntax(e.to_string()))?;
        for (i, profile) in set.profiles.iter().enumerate() {
            if set.profiles.iter().take(i).any(|p| p.name == profile.name) {
                return Err(ProfileError::ProfileTwice(profile.name.clone()));
            }
            crate::Scheduler::new(profile, 0)?;
        }
        Ok(set)
    }
}

#[cfg(feature = "serde")]
mod de {
    //! Reading entries: the name comes first, so that the configuration after it is read as what it is, with its position.

    use super::{PolicyConfig, PolicyEntry, Profile};
    use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
    use std::fmt;

    impl<'de> Deserialize<'de> for Profile {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            #[derive(serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            struct Plain {
                name: String,
                policies: Vec<PolicyEntry>,
            }
            let Plain { name, policies } = Plain::deserialize(deserializer)?;
            Ok(Self { name, policies })
        }
    }

    struct EntryVisitor;

    impl<'de> Visitor<'de> for EntryVisitor {
        type Value = PolicyEntry;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a policy: `name`, then `weight` and `config`")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<PolicyEntry, M::Error> {
            let first: Option<String> = map.next_key()?;
            if first.as_deref() != Some("name") {
                return Err(M::Error::custom("a policy begins with its `name`"));
            }
            let name: String = map.next_value()?;
            let Some(config) = PolicyConfig::default_of(&name) else {
                let known = PolicyConfig::NAMES.join(", ");
                return Err(M::Error::custom(format!("unknown policy `{name}`, known are {known}")));
            };
            let mut entry = PolicyEntry { weight: 1, config };
            let mut seen = [false; 2];
            while let Some(key) = map.next_key::<String>()? {
                let twice = match key.as_str() {
                    "weight" => {
                        entry.weight = map.next_value()?;
                        std::mem::replace(&mut seen[0], true)
                    }
                    "config" => {
                        entry.config = entry.config.read(&mut map)?;
                        std::mem::replace(&mut seen[1], true)
                    }
                    other => return Err(M::Error::unknown_field(other, &["name", "weight", "config"])),
                };
                if twice {
                    return Err(M::Error::custom(format!("`{key}` stands twice")));
                }
            }
            Ok(entry)
        }
    }

    impl<'de> Deserialize<'de> for PolicyEntry {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(EntryVisitor)
        }
    }
}
