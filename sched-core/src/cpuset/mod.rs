//! Which CPUs a container gets: the machine's topology, sets of CPUs, allocators, hints, and the pools of QoS classes with plans that change
//! them safely. It decides; who applies it to a cgroup tree is elsewhere.

mod combinations;
mod hints;
mod koordinator;
mod kubelet;
mod list;
mod pools;
mod set;
mod sysfs;
mod tally;
mod topology;

pub use hints::{Hint, HintError, Merged, NumaSet, ResourceHints, TopologyPolicy, cpu_hints, merge_hints};
pub use koordinator::{Allocated, BindPolicy, BindRequest, Exclusive, Exclusivity, NumaStrategy, take_bound, usable};
pub use kubelet::{
    Compatibility, Distribution, OptionError, Orders, Reserved, Sorting, StaticPolicy, StaticPolicyError,
    StaticPolicyOptions, TakeError, Taken, orders, take_distributed, take_packed,
};
pub use list::CpuListError;
pub use pools::{Binding, ContainerCpus, Member, Plan, PlanStep, PoolConfig, PoolError, Pools, PriorityClasses};
pub use set::{CpuId, CpuSet};
pub use sysfs::{SysError, SysFiles};
pub use topology::{Counts, CpuPlace, Level, Topology, TopologyError, TopologyTable};

#[cfg(doctest)]
#[doc = include_str!("../../../docs/cpusets.md")]
struct Guide;
