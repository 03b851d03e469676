//! What must hold for any bytes at any entrance: the body of every fuzz target, without a fuzzer, so that ordinary tests run
//! the same on the seeds. A check that fails panics, which is what a fuzzer looks for.

#![allow(clippy::missing_panics_doc, reason = "a check that fails panics: that is what it is for")]

mod cpuset;
mod events;
mod generate;
mod guest;
mod ledger;
mod manifest;
mod module;
mod objects;
mod profiles;
mod quantity;
mod record;
mod sandbox;
mod traces;

pub use cpuset::{cpu_list, sys_files};
pub use events::events;
pub use ledger::ledger;
pub use manifest::manifest;
pub use module::module;
pub use objects::objects;
pub use profiles::profiles;
pub use quantity::quantity;
pub use record::record;
pub use traces::{hot_nodes, openb};

use sched_core::{Cluster, ClusterError, Event, Scheduler, Stats};

/// A check of some bytes.
pub type Check = fn(&[u8]);

/// Every check, by the name of its fuzz target and of its folder of seeds.
pub const CHECKS: [(&str, Check); 12] = [
    ("cpu_list", cpu_list),
    ("events", events),
    ("hot_nodes", hot_nodes),
    ("ledger", ledger),
    ("manifest", manifest),
    ("module", module),
    ("objects", objects),
    ("openb", openb),
    ("profiles", profiles),
    ("quantity", quantity),
    ("record", record),
    ("sys_files", sys_files),
];

/// Applies an event; one that is refused must leave the cluster as it was.
pub(crate) fn apply(scheduler: &mut Scheduler, event: &Event, now_ms: u64) -> Result<(), ClusterError> {
    let before = observed(scheduler.cluster());
    let applied = scheduler.apply(event, now_ms);
    if let Err(error) = &applied {
        assert!(!error.to_string().is_empty(), "an error says nothing");
        assert_eq!(observed(scheduler.cluster()), before, "refused, and yet something changed: {event:?}");
    }
    applied
}

/// Everything that can be seen of a cluster.
fn observed(cluster: &Cluster) -> (String, Stats, u64) {
    (cluster.dump(), cluster.stats(), cluster.generation())
}

/// What separates several files in one input.
const BETWEEN: &[u8] = b"---\n";

/// The files of an input; empty where there are fewer.
fn files<const N: usize>(bytes: &[u8]) -> [&[u8]; N] {
    let mut rest = bytes;
    std::array::from_fn(|_| {
        let end = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN);
        let split = end.and_then(|end| Some((rest.get(..end)?, rest.get(end + BETWEEN.len()..)?)));
        let (file, after) = split.unwrap_or((rest, &[]));
        rest = after;
        file
    })
}
