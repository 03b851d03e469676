//! Gangs as embedders ask for them, and why something about one was refused.

use crate::error::{ClusterError, ScheduleError};
use thiserror::Error;

/// Pods of one shape in a gang.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct GangRole {
    /// Its name, such as `driver` or `worker`.
    pub name: String,
    /// How many must start together.
    pub min_members: u32,
}

/// A gang.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct GangSpec {
    /// Its name.
    pub name: String,
    /// Its roles.
    pub roles: Vec<GangRole>,
    /// Labels of nodes within one value of which it should be, the one that matters most first: such as rack, then zone.
    #[cfg_attr(feature = "serde", serde(default))]
    pub topology: Vec<String>,
    /// How long members that hold room wait for the others, milliseconds.
    pub wait_ms: u64,
}

/// Something about a gang was refused; it holds what it held, unless the error says that it gave way.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum GangError {
    /// No gang of that name.
    #[error("no gang `{0}`")]
    Unknown(String),
    /// A gang of that name is there already.
    #[error("gang `{0}` is already there")]
    Duplicate(String),
    /// It says something that means nothing.
    #[error("gang `{gang}`: {problem}")]
    Bad {
        /// The gang.
        gang: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// It has no such role.
    #[error("gang `{gang}` has no role `{role}`")]
    UnknownRole {
        /// The gang.
        gang: String,
        /// The role.
        role: String,
    },
    /// Not all of it that must start together hold room.
    #[error("gang `{gang}`: {has} of {min} pods of role `{role}` hold room")]
    Incomplete {
        /// The gang.
        gang: String,
        /// The role.
        role: String,
        /// How many hold room.
        has: u32,
        /// How many must.
        min: u32,
    },
    /// The others did not come in time, so its members hold no room any more.
    #[error("gang `{0}` waited for its members in vain; open it again")]
    Expired(String),
    /// There is no place for all of them together.
    #[error("gang `{gang}`: there is no place for all of the {pods} pods together")]
    Unschedulable {
        /// The gang.
        gang: String,
        /// How many were to get room.
        pods: usize,
    },
    /// It stood in the way of an older gang, and gave everything back.
    #[error("gang `{gang}` gave its room back, since `{older}` waits too and is older; try again later")]
    GaveWay {
        /// The gang.
        gang: String,
        /// The older one.
        older: String,
    },
    /// There would be too many of them.
    #[error("{what} would be beyond the limit of {limit} ({name})")]
    Limit {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// Its name in [`limits`](crate::limits).
        name: &'static str,
    },
    /// A recorder that takes names out cannot write it down.
    #[error("a record without names cannot hold gangs yet")]
    Nameless,
    /// A pod is not known, does not wait, or time is out of bounds.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
}

impl From<ClusterError> for GangError {
    fn from(error: ClusterError) -> Self {
        Self::Schedule(error.into())
    }
}
