//! What the benchmarks share: generated clusters, the ceiling that decisions are compared with, and the measurements that
//! both criterion and the program `ratios` print.

pub mod ceiling;
pub mod colocation;
pub mod cpuset;
pub mod decision;
pub mod events;
pub mod ledger;
pub mod ledger_claims;
pub mod memory;
pub mod ratio;
pub mod reads;
pub mod rng;
pub mod scenario;
pub mod wasm;
