//! A cgroup tree: groups are paths below a root, files are read and written whole. Nothing is created or removed in it.

use crate::error::AgentError;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What is read of one file at most: the longest list of CPUs is shorter.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A cgroup tree. Besides the real one there are [`DryRun`], and in tests one that enforces the kernel's rules.
pub trait Tree {
    /// Whether the group is there.
    fn has(&self, group: &str) -> bool;

    /// What a file of a group says; not found if either is not there.
    fn read(&self, group: &str, file: &str) -> io::Result<String>;

    /// Writes a file that is there.
    fn write(&mut self, group: &str, file: &str, value: &str) -> io::Result<()>;
}

/// A file of the tree could not be read or written.
#[derive(Debug, Error)]
pub enum TreeError {
    /// The kernel, or the file system, refused.
    #[error("cannot {doing} {file} of `{group}`: {source}; {hint}", hint = hint(source))]
    Refused {
        /// What was tried.
        doing: &'static str,
        /// The control group.
        group: String,
        /// Its file.
        file: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file says what such a file does not say.
    #[error("{file} of `{group}` says `{text}`: {problem}")]
    Text {
        /// The control group.
        group: String,
        /// Its file.
        file: String,
        /// What it says, cut to 40 characters.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl TreeError {
    pub(crate) fn text(group: &str, file: &str, text: &str, problem: &dyn std::fmt::Display) -> Self {
        let text = text.trim().chars().take(40).collect();
        Self::Text { group: group.into(), file: file.into(), text, problem: problem.to_string() }
    }
}

/// No such device: what a group says that was removed while one of its files was open.
const ENODEV: i32 = 19;

/// What to do about a refusal.
pub(crate) fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "the group has gone, or its controller is not in `cgroup.subtree_control` of the group around it"
        }
        _ if error.raw_os_error() == Some(ENODEV) => "the group has gone",
        io::ErrorKind::ResourceBusy => "the kernel is at work on the group, or another owner holds it: run again",
        io::ErrorKind::StorageFull => "a group with processes cannot be without cpus",
        io::ErrorKind::InvalidInput => {
            "the kernel does not take this value: cpus and nodes must be online, and in the group around it"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "run as the owner of the tree",
        _ => "see the kernel's log",
    }
}

/// What a file says; `None` where the group has no such file.
pub(crate) fn read_if_there(tree: &dyn Tree, group: &str, file: &str) -> Result<Option<String>, TreeError> {
    match tree.read(group, file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TreeError::Refused { doing: "read", group: group.into(), file: file.into(), source }),
    }
}

/// What a file says that must be there.
pub(crate) fn read(tree: &dyn Tree, group: &str, file: &str) -> Result<String, TreeError> {
    let gone = || TreeError::Refused {
        doing: "read",
        group: group.into(),
        file: file.into(),
        source: io::ErrorKind::NotFound.into(),
    };
    read_if_there(tree, group, file)?.ok_or_else(gone)
}

/// Whether processes run in a group. A directory that is no cgroup does not say, and counts as running.
pub(crate) fn populated(tree: &dyn Tree, group: &str) -> bool {
    let idle = |text: String| text.lines().any(|line| line.trim() == "populated 0");
    tree.has(group) && !tree.read(group, "cgroup.events").is_ok_and(idle)
}

/// The tree below a directory.
#[derive(Debug)]
pub struct RealTree {
    root: PathBuf,
}

impl RealTree {
    /// The tree below `root`, usually `/sys/fs/cgroup`.
    ///
    /// # Errors
    /// There is no such directory, or it is a tree of cgroup v1, whose files have other names and rules.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, AgentError> {
        let root = root.into();
        let read = |source| AgentError::Read { path: root.clone(), source };
        if !std::fs::metadata(&root).map_err(read)?.is_dir() {
            return Err(read(io::ErrorKind::NotADirectory.into()));
        }
        if root.join("cpuset/cpuset.sched_load_balance").exists() || root.join("cpuset.sched_load_balance").exists() {
            return Err(read(io::Error::other("this is cgroup v1: boot with `systemd.unified_cgroup_hierarchy=1`")));
        }
        Ok(Self { root })
    }

    fn path(&self, group: &str, file: &str) -> PathBuf {
        self.root.join(group).join(file)
    }
}

impl Tree for RealTree {
    fn has(&self, group: &str) -> bool {
        self.root.join(group).is_dir()
    }

    fn read(&self, group: &str, file: &str) -> io::Result<String> {
        read_bounded(&self.path(group, file), MAX_FILE_BYTES)
    }

    fn write(&mut self, group: &str, file: &str, value: &str) -> io::Result<()> {
        // One call of the kernel for each value: it takes a value whole or not at all.
        let mut open = OpenOptions::new().write(true).truncate(true).open(self.path(group, file))?;
        open.write_all(format!("{value}\n").as_bytes())
    }
}

/// The text of a file that is not longer than it may be.
pub(crate) fn read_bounded(path: &Path, max_bytes: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(max_bytes + 1).read_to_string(&mut text)?;
    if text.len() as u64 > max_bytes {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("the file is beyond {max_bytes} bytes")));
    }
    Ok(text)
}

/// A tree that is read and not written: what would be written is seen by later reads alone.
#[derive(Debug)]
pub struct DryRun<T> {
    tree: T,
    written: BTreeMap<(String, String), String>,
}

impl<T> DryRun<T> {
    /// A dry run on a tree.
    pub fn new(tree: T) -> Self {
        Self { tree, written: BTreeMap::new() }
    }

    /// The tree, as it was.
    pub fn into_inner(self) -> T {
        self.tree
    }
}

impl<T: Tree> Tree for DryRun<T> {
    fn has(&self, group: &str) -> bool {
        self.tree.has(group)
    }

    fn read(&self, group: &str, file: &str) -> io::Result<String> {
        // What the kernel grants follows from what is written, which it was not.
        let key = |file: &str| (group.to_owned(), file.to_owned());
        if file == "cpuset.cpus.effective" && self.written.contains_key(&key("cpuset.cpus")) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.written.get(&key(file)).map_or_else(|| self.tree.read(group, file), |value| Ok(value.clone()))
    }

    fn write(&mut self, group: &str, file: &str, value: &str) -> io::Result<()> {
        self.tree.read(group, file)?;
        self.written.insert((group.to_owned(), file.to_owned()), value.to_owned());
        Ok(())
    }
}
