//! How much a node may offer to BE and OT by what is known at one moment, for the node and for each zone; how the offer moves
//! in time is decided in `offer.rs`.

use super::amounts::{clamped, percent_of};
use super::totals::Totals;
use super::{Amounts, CapacityConfig, Each, Formula, NodeReport, Resource};
use std::fmt;

/// What a formula starts from: a node, or a zone with its share of the system.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    pub(super) capacity: Amounts,
    pub(super) system_used: Amounts,
    pub(super) reserve: Amounts,
}

/// What may be offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Split {
    /// To BE.
    pub be: Amounts,
    /// To OT.
    pub ot: Amounts,
}

/// What the formulas give for one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Targets {
    /// By the formulas.
    pub(super) target: Split,
    /// What no offer may exceed, whatever was offered before: it depends on capacity, requests and settings, never on use.
    pub(super) most: Split,
}

pub(super) fn targets(machine: &Machine, totals: &Totals, config: &CapacityConfig, fresh: bool) -> Targets {
    let each = Each::by(|resource| {
        let one = One { machine, totals, config, resource, fresh };
        let most = one.most();
        let target = if resource == Resource::Cpu { one.cpu() } else { one.memory(most.0) };
        ((target.0.min(most.0), target.1.min(most.1)), most)
    });
    let split = |pairs: Each<(i64, i64)>| Split { be: pairs.map(|(be, _)| be), ot: pairs.map(|(_, ot)| ot) };
    Targets { target: split(each.map(|(target, _)| target)), most: split(each.map(|(_, most)| most)) }
}

/// One resource of one machine.
struct One<'a> {
    machine: &'a Machine,
    totals: &'a Totals,
    config: &'a CapacityConfig,
    resource: Resource,
    fresh: bool,
}

impl One<'_> {
    fn formula(&self) -> Formula {
        // Stale samples: by request, so that nobody counts as idle.
        if self.fresh { self.config.formula.of(self.resource) } else { Formula::Request }
    }

    fn be_level(&self) -> i64 {
        percent_of(self.machine.capacity.of(self.resource), self.config.be_level_percent.of(self.resource))
    }

    fn ot_cpu_level(&self) -> i64 {
        percent_of(self.machine.capacity.cpu, self.config.ot_cpu_level_percent)
    }

    /// What the system and the online classes leave below a level; may be negative.
    fn room(&self, level: i64) -> i128 {
        let reserve = self.machine.reserve.of(self.resource);
        let system = match self.formula() {
            Formula::Request => reserve,
            Formula::Usage | Formula::MaxUsageRequest => reserve.max(self.machine.system_used.of(self.resource)),
        };
        i128::from(level) - i128::from(system) - self.formula().charged(&self.totals.online, self.resource)
    }

    /// What no offer may exceed. That of OT is what the most that BE could ever be offered leaves, so that it does not rise
    /// when BE's offer falls: more use never raises an offer.
    fn most(&self) -> (i64, i64) {
        let promise =
            percent_of(self.machine.capacity.of(self.resource), self.config.promise_percent.of(self.resource));
        let unpromised = clamped(i128::from(promise) - self.totals.online.requested.of(self.resource));
        let be = unpromised.min(self.be_level());
        let ot = match self.resource {
            Resource::Cpu => (unpromised - be).min(self.ot_cpu_level()),
            // Memory of OT is taken out of BE's.
            Resource::Memory => be,
        };
        (be, ot)
    }

    /// CPU can be taken back at once, so OT is offered whatever BE does not use.
    fn cpu(&self) -> (i64, i64) {
        let be = self.room(self.be_level());
        let ot = self.room(self.ot_cpu_level()) - self.formula().charged(&self.totals.be, self.resource);
        (clamped(be), clamped(ot))
    }

    /// Memory cannot be taken back, so no byte is offered to both, and what pods of either hold counts with the larger of
    /// request and use. What OT is offered is taken out of what BE would be offered without it.
    fn memory(&self, most_be: i64) -> (i64, i64) {
        let all = clamped(self.room(self.be_level())).min(most_be);
        let held = clamped(self.totals.be.larger.of(self.resource));
        let after_be = (all - held).max(0);
        let held_by_ot = clamped(self.totals.ot.larger.of(self.resource)).min(after_be);
        let ot = held_by_ot + percent_of(after_be - held_by_ot, self.config.ot_memory_percent);
        (all - ot, ot)
    }
}

/// The computation behind a target, for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Terms {
    /// Of which resource.
    pub resource: Resource,
    /// By which formula.
    pub formula: Formula,
    /// What the machine has.
    pub capacity: i64,
    /// The water level of BE, percent.
    pub level_percent: u32,
    /// What the formula subtracts for the system.
    pub system: i64,
    /// What it subtracts for the online classes.
    pub online: i64,
    /// What it gives: offered to BE.
    pub be: i64,
    /// Offered to OT.
    pub ot: i64,
}

impl Terms {
    pub(super) fn of(
        machine: &Machine,
        totals: &Totals,
        config: &CapacityConfig,
        fresh: bool,
        target: Split,
    ) -> Each<Self> {
        Each::by(|resource| {
            let one = One { machine, totals, config, resource, fresh };
            let online = one.formula().charged(&totals.online, resource);
            let system = -one.room(0) - online;
            Self {
                resource,
                formula: one.formula(),
                capacity: machine.capacity.of(resource),
                level_percent: config.be_level_percent.of(resource),
                system: clamped(system),
                online: clamped(online),
                be: target.be.of(resource),
                ot: target.ot.of(resource),
            }
        })
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.resource.unit();
        let by = match self.formula {
            Formula::Usage => "use",
            Formula::Request => "requests",
            Formula::MaxUsageRequest => "larger of use and requests",
        };
        write!(
            f,
            "{}: BE {}{unit}, OT {}{unit}: {}% of {}{unit}, less {}{unit} of the system and {}{unit} online ({by})",
            self.resource, self.be, self.ot, self.level_percent, self.capacity, self.system, self.online
        )
    }
}

impl NodeReport {
    pub(super) fn machine(&self) -> Machine {
        Machine { capacity: self.capacity, system_used: self.system_used, reserve: self.reserve() }
    }

    pub(super) fn totals(&self, config: &CapacityConfig, fresh: bool) -> Totals {
        let mut totals = Totals::default();
        self.pods.iter().for_each(|pod| totals.add(pod, fresh, config, 1));
        totals
    }
}
