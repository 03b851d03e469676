//! Settings of control groups as `sched_core::colocation` decides them: what the tree says now is read, what differs is planned.

use crate::apply::Change;
use crate::error::AgentError;
use crate::node::Node;
use crate::tree::{Tree, TreeError, read, read_if_there};
use sched_core::colocation::{CgroupFile, Level, Setting, Wanted, group, io_settings, plan};
use std::collections::BTreeSet;

/// What is to be written, and what is not there to be written.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) changes: Vec<Change>,
    pub(crate) notes: BTreeSet<String>,
}

/// Everything that differs, in an order that is safe. `besides` are settings of groups around containers.
pub(crate) fn settings(tree: &dyn Tree, node: &Node, besides: Vec<Wanted>) -> Result<Settings, AgentError> {
    let mut out = Settings::default();
    let mut wanted = besides;
    let mut of_disks = Vec::new();
    for container in node.containers.iter().filter(|container| tree.has(&container.cgroup)) {
        if let Some(asks) = &container.asks {
            wanted.extend(group(&node.groups, &container.cgroup, container.qos, asks)?);
        }
        of_disks.extend(io_settings(&node.io, container.qos, &container.cgroup, &node.disks)?);
    }
    let mut changes = Vec::new();
    for wanted in wanted {
        let Some(text) = text_of(tree, &wanted.cgroup, wanted.file, &mut out.notes)? else { continue };
        let now = level(&wanted, &text)?;
        if let Some(held) = held(tree, &wanted)? {
            out.notes.insert(held);
            continue;
        }
        changes.push(if rounded(&wanted, now) { wanted.clone().from(wanted.to) } else { wanted.from(now) });
    }
    out.changes = plan(changes)?.into_iter().map(change).collect();
    for setting in of_disks {
        let Some(text) = text_of(tree, &setting.cgroup, setting.file, &mut out.notes)? else { continue };
        if !of_device(&text, &setting.value) {
            out.changes.push(change(setting));
        }
    }
    Ok(out)
}

fn change(setting: Setting) -> Change {
    let Setting { cgroup, file, value, because } = setting;
    Change { cgroup, file: file.name(), value, because }
}

/// What a file says. Not every kernel has every file: what is not there is noted, unless it always is where its controller is.
fn text_of(
    tree: &dyn Tree,
    group: &str,
    file: CgroupFile,
    notes: &mut BTreeSet<String>,
) -> Result<Option<String>, TreeError> {
    use CgroupFile::{CpuBurst, CpuIdentity, CpuIdle, IoMax, IoWeight};
    if !matches!(file, CpuBurst | CpuIdentity | CpuIdle | IoMax | IoWeight) {
        return read(tree, group, file.name()).map(Some);
    }
    let text = read_if_there(tree, group, file.name())?;
    if text.is_none() {
        notes.insert(format!("{} is not set: this kernel, or the groups around, do not have it", file.name()));
    }
    Ok(text)
}

/// Why a limit is not set now: below what is in use it would have the kernel kill, as `Held::MemoryInUse` of a resize.
fn held(tree: &dyn Tree, wanted: &Wanted) -> Result<Option<String>, TreeError> {
    let (CgroupFile::MemoryMax, Level::Amount(limit)) = (wanted.file, wanted.to) else { return Ok(None) };
    let text = read_if_there(tree, &wanted.cgroup, "memory.current")?.unwrap_or_default();
    let in_use = text.trim().parse::<i64>().ok().filter(|used| *used > limit);
    let cgroup = &wanted.cgroup;
    Ok(in_use
        .map(|used| format!("memory.max of `{cgroup}` stays: {used} bytes are in use, the limit would be {limit}")))
}

fn level(wanted: &Wanted, text: &str) -> Result<Level, TreeError> {
    let bad = || TreeError::text(&wanted.cgroup, wanted.file.name(), text, &"it must be a number or `max`");
    let mut words = text.split_whitespace();
    let amount: i64 = match words.next() {
        // An empty file is of a directory that is no cgroup.
        Some("max") | None => return Ok(Level::Unlimited),
        Some(number) => number.parse().map_err(|_| bad())?,
    };
    match (wanted.file, words.next()) {
        (CgroupFile::CpuMax, Some(period)) => {
            let period: i64 = period.parse().ok().filter(|period| *period > 0).ok_or_else(bad)?;
            // Quotas are compared for the period that is written.
            Ok(Level::Amount(amount.saturating_mul(100_000) / period))
        }
        _ => Ok(Level::Amount(amount)),
    }
}

/// Whether a file says what is wanted but for the kernel's rounding: it keeps memory in whole pages.
fn rounded(wanted: &Wanted, now: Level) -> bool {
    use CgroupFile::{MemoryHigh, MemoryLow, MemoryMax, MemoryMin};
    const SMALL_PAGE: i64 = 4 << 10;
    const LARGE_PAGE: i64 = 64 << 10;
    let memory = matches!(wanted.file, MemoryMax | MemoryHigh | MemoryLow | MemoryMin);
    match (wanted.to, now) {
        (Level::Amount(to), Level::Amount(now)) => {
            memory && now % SMALL_PAGE == 0 && (0..LARGE_PAGE).contains(&to.saturating_sub(now))
        }
        _ => false,
    }
}

/// Whether a file with a line for each device says `value`, which begins with its device; what a line leaves out is `max`.
fn of_device(text: &str, value: &str) -> bool {
    let device = value.split(' ').next();
    let line = text.lines().find(|line| line.split_whitespace().next() == device).unwrap_or_default();
    let said: BTreeSet<&str> = line.split_whitespace().skip(1).collect();
    value.split(' ').skip(1).all(|word| said.contains(word) || word.ends_with("=max") && !line.contains(key(word)))
}

/// `rbps=` of `rbps=max`.
fn key(word: &str) -> &str {
    word.split_inclusive('=').next().unwrap_or(word)
}
