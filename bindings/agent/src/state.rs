//! The checkpoint: what the agent knows across restarts, written whole or not at all, and checked when it is read.

use crate::usage::Sample;
use sched_core::colocation::Colocation;
use sched_core::cpuset::{CpuSet, Member};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The version of the form, in the first line.
const VERSION: u32 = 1;

/// The name of the form, in the first line.
const MAGIC: &str = "sched-agent-checkpoint";

/// What a checkpoint holds at most: some 2,048 containers with their sets are a tenth of it.
const MAX_BYTES: u64 = 64 << 20;

/// What is known across restarts.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Saved {
    /// The containers with the CPUs of their own.
    pub members: Vec<Member>,
    /// The control group of each.
    pub cgroups: BTreeMap<String, String>,
    /// What each group may say: what was written last, and while a plan is under way every value on the way.
    pub written: BTreeMap<String, Vec<CpuSet>>,
    /// How many CPUs best effort is limited to.
    pub best_effort_limit: Option<usize>,
    /// The state of offers, suppression and shortages.
    pub colocation: Colocation,
    /// The last samples of use, by group.
    pub samples: BTreeMap<String, Sample>,
    /// What was offered last, by extended resource.
    pub offer: BTreeMap<String, i64>,
    /// When that was, milliseconds.
    pub at_ms: u64,
}

/// The checkpoint cannot be read, written or believed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// It could not be read.
    #[error("cannot read checkpoint `{}`: {source}", path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It could not be written. Nothing is done before it is saved, so the one before still says everything that the tree may say.
    #[error("cannot write checkpoint `{}`: {source}; the one before still holds", path.display())]
    Write {
        /// Its path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not whole.
    #[error(
        "checkpoint `{}` is torn: {problem}; `--adopt tree` starts again from what the tree says", path.display()
    )]
    Torn {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// It is of another version.
    #[error(
        "checkpoint `{}` is of version {found}, this agent reads {VERSION}: run the agent that wrote it, or start again from what the tree says with `--adopt tree`",
        path.display()
    )]
    Version {
        /// Its path.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// Another agent uses it.
    #[error("checkpoint `{}` is in use by another sched-agent: stop that one, or give this one a file of its own", path.display())]
    InUse {
        /// Its path.
        path: PathBuf,
    },
    /// The tree says something else.
    #[error(
        "the checkpoint disagrees with the tree: {0}; somebody else has written there: `--adopt tree` keeps what the tree says, `--adopt checkpoint` writes what the checkpoint says"
    )]
    Disagrees(String),
}

/// Where the checkpoint lies.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    dry: bool,
    /// Held as long as the store lives.
    _lock: Option<File>,
}

impl Store {
    /// The checkpoint at `path`, for this process alone. The directory must be there.
    ///
    /// # Errors
    /// Another process has it, or a lock file cannot be made beside it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StateError> {
        let path = path.into();
        let lock = File::options().write(true).create(true).truncate(false).open(beside(&path, "lock"));
        let lock = lock.map_err(|source| StateError::Write { path: path.clone(), source })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, dry: false, _lock: Some(lock) }),
            Err(fs::TryLockError::WouldBlock) => Err(StateError::InUse { path }),
            Err(fs::TryLockError::Error(source)) => Err(StateError::Write { path, source }),
        }
    }

    /// The same, never written: for a dry run, and to look at.
    pub fn read_only(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), dry: true, _lock: None }
    }

    /// What was saved; none if nothing was.
    ///
    /// # Errors
    /// A file that is torn, of another version or not readable.
    pub fn load(&self) -> Result<Option<Saved>, StateError> {
        let path = || self.path.clone();
        match crate::tree::read_bounded(&self.path, MAX_BYTES) {
            Ok(text) => self.parse(&text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(StateError::Torn { path: path(), problem: "it is not text".into() })
            }
            Err(source) => Err(StateError::Read { path: path(), source }),
        }
    }

    fn parse(&self, text: &str) -> Result<Saved, StateError> {
        let torn = |problem: &str| StateError::Torn { path: self.path.clone(), problem: problem.into() };
        let (head, body) = text.split_once('\n').ok_or_else(|| torn("it has no first line"))?;
        let parts: Vec<&str> = head.split(' ').collect();
        let [MAGIC, version, checksum] = parts.as_slice() else {
            return Err(torn("its first line is not that of a checkpoint"));
        };
        let found = version.parse().map_err(|_| torn("its version is not a number"))?;
        if found != VERSION {
            return Err(StateError::Version { path: self.path.clone(), found });
        }
        if *checksum != sum(body) {
            return Err(torn("its checksum is not that of its content"));
        }
        serde_json::from_str(body).map_err(|error| torn(&error.to_string()))
    }

    /// Saves: the file is written beside, brought to the disk and put in place, so that it is the old one or the new one whatever happens. What is
    /// there already is not written again.
    ///
    /// # Errors
    /// The file system refuses; the file is as it was.
    pub fn save(&self, saved: &Saved) -> Result<(), StateError> {
        if self.dry {
            return Ok(());
        }
        self.replace(saved).map_err(|source| StateError::Write { path: self.path.clone(), source })
    }

    fn replace(&self, saved: &Saved) -> io::Result<()> {
        let body = serde_json::to_string(saved)?;
        let text = format!("{MAGIC} {VERSION} {}\n{body}", sum(&body));
        if fs::read(&self.path).is_ok_and(|there| there == text.as_bytes()) {
            return Ok(());
        }
        let temporary = beside(&self.path, "new");
        let mut file = File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn sum(body: &str) -> String {
    format!("{:08x}", crc32fast::hash(body.as_bytes()))
}
