//! The core of an embeddable scheduler.

pub mod cluster {
    //! Cluster state.
    mod spec;
    pub use spec::*;
}
pub use cluster::*;
pub use sched_abi as abi;
