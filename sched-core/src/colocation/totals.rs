//! What the pods of a node, or of one zone of it, charge: their requests, their use, and the larger of both, by kind of class.

use super::amounts::Wide;
use super::{Amounts, CapacityConfig, PodReport, Qos};

/// What some pods charge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Charge {
    /// By request.
    pub(super) requested: Wide,
    /// By use; of a class that does not lend all, the part of its idle CPU that it keeps besides.
    pub(super) used: Wide,
    /// By the larger of both, pod by pod.
    pub(super) larger: Wide,
}

impl Charge {
    /// One of `parts` equal shares of what a pod charges, rounded up, so that no share is promised twice.
    fn of(pod: &PodReport, used: Amounts, lend_percent: u32, parts: usize) -> Self {
        let idle = pod.requested.left_after(used).cpu;
        let kept = idle - super::amounts::percent_of(idle, lend_percent);
        let share = |amounts: Amounts| amounts.map(|amount| i128::from(amount.unsigned_abs().div_ceil(parts as u64)));
        Self {
            requested: share(pod.requested),
            used: share(Amounts { cpu: used.cpu + kept, ..used }),
            larger: share(pod.requested.larger(used)),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            requested: self.requested.plus(other.requested),
            used: self.used.plus(other.used),
            larger: self.larger.plus(other.larger),
        }
    }
}

/// What the pods of a node or a zone charge, by kind of class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Totals {
    /// LSX, LSR and LS.
    pub(super) online: Charge,
    pub(super) be: Charge,
    pub(super) ot: Charge,
}

impl Totals {
    /// Adds one of `parts` shares of a pod. Without fresh samples a pod counts with what it asks for: never as idle.
    pub(super) fn add(&mut self, pod: &PodReport, fresh: bool, config: &CapacityConfig, parts: usize) {
        let used = pod.used.filter(|_| fresh).unwrap_or(pod.requested);
        let lend = &config.lend_percent;
        let (total, lend_percent) = match pod.qos {
            Qos::Lsx => (&mut self.online, lend.lsx),
            Qos::Lsr => (&mut self.online, lend.lsr),
            Qos::Ls => (&mut self.online, lend.ls),
            Qos::Be => (&mut self.be, 100),
            Qos::Ot => (&mut self.ot, 100),
        };
        *total = total.plus(Charge::of(pod, used, lend_percent, parts));
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { online: self.online.plus(other.online), be: self.be.plus(other.be), ot: self.ot.plus(other.ot) }
    }
}
