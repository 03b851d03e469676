//! docs/tutorial.md, followed as a new user follows it: its commands run in their order in one shell's folders, its source goes to
//! the files that it names, and what it shows of the output is there.
#![cfg(all(unix, feature = "wasm"))]
#![allow(clippy::expect_used, reason = "functions that the test is made of")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A block of the page.
struct Block<'a> {
    /// What stands behind the opening ticks: the language, and the file that it goes to.
    info: &'a str,
    text: &'a str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let parts: Vec<&str> = page.split("\n```").collect();
    // Every second part is inside of a block.
    let inside = parts.iter().skip(1).step_by(2).map(|part| part.split_once('\n').expect("a block has lines"));
    inside.map(|(info, text)| Block { info, text }).collect()
}

/// What the reader has: a folder, and a shell that is somewhere in it.
struct Reader {
    root: PathBuf,
    here: PathBuf,
    /// What the last commands printed.
    seen: String,
}

impl Reader {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tutorial");
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).expect("a folder for the tutorial");
        Self { here: root.clone(), root, seen: String::new() }
    }

    fn run(&mut self, commands: &str) {
        let program = Path::new(env!("CARGO_BIN_EXE_sched"));
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", program.parent().expect("it lies in a folder").display());
        let place = self.root.join("here");
        // The next commands begin where these end.
        let script = format!("set -eu\nexec 2>&1\n{commands}\npwd > '{}'\n", place.display());
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(&self.here).stdin(Stdio::null()).env("PATH", path);
        // No network, and nothing of the cargo that runs this test.
        shell.env("CARGO_NET_OFFLINE", "true").env("CARGO_TERM_COLOR", "never");
        for own in ["CARGO_TARGET_DIR", "CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            shell.env_remove(own);
        }
        let output = shell.output().expect("a shell");
        self.seen = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{commands}\n{}", self.seen);
        self.here = std::fs::read_to_string(place).expect("where the shell is").trim_end().into();
        self.share();
    }

    /// The new crate builds where the workspace does, with the versions that the workspace has, so that it is fast.
    fn share(&self) {
        let (made, target) = (self.root.join("free-gpus"), Path::new(env!("CARGO_TARGET_TMPDIR")).parent());
        if made.exists() && !made.join("target").exists() {
            std::os::unix::fs::symlink(target.expect("the target folder"), made.join("target")).expect("a link");
            let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
            std::fs::copy(lock, made.join("Cargo.lock")).expect("the workspace's versions");
        }
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.root.join(file);
        assert!(path.exists(), "{file} is not there to be edited");
        std::fs::write(path, format!("{text}\n")).expect("a file to write to");
    }

    /// Every line that the page shows is a part of one that was printed; blanks count as one, and `...` stands for anything.
    fn saw(&self, shown: &str) {
        for line in shown.lines() {
            let found = self.seen.lines().any(|printed| {
                let printed = squeezed(printed);
                let mut rest = Some(printed.as_str());
                for piece in line.split("...") {
                    rest = rest.and_then(|rest| rest.split_once(squeezed(piece).as_str())).map(|(_, after)| after);
                }
                rest.is_some()
            });
            assert!(found, "the page shows\n{line}\nbut there is only\n{}", self.seen);
        }
    }
}

fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn everything_in_the_tutorial_works() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tutorial.md"));
    let page = page.expect("the tutorial");
    let mut reader = Reader::new();
    let mut commands = 0;
    for Block { info, text } in blocks(&page) {
        match info.split_once(' ').map_or((info, None), |(language, file)| (language, Some(file))) {
            ("sh", None) => {
                reader.run(text);
                commands += 1;
            }
            ("text", None) => reader.saw(text),
            ("rust", Some(file)) => reader.write(file, text),
            _ => panic!("```{info} is neither commands, output, nor source with the name of its file"),
        }
    }
    assert!(commands >= 8, "{commands} blocks of commands were found");
}
