//! Lists of CPUs, and machines from what `/sys` says.

use sched_core::colocation::Qos;
use sched_core::cpuset::{
    ContainerCpus, CpuSet, PoolConfig, Pools, Sorting, SysFiles, Topology, TopologyTable, take_packed,
};
use sched_core::limits;

/// Any text is refused with a reason, or a set whose own text reads back equal.
pub fn cpu_list(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match text.parse::<CpuSet>() {
        Ok(set) => {
            assert!(set.iter().all(|cpu| cpu <= limits::MAX_CPU_ID), "{set}");
            assert_eq!(set.iter().count(), set.len());
            assert_eq!(set.to_string().parse::<CpuSet>().as_ref(), Ok(&set));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Any files are refused with a reason, or a machine on which CPUs can be taken and pools divided.
pub fn sys_files(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let table = SysFiles::from_grep(text).and_then(|files| TopologyTable::from_sys(&files));
    let Ok(table) = table.map_err(|error| assert!(!error.to_string().is_empty())) else { return };
    let Ok(topology) = Topology::new(&table).map_err(|error| assert!(!error.to_string().is_empty())) else { return };
    let online = topology.online().clone();
    assert_eq!(online.len(), table.cpus.len());
    let half = online.len() as i64 / 2;
    let taken = take_packed(&topology, &online, half, Sorting::Packed, true).map(|taken| taken.cpus);
    assert!(taken.is_ok_and(|cpus| cpus.len() as i64 == half && cpus.is_subset(&online)));
    let pools = Pools::new(topology, PoolConfig { min_shared: 0, ..PoolConfig::default() });
    let all = ContainerCpus::new("all", Qos::Ls, online.len() as i64);
    assert_eq!(pools.and_then(|mut pools| pools.add(all)).map(|plan| plan.steps.len()), Ok(1));
}
