//! Readers of traces. They take bytes, so that a trace may come from anywhere; [`file`] reads them from disk.

mod error;
mod hot_nodes;
mod openb;
mod table;

pub use error::{Place, Problem, ReadError};
pub use hot_nodes::{HotNodesFiles, hot_nodes, hot_nodes_dir};
pub use openb::{openb, openb_files};

use std::path::Path;

/// The largest amount in base units that a file may give: the bound that the core puts on a quantity.
pub(crate) const MAX_AMOUNT: u64 = 1 << 46;

/// A file's name and bytes, as the readers take them.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// How errors name it.
    pub name: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
}

/// Reads a file from disk.
///
/// # Errors
/// [`Problem::Io`] with the file's path.
pub fn file(path: &Path) -> Result<Vec<u8>, ReadError> {
    std::fs::read(path).map_err(|error| ReadError {
        place: Place { file: path.display().to_string(), line: None, column: None },
        problem: Problem::Io(error.to_string()),
    })
}
