//! `sched policy precompile`: machine code of a module, which loads without a compiler.

use super::args::PrecompileArgs;
use crate::error::CliError;
use crate::files::{Output, apart, print};
use crate::numbers::thousands;
use crate::sandbox::{engine, refused};
use sched_core::wasm::Module;
use sched_sim::read;
use std::env::consts::{ARCH, OS};

pub(super) fn run(args: &PrecompileArgs) -> Result<(), CliError> {
    let PrecompileArgs { file, output } = args;
    apart([file.clone()], [output.as_path()])?;
    let bytes = read::file(file)?;
    let artefact = Module::precompile(&engine()?, &bytes).map_err(refused(file))?;
    Output::open(output)?.write(&artefact)?;
    print(&format!(
        "{}: {} bytes of machine code for {ARCH} {OS}, made of {}.\n\
         It is bound to this version of sched ({}), to its engine's configuration and to the features of this machine's processor:\n\
         elsewhere it is refused, and after an update it must be made again. It is run as it is, so take nobody else's:\n  \
         sched replay --trust-precompiled --policy {}\n",
        output.display(),
        thousands(artefact.len()),
        file.display(),
        env!("CARGO_PKG_VERSION"),
        output.display(),
    ))
}
