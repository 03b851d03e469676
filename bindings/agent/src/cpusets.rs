//! What control groups say of CPUs and memory nodes, and the writes that carry out a plan: groups around containers are widened before, and narrowed as
//! soon as nobody in them needs the rest, since the kernel grants no group more than the one around it.

use crate::apply::Change;
use crate::node::{Node, is_inside};
use crate::tree::{Tree, TreeError, populated, read, read_if_there};
use sched_core::colocation::Qos;
use sched_core::cpuset::{Binding, ContainerCpus, CpuSet, Plan, Pools, Topology};
use std::collections::BTreeMap;

const CPUS: &str = "cpuset.cpus";
const MEMS: &str = "cpuset.mems";
const GRANTED: &str = "cpuset.cpus.effective";

/// The groups whose CPUs the agent keeps, as they are and, while writes are planned, as they will be.
#[derive(Clone, Debug)]
pub(crate) struct CpuGroups {
    /// The group of each container whose group is there.
    containers: BTreeMap<String, String>,
    /// Groups around them, outer ones first.
    parents: Vec<String>,
    best_effort: Option<String>,
    /// What each group says; an empty list stands for what the group around it has.
    said: BTreeMap<String, Binding>,
    /// What containers run on; those that have not started are missing.
    runs: BTreeMap<String, CpuSet>,
}

impl CpuGroups {
    /// Reads the groups of containers (name, group) and those around them that the agent keeps.
    pub(crate) fn read<'a>(
        tree: &dyn Tree,
        topology: &Topology,
        node: &Node,
        containers: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, TreeError> {
        let there = containers.filter(|(_, group)| tree.has(group));
        let containers: BTreeMap<String, String> = there.map(|(name, group)| (name.into(), group.into())).collect();
        let mut parents: Vec<String> = node.kept_parents().map(Into::into).collect();
        parents.sort_by_key(|parent| parent.split('/').count());
        let mut said = BTreeMap::new();
        for group in parents.iter().chain(containers.values()) {
            said.insert(group.clone(), says(tree, group)?);
        }
        let mut groups =
            Self { containers, parents, best_effort: node.best_effort_group.clone(), said, runs: BTreeMap::new() };
        for (name, group) in &groups.containers {
            let own = &groups.binding(group).cpus;
            if !own.is_empty() || populated(tree, group) {
                groups.runs.insert(name.clone(), runs_on(tree, topology, group, own)?);
            }
        }
        Ok(groups)
    }

    /// Whether a container's group is there.
    pub(crate) fn has(&self, container: &str) -> bool {
        self.containers.contains_key(container)
    }

    /// What a container's group says; nothing if it is not there.
    pub(crate) fn says(&self, container: &str) -> Binding {
        self.containers.get(container).map(|group| self.binding(group)).unwrap_or_default()
    }

    /// What containers run on.
    pub(crate) fn runs(&self) -> &BTreeMap<String, CpuSet> {
        &self.runs
    }

    fn binding(&self, group: &str) -> Binding {
        self.said.get(group).cloned().unwrap_or_default()
    }

    /// The writes that carry out `plan`, which leads to the bindings of `pools`, and write down what already is as it shall be.
    pub(crate) fn changes(&mut self, pools: &Pools, plan: &Plan) -> Vec<Change> {
        let goals = Goals { pools, bindings: pools.bindings() };
        let why = |name: &str| pools.members().get(name).map(|member| reason(&member.spec)).unwrap_or_default();
        let mut out = Vec::new();
        self.widen_parents(&goals, &mut out);
        self.narrow_parents(None, &goals, &mut out);
        for step in &plan.steps {
            let Some(group) = self.containers.get(&step.container).cloned() else { continue };
            let from = step.from.as_ref().map_or("its start".into(), |from| from.cpus.to_string());
            let because = format!("{} (step {} `{}` from {from})", why(&step.container), step.index, step.container);
            self.set(&group, &step.to, &because, &mut out);
            self.runs.insert(step.container.clone(), step.to.cpus.clone());
            self.narrow_parents(Some(&group), &goals, &mut out);
        }
        for (name, group) in self.containers.clone() {
            let Some(goal) = goals.bindings.get(name.as_str()) else { continue };
            if self.runs.get(&name) == Some(&goal.cpus) {
                self.set(&group, goal, &why(&name), &mut out);
            }
        }
        self.narrow_parents(None, &goals, &mut out);
        out
    }

    /// What a group around containers needs: what those in it run on and shall run on, and the pool on which others start in it.
    fn needs(&self, parent: &str, goals: &Goals) -> Binding {
        let mut cpus = if self.best_effort.as_deref() == Some(parent) { CpuSet::new() } else { goals.pools.shared() };
        let mut mems = Vec::new();
        if self.best_effort.as_deref().is_some_and(|group| group == parent || is_inside(group, parent)) {
            cpus.add(&goals.pools.best_effort());
        }
        for (name, group) in self.containers.iter().filter(|(_, group)| is_inside(group, parent)) {
            cpus.add(self.runs.get(name).unwrap_or(&CpuSet::new()));
            cpus.add(goals.bindings.get(name.as_str()).map_or(&CpuSet::new(), |goal| &goal.cpus));
            mems.extend(self.binding(group).mems);
        }
        let mut needed = Binding::of(goals.pools.topology(), cpus);
        needed.mems.extend(mems);
        needed.mems.sort_unstable();
        needed.mems.dedup();
        needed
    }

    fn widen_parents(&mut self, goals: &Goals, out: &mut Vec<Change>) {
        for parent in self.parents.clone() {
            let (now, needed) = (self.binding(&parent), self.needs(&parent, goals));
            let wider = Binding { cpus: wider(&now.cpus, &needed.cpus), mems: wider_mems(&now.mems, &needed.mems) };
            self.set(&parent, &wider, "a group in it is to have them", out);
        }
    }

    /// Narrows the groups around `group`, or all, inner ones first.
    fn narrow_parents(&mut self, group: Option<&str>, goals: &Goals, out: &mut Vec<Change>) {
        let around = |parent: &&String| group.is_none_or(|group| is_inside(group, parent));
        let parents: Vec<String> = self.parents.iter().rev().filter(around).cloned().collect();
        for parent in parents {
            let needed = self.needs(&parent, goals);
            if !needed.cpus.is_empty() {
                self.set(&parent, &needed, "these are the cpus of its pool and of all in it", out);
            }
        }
    }

    fn set(&mut self, group: &str, to: &Binding, because: &str, out: &mut Vec<Change>) {
        let now = self.binding(group);
        let mut change = |file, value| out.push(Change { cgroup: group.into(), file, value, because: because.into() });
        if now.cpus != to.cpus {
            change(CPUS, to.cpus.to_string());
        }
        if now.mems != to.mems {
            change(MEMS, list(&to.mems));
        }
        self.said.insert(group.into(), to.clone());
    }
}

/// Where a plan leads.
struct Goals<'a> {
    pools: &'a Pools,
    bindings: BTreeMap<&'a str, Binding>,
}

/// What a group says of itself.
fn says(tree: &dyn Tree, group: &str) -> Result<Binding, TreeError> {
    let mems = parsed(group, MEMS, &read(tree, group, MEMS)?)?;
    Ok(Binding { cpus: parsed(group, CPUS, &read(tree, group, CPUS)?)?, mems: mems.iter().map(u32::from).collect() })
}

/// What the processes of a group run on: what it says, or else what the kernel grants, or the nearest group around it says, or everything.
fn runs_on(tree: &dyn Tree, topology: &Topology, group: &str, own: &CpuSet) -> Result<CpuSet, TreeError> {
    let online = own.intersection(topology.online());
    if !online.is_empty() {
        return Ok(online);
    }
    let ends = group.match_indices('/').map(|(end, _)| end).collect::<Vec<_>>().into_iter().rev();
    let around = ends.filter_map(|end| Some((group.get(..end)?, CPUS)));
    for (group, file) in std::iter::once((group, GRANTED)).chain(around) {
        let text = read_if_there(tree, group, file)?.unwrap_or_default();
        let cpus = parsed(group, file, &text)?.intersection(topology.online());
        if !cpus.is_empty() {
            return Ok(cpus);
        }
    }
    Ok(topology.online().clone())
}

/// What the kernel grants a group if that is not what the group says, and why that may be.
pub(crate) fn clipped(tree: &dyn Tree, group: &str) -> Result<Option<String>, TreeError> {
    let Some(granted) = read_if_there(tree, group, GRANTED)? else { return Ok(None) };
    let (granted, said) = (parsed(group, GRANTED, &granted)?, says(tree, group)?.cpus);
    let differs = !said.is_empty() && granted != said;
    Ok(differs.then(|| {
        format!(
            "`{group}` says {said} and the kernel grants {granted}: a group around it has fewer, or cpus are offline"
        )
    }))
}

fn parsed(group: &str, file: &str, text: &str) -> Result<CpuSet, TreeError> {
    text.parse().map_err(|error| TreeError::text(group, file, text, &error))
}

fn wider(now: &CpuSet, needed: &CpuSet) -> CpuSet {
    // What says nothing has everything.
    if now.is_empty() { CpuSet::new() } else { now.union(needed) }
}

fn wider_mems(now: &[u32], needed: &[u32]) -> Vec<u32> {
    let mut both = now.to_vec();
    if !now.is_empty() {
        both.extend(needed);
        both.sort_unstable();
        both.dedup();
    }
    both
}

fn list(mems: &[u32]) -> String {
    mems.iter().filter_map(|node| u16::try_from(*node).ok()).collect::<CpuSet>().to_string()
}

fn reason(spec: &ContainerCpus) -> String {
    match spec.class {
        Qos::Lsx => format!("LSX has {} cpus on cores of its own", spec.own),
        Qos::Lsr => format!("LSR has {} cpus of its own", spec.own),
        Qos::Ls if spec.own > 0 => format!("LS has {} cpus of its own", spec.own),
        Qos::Ls => "LS runs on the shared pool".into(),
        Qos::Be => "BE runs on its own cpus, the shared pool and what is lent".into(),
        Qos::Ot => "OT runs where BE runs".into(),
    }
}
