//! Colocation.
mod amounts;
mod capacity;
mod capacity_config;
mod error;
mod offer;
mod qos;
mod report;
mod totals;
mod track;
mod zones;

pub use amounts::{Amounts, Each, Resource};
pub use capacity::{Split, Terms};
pub use capacity_config::{CapacityConfig, Formula, LendPercent, WhenStale};
pub use error::ColocationError;
pub use offer::{ClassOffer, Offer, OfferState, ZoneOffer};
pub use qos::{Priority, Qos};
pub use report::{NodeReport, PodReport, ZoneReport, system_use};
pub use track::Moves;
