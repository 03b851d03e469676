//! What containers and the system use: from `cpu.stat` and `memory.current`, or from a file of the user's.

use crate::node::{Container, Node};
use crate::state::Saved;
use crate::tree::{Tree, TreeError, read_if_there};
use sched_core::colocation::{Amounts, NodeReport, PodReport};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Windows that are shorter say nothing about CPU use; the window before is kept.
const MIN_WINDOW_MS: u64 = 1_000;

/// Uses that were measured elsewhere.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Usage {
    /// When the window ended, milliseconds; without it now.
    #[serde(default)]
    pub at_ms: Option<u64>,
    /// What is used outside of containers.
    #[serde(default)]
    pub system: Amounts,
    /// What containers use, by name; who is missing counts with what it asks for.
    #[serde(default)]
    pub containers: BTreeMap<String, Amounts>,
}

impl Usage {
    /// Reads uses from YAML or JSON.
    ///
    /// # Errors
    /// Text of another form, with its place.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }
}

/// A reading of a group's CPU time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Sample {
    /// CPU time since the group was made, microseconds.
    usage_us: u64,
    /// When it was read, milliseconds.
    at_ms: u64,
    /// Use over the window that ended then, milli-CPU; none for the first reading.
    milli: Option<i64>,
}

impl Sample {
    /// The reading of `now`, with the window since this one.
    fn next(self, usage_us: u64, at_ms: u64) -> Self {
        let window_ms = at_ms.saturating_sub(self.at_ms);
        if usage_us < self.usage_us {
            // Another group of the same name.
            return Self { usage_us, at_ms, milli: None };
        }
        if window_ms < MIN_WINDOW_MS {
            return self;
        }
        // Microseconds in a millisecond are thousandths of a CPU.
        let milli = i64::try_from((usage_us - self.usage_us) / window_ms).ok();
        Self { usage_us, at_ms, milli }
    }
}

/// The node as it was in the last window. Samples of groups that are gone are dropped.
pub(crate) fn report(
    tree: &dyn Tree,
    node: &Node,
    given: Option<&Usage>,
    saved: &mut Saved,
) -> Result<NodeReport, TreeError> {
    let old = std::mem::take(&mut saved.samples);
    let at_ms = saved.at_ms;
    let mut meter = Meter { tree, old, new: BTreeMap::new(), at_ms, most: node.capacity };
    let mut system_used = given.map(|given| given.system).unwrap_or_default();
    let groups: &[String] = if given.is_some() { &[] } else { &node.system_groups };
    for used in groups.iter().map(|group| meter.read(group)) {
        let sum = used?.map_or(system_used, |used| system_used.zip(used, i64::saturating_add));
        system_used = sum.smaller(node.capacity);
    }
    let mut pods = Vec::new();
    for container in node.containers.iter().filter(|container| tree.has(&container.cgroup)) {
        let used = match given {
            Some(given) => given.containers.get(&container.name).copied(),
            None => meter.read(&container.cgroup)?,
        };
        pods.push(pod(container, used));
    }
    saved.samples = meter.new;
    Ok(NodeReport {
        at_ms: given.and_then(|given| given.at_ms).unwrap_or(at_ms),
        capacity: node.capacity,
        allocatable: node.allocatable.unwrap_or(node.capacity),
        annotated_reserve: node.annotated_reserve,
        system_used,
        pods,
        zones: Vec::new(),
    })
}

fn pod(container: &Container, used: Option<Amounts>) -> PodReport {
    PodReport {
        priority: container.priority,
        used,
        started_ms: container.started_ms,
        terminating: container.terminating,
        evictable: container.evictable,
        ..PodReport::new(&container.name, container.qos, container.requested())
    }
}

struct Meter<'a> {
    tree: &'a dyn Tree,
    old: BTreeMap<String, Sample>,
    new: BTreeMap<String, Sample>,
    at_ms: u64,
    most: Amounts,
}

impl Meter<'_> {
    /// What a group uses; none before its second reading, and where the group does not say. A window that is measured a little short makes no more than
    /// the machine has.
    fn read(&mut self, group: &str) -> Result<Option<Amounts>, TreeError> {
        let Some(usage_us) = self.number(group, "cpu.stat", Some("usage_usec"))? else { return Ok(None) };
        let Some(memory) = self.number(group, "memory.current", None)? else { return Ok(None) };
        // What the kernel can drop at once is not in use, as the kubelet counts.
        let idle = self.number(group, "memory.stat", Some("inactive_file"))?.unwrap_or(0);
        let first = Sample { usage_us, at_ms: self.at_ms, milli: None };
        let sample = self.old.get(group).map_or(first, |old| old.next(usage_us, self.at_ms));
        self.new.insert(group.into(), sample);
        let memory = i64::try_from(memory.saturating_sub(idle)).unwrap_or(i64::MAX);
        Ok(sample.milli.map(|milli| Amounts::new(milli, memory).smaller(self.most)))
    }

    /// The number of a file, or that behind a word at the start of one of its lines.
    fn number(&self, group: &str, file: &str, word: Option<&str>) -> Result<Option<u64>, TreeError> {
        let Some(text) = read_if_there(self.tree, group, file)? else { return Ok(None) };
        let found = match word {
            None => Some(text.trim()),
            Some(word) => text.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' ')),
        };
        let parse = |digits: &str| {
            digits.trim().parse().map_err(|_| TreeError::text(group, file, digits, &"it must be a whole number"))
        };
        found.map(parse).transpose()
    }
}
