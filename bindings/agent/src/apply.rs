//! Changes of the tree, carried out one by one: the first that is refused ends it, and says what was done.

use crate::tree::{Tree, hint};
use serde::Serialize;
use std::fmt;
use std::io;
use thiserror::Error;

/// One file to write.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The control group.
    pub cgroup: String,
    /// Its file.
    pub file: &'static str,
    /// What to write.
    pub value: String,
    /// Why.
    pub because: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "set {} of `{}` to `{}` because {}", self.file, self.cgroup, self.value, self.because)
    }
}

/// Changes stopped where one was refused. Those before it are done and stay; the next round goes on from there.
#[derive(Debug, Error)]
#[error(
    "cannot write `{value}` to {file} of `{cgroup}`: {source}; {hint}; {done} of {of} changes are done and stay, the next round goes on from there",
    value = change.value, file = change.file, cgroup = change.cgroup, hint = hint(source)
)]
pub struct Stopped {
    /// What was refused.
    pub change: Change,
    /// How many were done before it.
    pub done: usize,
    /// How many there are.
    pub of: usize,
    /// What the kernel said.
    pub source: io::Error,
}

/// Carries out changes in order; what is done is added to `log`.
pub(crate) fn carry_out(tree: &mut dyn Tree, changes: Vec<Change>, log: &mut Vec<Change>) -> Result<(), Stopped> {
    let of = changes.len();
    for (done, change) in changes.into_iter().enumerate() {
        if let Err(source) = tree.write(&change.cgroup, change.file, &change.value) {
            return Err(Stopped { change, done, of, source });
        }
        log.push(change);
    }
    Ok(())
}
