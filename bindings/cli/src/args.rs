//! What the command line accepts, as clap sees it. What the values mean is in `values`, what is done with them elsewhere.

use crate::policy::args::PolicyCommand;
use crate::values::{PolicyFile, Seeds, parse_delay, parse_time};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// Replays workloads through the scheduler, and explains where a pod goes and why.
#[derive(Parser, Debug)]
#[command(name = "sched", version, max_term_width = 100, after_help = MAIN_EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const MAIN_EXAMPLES: &str = "\
Examples:
  sched replay                                     the embedded sample, every profile, side by side
  sched replay --report out.html                   the same, with plots on one page
  sched explain --sample                           why a pod of the sample went where it went
  sched explain --cluster objects.json --pod pod.yaml
  sched policy new mine                            a crate with a sandboxed policy of your own
  kubectl get nodes,pods -A -o json | sched explain --cluster - --pod pod.yaml

Exit status: 0 when done, 1 if `policy check` finds a broken law or `rerun` a difference, 2 on bad input (one line on stderr says what and where).";

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Drive profiles through a workload and compare what became of it
    Replay(ReplayArgs),
    /// Do again what a replay or an embedder recorded, and compare every decision
    Rerun(RerunArgs),
    /// Take the names out of a record, which still runs again with the same decisions
    Anonymise(AnonymiseArgs),
    /// Say why a pod fits or does not fit on each node, and which node wins
    Explain(ExplainArgs),
    /// List profiles and policies with their weights, settings and defaults
    Profiles(ProfilesArgs),
    /// Make, look at, judge, measure and compile sandboxed policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

const REPLAY_EXAMPLES: &str = "\
Examples:
  sched replay
  sched replay --profile recommended least-allocated --seeds 0..5
  sched replay --workload hot-nodes/spiky-1 --workload hot-nodes/daily-1 --metrics-delay 5m
  sched replay --workload hot-nodes/spiky-1 --profile recommended --placements placements.csv
  sched replay --trace openb --nodes nodes.csv --pods pods.csv --report out.html
  sched replay --profile recommended --engine wasm
  sched replay --profile kube-default --policy mine.wasm:5

With several runs, --placements takes the profile's name, and where there are several the workload's and the seed, into
each file's name: placements.csv becomes placements-recommended.csv, or placements-spiky-1-recommended-3.csv.";

#[derive(Args, Debug)]
#[command(after_help = REPLAY_EXAMPLES)]
pub(crate) struct ReplayArgs {
    /// Which of the embedded samples, where no other workload is given
    #[arg(long, value_enum, default_value_t, value_name = "NAME", conflicts_with_all = ["workload", "trace"])]
    pub(crate) sample: Sample,
    /// A hot-node workload: a folder with nodes.csv, apps.csv and pods.csv (repeatable)
    #[arg(long, value_name = "DIR", conflicts_with = "trace")]
    pub(crate) workload: Vec<PathBuf>,
    /// A trace to replay; it needs --nodes and --pods
    #[arg(long, value_enum, requires_all = ["nodes", "pods"])]
    pub(crate) trace: Option<TraceKind>,
    /// The trace's nodes
    #[arg(long, value_name = "FILE", requires = "trace")]
    pub(crate) nodes: Option<PathBuf>,
    /// The trace's pods
    #[arg(long, value_name = "FILE", requires = "trace")]
    pub(crate) pods: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) profiles: ProfileChoice,
    #[command(flatten)]
    pub(crate) policies: PolicyChoice,
    /// Seeds that break ties: A..B without B, or one seed
    #[arg(long, value_name = "A..B", default_value = "0..1")]
    pub(crate) seeds: Seeds,
    /// How old a sample of use is before a policy sees it: 5m, 500ms (default: 60s)
    #[arg(long, value_name = "DURATION", value_parser = parse_delay)]
    pub(crate) metrics_delay: Option<u64>,
    /// Write where each pod went, as CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) placements: Option<PathBuf>,
    /// Write what happened and what was decided, for `sched rerun`; it takes one workload, profile and seed
    #[arg(long, value_name = "FILE", conflicts_with = "explain")]
    pub(crate) record: Option<PathBuf>,
    /// Print the comparison as JSON (its fields: docs/replay-json.md)
    #[arg(long)]
    pub(crate) json: bool,
    /// Write one self-contained HTML page with tables and plots
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Replay up to this pod and explain its placement instead of comparing
    #[arg(long, value_name = "POD", conflicts_with_all = ["placements", "report"])]
    pub(crate) explain: Option<String>,
}

/// The samples of real traces that are part of the program.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sample {
    /// Two days of applications whose use follows real CPU series
    #[default]
    HotNodes,
    /// Pods that fill a cluster of GPU nodes
    Openb,
}

/// The traces that can be read.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TraceKind {
    /// Alibaba's GPU cluster trace of 2023
    Openb,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct ProfileChoice {
    /// Profiles by name (default: all; `sched profiles` lists them)
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub(crate) profile: Vec<String>,
    /// A file with profiles of your own, YAML or JSON; all of it, unless --profile chooses
    #[arg(long, value_name = "FILE")]
    pub(crate) profiles: Option<PathBuf>,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct PolicyChoice {
    /// How the profiles' policies run: as part of the program, or each as its sandboxed module
    #[arg(long, value_enum, default_value_t, value_name = "ENGINE")]
    pub(crate) engine: EngineKind,
    /// A sandboxed policy for every profile: in the place of the one of its name, or else added with weight 1 or WEIGHT
    /// (repeatable)
    #[arg(long, value_name = "FILE.wasm[:WEIGHT]")]
    pub(crate) policy: Vec<PolicyFile>,
    /// Let --policy take what `sched policy precompile` made: machine code, which is run as it is
    #[arg(long, requires = "policy")]
    pub(crate) trust_precompiled: bool,
}

/// How the policies of the library run.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EngineKind {
    /// As part of the program
    #[default]
    Native,
    /// As sandboxed modules, with the same decisions
    Wasm,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  sched explain --sample
  sched explain --sample --pod pod-0042 --profile least-allocated
  sched explain --cluster objects.json --pod pod.yaml --top 20
  kubectl get nodes,pods -A -o json | sched explain --cluster - --pod pod.yaml --json

Objects may be JSON or YAML: one object, a List, several documents, or what `kubectl get -o json` prints.";

#[derive(Args, Debug)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// Nodes and pods as Kubernetes objects; - reads standard input
    #[arg(long, value_name = "FILE", required_unless_present = "sample", requires = "pod")]
    pub(crate) cluster: Option<PathBuf>,
    /// Replay an embedded sample up to the pod, and explain that placement
    #[arg(long, value_enum, value_name = "NAME", num_args = 0..=1, default_missing_value = "hot-nodes",
          conflicts_with = "cluster")]
    pub(crate) sample: Option<Sample>,
    /// With --cluster the pod's file, or the name of a pod of the cluster; with --sample a pod's name
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) pod: Option<String>,
    /// The profile (default: recommended)
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A file with profiles of your own, YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) profiles: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) policies: PolicyChoice,
    /// With --sample, how old a sample of use is before a policy sees it (default: 60s)
    #[arg(long, value_name = "DURATION", value_parser = parse_delay, conflicts_with = "cluster")]
    pub(crate) metrics_delay: Option<u64>,
    /// With --cluster, the moment to judge at, as 2026-01-31T12:00:00Z (default: the newest binding in the file)
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "cluster")]
    pub(crate) now: Option<u64>,
    /// The seed that breaks ties
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// How many of the best nodes to list
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: usize,
    /// Print the explanation as JSON: every node, every score
    #[arg(long)]
    pub(crate) json: bool,
}

const RERUN_EXAMPLES: &str = "\
Examples:
  sched replay --profile recommended --record run.schedlog
  sched rerun run.schedlog
  sched rerun run.schedlog --profile least-allocated
  sched rerun run.schedlog --engine wasm
  sched rerun run.schedlog --policy mine.wasm
  sched rerun run.schedlog --profiles mine.yaml --own-course --json

Exit status: 0 if every decision came out as recorded, 1 if one did not, 2 on bad input.";

#[derive(Args, Debug)]
#[command(after_help = RERUN_EXAMPLES)]
pub(crate) struct RerunArgs {
    /// The record; - reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What this profile would have decided (default: the recorded one)
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A file with profiles of your own, YAML or JSON; its first, unless --profile chooses
    #[arg(long, value_name = "FILE")]
    pub(crate) profiles: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) policies: PolicyChoice,
    /// Carry the rerun's choices out rather than the recorded ones; use stays as it was measured
    #[arg(long)]
    pub(crate) own_course: bool,
    /// How many differences to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) top: usize,
    /// Print the result as JSON (its fields: docs/record.md)
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct AnonymiseArgs {
    /// The record; - reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where the record without names goes
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct ProfilesArgs {
    #[command(flatten)]
    pub(crate) choice: ProfileChoice,
    /// Print as JSON, which `--profiles` reads back
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn profiles_are_listed_with_spaces_or_commas() {
        let cli = Cli::try_parse_from(["sched", "replay", "--profile", "a", "b,c", "--profile", "d"]).unwrap();
        let Command::Replay(args) = cli.command else { panic!("not a replay") };
        assert_eq!(args.profiles.profile, ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_trace_needs_both_of_its_files() {
        assert!(Cli::try_parse_from(["sched", "replay", "--trace", "openb", "--nodes", "n.csv"]).is_err());
        assert!(Cli::try_parse_from(["sched", "replay", "--nodes", "n.csv"]).is_err());
    }
}
