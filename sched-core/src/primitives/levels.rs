//! The configuration of the safe water level: levels by class of pod and pool of nodes, and what holds when none is kept.

use super::live::ProfileOf;
use super::{elastic, live};
use sched_abi::{NodeSelector, SetupError};

/// Rules that a configuration may have.
const MAX_RULES: usize = 64;
/// `system-cluster-critical`; `system-node-critical` is above it.
const SYSTEM_CRITICAL: i32 = 2_000_000_000;
/// What a pod is to the water level.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LevelClass {
    /// Kubernetes' QoS class, without elastic resources.
    Guaranteed,
    /// Kubernetes' QoS class, without elastic resources.
    Burstable,
    /// Kubernetes' QoS class, without elastic resources.
    BestEffort,
    /// Asks for elastic resources, whatever its QoS class.
    Elastic,
}

/// A level for some pods on some nodes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct WaterLevelRule {
    /// Which pods; empty: all.
    pub qos_classes: Vec<LevelClass>,
    /// Which nodes; none: all.
    pub node_selector: Option<NodeSelector>,
    /// Level of CPU, percent; none: no level.
    pub cpu_percent: Option<u8>,
    /// Level of memory, percent; none: no level.
    pub memory_percent: Option<u8>,
}

/// Where a node agent begins to suppress, percent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct SuppressionPercent {
    /// Of CPU.
    pub cpu: u8,
    /// Of memory.
    pub memory: u8,
}

impl Default for SuppressionPercent {
    fn default() -> Self {
        Self { cpu: 80, memory: 90 }
    }
}

/// What to do with a pod when every node is above its level.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum AllAbove {
    /// It waits.
    Reject,
    /// It goes where it would go without levels.
    FallBack,
}

/// The same, by kind of pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct WhenAllAbove {
    /// `BestEffort` pods, and those that ask for elastic resources.
    pub elastic: AllAbove,
    /// All others.
    pub online: AllAbove,
}

impl Default for WhenAllAbove {
    fn default() -> Self {
        Self { elastic: AllAbove::Reject, online: AllAbove::FallBack }
    }
}

/// Configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct WaterLevelConfig {
    /// The levels; the first rule that matches pod and node counts.
    pub rules: Vec<WaterLevelRule>,
    /// Where suppression begins: every level must lie below.
    pub suppression_percent: SuppressionPercent,
    /// What to do when every node is above.
    pub when_all_above: WhenAllAbove,
    /// Names of elastic resources, as in the hybrid-unschedulable primitive.
    pub elastic_resources: Vec<String>,
    /// Pods of this priority and above bypass the levels.
    pub critical_priority: i32,
    /// A sample that ended longer ago counts for nothing, seconds, up to a day.
    pub stale_after_seconds: u32,
    /// Where the profile comes from.
    pub profile: ProfileOf,
    /// Share of the requests that a node without a sample that counts is taken to use, 1..=100 percent.
    pub estimate_percent: u8,
}

impl Default for WaterLevelConfig {
    fn default() -> Self {
        Self {
            rules: vec![WaterLevelRule {
                cpu_percent: Some(70),
                memory_percent: Some(80),
                ..WaterLevelRule::default()
            }],
            suppression_percent: SuppressionPercent::default(),
            when_all_above: WhenAllAbove::default(),
            elastic_resources: elastic::default_names(),
            critical_priority: SYSTEM_CRITICAL,
            stale_after_seconds: 300,
            profile: ProfileOf::default(),
            estimate_percent: 85,
        }
    }
}

impl WaterLevelConfig {
    pub(super) fn check(&self) -> Result<(), SetupError> {
        live::check_stale(self.stale_after_seconds)?;
        elastic::check("elasticResources", &self.elastic_resources)?;
        if self.rules.is_empty() || self.rules.len() > MAX_RULES {
            return Err(SetupError(format!("`rules` has {} entries, not 1 to {MAX_RULES}", self.rules.len())));
        }
        let SuppressionPercent { cpu, memory } = self.suppression_percent;
        for (what, percent) in [("estimatePercent", self.estimate_percent), ("cpu", cpu), ("memory", memory)] {
            if !(1..=100).contains(&percent) {
                return Err(SetupError(format!("`{what}` is {percent} percent, not within 1..=100")));
            }
        }
        for rule in &self.rules {
            let levels = [("cpuPercent", rule.cpu_percent, cpu), ("memoryPercent", rule.memory_percent, memory)];
            for (what, level, suppression) in levels {
                if let Some(level) = level.filter(|&level| level == 0 || level >= suppression) {
                    let rule = format!("above 0 and below `suppressionPercent` ({suppression})");
                    return Err(SetupError(format!("`{what}` is {level}: the level for admission must be {rule}")));
                }
            }
            if rule.node_selector.as_ref().is_some_and(|s| s.node_selector_terms.is_empty()) {
                return Err(SetupError("`rules`: a `nodeSelector` without terms matches no node".to_owned()));
            }
        }
        Ok(())
    }
}
