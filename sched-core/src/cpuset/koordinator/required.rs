//! Exclusivity that holds against every other container, whatever that one asks for.

use super::{Allocated, Exclusive};
use crate::cpuset::set::CpuSet;
use crate::cpuset::topology::Topology;

/// What of `available` a container may have without breaking its own exclusivity or anyone else's.
///
/// Cores and nodes that others have for themselves are nobody's; and who wants a core or node for itself gets none in which anyone has a CPU. Cost:
/// one pass over what is allocated.
pub fn usable(topology: &Topology, available: &CpuSet, allocated: &[Allocated], wish: Exclusive) -> CpuSet {
    let mut usable = available.clone();
    for group in allocated {
        for level in [group.exclusive.level(), wish.level()].into_iter().flatten() {
            usable.subtract(&topology.widen(level, &group.cpus));
        }
    }
    usable
}
