//! The program `sched`: replays workloads, explains placements, lists profiles, works on sandboxed policies.

mod anonymise;
mod args;
mod candidates;
mod choice;
mod compare;
mod error;
mod explain;
mod files;
mod numbers;
mod policy;
mod profiles;
mod progress;
mod replay;
mod report;
mod rerun;
#[cfg_attr(feature = "wasm", path = "sandbox/present.rs")]
#[cfg_attr(not(feature = "wasm"), path = "sandbox/absent.rs")]
mod sandbox;
mod table;
mod values;
mod warnings;

use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use error::{CliError, one_line, usage_line};
use std::process::ExitCode;

/// What the program ends with on bad input of any kind.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => fail(&error.to_string()),
    }
}

fn run(command: Command) -> Result<ExitCode, CliError> {
    match command {
        Command::Rerun(args) => return rerun::run(&args),
        Command::Anonymise(args) => anonymise::run(&args),
        Command::Policy(command) => return policy::run(&command),
        Command::Completions { shell } => completions(shell),
        Command::Replay(args) => replay::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Profiles(args) => profiles::run(&args),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// Help and version go to standard output; a wrong command line is one line like every other error.
fn usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // clap's own printing reports a closed pipe as an error, which `print` does not.
            match files::print(&error.render().to_string()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&error.to_string()),
            }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            eprint!("{}", error.render());
            ExitCode::from(BAD_INPUT)
        }
        _ => fail(&format!("{} (see --help)", usage_line(error))),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("error: {}", one_line(message));
    ExitCode::from(BAD_INPUT)
}

fn completions(shell: clap_complete::Shell) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sched", &mut script);
    files::print(&String::from_utf8_lossy(&script))
}
