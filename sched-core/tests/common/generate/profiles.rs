//! Profiles: policies in any order, with weights and configuration, as the JSON that profile files hold.

use super::settings::settings;
use super::{one_of, text};
use crate::common::reference::Kind;
use policy_sdk::testing::strategies::{preferred, selector};
use proptest::prelude::*;
use sched_core::abi::PreferredTerm;
use sched_core::{PolicyConfig, ProfileSet};
use serde_json::{Value, json};

/// A profile of kube-scheduler's policies: `{"name", "policies": [{"name", "weight", "config"}]}`.
pub(crate) fn profile() -> impl Strategy<Value = Value> {
    let plain = ["NodeUnschedulable", "NodeName", "TaintToleration", "NodePorts", "ImageLocality"];
    let plain = plain.map(|name| Just((name, json!({}))).boxed());
    let configured = [
        added_affinity().prop_map(|config| ("NodeAffinity", config)).boxed(),
        fit().prop_map(|config| ("NodeResourcesFit", config)).boxed(),
        resources(&[1])
            .prop_map(|resources| ("NodeResourcesBalancedAllocation", json!({ "resources": resources })))
            .boxed(),
    ];
    let all: Vec<_> = plain.into_iter().chain(configured).collect();
    (all, prop::collection::vec(0..=20_i64, 8), prop::collection::vec(prop::bool::weighted(0.85), 8))
        .prop_map(|(policies, weights, kept)| {
            let chosen = policies.into_iter().zip(weights).zip(kept).filter(|(_, kept)| *kept);
            chosen.map(|(((name, config), weight), _)| policy(name, weight, config)).collect::<Vec<_>>()
        })
        .prop_filter("a profile has policies", |policies| !policies.is_empty())
        .prop_shuffle()
        .prop_map(|policies| json!({ "name": "generated", "policies": policies }))
}

/// A profile of any policies: kube-scheduler's as in [`profile`], and some of the others, with settings of any kind.
pub(crate) fn any_profile() -> impl Strategy<Value = Value> {
    let others = PolicyConfig::NAMES.iter().filter_map(|&name| Some((name, settings(name)?)));
    with(others.collect())
}

/// A profile of policies that the reference knows: kube-scheduler's, and the library's own.
pub(crate) fn known_profile() -> impl Strategy<Value = Value> {
    let own = PolicyConfig::NAMES.iter().filter(|name| Kind::from_json(name, &Value::Null).is_some());
    with(own.filter_map(|&name| Some((name, settings(name)?))).collect())
}

/// The profiles of [`profile`] with some of the given policies, under the given settings or the defaults, in any order.
fn with(policies: Vec<(&'static str, BoxedStrategy<Value>)>) -> impl Strategy<Value = Value> {
    let (names, settings): (Vec<_>, Vec<_>) = policies.into_iter().unzip();
    let settings: Vec<_> = settings.into_iter().map(|settings| prop::option::weighted(0.8, settings)).collect();
    let chosen = prop::collection::vec((prop::bool::weighted(0.4), 0..=20_i64), names.len());
    let all = (profile(), chosen, settings).prop_map(move |(mut profile, chosen, settings)| {
        let mut policies = profile["policies"].as_array_mut().map(std::mem::take).expect("a list");
        for ((name, (_, weight)), config) in names.iter().zip(chosen).zip(settings).filter(|((_, (on, _)), _)| *on) {
            policies.push(policy(name, weight, config.unwrap_or(json!({}))));
        }
        policies
    });
    (all.prop_shuffle(), prop::option::of(any::<prop::sample::Index>())).prop_map(|(mut policies, stand_in)| {
        // Now and then one stands in for the policy that abstains without samples.
        let abstains = policies.iter().any(|policy| policy["name"] == "ExpectedOverload");
        let others: Vec<&mut Value> =
            policies.iter_mut().filter(|policy| policy["name"] != "ExpectedOverload").collect();
        if let Some(index) = stand_in.filter(|_| abstains && !others.is_empty()) {
            let at = index.index(others.len());
            others.into_iter().skip(at).take(1).for_each(|policy| policy["standsInFor"] = json!("ExpectedOverload"));
        }
        json!({ "name": "generated", "policies": policies })
    })
}

/// The same, without policies that say of themselves that more free capacity can make a node infeasible.
pub(crate) fn monotone_profile() -> impl Strategy<Value = Value> {
    let monotone = |policy: &Value| {
        let mut alone = json!({ "name": "alone", "policies": [policy] });
        alone["policies"][0].as_object_mut().expect("a policy").remove("standsInFor");
        let profiles = ProfileSet::from_text(&profile_text(&alone)).expect("a profile");
        profiles.profiles[0].policies[0].config.build().manifest().monotone
    };
    any_profile().prop_map(move |mut profile| {
        let policies = profile["policies"].as_array_mut().expect("a list");
        policies.retain(monotone);
        let names: Vec<Value> = policies.iter().map(|policy| policy["name"].clone()).collect();
        policies.retain(|policy| policy["standsInFor"].is_null() || names.contains(&policy["standsInFor"]));
        profile
    })
}

fn policy(name: &str, weight: i64, config: Value) -> Value {
    let mut policy = json!({ "name": name });
    if matches!(name, "NodeUnschedulable" | "NodeName" | "NodePorts") {
        return policy;
    }
    policy["weight"] = json!(weight);
    if config != json!({}) {
        policy["config"] = config;
    }
    policy
}

/// The text of a profile file with this profile alone; each policy begins with its name, as they must.
pub(crate) fn profile_text(profile: &Value) -> String {
    let entry = |policy: &Value| {
        let rest = policy.as_object().into_iter().flatten().filter(|(key, _)| *key != "name");
        let first = [format!("\"name\": {}", policy["name"])].into_iter();
        let entries: Vec<String> = first.chain(rest.map(|(key, value)| format!("\"{key}\": {value}"))).collect();
        format!("{{{}}}", entries.join(", "))
    };
    let policies: Vec<String> = profile["policies"].as_array().into_iter().flatten().map(entry).collect();
    format!("{{\"profiles\": [{{\"name\": {}, \"policies\": [{}]}}]}}", profile["name"], policies.join(", "))
}

fn added_affinity() -> impl Strategy<Value = Value> {
    let required = prop::option::weighted(0.3, selector());
    let preferred = preferred().prop_map(|term| PreferredTerm { weight: term.weight.max(1), ..term });
    let preferred = prop::collection::vec(preferred, 0..=2);
    prop::option::weighted(0.4, (required, preferred)).prop_map(|added| {
        let Some((required, preferred)) = added else { return json!({}) };
        let mut affinity = json!({});
        if let Some(required) = required {
            affinity["requiredDuringSchedulingIgnoredDuringExecution"] = json!(required);
        }
        if !preferred.is_empty() {
            affinity["preferredDuringSchedulingIgnoredDuringExecution"] = json!(preferred);
        }
        json!({ "addedAffinity": affinity })
    })
}

fn fit() -> impl Strategy<Value = Value> {
    let ratio = shape().prop_map(|shape| json!({ "shape": shape }));
    let strategy =
        (text(&["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"]), resources(&[1, 2, 5, 100]), ratio);
    let ignored = prop::option::weighted(0.15, Just(json!(["example.com/batch-cpu", "cpu"])));
    let groups = prop::option::weighted(0.1, Just(json!(["nvidia.com"])));
    (prop::option::weighted(0.8, strategy), ignored, groups).prop_map(|(strategy, ignored, groups)| {
        let mut config = json!({});
        if let Some(ignored) = ignored {
            config["ignoredResources"] = ignored;
        }
        if let Some(groups) = groups {
            config["ignoredResourceGroups"] = groups;
        }
        if let Some((kind, resources, ratio)) = strategy {
            config["scoringStrategy"] = json!({ "type": kind, "resources": resources });
            if kind == "RequestedToCapacityRatio" {
                config["scoringStrategy"]["requestedToCapacityRatio"] = ratio;
            }
        }
        config
    })
}

/// Points with ascending utilisation, up, down or both.
fn shape() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::btree_map(0..=100_i64, 0..=10_i64, 1..=5).prop_map(|points| {
        points.into_iter().map(|(utilization, score)| json!({ "utilization": utilization, "score": score })).collect()
    })
}

/// Some of the resources, each once, with weights.
fn resources(weights: &[i64]) -> impl Strategy<Value = Vec<Value>> + use<> {
    let names = [
        "cpu",
        "memory",
        "ephemeral-storage",
        "nvidia.com/gpu",
        "example.com/batch-cpu",
        "hugepages-2Mi",
        "x.com/none",
    ];
    let weights = prop::collection::vec(one_of(weights), names.len());
    (prop::sample::subsequence(names.to_vec(), 1..=4).prop_shuffle(), weights).prop_map(|(names, weights)| {
        names.into_iter().zip(weights).map(|(name, weight)| json!({ "name": name, "weight": weight })).collect()
    })
}
