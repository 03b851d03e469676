//! Reading and writing files and standard output, with errors that name the file.

use crate::error::CliError;
use sched_sim::read;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is in a file, or comes from standard input for `-`.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, CliError> {
    let standard = path == Path::new("-");
    Ok(if standard { read::bounded("standard input", io::stdin().lock())? } else { read::file(path)? })
}

/// The same as text.
pub(crate) fn read_text(path: &Path) -> Result<String, CliError> {
    String::from_utf8(read_bytes(path)?)
        .map_err(|error| CliError::NotText { path: path.to_owned(), byte: error.utf8_error().valid_up_to() })
}

/// A file that is opened before a long run and written after it, so that a wrong path is found at once.
pub(crate) struct Output {
    path: PathBuf,
    file: File,
}

impl Output {
    /// Opens the file without touching what is in it.
    pub(crate) fn open(path: &Path) -> Result<Self, CliError> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|source| CliError::Write { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces its content.
    pub(crate) fn write(mut self, content: impl AsRef<[u8]>) -> Result<(), CliError> {
        // A device or a pipe has no length to set; writing to it is fine.
        let written = match self.file.metadata() {
            Ok(metadata) if metadata.is_file() => self.file.set_len(0),
            _ => Ok(()),
        };
        let written = written.and_then(|()| self.file.write_all(content.as_ref())).and_then(|()| self.file.flush());
        written.map_err(|source| CliError::Write { path: self.path, source })
    }
}

/// Refuses an output that is one of the files that are read, or another output: what is in it would be lost.
pub(crate) fn apart<'p>(
    inputs: impl IntoIterator<Item = PathBuf>,
    outputs: impl IntoIterator<Item = &'p Path>,
) -> Result<(), CliError> {
    let mut taken: Vec<PathBuf> = inputs.into_iter().map(|path| whole(&path)).collect();
    for output in outputs {
        let path = whole(output);
        // Several may go to one device.
        let special = path.metadata().is_ok_and(|file| !file.is_file());
        if !special && taken.contains(&path) {
            let path = output.display();
            let what = "this would be written over what is read from it or written to it too";
            return Err(CliError::Usage(format!("`{path}` would be overwritten: {what}")));
        }
        taken.push(path);
    }
    Ok(())
}

/// The path by which a file is known, whether it is there yet or not.
fn whole(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let there = path.canonicalize().ok();
    let to_be = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    there.or_else(to_be).unwrap_or_else(|| path.to_owned())
}

/// A document as JSON for people and programs.
pub(crate) fn json(document: &impl Serialize) -> Result<String, CliError> {
    let mut text = serde_json::to_string_pretty(document).map_err(|source| CliError::Json { source })?;
    text.push('\n');
    Ok(text)
}

/// Prints to standard output. That a reader such as `head` went away is no error.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(source) => Err(CliError::Write { path: PathBuf::from("standard output"), source }),
        Ok(()) => Ok(()),
    }
}
