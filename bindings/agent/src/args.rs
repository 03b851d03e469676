//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Applies plans of CPU sets and colocation to a cgroup v2 tree.
#[derive(Debug, Parser)]
#[command(name = "sched-agent", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Round after round, until something is wrong that the next round would find too
    Run(Run),
    /// One round
    Once(Once),
    /// What checkpoint and tree say; writes nothing
    Status(Watch),
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The description of the node, YAML or JSON; `run` reads it again each round
    #[arg(long, value_name = "FILE")]
    pub(crate) node: PathBuf,
    /// The cgroup tree, or any directory
    #[arg(long, value_name = "DIR", default_value = "/sys/fs/cgroup")]
    pub(crate) root: PathBuf,
    /// The checkpoint
    #[arg(long, value_name = "FILE")]
    pub(crate) state: PathBuf,
    /// Where the machine is described, unless the description has a table
    #[arg(long, value_name = "DIR", default_value = "/sys")]
    pub(crate) sys: PathBuf,
    /// Below what to look for other owners of CPU sets
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(crate) host: PathBuf,
    /// Uses measured elsewhere, YAML or JSON, instead of cpu.stat and memory.current
    #[arg(long, value_name = "FILE")]
    pub(crate) usage: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Format {
    /// Print JSON, one line a round
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Whose word counts in the first round if checkpoint and tree disagree
    #[arg(long)]
    pub(crate) adopt: Option<Adopt>,
    /// Seconds between rounds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub(crate) interval_s: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Once {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Whose word counts if checkpoint and tree disagree
    #[arg(long)]
    pub(crate) adopt: Option<Adopt>,
    /// Print what would be written, and why; write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The cgroup tree, or any directory
    #[arg(long, value_name = "DIR", default_value = "/sys/fs/cgroup")]
    pub(crate) root: PathBuf,
    /// The checkpoint
    #[arg(long, value_name = "FILE")]
    pub(crate) state: PathBuf,
    /// Print the offer as a merge patch of the node's status
    #[arg(long)]
    pub(crate) patch: bool,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// Whose word counts.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Adopt {
    /// Who has as many CPUs as it asks for keeps them
    Tree,
    /// What the checkpoint says is written again
    Checkpoint,
}

impl From<Adopt> for sched_agent::Adopt {
    fn from(adopt: Adopt) -> Self {
        match adopt {
            Adopt::Tree => Self::Tree,
            Adopt::Checkpoint => Self::Checkpoint,
        }
    }
}
