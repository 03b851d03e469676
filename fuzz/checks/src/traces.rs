//! Files of traces: several files in one input, with a line of three dashes between them.

use crate::files;
use sched_sim::read::{self, HotNodesFiles, Input, ReadError};
use sched_sim::{Trace, TraceError};

/// A list of nodes and one of pods are refused by the name of the file, or are a trace that can be simulated.
pub fn openb(bytes: &[u8]) {
    let [nodes, pods] = inputs(bytes, ["nodes", "pods"]);
    sound(read::openb("fuzz", nodes, pods));
}

/// The same for nodes, applications and pods of a hot-node workload.
pub fn hot_nodes(bytes: &[u8]) {
    let [nodes, apps, pods] = inputs(bytes, ["nodes", "apps", "pods"]);
    sound(read::hot_nodes("fuzz", HotNodesFiles { nodes, apps, pods }));
}

fn inputs<'a, const N: usize>(bytes: &'a [u8], names: [&'static str; N]) -> [Input<'a>; N] {
    let mut files = files::<N>(bytes).into_iter();
    names.map(|name| Input { name, bytes: files.next().unwrap_or_default() })
}

fn sound(read: Result<Trace, ReadError>) {
    match read {
        Ok(trace) => match trace.check() {
            // How large a simulation may be is for it to say, not for the reader.
            Ok(()) | Err(TraceError::Horizon { .. } | TraceError::NodeMinutes { .. } | TraceError::Pods { .. }) => {}
            Err(error) => assert_eq!(error.to_string(), "", "read, and yet no trace"),
        },
        Err(error) => assert!(error.to_string().starts_with('`'), "{error}"),
    }
}
