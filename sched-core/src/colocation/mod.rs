//! Colocation: how much a node sells twice, when it squeezes what it sold, and who goes when that is not enough. Pure functions
//! and small states of plain data for a node agent, a kubelet plug-in or a simulator; nothing is read or written here, and which
//! CPUs a container runs on is not decided here.
//!
//! [`Colocation::step`] takes one [`NodeReport`] and decides everything about the node: what BE and OT are offered
//! ([`Offer`]), what they may use at this moment ([`Suppression`]), and which pods to evict ([`Shortage`]). Its parts can be
//! used alone. [`group`], [`resize()`] and [`io_settings`] say what control groups shall say, [`plan`] in which order to write it.
//! Formulas, settings and their sources: docs/colocation.md.
//!
//! ```
//! use sched_core::colocation::*;
//!
//! // 32 CPUs and 128 GiB; an online pod that uses little of what it asks for, and a BE pod.
//! let capacity = Amounts::new(32_000, 128 << 30);
//! let report = |at_ms| NodeReport {
//!     at_ms,
//!     capacity,
//!     allocatable: capacity,
//!     system_used: Amounts::new(1_000, 4 << 30),
//!     pods: vec![
//!         PodReport::new("web", Qos::Ls, Amounts::new(16_000, 32 << 30)).using(Amounts::new(6_000, 20 << 30)),
//!         PodReport::new("batch", Qos::Be, Amounts::new(4_000, 8 << 30)).using(Amounts::new(4_000, 8 << 30)),
//!     ],
//!     ..NodeReport::default()
//! };
//! let config = ColocationConfig::default();
//! let mut node = Colocation::default();
//!
//! // A fresh state offers what runs already, and rises from there.
//! let decision = node.step(&config, &report(0), 0)?;
//! assert_eq!(decision.offer.be.offered.cpu, 4_000);
//! let decision = node.step(&config, &report(600_000), 600_000)?;
//! let text = "cpu: BE 12200m, OT 8200m: 60% of 32000m, less 1000m of the system and 6000m online (use)";
//! assert_eq!(decision.offer.terms.cpu.to_string(), text);
//! assert_eq!(decision.offer.be.admissible.cpu, 8_200);
//!
//! // What to write for it.
//! let quota = decision.suppression.wanted("kubepods/besteffort");
//! let settings = plan(vec![quota.from(Level::Unlimited)])?;
//! let text = "set cpu.max of `kubepods/besteffort` to `1380000 100000` because BE and OT may use 13800m: \
//!             65% of 32000m, less 6000m online and 1000m of the system, at least 2000m";
//! assert_eq!(settings[0].to_string(), text);
//! # Ok::<(), ColocationError>(())
//! ```

mod amounts;
mod capacity;
mod capacity_config;
mod error;
mod evict;
mod groups;
mod io;
mod network;
mod node;
mod offer;
mod qos;
mod report;
mod resize;
mod setting;
mod suppress;
mod sustained;
mod totals;
mod track;
mod zones;

pub use amounts::{Amounts, Each, Resource};
pub use capacity::{Split, Terms};
pub use capacity_config::{CapacityConfig, Formula, LendPercent, WhenStale};
pub use error::ColocationError;
pub use evict::{MemoryConfig, Shortage, ShortageState, StarvationConfig, Victim, by_cpu, by_memory};
pub use groups::{Asks, ByQos, GroupConfig, Identity, group};
pub use io::{Disk, IoConfig, Scratch, ScratchRefusal, io_settings, scratch};
pub use network::{Directions, NetworkConfig, NetworkOffer, network_offer};
pub use node::{Colocation, ColocationConfig, NodeDecision, Stop};
pub use offer::{ClassOffer, Offer, OfferState, ZoneOffer};
pub use qos::{Priority, Qos};
pub use report::{NodeReport, PodReport, ZoneReport, system_use};
pub use resize::{GroupResize, Held, Resize, ResizeDecision, Room, resize};
pub use setting::{CgroupFile, Change, Level, Setting, Wanted, plan};
pub use suppress::{SuppressConfig, SuppressState, Suppression};
pub use sustained::{Breach, SustainConfig};
pub use track::Moves;
