//! Where pods went, and the file that `score.py` of the hot-node workloads reads.

use crate::trace::Trace;
use std::io::{self, Write};

/// A pod that was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Its place in [`Trace::pods`].
    pub pod: usize,
    /// The node's place in [`Trace::nodes`].
    pub node: usize,
    /// When it was bound.
    pub bind_ms: u64,
}

/// The first minute that begins at `t_ms` or later: a pod counts in the minutes at whose beginning it is there.
pub(crate) fn minute(t_ms: u64) -> u64 {
    t_ms.div_ceil(60_000)
}

/// Writes `pod,node,bind_min`, one line a placed pod, in the order in which they were placed.
///
/// # Errors
/// Those of `out`.
pub fn write_placements(trace: &Trace, placements: &[Placement], out: &mut impl Write) -> io::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(["pod", "node", "bind_min"])?;
    for placement in placements {
        let (Some(pod), Some(node)) = (trace.pods.get(placement.pod), trace.nodes.get(placement.node)) else {
            continue;
        };
        out.write_record([&pod.spec.name, &node.name, &minute(placement.bind_ms).to_string()])?;
    }
    out.flush()
}
