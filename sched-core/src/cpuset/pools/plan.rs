//! From the CPUs that containers have to those that they are to have, one change at a time, such that after each all is well.

use super::claims::Seat;
use super::error::PoolError;
use crate::cpuset::set::CpuSet;
use crate::cpuset::topology::{Level, Topology};

/// CPUs and the memory nodes that go with them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Binding {
    /// `cpuset.cpus`.
    pub cpus: CpuSet,
    /// `cpuset.mems`: the NUMA nodes of the CPUs.
    pub mems: Vec<u32>,
}

impl Binding {
    /// CPUs with the NUMA nodes that they are of.
    pub fn of(topology: &Topology, cpus: CpuSet) -> Self {
        let nodes = topology.numbers(Level::Numa).iter().copied();
        let on = |node: &u32| topology.cpus_of(Level::Numa, *node).iter().any(|cpu| cpus.contains(*cpu));
        let mems = nodes.filter(on).collect();
        Self { cpus, mems }
    }
}

/// One change.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PlanStep {
    /// Its place in the plan, from 0.
    pub index: usize,
    /// Whose cpuset is changed.
    pub container: String,
    /// What it was; `None` if the container starts with this step.
    pub from: Option<Binding>,
    /// What it becomes.
    pub to: Binding,
}

/// The changes that lead from one division of the machine to another, in order.
///
/// Whoever carries it out may stop after any step: no container is without a CPU then, and none is where another one excludes it. It goes on with
/// [`Plan::after`], or, if what was done is not known, with a new plan from what is there ([`super::Pools::plan_from`]).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Plan {
    /// The changes.
    pub steps: Vec<PlanStep>,
}

impl Plan {
    /// What is left once the first `done` steps are done.
    pub fn after(&self, done: usize) -> &[PlanStep] {
        self.steps.get(done..).unwrap_or(&[])
    }
}

/// How a seat may change: as a whole, by giving up what it will not keep, by taking what of its goal is nobody's yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Whole,
    Less,
    Part,
}

/// Orders the changes of `seats` to `goals`. A seat changes as soon as it can as a whole; if none can, one gives up what it will not keep, or
/// else takes a part. Each change is checked against every other container, so what is not safe is never planned. It ends: a part lies within
/// the goal, and each further one holds more than the one before.
pub(super) fn order<'a>(
    topology: &Topology,
    seats: &mut [Seat<'a>],
    goals: &[CpuSet],
    seat: impl Fn(&Seat<'a>, CpuSet) -> Seat<'a>,
) -> Result<Plan, PoolError> {
    let mut plan = Plan::default();
    loop {
        let mut pending = None;
        let mut changed = false;
        for way in [Way::Whole, Way::Less, Way::Part] {
            for (at, goal) in goals.iter().enumerate() {
                let Some(now) = seats.get(at).filter(|now| now.cpus != *goal) else { continue };
                let to = match way {
                    Way::Whole => goal.clone(),
                    Way::Less => now.cpus.intersection(goal),
                    Way::Part => part(seats, at, now, &seat(now, goal.clone())),
                };
                let next = seat(now, to);
                if next.cpus.is_empty() || next.cpus == now.cpus || !allowed(seats, at, now, &next) {
                    pending = Some(now.spec.container.clone());
                    continue;
                }
                plan.steps.push(step(topology, plan.steps.len(), now, &next));
                if let Some(now) = seats.get_mut(at) {
                    *now = next;
                }
                changed = true;
            }
            if changed {
                break;
            }
        }
        match pending {
            None => return Ok(plan),
            Some(container) if !changed => return Err(PoolError::NoSafeOrder { container }),
            Some(_) => {}
        }
    }
}

/// What of a goal is in nobody's way now; nothing if that is no step towards it.
fn part(seats: &[Seat], at: usize, now: &Seat, goal: &Seat) -> CpuSet {
    let mut part = goal.cpus.clone();
    for (_, other) in seats.iter().enumerate().filter(|(other, _)| *other != at) {
        part.subtract(&goal.clash(other));
    }
    if now.cpus.is_subset(&goal.cpus) && !now.cpus.is_subset(&part) { CpuSet::new() } else { part }
}

fn step(topology: &Topology, index: usize, now: &Seat, next: &Seat) -> PlanStep {
    let from = (!now.cpus.is_empty()).then(|| Binding::of(topology, now.cpus.clone()));
    let to = Binding::of(topology, next.cpus.clone());
    PlanStep { index, container: now.spec.container.clone(), from, to }
}

/// Whether a change puts nobody in anybody's way who was not there before.
fn allowed(seats: &[Seat], at: usize, now: &Seat, next: &Seat) -> bool {
    let others = seats.iter().enumerate().filter(|(other, _)| *other != at);
    others.into_iter().all(|(_, other)| {
        let clash = next.clash(other);
        clash.is_empty() || clash.is_subset(&now.clash(other))
    })
}
