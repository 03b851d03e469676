//! Tests for policies: strategies for clusters and pods, and laws that an author switches on in one line each.
//!
//! A law is judged on some 170 clusters: some out of a real scheduler, most made to be hard (tables of 1 to 4,200
//! rows around every size that a kernel may trip over, nodes idle, full, huge or dead, samples missing or late, any pod). What
//! breaks a law is made small and printed.
//!
//! ```
//! use policy_sdk::abi::{Column, Manifest, NodeColumns, Nodes, PodView, Policy, ResourceId, Rows};
//!
//! /// Prefers nodes with few pods.
//! struct FewPods;
//!
//! impl Policy for FewPods {
//!     fn manifest(&self) -> Manifest {
//!         Manifest { scores: true, columns: NodeColumns::REQUESTED, prefers_room: true, ..Manifest::new("FewPods") }
//!     }
//!
//!     fn score(&self, _: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
//!         let pods = nodes.quantity(Column::Requested(ResourceId::PODS));
//!         rows.map([pods], out, |[pods]| if pods < 100.0 { 100 - pods as i64 } else { 0 });
//!     }
//! }
//!
//! # // A test harness finds these; here they are called.
//! policy_sdk::laws!(few_pods: FewPods => in_range, row_local, forgets, never_rewards_less_room, reads_only_declared);
//! # use policy_sdk::testing::{Options, check};
//! # assert!(check(&|| Box::new(FewPods), &Options::default()).passed());
//! ```
//!
//! [`check`] judges by every law that a manifest claims and returns a [`Report`]; [`same_answers`] compares two implementations.

mod answers;
mod asks;
mod capture;
mod case;
mod cases;
mod check;
mod declared;
mod extremes;
mod garble;
pub mod laws;
mod pod;
mod quiet;
mod render;
mod report;
mod rng;
mod shrink;
pub mod strategies;
mod subject;
mod table;
mod vary;
mod vary_pod;
mod words;

pub use check::{Options, check, check_along, same_answers};
pub use laws::Law;
pub use report::{Failure, Outcome, Report};
