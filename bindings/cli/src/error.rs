//! Everything that ends the program with status 2, and how it becomes one line.

use sched_core::record::RecordError;
use sched_core::{ClusterError, ProfileError, ScheduleError, TextPlace};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What the user has to put right.
#[derive(Error, Debug)]
pub(crate) enum CliError {
    #[error("cannot write `{}`: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{}` is not text: byte {byte} is not UTF-8", path.display())]
    NotText { path: PathBuf, byte: usize },
    #[error("{}", at_place(path, source))]
    Profiles { path: PathBuf, source: ProfileError },
    #[error("`{}` has no profile in it", path.display())]
    NoProfiles { path: PathBuf },
    #[error("there is no profile `{name}`; known are {known}")]
    UnknownProfile { name: String, known: String },
    #[cfg(feature = "wasm")]
    #[error("`{}`: {source}", path.display())]
    Module { path: PathBuf, source: Box<sched_core::wasm::WasmError> },
    #[cfg(feature = "wasm")]
    #[error(
        "`{}` is a precompiled artefact, which is machine code that is run as it is: `--trust-precompiled` takes it if it is yours",
        path.display()
    )]
    Untrusted { path: PathBuf },
    #[cfg(feature = "wasm")]
    #[error("profile `{profile}`: policy `{policy}` is not there as a module; it runs with `--engine native`")]
    NoModule { profile: String, policy: &'static str },
    #[cfg(not(feature = "wasm"))]
    #[error(
        "{0} needs sandboxed policies, which this program was built without: build sched-cli with its feature `wasm`"
    )]
    NoSandbox(&'static str),
    #[error("profile `{profile}`: {source}")]
    Profile { profile: String, source: ProfileError },
    #[error("`{}`: {source}", path.display())]
    Objects { path: PathBuf, source: Box<sched_k8s::ReadError> },
    #[error("`{}` holds {found}; it must hold one pod", path.display())]
    NotOnePod { path: PathBuf, found: String },
    #[error("there is no pod `{name}` in {place}, nor a file of that name")]
    UnknownPod { name: String, place: String },
    #[error("{what}: {source}")]
    Cluster { what: String, source: ClusterError },
    #[error("pod `{pod}`: {source}")]
    Schedule { pod: String, source: ScheduleError },
    #[error(transparent)]
    Read(#[from] sched_sim::read::ReadError),
    #[error(transparent)]
    Simulation(#[from] sched_sim::SimError),
    #[error("`{}`: {source}", path.display())]
    Record { path: PathBuf, source: RecordError },
    #[error("cannot write JSON: {source}")]
    Json { source: serde_json::Error },
    #[error("{0}")]
    Usage(String),
}

/// A mistake in a file of profiles, as compilers write it: `FILE:LINE:COLUMN: WAY: PROBLEM`.
fn at_place(path: &Path, error: &ProfileError) -> String {
    match error {
        ProfileError::At { place: TextPlace { line, column, path: way }, problem } => {
            let separator = if way.is_empty() { "" } else { ": " };
            format!("{}:{line}:{column}: {way}{separator}{problem}", path.display())
        }
        other => format!("{}: {other}", path.display()),
    }
}

/// Longest line that is printed: an error may quote a file that is all one line.
const MAX_LINE_CHARS: usize = 600;

/// A text of several lines, possibly with control characters from a hostile file, as one line.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line = String::with_capacity(words.len());
    for (count, character) in words.chars().enumerate() {
        if count == MAX_LINE_CHARS {
            line.push('…');
            break;
        }
        if character.is_control() { line.extend(character.escape_unicode()) } else { line.push(character) }
    }
    line
}

/// clap's account of a wrong command line, without the usage block that follows it.
pub(crate) fn usage_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let said = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    let line = one_line(&said.collect::<Vec<_>>().join(" "));
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(one_line("a\n  b\u{1b}[31m\tc\0"), "a b\\u{1b}[31m c\\u{0}");
        assert_eq!(one_line(&"x".repeat(5_000)).chars().count(), MAX_LINE_CHARS + 1);
    }
}
