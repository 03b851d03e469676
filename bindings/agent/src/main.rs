//! The program `sched-agent`: does one round or many, or looks without touching.

mod args;

use args::{Cli, Command, Common, Format, Once, Run, Watch};
use clap::Parser;
use sched_agent::{
    AgentError, DryRun, Node, RealTree, Report, Round, Store, Tree, Usage, machine, other_owner, round, status,
    status_patch,
};
use sched_core::cpuset::{Topology, TopologyTable};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the program ends with on bad input of any kind.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let done = match cli.command {
        Command::Run(run) => keep_running(&run),
        Command::Once(once) => one_round(&once),
        Command::Status(watch) => look(&watch),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

/// Help goes to standard output; a wrong command line is one line like every other error.
fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let text = error.render().to_string();
        let said: Vec<&str> = text.lines().take_while(|line| !line.starts_with("Usage:")).collect();
        return fail(&format!("{} (see --help)", said.join(" ").trim_start_matches("error: ")));
    }
    match print(&error.render().to_string()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

/// One line, whatever a hostile file put into it.
fn one_line(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().collect();
    words.join(" ").chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

fn fail(message: &str) -> ExitCode {
    eprintln!("error: {}", one_line(message));
    ExitCode::from(BAD_INPUT)
}

fn print(text: &str) -> Result<(), AgentError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(AgentError::Print(error)),
        _ => Ok(()),
    }
}

fn show<T: Serialize + std::fmt::Display>(document: &T, format: &Format) -> Result<(), AgentError> {
    if !format.json {
        return print(&document.to_string());
    }
    let text = serde_json::to_string(document).map_err(|error| AgentError::Print(error.into()))?;
    print(&format!("{text}\n"))
}

fn read(path: &Path) -> Result<String, AgentError> {
    std::fs::read_to_string(path).map_err(|source| AgentError::Read { path: path.to_owned(), source })
}

/// How rounds are done.
struct Rounds<'a> {
    common: &'a Common,
    store: Store,
    /// Whether a round in which nothing happened is not worth a line.
    quiet: bool,
}

impl Rounds<'_> {
    /// Does a round on `tree`; what it did is shown even if it failed.
    fn one(&self, tree: &mut dyn Tree, adopt: Option<args::Adopt>) -> Result<(), AgentError> {
        let path = &self.common.node;
        let node = Node::parse(&read(path)?).map_err(|source| AgentError::Node { path: path.clone(), source })?;
        let table = match &node.machine {
            Some(machine) => machine.table(),
            None => TopologyTable::from_sys(&machine(&self.common.sys)?)?,
        };
        let topology = Arc::new(Topology::new(&table)?);
        let usage = self.common.usage.as_deref().map(read_usage).transpose()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let now_ms = u64::try_from(now).unwrap_or(u64::MAX);
        let inputs = Round { node: &node, topology, usage: usage.as_ref(), adopt: adopt.map(Into::into), now_ms };
        let mut report = Report::default();
        let done = round(&inputs, tree, &self.store, &mut report);
        if !(self.quiet && report.is_quiet()) {
            show(&report, &self.common.format)?;
        }
        done
    }
}

fn read_usage(path: &Path) -> Result<Usage, AgentError> {
    let text = read(path)?;
    Usage::parse(&text).map_err(|problem| AgentError::Usage { path: path.to_owned(), problem })
}

fn one_round(once: &Once) -> Result<(), AgentError> {
    let common = &once.common;
    other_owner(&common.host)?;
    let mut tree = RealTree::open(&common.root)?;
    let rounds = |store| Rounds { common, store, quiet: false };
    if once.dry_run {
        return rounds(Store::read_only(&common.state)).one(&mut DryRun::new(tree), once.adopt);
    }
    rounds(Store::open(&common.state)?).one(&mut tree, once.adopt)
}

/// Rounds until one finds something that the next one cannot find otherwise.
fn keep_running(run: &Run) -> Result<(), AgentError> {
    let mut tree = RealTree::open(&run.common.root)?;
    let store = Store::open(&run.common.state)?;
    let rounds = Rounds { common: &run.common, store, quiet: !run.common.format.json };
    let mut adopt = run.adopt;
    loop {
        other_owner(&run.common.host)?;
        match rounds.one(&mut tree, adopt.take()) {
            Err(error) if error.passing() => eprintln!("error: {}", one_line(&error.to_string())),
            done => done?,
        }
        std::thread::sleep(std::time::Duration::from_secs(run.interval_s.into()));
    }
}

fn look(watch: &Watch) -> Result<(), AgentError> {
    let missing = || AgentError::Read { path: watch.state.clone(), source: io::ErrorKind::NotFound.into() };
    let saved = Store::read_only(&watch.state).load()?.ok_or_else(missing)?;
    if watch.patch {
        return print(&format!("{}\n", status_patch(&saved.offer)));
    }
    show(&status(&RealTree::open(&watch.root)?, &saved), &watch.format)
}
