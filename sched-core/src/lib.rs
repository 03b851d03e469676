//! The core of an embeddable scheduler: the state of a cluster in columns, filters and scores over them, decisions with
//! their reasons. No I/O, clock, randomness or threads; time is an argument.
//!
//! [`Scheduler`] owns a [`Cluster`] and runs the policies of a [`Profile`] over it. [`Cluster`] alone is the state.

pub mod cluster;
pub mod colocation;
mod config;
pub mod cpuset;
mod error;
mod explain;
pub mod hash;
pub mod limits;
mod pipeline;
pub mod primitives;
mod profile;
#[cfg(feature = "record")]
pub mod record;
mod registry;
mod remedies;
#[cfg(feature = "wasm")]
pub mod wasm;

pub use cluster::*;
pub use config::{PolicyEntry, Profile, ProfileError, ProfileSet, TextPlace, Weighted};
pub use error::{ClusterError, ScheduleError};
pub use explain::{Candidate, Explanation, PolicyReasons, PolicyRun, PolicyScore, Rejection};
pub use pipeline::{Decision, Evaluation, PolicyAnswer, Scheduler};
pub use registry::{NoSettings, PolicyConfig};
pub use sched_abi as abi;
