//! `sched policy`: making, looking at, judging, measuring and compiling sandboxed policies, a file each.

pub(crate) mod args;
#[cfg(feature = "wasm")]
mod bench;
#[cfg(feature = "wasm")]
mod check;
#[cfg(feature = "wasm")]
mod inspect;
mod new;
#[cfg(feature = "wasm")]
mod precompile;
#[cfg(feature = "wasm")]
mod subject;

use crate::error::CliError;
use args::PolicyCommand;
use std::process::ExitCode;

pub(crate) fn run(command: &PolicyCommand) -> Result<ExitCode, CliError> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        PolicyCommand::New(args) => new::run(args).map(done),
        #[cfg(feature = "wasm")]
        PolicyCommand::Inspect(args) => inspect::run(args).map(done),
        #[cfg(feature = "wasm")]
        PolicyCommand::Check(args) => check::run(args),
        #[cfg(feature = "wasm")]
        PolicyCommand::Bench(args) => bench::run(args).map(done),
        #[cfg(feature = "wasm")]
        PolicyCommand::Precompile(args) => precompile::run(args).map(done),
        #[cfg(not(feature = "wasm"))]
        _ => Err(CliError::NoSandbox("`sched policy` but for `new`")),
    }
}
