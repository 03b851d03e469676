//! The library's own filters: marked nodes, and nodes above the safe water level.

use super::affinity::{holds, selector_matches};
use super::load::{capacity, request};
use super::requests::{Role, pod_requests};
use super::settings::{Hybrid, Level};
use super::world::World;
use sched_core::abi::{LabelSelector, QosClass};
use sched_core::{NodeSpec, PodSpec};
use std::collections::BTreeSet;

const MARKED: &str = "node(s) were marked unschedulable for elastic resources";

/// Whether the pod asks for a resource that one of the names means: in any case, with any domain where the name has none,
/// and with any rest after a `*`.
fn asks_for(pod: &PodSpec, names: &[String]) -> bool {
    let asked = pod_requests(&pod.template, Role::Existing);
    let means = |name: &str, resource: &str| {
        let (name, resource) = (name.to_ascii_lowercase(), resource.to_ascii_lowercase());
        let resource =
            if name.contains('/') { &*resource } else { resource.split_once('/').map_or(&*resource, |r| r.1) };
        name.strip_suffix('*').map_or(resource == name, |stem| resource.starts_with(stem))
    };
    asked.iter().any(|(resource, &amount)| amount > 0 && names.iter().any(|name| means(name, resource)))
}

fn pod_matches(selector: &LabelSelector, pod: &PodSpec) -> bool {
    let label = |key: &str| pod.template.labels.get(key).map(String::as_str);
    selector.match_labels.iter().all(|(key, value)| label(key) == Some(value))
        && selector.match_expressions.iter().all(|r| holds(r, label(&r.key)))
}

/// The reasons of the marks on a node that hold for the pod.
pub(crate) fn hybrid(config: &Hybrid, pod: &PodSpec, node: &NodeSpec, world: &World) -> BTreeSet<String> {
    let exempt = config.exempt.iter().any(|selector| pod_matches(selector, pod));
    if exempt || !asks_for(pod, &config.resources) {
        return BTreeSet::new();
    }
    let now = world.now_ms;
    let within = |from: Option<u64>, until: Option<u64>| {
        from.is_none_or(|from| from <= now) && until.is_none_or(|until| now < until)
    };
    let by_event = world.marks.get(&node.name).filter(|mark| within(mark.from_ms, mark.until_ms));
    let by_event = by_event.map(|mark| mark.reason.as_str());
    let by_label = config.marks.iter().filter(|mark| within(mark.from_ms, mark.until_ms));
    let by_label = by_label.filter(|mark| selector_matches(&mark.selector, node)).map(|mark| mark.reason.as_str());
    let text = |reason: &str| if reason.is_empty() { MARKED.to_owned() } else { format!("{MARKED}: {reason}") };
    by_event.into_iter().chain(by_label).map(text).collect()
}

fn class(config: &Level, pod: &PodSpec) -> &'static str {
    match pod.template.qos {
        _ if asks_for(pod, &config.elastic) => "Elastic",
        QosClass::Guaranteed => "Guaranteed",
        QosClass::Burstable => "Burstable",
        QosClass::BestEffort => "BestEffort",
    }
}

/// Whether the levels are kept for the pod as long as a node is left.
pub(crate) fn falls_back(config: &Level, pod: &PodSpec) -> bool {
    match class(config, pod) {
        "Elastic" | "BestEffort" => config.elastic_falls_back,
        _ => config.online_falls_back,
    }
}

/// Why a node is above its level after placement.
pub(crate) fn water_level(config: &Level, pod: &PodSpec, node: &NodeSpec, world: &World) -> BTreeSet<String> {
    let mut reasons = BTreeSet::new();
    let daemon = pod.template.owner.as_ref().is_some_and(|owner| owner.kind == "DaemonSet");
    if daemon || i128::from(pod.template.priority) >= config.critical_priority {
        return reasons;
    }
    let class = class(config, pod);
    let rule = config.rules.iter().find(|rule| {
        let of_class = rule.classes.is_empty() || rule.classes.iter().any(|name| name == class);
        of_class && rule.selector.as_ref().is_none_or(|selector| selector_matches(selector, node))
    });
    let Some(rule) = rule else { return reasons };
    let sample = world.fresh(&node.name, config.stale_s);
    for (i, (resource, level)) in [("cpu", rule.cpu), ("memory", rule.memory)].into_iter().enumerate() {
        let (Some(level), all) = (level, capacity(node, resource)) else { continue };
        if all == 0 {
            continue;
        }
        let profile = if i == 0 { world.profile(&node.name, &config.profile) } else { 0 };
        let requested = world.on(&node.name).map(|pod| request(&pod.spec, resource)).sum::<i128>();
        // In hundredths.
        let seen = sample
            .map(|sample| 100 * (i128::from([sample.cpu_milli, sample.memory_bytes][i]) + world.unseen(&node.name)[i]));
        let used =
            seen.unwrap_or(requested * config.estimate_percent).max(100 * profile) + 100 * world.estimate(pod)[i];
        if used > level * all {
            let above = format!("above the safe water level of {resource}");
            reasons.insert(match sample {
                Some(_) => format!("node(s) were {above}"),
                None => format!("node(s) without fresh metrics were {above} by requests"),
            });
        }
    }
    reasons
}
