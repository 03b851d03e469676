//! What authors of scheduling policies build on. Everything a native policy needs is re-exported from [`abi`]; with the feature
//! `testing` there are the laws to test one with.
#![cfg_attr(not(feature = "testing"), no_std)]

pub use sched_abi as abi;

#[cfg(feature = "testing")]
pub mod testing;
