//! The slow, obvious scheduler that the fast one is compared with: maps, loops and wide integers over the plain input
//! types. It shares no code with the crate but those types, and is written from the rules alone.

mod affinity;
mod balanced;
mod forecast;
mod images;
mod load;
mod marks;
mod message;
mod overload;
mod own;
mod pipeline;
mod policies;
mod ports;
mod profile;
mod requests;
mod resources;
mod settings;
mod taints;
mod tie;
mod world;

pub(crate) use pipeline::{Candidate, Outcome, Rejection, Score, decide};
pub(crate) use policies::{Prefilter, Raw, Refusal, filter, normalize, prefilter, score};
pub(crate) use profile::{Kind, Policy, Profile};
pub(crate) use requests::{Role, pod_requests, scoring_requests_existing, scoring_requests_incoming};
pub(crate) use world::{Place, PodKey, PodState, World};

/// Amounts by resource name.
pub(crate) type Amounts = std::collections::BTreeMap<String, i128>;
