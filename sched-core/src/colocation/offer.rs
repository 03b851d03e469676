//! What a node offers to BE and OT over time: the formulas' answers, limited in how fast they move, and what may still be
//! admitted. The state is plain data that the embedder saves.

use super::capacity::{Split, Targets, Terms, targets};
use super::report::seconds;
use super::totals::Totals;
use super::track::{Step, Track};
use super::zones::{fit, zone_targets};
use super::{Amounts, CapacityConfig, ColocationError, Each, NodeReport, WhenStale};
use crate::limits::{MAX_QUANTITY, MAX_ZONES};

/// What one class is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct ClassOffer {
    /// What the node reports: moves slowly.
    pub offered: Amounts,
    /// What the formulas give at this moment.
    pub target: Amounts,
    /// What the pods of the class that are there ask for.
    pub promised: Amounts,
    /// What may still be admitted: the lower of the first two, less the third. Zero of a resource means that admission stops.
    pub admissible: Amounts,
}

/// What one zone offers: never more than the node's offer, over all zones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct ZoneOffer {
    /// The zone.
    pub id: u32,
    /// What BE and OT are offered in it.
    pub offered: Split,
    /// What the formulas give at this moment.
    pub target: Split,
}

/// What a node offers.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Offer {
    /// To BE.
    pub be: ClassOffer,
    /// To OT.
    pub ot: ClassOffer,
    /// By zone, in the order of the report.
    pub zones: Vec<ZoneOffer>,
    /// Whether the samples were too old to count.
    pub stale: bool,
    /// How the targets came about.
    pub terms: Each<Terms>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Tracks {
    be: Each<Track>,
    ot: Each<Track>,
}

impl Tracks {
    fn start(target: Split, totals: &Totals) -> Self {
        let be = target.be.zip(totals.be.requested.clamped(), Track::start);
        let ot = target.ot.zip(totals.ot.requested.clamped(), Track::start);
        Self { be, ot }
    }

    fn raw(&self) -> Split {
        Split { be: self.be.map(|track| track.offered), ot: self.ot.map(|track| track.offered) }
    }

    /// A byte that BE is still offered is not offered to OT yet.
    fn offered(&self, most: &Split) -> Split {
        let Split { be, ot } = self.raw();
        Split { be, ot: Amounts { memory: ot.memory.min((most.be.memory - be.memory).max(0)), ..ot } }
    }

    fn step(&self, config: &CapacityConfig, (from_s, to_s): (u64, u64), capacity: Amounts, targets: &Targets) -> Self {
        let Targets { target, most } = targets;
        let step = |tracks: Each<Track>, target: Amounts, most: Amounts| {
            Each::by(|resource| {
                let (target, most, capacity) = (target.of(resource), most.of(resource), capacity.of(resource));
                tracks.of(resource).step(&config.moves, &Step { from_s, to_s, target, most, capacity })
            })
        };
        Self { be: step(self.be, target.be, most.be), ot: step(self.ot, target.ot, most.ot) }
    }

    fn valid(&self) -> bool {
        let offered = self.raw();
        let amounts = [offered.be.cpu, offered.be.memory, offered.ot.cpu, offered.ot.memory];
        amounts.iter().all(|amount| (0..=MAX_QUANTITY).contains(amount))
    }
}

/// The state of a node's offers. Saved and restored it gives the same answers; a fresh one begins with what runs already.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct OfferState {
    at: Option<(u64, Tracks)>,
    zones: Vec<(u32, Tracks)>,
}

impl OfferState {
    /// What the node offers now, by a report whose sample window ended lately. Between two steps the newer report is taken to
    /// hold all the time, so that more steps with the same report change nothing.
    ///
    /// Costs a pass over the pods for the node and one for the zones.
    ///
    /// # Errors
    /// [`ColocationError`] for settings out of range, a report that contradicts itself, time that goes back and a saved state
    /// that is not valid. The state is then as it was.
    pub fn step(
        &mut self,
        config: &CapacityConfig,
        report: &NodeReport,
        now_ms: u64,
    ) -> Result<Offer, ColocationError> {
        config.check()?;
        report.check(now_ms)?;
        self.check()?;
        let to_s = seconds(now_ms, self.at.map(|(at_s, _)| at_s))?;
        Ok(self.advance(config, report, now_ms, to_s))
    }

    /// When the last step was, seconds.
    pub(super) fn at_s(&self) -> Option<u64> {
        self.at.map(|(at_s, _)| at_s)
    }

    pub(super) fn check(&self) -> Result<(), ColocationError> {
        let node = self.at.iter().map(|(_, tracks)| tracks);
        if self.zones.len() > MAX_ZONES || !node.chain(self.zones.iter().map(|(_, zone)| zone)).all(Tracks::valid) {
            return Err(ColocationError::State("an offer is negative or too large, or there are too many zones"));
        }
        Ok(())
    }

    /// The step, after all checks.
    pub(super) fn advance(&mut self, config: &CapacityConfig, report: &NodeReport, now_ms: u64, to_s: u64) -> Offer {
        let fresh = report.fresh(config, now_ms);
        let totals = report.totals(config, fresh);
        let machine = report.machine();
        let last = self.at;
        let moved = |old: Option<Tracks>, capacity: Amounts, totals: &Totals, now: Targets| {
            let targets = settled(now, old.as_ref().map(Tracks::raw), config, fresh);
            // A zone that is new appeared, like everything in the report, with the last step.
            let old = old.unwrap_or_else(|| Tracks::start(targets.target, totals));
            let tracks = match last {
                Some((from_s, _)) => old.step(config, (from_s, to_s), capacity, &targets),
                None => old,
            };
            Moved { tracks, target: targets.target, offered: tracks.offered(&targets.most) }
        };
        let now = targets(&machine, &totals, config, fresh);
        let node = moved(last.map(|(_, tracks)| tracks), report.capacity, &totals, now);
        let zones = zone_targets(report, config, fresh).into_iter().map(|zone| {
            let old = self.zones.iter().find(|(id, _)| *id == zone.id).map(|(_, tracks)| *tracks);
            (zone.id, moved(old, zone.capacity, &zone.totals, zone.targets))
        });
        let zones: Vec<(u32, Moved)> = zones.collect();
        self.at = Some((to_s, node.tracks));
        self.zones = zones.iter().map(|(id, zone)| (*id, zone.tracks)).collect();
        Offer {
            be: class(node.offered.be, node.target.be, totals.be.requested.clamped()),
            ot: class(node.offered.ot, node.target.ot, totals.ot.requested.clamped()),
            zones: zone_offers(&zones, &node),
            stale: !fresh,
            terms: Terms::of(&machine, &totals, config, fresh, now.target),
        }
    }
}

/// A node or a zone after a step.
struct Moved {
    tracks: Tracks,
    target: Split,
    offered: Split,
}

fn zone_offers(zones: &[(u32, Moved)], node: &Moved) -> Vec<ZoneOffer> {
    let mut offered: Vec<Split> = zones.iter().map(|(_, zone)| zone.offered).collect();
    let mut target: Vec<Split> = zones.iter().map(|(_, zone)| zone.target).collect();
    fit(&mut offered, node.offered);
    fit(&mut target, node.target);
    let pairs = offered.into_iter().zip(target);
    zones.iter().zip(pairs).map(|(&(id, _), (offered, target))| ZoneOffer { id, offered, target }).collect()
}

/// What stale samples make of the targets: never more than was offered before, and nothing at all if that is the setting.
fn settled(now: Targets, before: Option<Split>, config: &CapacityConfig, fresh: bool) -> Targets {
    if fresh {
        return now;
    }
    match config.when_stale {
        WhenStale::Withdraw => Targets { target: Split::default(), most: Split::default() },
        WhenStale::ByRequest => {
            let before = before.unwrap_or(now.target);
            let not_above = |now: Split| Split { be: now.be.smaller(before.be), ot: now.ot.smaller(before.ot) };
            Targets { target: not_above(now.target), most: now.most }
        }
    }
}

fn class(offered: Amounts, target: Amounts, promised: Amounts) -> ClassOffer {
    let admissible = offered.smaller(target).left_after(promised);
    ClassOffer { offered, target, promised, admissible }
}

impl NodeReport {
    /// Whether its samples count.
    pub(super) fn fresh(&self, config: &CapacityConfig, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.at_ms) <= config.stale_after_ms
    }
}
