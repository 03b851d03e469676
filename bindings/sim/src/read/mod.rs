//! Readers of traces. They take bytes, so that a trace may come from anywhere; [`file`] reads them from disk.

mod error;
mod hot_nodes;
mod openb;
mod table;

pub use error::{Place, Problem, ReadError};
pub use hot_nodes::{HotNodesFiles, hot_nodes, hot_nodes_dir};
pub use openb::{openb, openb_files};

use sched_core::limits::MAX_INPUT_BYTES;
use std::fs::{self, File};
use std::io::{self, Read};
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

/// Reads a file from disk, at most [`MAX_INPUT_BYTES`] of it.
///
/// # Errors
/// With the file's path: that it cannot be read, is a device, or is too long.
pub fn file(path: &Path) -> Result<Vec<u8>, ReadError> {
    let name = path.display().to_string();
    let metadata = fs::metadata(path).map_err(|error| unread(&name, error.into()))?;
    if is_device(&metadata) {
        return Err(unread(&name, Problem::Device));
    }
    if metadata.len() > MAX_INPUT_BYTES as u64 {
        return Err(unread(&name, Problem::TooLong));
    }
    let file = File::open(path).map_err(|error| unread(&name, error.into()))?;
    bounded(&name, file)
}

/// Reads a source to its end, at most [`MAX_INPUT_BYTES`] of it; `name` stands for it in errors.
///
/// # Errors
/// That it cannot be read, or is too long.
pub fn bounded(name: &str, source: impl Read) -> Result<Vec<u8>, ReadError> {
    at_most(MAX_INPUT_BYTES, source).map_err(|problem| unread(name, problem))
}

fn at_most(limit: usize, source: impl Read) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit { Err(Problem::TooLong) } else { Ok(bytes) }
}

fn unread(name: &str, problem: Problem) -> ReadError {
    ReadError { place: Place { file: name.into(), line: None, column: None }, problem }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Io(error.to_string())
    }
}

/// Whether it is a device such as `/dev/zero`, whose end nobody knows.
#[cfg(unix)]
fn is_device(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    metadata.file_type().is_char_device() || metadata.file_type().is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_without_end_is_refused_at_the_limit() {
        assert_eq!(at_most(9, io::repeat(7)), Err(Problem::TooLong));
        assert_eq!(at_most(9, &[7; 9][..]), Ok(vec![7; 9]));
    }
}
