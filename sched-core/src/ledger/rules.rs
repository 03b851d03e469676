//! Rules that make holds by themselves: rolling updates, room handed over, guarded nodes. Plain data, and what is refused.

use super::check::check_owners;
use super::{LedgerError, OwnerTerm};
use crate::cluster::{Labels, Resources};
use crate::limits::{MAX_HOLD_RULES, MAX_WEIGHT, RESERVATION_WEIGHT};

/// A top controller, such as a `Deployment`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct Workload {
    /// Its namespace.
    pub namespace: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl Workload {
    pub(crate) fn owner(&self) -> OwnerTerm {
        OwnerTerm::controller(&self.namespace, &self.kind, &self.name)
    }

    pub(crate) fn title(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

/// A pod that goes away leaves its room to the next one of its workload, for a time. How many holds there are at most follows
/// from how many pods the workload is to have ([`Desired`](super::LedgerOp::Desired)) and how many run; while that was not
/// told, there are none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct RollingUpdate {
    /// Whose pods: those that meet any of these.
    pub owners: Vec<OwnerTerm>,
    /// How long the room is kept after the exit, milliseconds.
    pub ttl_ms: u64,
}

/// What one workload leaves when it is scaled down goes to another, up to what that one is to grow by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct HandOver {
    /// Which leaves room.
    pub from: Workload,
    /// Which gets it.
    pub to: Workload,
    /// How much in all, base units.
    pub growth: Resources,
    /// How long each piece is kept for it, milliseconds; then it is free for all.
    pub ttl_ms: u64,
}

/// Nodes whose free room is kept for some pods. Pods of a `DaemonSet` pass. A guard ends at its time or when the node is full enough.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct Guard {
    /// Its name.
    pub name: String,
    /// Labels that a guarded node has.
    pub nodes: Labels,
    /// Nodes are guarded this long from when they joined, milliseconds.
    pub younger_than_ms: Option<u64>,
    /// The guard of every node ends here, milliseconds.
    pub until_ms: Option<u64>,
    /// Who may use the room: pods that meet any of these, such as those that request at least so much.
    pub admit: Vec<OwnerTerm>,
    /// It ends when pods request this share of the CPU or memory of the node.
    pub fill_percent: Option<u32>,
    /// It ends when less than this is left of a resource: such a rest is for small pods.
    pub leave_below: Resources,
}

/// Configuration of the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct HoldRules {
    /// What the score of a pod's own room, 0..=100, is multiplied with.
    pub reservation_weight: i64,
    /// Rolling updates.
    pub rolling_updates: Vec<RollingUpdate>,
    /// Hand-overs.
    pub hand_overs: Vec<HandOver>,
    /// Guarded nodes.
    pub guards: Vec<Guard>,
}

impl Default for HoldRules {
    fn default() -> Self {
        Self {
            reservation_weight: RESERVATION_WEIGHT,
            rolling_updates: Vec::new(),
            hand_overs: Vec::new(),
            guards: Vec::new(),
        }
    }
}

impl HoldRules {
    /// Reads rules from YAML or JSON.
    ///
    /// ```
    /// # use sched_core::HoldRules;
    /// let rules = HoldRules::from_text("
    /// rollingUpdates:
    ///   - {owners: [{namespace: shop}], ttlMs: 300000}
    /// guards:
    ///   - {name: new, youngerThanMs: 3600000, admit: [{minRequests: {cpu: 8000}}]}
    /// ")?;
    /// assert_eq!(rules.guards[0].admit[0].min_requests["cpu"], 8_000);
    /// # Ok::<(), sched_core::ProfileError>(())
    /// ```
    #[cfg(feature = "yaml")]
    pub fn from_text(text: &str) -> Result<Self, crate::ProfileError> {
        serde_saphyr::from_str(text).map_err(|error| crate::ProfileError::Syntax(error.to_string()))
    }

    /// Whether they make sense, on their own and together.
    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        if self.rolling_updates.len() + self.hand_overs.len() + self.guards.len() > MAX_HOLD_RULES {
            return Err(LedgerError::Limit { what: "rules", limit: MAX_HOLD_RULES, name: "MAX_HOLD_RULES" });
        }
        let bad = |rule: &str, problem| Err(LedgerError::BadRule { rule: rule.to_owned(), problem });
        if !(0..=MAX_WEIGHT).contains(&self.reservation_weight) {
            return bad("reservationWeight", "weights are 0 to 1000000 (MAX_WEIGHT)");
        }
        for rule in &self.rolling_updates {
            check_owners("rollingUpdates", &rule.owners)?;
            if rule.owners.is_empty() || rule.ttl_ms == 0 {
                return bad("rollingUpdates", "it needs owners and a time to live");
            }
        }
        for rule in &self.hand_overs {
            if rule.ttl_ms == 0 || rule.growth.values().all(|&amount| amount <= 0) {
                return bad(&rule.from.title(), "it needs a growth above 0 and a time to live");
            }
            self.check_hand_over(rule)?;
        }
        for rule in &self.guards {
            check_owners(&format!("guard `{}`", rule.name), &rule.admit)?;
            if rule.name.is_empty() || rule.admit.is_empty() {
                return bad(&rule.name, "it needs a name and somebody to admit");
            }
            if rule.nodes.is_empty() && rule.younger_than_ms.is_none() {
                return bad(&rule.name, "it needs labels of nodes or an age");
            }
            if self.guards.iter().filter(|other| other.name == rule.name).count() > 1 {
                return bad(&rule.name, "two guards have this name");
            }
        }
        Ok(())
    }

    /// No workload hands over twice, and none to itself by whatever way.
    fn check_hand_over(&self, rule: &HandOver) -> Result<(), LedgerError> {
        if self.hand_overs.iter().filter(|other| other.from == rule.from).count() > 1 {
            return Err(LedgerError::Overlap { from: rule.from.title() });
        }
        let mut at = &rule.to;
        for _ in 0..=self.hand_overs.len() {
            if *at == rule.from {
                return Err(LedgerError::Circular { from: rule.from.title() });
            }
            let Some(next) = self.hand_overs.iter().find(|other| other.from == *at) else { return Ok(()) };
            at = &next.to;
        }
        // A circle further on is found from a rule that is in it.
        Ok(())
    }
}
