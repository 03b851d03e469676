//! Why the pools refuse.

use crate::cpuset::kubelet::TakeError;
use crate::cpuset::set::CpuSet;
use crate::cpuset::topology::TopologyError;
use crate::limits;
use thiserror::Error;

/// The pools cannot do that; nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum PoolError {
    /// CPUs that the machine does not have.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// There is no room for the container, nor can any be made.
    #[error("container `{container}`: {error}, and moving up to {moves} containers makes no room")]
    NoRoom {
        /// The container.
        container: String,
        /// What is missing.
        error: TakeError,
        /// How many may be moved.
        moves: usize,
    },
    /// The shared pool would fall below its least size.
    #[error("container `{container}`: the shared pool would keep {left} cpus, below its least of {least}")]
    PoolTooSmall {
        /// The container.
        container: String,
        /// What would be left.
        left: usize,
        /// What must be left.
        least: usize,
    },
    /// A container of a class that needs CPUs of its own asks for none.
    #[error("container `{container}` asks for {own} cpus of its own: ask for at least 1, which its class needs")]
    NotPositive {
        /// The container.
        container: String,
        /// What it asks for.
        own: i64,
    },
    /// A container of a class that has no CPUs of its own asks for some, or for exclusivity.
    #[error("container `{container}` is of a class without cpus of its own: ask for 0 of them, and for no exclusivity")]
    HasNoOwn {
        /// The container.
        container: String,
    },
    /// A container of that name is there.
    #[error("container `{0}` is in the pools already")]
    Duplicate(String),
    /// No container of that name.
    #[error("container `{0}` is not in the pools")]
    Unknown(String),
    /// More containers than [`limits::MAX_POOL_CONTAINERS`].
    #[error("a machine's pools hold at most {max} containers (MAX_POOL_CONTAINERS)", max = limits::MAX_POOL_CONTAINERS)]
    TooMany,
    /// CPUs that were chosen for a container, or that it had, and that it cannot have.
    #[error(
        "container `{container}` cannot have cpus {cpus}: they are reserved, another container's, or not as many as it asks for"
    )]
    NotUsable {
        /// The container.
        container: String,
        /// The CPUs, or those of them that are in the way.
        cpus: CpuSet,
    },
    /// A setting of the pools.
    #[error("pools: {0}")]
    Config(&'static str),
    /// What is there cannot be changed into what is wanted without a moment in which a container has no CPU, or in which two are where only one may be.
    #[error("the cpus of `{container}` cannot be changed safely while the others are where they are")]
    NoSafeOrder {
        /// A container that cannot be changed.
        container: String,
    },
}
