//! What authors of scheduling policies build on. Everything a native policy needs is re-exported from [`abi`].
#![no_std]

pub use sched_abi as abi;
