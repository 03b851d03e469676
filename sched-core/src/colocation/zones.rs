//! The same formulas for each NUMA zone, such that the zones together never have more than the node.

use super::capacity::{Machine, Split, Targets, targets};
use super::totals::Totals;
use super::{Amounts, CapacityConfig, Each, NodeReport, Resource};

/// One zone: what its pods charge, and what the formulas give.
#[derive(Clone, Copy, Debug)]
pub(super) struct ZoneTargets {
    pub(super) id: u32,
    pub(super) capacity: Amounts,
    pub(super) totals: Totals,
    pub(super) targets: Targets,
}

/// Reserve, system use and pods without zones count with equal shares in each zone, rounded up (as in Koordinator's
/// `calculateOnNUMALevel`); a pod that is bound to some of them with equal shares in those.
pub(super) fn zone_targets(report: &NodeReport, config: &CapacityConfig, fresh: bool) -> Vec<ZoneTargets> {
    let count = report.zones.len();
    let mut everywhere = Totals::default();
    let mut own = vec![Totals::default(); count];
    for pod in &report.pods {
        if pod.zones.is_empty() {
            everywhere.add(pod, fresh, config, count.max(1));
        } else {
            for (zone, totals) in report.zones.iter().zip(&mut own) {
                if pod.zones.contains(&zone.id) {
                    totals.add(pod, fresh, config, pod.zones.len());
                }
            }
        }
    }
    let share = |amounts: Amounts| amounts.map(|amount| (amount.unsigned_abs().div_ceil(count.max(1) as u64)) as i64);
    let (system_used, reserve) = (share(report.system_used), share(report.reserve()));
    let zones = report.zones.iter().zip(own).map(|(zone, own)| {
        let totals = own.plus(everywhere);
        let machine = Machine { capacity: zone.capacity, system_used, reserve };
        let targets = targets(&machine, &totals, config, fresh);
        ZoneTargets { id: zone.id, capacity: zone.capacity, totals, targets }
    });
    zones.collect()
}

/// Shrinks what zones have, in proportion and rounded down, where it is more than the node has together.
pub(super) fn fit(zones: &mut [Split], node: Split) {
    let be = factors(zones, node.be, |zone| zone.be);
    let ot = factors(zones, node.ot, |zone| zone.ot);
    for zone in zones {
        zone.be = shrunk(zone.be, be);
        zone.ot = shrunk(zone.ot, ot);
    }
}

/// What the node has, and what the zones have together.
fn factors(zones: &[Split], node: Amounts, class: impl Fn(&Split) -> Amounts) -> Each<(i128, i128)> {
    Each::by(|resource: Resource| {
        let all = zones.iter().map(|zone| i128::from(class(zone).of(resource))).sum();
        (i128::from(node.of(resource)), all)
    })
}

fn shrunk(zone: Amounts, factors: Each<(i128, i128)>) -> Amounts {
    zone.zip(factors, |amount, (node, all)| if all > node { (i128::from(amount) * node / all) as i64 } else { amount })
}
