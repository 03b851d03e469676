//! The commands of docs/agent.md, run as they stand there.

use crate::common::Folder;
use std::path::Path;
use std::process::Command;

/// The blocks of one kind between fences, with what follows at once as `text`.
fn blocks(guide: &str) -> Vec<(String, Option<String>)> {
    let mut out: Vec<(String, Option<String>)> = Vec::new();
    let mut kind = None;
    for line in guide.lines() {
        match (line.strip_prefix("```"), kind) {
            (Some(word), None) => {
                kind = Some(word);
                match word {
                    "sh" => out.push((String::new(), None)),
                    "text" => out.last_mut().expect("a command before its output").1 = Some(String::new()),
                    other => panic!("a block of `{other}`"),
                }
            }
            (Some(_), Some(_)) => kind = None,
            (None, Some(kind)) => {
                let last = out.last_mut().unwrap();
                let into = if kind == "sh" { &mut last.0 } else { last.1.as_mut().unwrap() };
                *into += line;
                into.push('\n');
            }
            (None, None) => {}
        }
    }
    out
}

#[test]
fn the_two_minutes_of_the_guide_go_as_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/agent.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let (_, guide) = guide.split_once("## Two minutes\n").unwrap();
    let (guide, _) = guide.split_once("\n## ").unwrap();
    let folder = Folder::new();
    let program = Path::new(env!("CARGO_BIN_EXE_sched-agent")).parent().unwrap().display().to_string();
    let mut ran = 0;
    for (command, expected) in blocks(guide) {
        // The guide builds it; here it is built.
        let command = format!("exec 2>&1\n{}", command.replace("cargo install --path bindings/agent\n", ""));
        let path = format!("{program}:{}", std::env::var("PATH").unwrap());
        let output =
            Command::new("bash").args(["-c", &command]).env("PATH", path).current_dir(&folder.0).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if let Some(expected) = expected {
            assert_eq!(said, expected, "{command}");
            ran += 1;
        } else {
            assert!(output.status.success(), "{command}: {said}");
        }
    }
    assert!(ran > 2);
}
