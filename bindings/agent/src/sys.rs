//! The texts below `/sys/devices/system` that describe a machine.

use crate::tree::read_bounded;
use sched_core::cpuset::{SysError, SysFiles};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What is read of one file at most; the kernel's are a page.
const MAX_FILE_BYTES: u64 = 64 << 10;

/// Files of each CPU, and of each of its caches.
const OF_CPU: [&str; 5] = ["core_cpus_list", "thread_siblings_list", "core_id", "die_id", "physical_package_id"];
const OF_CACHE: [&str; 3] = ["level", "type", "shared_cpu_list"];

/// `/sys` could not be read.
#[derive(Debug, Error)]
pub enum SysReadError {
    /// A file or a directory.
    #[error("cannot read `{}`: {source}; give the directory that is mounted at /sys, or a table as `machine`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Too much of it.
    #[error("`{}`: {source}", path.display())]
    Sys {
        /// Below what.
        path: PathBuf,
        /// Why not.
        source: SysError,
    },
}

/// Reads what describes the machine below `sys`, usually `/sys`.
///
/// # Errors
/// A directory or file cannot be read, or there is more than a machine has.
pub fn machine(sys: &Path) -> Result<SysFiles, SysReadError> {
    let mut reader = Reader { root: sys.join("devices/system"), files: SysFiles::new() };
    reader.file("cpu/online")?;
    reader.file("cpu/offline")?;
    for cpu in reader.numbered("cpu", "cpu")? {
        for name in OF_CPU {
            reader.file(&format!("{cpu}/topology/{name}"))?;
        }
        for index in reader.numbered(&format!("{cpu}/cache"), "index")? {
            for name in OF_CACHE {
                reader.file(&format!("{index}/{name}"))?;
            }
        }
    }
    for node in reader.numbered("node", "node")? {
        reader.file(&format!("{node}/cpulist"))?;
    }
    Ok(reader.files)
}

struct Reader {
    root: PathBuf,
    files: SysFiles,
}

impl Reader {
    /// Takes a file over, if it is there.
    fn file(&mut self, name: &str) -> Result<(), SysReadError> {
        let path = self.root.join(name);
        match read_bounded(&path, MAX_FILE_BYTES) {
            Ok(text) => self.files.insert(name, &text).map_err(|source| SysReadError::Sys { path, source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(SysReadError::Read { path, source }),
        }
    }

    /// The directories `folder/STEM0`, `folder/STEM1` and so on that are there.
    fn numbered(&self, folder: &str, stem: &str) -> Result<Vec<String>, SysReadError> {
        let path = self.root.join(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(SysReadError::Read { path, source }),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let numbered = |name: &String| {
            let digits = name.strip_prefix(stem);
            digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        };
        Ok(names.filter(numbered).map(|name| format!("{folder}/{name}")).collect())
    }
}
