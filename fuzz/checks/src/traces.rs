//! Files of traces: several files in one input, with a line of three dashes between them.

use sched_sim::read::{self, HotNodesFiles, Input, ReadError};
use sched_sim::{Trace, TraceError};

/// What separates two files.
const BETWEEN: &[u8] = b"---\n";

/// A list of nodes and one of pods are refused by the name of the file, or are a trace that can be simulated.
pub fn openb(bytes: &[u8]) {
    let [nodes, pods] = files(bytes, ["nodes", "pods"]);
    sound(read::openb("fuzz", nodes, pods));
}

/// The same for nodes, applications and pods of a hot-node workload.
pub fn hot_nodes(bytes: &[u8]) {
    let [nodes, apps, pods] = files(bytes, ["nodes", "apps", "pods"]);
    sound(read::hot_nodes("fuzz", HotNodesFiles { nodes, apps, pods }));
}

fn files<'a, const N: usize>(bytes: &'a [u8], names: [&'static str; N]) -> [Input<'a>; N] {
    let mut rest = bytes;
    names.map(|name| {
        let end = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN);
        let (file, after) = match end.and_then(|end| Some((rest.get(..end)?, rest.get(end + BETWEEN.len()..)?))) {
            Some(split) => split,
            None => (rest, &[][..]),
        };
        rest = after;
        Input { name, bytes: file }
    })
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
