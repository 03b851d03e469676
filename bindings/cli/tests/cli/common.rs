//! Runs the built program, and keeps files for it in a folder of the test's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What the program printed and how it ended.
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Asserts that it ended well, and gives what it printed.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.status, Some(0), "stderr: {}", self.stderr);
        self.stdout
    }

    /// Asserts that it ended with status 2 and one clear line, and gives that line.
    pub(crate) fn refused(self, what: &str) -> String {
        assert_eq!(self.status, Some(2), "{what}: {} {}", self.stdout, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{what}: {}", self.stderr);
        assert_eq!(self.stderr.lines().count(), 1, "{what}: {}", self.stderr);
        assert!(self.stderr.starts_with("error: ") && self.stderr.len() > 12, "{what}: {}", self.stderr);
        assert_eq!(self.stdout, "", "{what}: nothing is printed before an error");
        self.stderr
    }
}

/// The program with these arguments.
pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sched"));
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs the program.
pub(crate) fn sched<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Ran {
    let Output { status, stdout, stderr } = command(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { status: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// An empty folder for one test.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file in it.
pub(crate) fn file(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}
