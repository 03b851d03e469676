//! The command line itself: help, version, completions, wrong options, a reader that goes away.

use crate::common::{command, sched};
use std::io::Read;
use std::process::Stdio;

#[test]
fn help_has_examples() {
    for args in [vec!["--help"], vec!["replay", "--help"], vec!["explain", "--help"]] {
        let help = sched(&args).ok();
        assert!(help.contains("Examples:") && help.contains("sched "), "{help}");
    }
    assert!(sched(["--version"]).ok().starts_with("sched "));
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = sched(["completions", shell]).ok();
        assert!(script.contains("replay") && script.contains("metrics-delay"), "{shell}");
    }
    sched(["completions", "tcsh"]).refused("an unknown shell");
}

#[test]
fn wrong_options_are_one_line() {
    for args in [
        vec!["replay", "--sedes", "1"],
        vec!["replay", "--seeds", "5..1"],
        vec!["replay", "--seeds", "x"],
        vec!["replay", "--metrics-delay", "60"],
        vec!["replay", "--metrics-delay", "-5m"],
        vec!["replay", "--trace", "openb"],
        vec!["replay", "--trace", "borg", "--nodes", "a", "--pods", "b"],
        vec!["replay", "extra"],
        vec!["explain"],
        vec!["explain", "--cluster", "x"],
        vec!["explain", "--sample", "--top", "-1"],
        vec!["explain", "--sample", "--seed", "1.5"],
        vec!["completions"],
        vec!["frobnicate"],
    ] {
        sched(&args).refused(&args.join(" "));
    }
    assert_eq!(sched([] as [&str; 0]).status, Some(2), "without a command there is help");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = command(["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 16];
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
