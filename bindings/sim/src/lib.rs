//! A discrete-event simulator that replays traces through the scheduler: arrivals, departures, use that changes while pods
//! run, and samples of it that arrive late; several profiles side by side on the same events and seeds.
//!
//! ```
//! use sched_core::ProfileSet;
//! use sched_sim::{Options, run, sample};
//!
//! let trace = sample::openb()?;
//! let profiles = ProfileSet::builtin();
//! let profile = profiles.get("kube-default").unwrap();
//! let comparison = run(&trace, &[profile], &[1], Options::default(), &mut |_| {})?;
//! assert_eq!(comparison.profiles[0].placed.mean + comparison.profiles[0].unplaced.mean, trace.pods.len() as f64);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The simulator does no I/O but in [`read::file`], [`read::bounded`] and what is built on them, and measures time only with the clock that it is
//! given. The future is kept from the scheduler by construction: the scheduler is behind a trait that takes specifications and
//! samples, and samples come out of a line that holds each back until it is due.

mod candidate;
mod demand;
mod driver;
mod engine;
mod error;
mod explain;
mod fragmentation;
mod host;
mod hot;
mod measure;
mod placement;
pub mod read;
mod report;
pub mod resource;
mod run;
pub mod sample;
mod series;
mod stats;
mod trace;
mod usage;
mod world;

pub use candidate::Candidate;
pub use engine::Unplaced;
pub use error::SimError;
pub use explain::{Explained, explain};
pub use hot::Hot;
pub use measure::Measured;
pub use placement::{Placement, write_placements};
pub use report::{Comparison, ProfileResult, recommended};
pub use run::{MAX_BATCHES_ON_THEIR_WAY, Options, Progress, Recording, Run, run, simulate};
pub use series::{Heat, Series};
pub use stats::{Spread, Stat};
pub use trace::{MAX_HORIZON_MS, MAX_NODE_MINUTES, MAX_PODS, Trace, TraceError, TracePod};
pub use usage::{Curve, Usage};
