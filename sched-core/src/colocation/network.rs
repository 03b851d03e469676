//! Network: what BE and OT are offered of each direction. Ingress and egress are resources of their own: a node whose uplink is
//! full may still take what downloads.

use super::ColocationError;
use super::amounts::percent_of;
use super::error::percent;
use crate::limits::MAX_QUANTITY;

/// Bits a second.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct Directions {
    /// Towards the node.
    pub ingress_bps: i64,
    /// From the node.
    pub egress_bps: i64,
}

impl Directions {
    fn check(self, what: &str) -> Result<(), ColocationError> {
        let named = [("ingress", self.ingress_bps), ("egress", self.egress_bps)];
        let bad = named.into_iter().find(|(_, rate)| !(0..=MAX_QUANTITY).contains(rate));
        bad.map_or(Ok(()), |(direction, rate)| Err(ColocationError::Rate { what: format!("{direction} {what}"), rate }))
    }

    fn by(self, other: Self, value: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            ingress_bps: value(self.ingress_bps, other.ingress_bps),
            egress_bps: value(self.egress_bps, other.egress_bps),
        }
    }
}

/// Up to where the network is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct NetworkConfig {
    /// Water level of BE, percent of capacity. Default 60.
    pub be_level_percent: u32,
    /// Water level of OT, BE's use included. Default 60.
    pub ot_level_percent: u32,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self { be_level_percent: 60, ot_level_percent: 60 }
    }
}

/// What BE and OT are offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct NetworkOffer {
    /// To BE.
    pub be: Directions,
    /// To OT.
    pub ot: Directions,
}

/// `BE = level * capacity - online use`, `OT = level * capacity - online use - BE use`, in each direction by itself, not below 0.
///
/// # Errors
/// Levels above 100, and rates below 0 or beyond 2^46.
pub fn network_offer(
    config: &NetworkConfig,
    capacity: Directions,
    online_used: Directions,
    be_used: Directions,
) -> Result<NetworkOffer, ColocationError> {
    percent("beLevelPercent", config.be_level_percent)?;
    percent("otLevelPercent", config.ot_level_percent)?;
    capacity.check("capacity")?;
    online_used.check("use online")?;
    be_used.check("use of BE")?;
    let left = |level: u32, used: Directions| capacity.by(used, |all, used| (percent_of(all, level) - used).max(0));
    let all_used = online_used.by(be_used, |a, b| a + b);
    Ok(NetworkOffer { be: left(config.be_level_percent, online_used), ot: left(config.ot_level_percent, all_used) })
}
