//! Sample traces that are part of the library (data/README.md says what they were cut from).

use crate::read::{self, HotNodesFiles, Input, ReadError};
use crate::trace::Trace;

macro_rules! data {
    ($path:literal) => {
        Input { name: $path, bytes: include_bytes!(concat!("../data/", $path)) }
    };
}

/// Two days of 24 nodes and 1,625 pods of 100 applications whose use follows real CPU series.
///
/// # Errors
/// None, unless the library's own data is damaged.
pub fn hot_nodes() -> Result<Trace, ReadError> {
    let files = HotNodesFiles {
        nodes: data!("hot-nodes/nodes.csv"),
        apps: data!("hot-nodes/apps.csv"),
        pods: data!("hot-nodes/pods.csv"),
    };
    read::hot_nodes("sample of spiky-1", files)
}

/// 1,165 pods that arrive at 152 GPU nodes one by one, stay, and ask for more cards than there are.
///
/// # Errors
/// None, unless the library's own data is damaged.
pub fn openb() -> Result<Trace, ReadError> {
    read::openb("sample of openb gpuspec33", data!("openb/nodes.csv"), data!("openb/pods.csv"))
}
