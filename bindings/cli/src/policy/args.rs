//! What `sched policy` accepts, as clap sees it.

use clap::{Args, Subcommand};
use std::path::PathBuf;

const NEW_EXAMPLES: &str = "\
Examples:
  sched policy new spare-gpus
  sched policy new spare-gpus --dir ~/policies --sdk ~/sched/policy-sdk

Names are those of crates: lower-case letters, digits and hyphens. The policy's own name is spelled SpareGpus.";

#[derive(Subcommand, Debug)]
pub(crate) enum PolicyCommand {
    /// Make a crate with a policy that builds, has tests and runs at once
    New(NewArgs),
    /// Show what a sandboxed policy says of itself and what it asks for
    Inspect(InspectArgs),
    /// Judge a sandboxed policy by the laws that every policy must keep
    Check(CheckArgs),
    /// Measure a sandboxed policy, beside the native one where the library has one of its name
    Bench(BenchArgs),
    /// Compile a sandboxed policy to machine code, which loads at once
    Precompile(PrecompileArgs),
}

#[derive(Args, Debug)]
#[command(after_help = NEW_EXAMPLES)]
pub(crate) struct NewArgs {
    /// The crate's name
    pub(crate) name: String,
    /// The folder in which the crate's own is made
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The folder of the policy-sdk that it builds on (default: that of this program's checkout, else the published one)
    #[arg(long, value_name = "PATH")]
    pub(crate) sdk: Option<PathBuf>,
}

/// A module under settings.
#[derive(Args, Debug)]
pub(crate) struct ModuleArgs {
    /// The module
    #[arg(value_name = "FILE.wasm")]
    pub(crate) file: PathBuf,
    /// The policy's settings (default: its own)
    #[arg(long, value_name = "JSON", default_value = "", hide_default_value = true)]
    pub(crate) settings: String,
}

#[derive(Args, Debug)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) module: ModuleArgs,
    /// Print as JSON (its fields: docs/policy-json.md)
    #[arg(long)]
    pub(crate) json: bool,
}

const CHECK_HELP: &str = "\
Examples:
  sched policy check mine.wasm
  sched policy check mine.wasm --settings '{\"mostPods\": 1}' --cases 400 --seed 7

Exit status: 0 if every law holds that the policy claims, 1 if one is broken, 2 on bad input.";

#[derive(Args, Debug)]
#[command(after_help = CHECK_HELP)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) module: ModuleArgs,
    /// How many clusters it is judged on, besides those out of a real scheduler and those at the edge
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) cases: u32,
    /// What the clusters follow from: equal seeds make equal ones
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Print as JSON (its fields: docs/policy-json.md)
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    pub(crate) module: ModuleArgs,
    /// How many nodes the cluster has
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub(crate) nodes: u32,
    /// Print as JSON (its fields: docs/policy-json.md)
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct PrecompileArgs {
    /// The module
    #[arg(value_name = "FILE.wasm")]
    pub(crate) file: PathBuf,
    /// Where the machine code goes
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
}
