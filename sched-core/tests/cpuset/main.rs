//! CPU sets: equal to what peers answer, right where they are not, and never half done.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "functions that tests share")]

mod exclusive;
mod hints;
mod laws;
mod lists;
mod machines;
mod plans;
mod pools;
mod random;
mod reference;
mod reference_bound;
mod vectors;
