//! What the test binaries share: the slow reference scheduler, generators of clusters and events, and vector files.
#![allow(dead_code, unused_imports, reason = "each test binary uses its own part")]

pub(crate) mod generate;
pub(crate) mod objects;
pub(crate) mod reference;
pub(crate) mod vector_files;
pub(crate) mod vectors;
