//! Why a round, or the program, ends.

use crate::apply::Stopped;
use crate::node::NodeError;
use crate::owner::OwnerError;
use crate::state::StateError;
use crate::sys::SysReadError;
use crate::tree::TreeError;
use sched_core::colocation::ColocationError;
use sched_core::cpuset::{PoolError, SysError, TopologyError};
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// What the user has to put right, or, if it is [`AgentError::passing`], what the next round tries again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AgentError {
    /// A file that was named could not be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard output could not be written.
    #[error("cannot write to standard output: {0}")]
    Print(io::Error),
    /// The description of the node is not one.
    #[error("`{}`: {source}", path.display())]
    Node {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        source: NodeError,
    },
    /// The file of uses is not one.
    #[error("`{}`: {problem}", path.display())]
    Usage {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// `/sys` could not be read.
    #[error(transparent)]
    SysRead(#[from] SysReadError),
    /// What `/sys` says is not a machine.
    #[error("the machine: {0}")]
    Sys(#[from] SysError),
    /// The table of CPUs is not a machine.
    #[error("the machine: {0}")]
    Topology(#[from] TopologyError),
    /// Someone else owns CPU sets.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// The checkpoint.
    #[error(transparent)]
    State(#[from] StateError),
    /// The pools refuse settings, or what the checkpoint says.
    #[error("{what}: {source}")]
    Pools {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: PoolError,
    },
    /// Settings, or a report, that colocation refuses.
    #[error("colocation: {0}")]
    Colocation(#[from] ColocationError),
    /// A file of the tree could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A file of the tree could not be written.
    #[error(transparent)]
    Stopped(Box<Stopped>),
    /// Containers that cannot have what they ask for; everything else is done.
    #[error("{0}")]
    Refused(String),
}

impl From<Stopped> for AgentError {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(Box::new(stopped))
    }
}

impl AgentError {
    /// Whether the next round may well find it otherwise: groups come and go while they are read and written.
    pub fn passing(&self) -> bool {
        matches!(self, Self::Tree(_) | Self::Stopped(_) | Self::Refused(_))
    }
}
