//! Every policy that ships with the library: its name, configuration and constructor, in one table; and the profiles made
//! of them.

use crate::config::{PolicyEntry, Profile, ProfileSet};
use crate::primitives as p;
use sched_abi::Policy;

/// The configuration of a policy that has no settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct NoSettings {}

macro_rules! registry {
    ($($name:ident($config:ty) => $build:expr;)*) => {
        /// A policy that ships with the library, with its configuration; serialised as the configuration alone, which an entry
        /// of a profile puts the name before.
        #[derive(Clone, PartialEq, Debug)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize), serde(untagged))]
        #[non_exhaustive]
        pub enum PolicyConfig {
            $(
                #[doc = concat!("`", stringify!($name), "`; see [`crate::primitives`].")]
                $name($config),
            )*
        }

        impl PolicyConfig {
            /// The names of all policies.
            pub const NAMES: &[&str] = &[$(stringify!($name)),*];

            /// A policy by name, with default settings.
            pub fn default_of(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($name) => Some(Self::$name(<$config>::default())),)*
                    _ => None,
                }
            }

            /// The policy's name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }

            /// Makes the policy.
            pub fn build(&self) -> Box<dyn Policy> {
                match self {
                    $(Self::$name(config) => {
                        let build: fn($config) -> _ = $build;
                        Box::new(build(config.clone()))
                    })*
                }
            }

            /// The settings as JSON, as a sandboxed policy takes them.
            #[cfg(feature = "wasm")]
            pub fn settings(&self) -> String {
                match self {
                    // No map with keys that are not texts, and nothing else that JSON does not have.
                    $(Self::$name(config) => serde_json::to_string(config).unwrap_or_default(),)*
                }
            }

            /// Reads the settings of the policy that `self` is.
            #[cfg(feature = "serde")]
            pub(crate) fn read<'de, M: serde::de::MapAccess<'de>>(&self, map: &mut M) -> Result<Self, M::Error> {
                match self {
                    $(Self::$name(_) => map.next_value().map(Self::$name),)*
                }
            }
        }
    };
}

registry! {
    NodeUnschedulable(NoSettings) => |_| p::NodeUnschedulable;
    NodeName(NoSettings) => |_| p::NodeName;
    TaintToleration(NoSettings) => |_| p::TaintToleration;
    NodeAffinity(p::NodeAffinityConfig) => p::NodeAffinity::new;
    NodePorts(NoSettings) => |_| p::NodePorts;
    NodeResourcesFit(p::FitConfig) => p::Fit::new;
    NodeResourcesBalancedAllocation(p::BalancedConfig) => p::Balanced::new;
    ImageLocality(NoSettings) => |_| p::ImageLocality;
    CoolDown(p::CoolDownConfig) => p::CoolDown::new;
    HybridUnschedulable(p::HybridUnschedulableConfig) => p::HybridUnschedulable::new;
    NodeBalance(p::NodeBalanceConfig) => p::NodeBalance::new;
    NodeInfo(p::NodeInfoConfig) => p::NodeInfo::new;
    WaterLevel(p::WaterLevelConfig) => p::WaterLevel::new;
    LoadAware(p::LoadAwareConfig) => p::LoadAware::new;
    TargetLoadPacking(p::TargetLoadPackingConfig) => p::TargetLoadPacking::new;
    Dynamic(p::DynamicConfig) => p::Dynamic::new;
    ExpectedOverload(p::ExpectedOverloadConfig) => p::ExpectedOverload::new;
}

impl ProfileSet {
    /// The profiles that ship with the library.
    pub fn builtin() -> Self {
        let with = |name: &str, more: Vec<PolicyEntry>| {
            let mut policies = filters();
            policies.extend(more);
            Profile { name: name.to_owned(), policies }
        };
        let fit = PolicyConfig::NodeResourcesFit(p::FitConfig::default());
        // Users' present formulas, each alone on top of the filters. Samples are used as late as they come: three minutes of
        // delay, upstream's default, would leave `LoadAware` without a feasible node, which is no comparison.
        let peer = |name: &str, config| with(name, vec![entry(0, fit.clone()), entry(1, config)]);
        let late = p::LoadAwareConfig { node_metric_expiration_seconds: 3_600, ..p::LoadAwareConfig::default() };
        let overload = PolicyConfig::ExpectedOverload(p::ExpectedOverloadConfig::default());
        // Once samples of pods have stopped: headroom by samples of nodes, and by requests where these have stopped too.
        let without_samples = PolicyEntry {
            stands_in_for: Some(overload.name().to_owned()),
            ..entry(1, PolicyConfig::NodeInfo(p::NodeInfoConfig::default()))
        };
        Self {
            profiles: vec![
                kube_default(),
                with("least-allocated", vec![entry(1, fit.clone())]),
                peer("load-aware", PolicyConfig::LoadAware(late)),
                peer("target-load-packing", PolicyConfig::TargetLoadPacking(p::TargetLoadPackingConfig::default())),
                peer("dynamic", PolicyConfig::Dynamic(p::DynamicConfig::default())),
                with(Self::RECOMMENDED, vec![entry(0, fit), entry(1, overload), without_samples]),
            ],
        }
    }
}

fn entry(weight: i64, config: PolicyConfig) -> PolicyEntry {
    PolicyEntry::new(weight, config)
}

/// kube-scheduler's default filters and scores, with its weights, as far as they are built.
fn kube_default() -> Profile {
    let mut policies = filters();
    for policy in &mut policies {
        policy.weight = match policy.config {
            PolicyConfig::TaintToleration(_) => 3,
            PolicyConfig::NodeAffinity(_) => 2,
            _ => 1,
        };
    }
    policies.extend([
        entry(1, PolicyConfig::NodeResourcesFit(p::FitConfig::default())),
        entry(1, PolicyConfig::NodeResourcesBalancedAllocation(p::BalancedConfig::default())),
        entry(1, PolicyConfig::ImageLocality(NoSettings {})),
    ]);
    Profile { name: "kube-default".to_owned(), policies }
}

/// kube-scheduler's filters but resource fit, in its order. Their scores do not count.
fn filters() -> Vec<PolicyEntry> {
    let configs = [
        PolicyConfig::NodeUnschedulable(NoSettings {}),
        PolicyConfig::NodeName(NoSettings {}),
        PolicyConfig::TaintToleration(NoSettings {}),
        PolicyConfig::NodeAffinity(p::NodeAffinityConfig::default()),
        PolicyConfig::NodePorts(NoSettings {}),
    ];
    configs.map(|config| entry(0, config)).into()
}
