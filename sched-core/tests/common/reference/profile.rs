//! Which policies are run, in which order, with what weight and configuration, read from the same JSON as profiles are.

use super::overload::Curve;
use super::resources::{Strategy, Weighted};
use super::settings::{Balance, CoolDown, Hybrid, Info, Level, ProfileOf};
use super::world::World;
use sched_core::abi::{NodeSelector, PreferredTerm};
use serde_json::Value;

/// A policy and its configuration. The library's own policies stand beside kube-scheduler's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    NodeUnschedulable,
    NodeName,
    TaintToleration,
    NodeAffinity { added_required: Option<NodeSelector>, added_preferred: Vec<PreferredTerm> },
    NodePorts,
    NodeResourcesFit { ignored: Vec<String>, ignored_groups: Vec<String>, strategy: Strategy, listed: Vec<Weighted> },
    NodeResourcesBalancedAllocation { listed: Vec<Weighted> },
    ImageLocality,
    CoolDown(CoolDown),
    HybridUnschedulable(Hybrid),
    NodeBalance(Balance),
    NodeInfo(Info),
    WaterLevel(Level),
    ExpectedOverload(Curve),
}

/// A policy's place in a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) weight: i128,
    pub(crate) kind: Kind,
    /// Asked only where that policy abstains.
    pub(crate) stands_in_for: Option<String>,
}

/// Policies in the order in which their filters are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) policies: Vec<Policy>,
}

impl Profile {
    /// kube-scheduler's default profile, as far as its policies are evaluated here.
    pub(crate) fn kube_default() -> Self {
        let weights = [
            ("NodeUnschedulable", 0),
            ("NodeName", 0),
            ("TaintToleration", 3),
            ("NodeAffinity", 2),
            ("NodePorts", 0),
            ("NodeResourcesFit", 1),
            ("NodeResourcesBalancedAllocation", 1),
            ("ImageLocality", 1),
        ];
        let policies = weights.map(|(name, weight)| Policy {
            name: name.to_owned(),
            weight,
            kind: Kind::from_json(name, &Value::Null).expect("a known policy"),
            stands_in_for: None,
        });
        Self { policies: policies.into() }
    }

    /// A profile as it stands in a profile file: `{"policies": [{"name", "weight", "config"}]}`. Policies that the
    /// reference does not know are left out.
    pub(crate) fn from_json(profile: &Value) -> Self {
        let policy = |policy: &Value| {
            let name = policy["name"].as_str().expect("a name").to_owned();
            let weight = policy["weight"].as_i64().unwrap_or(1).into();
            let kind = Kind::from_json(&name, &policy["config"])?;
            let stands_in_for = policy["standsInFor"].as_str().map(str::to_owned);
            Some(Policy { name, weight, kind, stands_in_for })
        };
        Self { policies: array(&profile["policies"]).iter().filter_map(policy).collect() }
    }

    /// Whether a policy asks for what is predicted of applications.
    pub(crate) fn forecasts(&self) -> bool {
        let asks = |kind: &Kind| {
            matches!(kind, Kind::NodeBalance(_) | Kind::NodeInfo(_) | Kind::WaterLevel(_) | Kind::ExpectedOverload(_))
        };
        self.policies.iter().any(|policy| asks(&policy.kind))
    }

    /// The labels whose values make pools of nodes with a profile.
    pub(crate) fn pools(&self) -> Vec<Option<String>> {
        let mut pools = Vec::new();
        for policy in &self.policies {
            let of = match &policy.kind {
                Kind::NodeBalance(config) => &config.profile,
                Kind::NodeInfo(config) => &config.profile,
                Kind::WaterLevel(config) => &config.profile,
                _ => continue,
            };
            if let ProfileOf::Nodes(pool) = of
                && !pools.contains(pool)
            {
                pools.push(pool.clone());
            }
        }
        pools
    }

    /// The policies that are asked: none that abstains, and those that stand in only where the other one does.
    pub(crate) fn asked(&self, world: &World) -> Self {
        let abstains = |policy: &Policy| match &policy.kind {
            Kind::ExpectedOverload(curve) => world.without_pod_samples_for(curve.stale_s),
            _ => false,
        };
        let needed = |policy: &Policy| match &policy.stands_in_for {
            None => true,
            Some(other) => self.policies.iter().any(|policy| policy.name == *other && abstains(policy)),
        };
        let policies = self.policies.iter().filter(|policy| needed(policy) && !abstains(policy));
        Self { policies: policies.cloned().collect() }
    }

    /// What the band is published for.
    pub(crate) fn curve(&self) -> Option<Curve> {
        self.policies.iter().find_map(|policy| match policy.kind {
            Kind::ExpectedOverload(curve) => Some(curve),
            _ => None,
        })
    }
}

impl Kind {
    /// A policy by name, with arguments as kube-scheduler writes them; `None` where the name is unknown here.
    pub(crate) fn from_json(name: &str, args: &Value) -> Option<Self> {
        Some(match name {
            "NodeUnschedulable" => Self::NodeUnschedulable,
            "NodeName" => Self::NodeName,
            "TaintToleration" => Self::TaintToleration,
            "NodePorts" => Self::NodePorts,
            "ImageLocality" => Self::ImageLocality,
            "CoolDown" => Self::CoolDown(CoolDown::from_json(args)),
            "HybridUnschedulable" => Self::HybridUnschedulable(Hybrid::from_json(args)),
            "NodeBalance" => Self::NodeBalance(Balance::from_json(args)),
            "NodeInfo" => Self::NodeInfo(Info::from_json(args)),
            "WaterLevel" => Self::WaterLevel(Level::from_json(args)),
            "ExpectedOverload" => Self::ExpectedOverload(Curve::from_json(args)),
            "NodeAffinity" => {
                let added = &args["addedAffinity"];
                let required = &added["requiredDuringSchedulingIgnoredDuringExecution"];
                let preferred = &added["preferredDuringSchedulingIgnoredDuringExecution"];
                Self::NodeAffinity {
                    added_required: serde_json::from_value(required.clone()).expect("a node selector"),
                    added_preferred: array(preferred)
                        .iter()
                        .map(|term| serde_json::from_value(term.clone()).expect("a preferred term"))
                        .collect(),
                }
            }
            "NodeResourcesBalancedAllocation" => {
                Self::NodeResourcesBalancedAllocation { listed: listed(&args["resources"]) }
            }
            "NodeResourcesFit" => Self::NodeResourcesFit {
                ignored: strings(&args["ignoredResources"]),
                ignored_groups: strings(&args["ignoredResourceGroups"]),
                strategy: strategy(&args["scoringStrategy"]),
                listed: listed(&args["scoringStrategy"]["resources"]),
            },
            _ => return None,
        })
    }
}

fn strategy(json: &Value) -> Strategy {
    match json["type"].as_str() {
        Some("MostAllocated") => Strategy::Most,
        Some("RequestedToCapacityRatio") => {
            let point =
                |p: &Value| (p["utilization"].as_i64().unwrap_or(0).into(), p["score"].as_i64().unwrap_or(0).into());
            Strategy::Ratio(array(&json["requestedToCapacityRatio"]["shape"]).iter().map(point).collect())
        }
        _ => Strategy::Least,
    }
}

/// The listed resources; CPU and memory where there are none. An absent weight is 1.
fn listed(json: &Value) -> Vec<Weighted> {
    let read = |r: &Value| Weighted {
        name: r["name"].as_str().expect("a resource name").to_owned(),
        weight: r["weight"].as_i64().filter(|&w| w != 0).unwrap_or(1).into(),
    };
    let listed: Vec<Weighted> = array(json).iter().map(read).collect();
    if listed.is_empty() {
        return ["cpu", "memory"].map(|name| Weighted { name: name.to_owned(), weight: 1 }).into();
    }
    listed
}

fn strings(json: &Value) -> Vec<String> {
    array(json).iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn array(json: &Value) -> &[Value] {
    json.as_array().map_or(&[], Vec::as_slice)
}
