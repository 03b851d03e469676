//! Settings of the library's own policies and of its users' present ones: every mode, every side, every list, as profile
//! files hold them.

use super::{NOW_MS, one_of, text};
use policy_sdk::testing::strategies::selector;
use proptest::prelude::*;
use sched_core::abi::{NodeSelector, Operator, Requirement, SelectorTerm};
use serde_json::{Value, json};

/// Settings of a policy that kube-scheduler does not have; `None` for one that has no settings here.
pub(crate) fn settings(name: &str) -> Option<BoxedStrategy<Value>> {
    Some(match name {
        "CoolDown" => prop_oneof![heat(), heat(), windows()].boxed(),
        "HybridUnschedulable" => hybrid_unschedulable().boxed(),
        "NodeBalance" => node_balance().boxed(),
        "NodeInfo" => node_info().boxed(),
        "WaterLevel" => water_level().boxed(),
        "ExpectedOverload" => expected_overload().boxed(),
        "LoadAware" => load_aware().boxed(),
        "TargetLoadPacking" => target_load_packing().boxed(),
        "Dynamic" => dynamic().boxed(),
        _ => return None,
    })
}

fn heat() -> BoxedStrategy<Value> {
    (text(&["share", "count"]), one_of(&[15, 60, 299, 300, 1_920]), one_of(&[1, 3, 30, 100, 10_000]))
        .prop_map(|(mode, seconds, limit)| json!({ "mode": mode, "halfLifeSeconds": seconds, "heatLimit": limit }))
        .boxed()
}

fn windows() -> BoxedStrategy<Value> {
    let window = (one_of(&[15, 60, 300, 1_920]), one_of(&[1, 2, 5]));
    let window = window.prop_map(|(seconds, step)| json!({ "seconds": seconds, "step": step }));
    let windows = prop::collection::vec(window, 1..=3);
    windows.prop_map(|windows| json!({ "mode": "windows", "windows": windows })).boxed()
}

/// Names of resources that pods of the generated clusters ask for, and of such that they do not.
fn elastic() -> impl Strategy<Value = Value> {
    one_of(&[
        json!(["batch-cpu"]),
        json!(["BATCH-*", "be-cpu"]),
        json!(["example.com/batch-*", "nvidia.com/gpu"]),
        json!(["example.com/cpu", "hugepages-*"]),
    ])
}

/// A selector with a term at least.
fn pool() -> impl Strategy<Value = NodeSelector> {
    selector().prop_map(|mut selector| {
        if selector.node_selector_terms.is_empty() {
            let any = Requirement { key: "disk".to_owned(), operator: Operator::Exists, values: Vec::new() };
            selector.node_selector_terms =
                vec![SelectorTerm { match_expressions: vec![any], ..SelectorTerm::default() }];
        }
        selector
    })
}

fn hybrid_unschedulable() -> impl Strategy<Value = Value> {
    let from = || prop::option::of(one_of(&[0, NOW_MS, NOW_MS + 600_000]));
    let window = move || (from(), prop::option::of(one_of(&[1, 600_000, 1_200_000])));
    let mark = |reason: &'static str| {
        let mark = (pool(), window());
        mark.prop_map(move |(selector, (from, length))| {
            let mut mark = json!({ "nodeSelector": selector, "reason": reason });
            if let Some(from) = from {
                mark["fromMs"] = json!(from);
            }
            if let Some(length) = length {
                mark["untilMs"] = json!(from.unwrap_or(NOW_MS) + length);
            }
            mark
        })
    };
    let marks = (prop::option::of(mark("slow disk")), prop::option::of(mark("old")));
    let marks = marks.prop_map(|(first, second)| first.into_iter().chain(second).collect::<Vec<_>>());
    let expressions = [
        json!({ "matchLabels": { "app": "x" } }),
        json!({ "matchExpressions": [{ "key": "app", "operator": "NotIn", "values": ["x"] }] }),
        json!({ "matchLabels": { "app": "y" }, "matchExpressions": [{ "key": "tier", "operator": "Exists" }] }),
    ];
    let exempt = prop::collection::vec(one_of(&expressions), 0..=1);
    (elastic(), marks, exempt)
        .prop_map(|(resources, marks, exempt)| json!({ "resources": resources, "marks": marks, "exempt": exempt }))
}

fn stale() -> impl Strategy<Value = u32> {
    one_of(&[1, 59, 60, 300, 86_400])
}

/// Where profiles of nodes come from.
fn profile_of() -> impl Strategy<Value = Value> {
    let pool = |label: &str| json!({ "nodes": { "poolLabel": label } });
    one_of(&[
        json!("applications"),
        json!("applications"),
        json!({ "nodes": {} }),
        pool("topology.kubernetes.io/zone"),
        pool("disk"),
    ])
}

fn node_balance() -> impl Strategy<Value = Value> {
    let pools = prop::collection::vec(pool(), 0..=3);
    (text(&["both", "above"]), one_of(&[1, 10, 50, 100]), pools, stale(), profile_of()).prop_map(
        |(side, limit, pools, stale, profile)| {
            json!({
                "side": side, "distanceLimit": limit, "pools": pools, "staleAfterSeconds": stale, "profile": profile,
            })
        },
    )
}

fn node_info() -> impl Strategy<Value = Value> {
    let weights = one_of(&[(1, 1), (1, 0), (0, 1), (3, 100)]);
    (text(&["larger", "blend"]), stale(), text(&["requests", "profile", "full"]), weights, profile_of()).prop_map(
        |(combine, stale, missing, (cpu, memory), profile)| {
            json!({
                "combine": combine, "staleAfterSeconds": stale, "missing": missing, "profile": profile,
                "cpuWeight": cpu, "memoryWeight": memory,
            })
        },
    )
}

fn water_level() -> impl Strategy<Value = Value> {
    let classes = prop::sample::subsequence(vec!["Guaranteed", "Burstable", "BestEffort", "Elastic"], 0..=3);
    let level = || prop::option::weighted(0.8, one_of(&[1, 20, 50, 70, 79]));
    let rule = (classes, prop::option::weighted(0.4, pool()), level(), level());
    let rule = rule.prop_map(|(classes, pool, cpu, memory)| {
        json!({ "qosClasses": classes, "nodeSelector": pool, "cpuPercent": cpu, "memoryPercent": memory })
    });
    let suppression = one_of(&[(80, 80), (95, 100)]);
    let above = || text(&["reject", "fallBack"]);
    let rest = (one_of(&[-10, 0, 2_000_000_000]), stale(), one_of(&[1, 55, 85, 100]), profile_of());
    (prop::collection::vec(rule, 1..=3), suppression, (above(), above()), elastic(), rest).prop_map(
        |(rules, (cpu, memory), (for_elastic, online), resources, (priority, stale, estimate, profile))| {
            json!({
                "rules": rules, "suppressionPercent": { "cpu": cpu, "memory": memory },
                "whenAllAbove": { "elastic": for_elastic, "online": online }, "elasticResources": resources,
                "criticalPriority": priority, "staleAfterSeconds": stale, "estimatePercent": estimate,
                "profile": profile,
            })
        },
    )
}

fn expected_overload() -> impl Strategy<Value = Value> {
    let percent = || one_of(&[1, 30, 65, 85, 100]);
    let stale = one_of(&[1, 60, 3_600, 86_400]);
    (percent(), percent(), one_of(&[0, 75, 300, 65_535]), one_of(&[0, 30, 1_000]), stale).prop_map(
        |(level, decay, caution, floor, stale)| {
            json!({
                "waterLevelPercent": level, "hourDecayPercent": decay,
                "cautionPercent": caution, "floorPermille": floor, "staleAfterSeconds": stale,
            })
        },
    )
}

fn load_aware() -> impl Strategy<Value = Value> {
    let pair = |from: &[i32]| (prop::option::weighted(0.8, one_of(from)), prop::option::weighted(0.8, one_of(from)));
    let factors = (one_of(&[1, 85, 100]), one_of(&[1, 70, 100]));
    let metrics = (any::<bool>(), any::<bool>(), one_of(&[1, 60, 180, 3_600]));
    (metrics, pair(&[1, 2, 100]), one_of(&[0, 1, 100]), pair(&[0, 1, 65, 100]), factors).prop_map(
        |((filter, enable, seconds), weights, dominant, thresholds, factors)| {
            let both = |(cpu, memory): (Option<i32>, Option<i32>)| json!({ "cpu": cpu, "memory": memory });
            json!({
                "filterExpiredNodeMetrics": filter, "enableScheduleWhenNodeMetricsExpired": enable,
                "nodeMetricExpirationSeconds": seconds, "resourceWeights": both(weights),
                "dominantResourceWeight": dominant, "usageThresholds": both(thresholds),
                "estimatedScalingFactors": { "cpu": factors.0, "memory": factors.1 },
            })
        },
    )
}

fn target_load_packing() -> impl Strategy<Value = Value> {
    (one_of(&[-1, 0, 1, 40, 99, 100]), one_of(&[0, 250, 1_000]), one_of(&[0.0, 0.5, 1.5])).prop_map(
        |(target, absent, factor)| {
            json!({
                "targetUtilization": target, "defaultRequests": { "cpu": absent },
                "defaultRequestsMultiplier": factor,
            })
        },
    )
}

const METRICS: [&str; 6] = [
    "cpu_usage_avg_5m",
    "cpu_usage_max_avg_1h",
    "cpu_usage_max_avg_1d",
    "mem_usage_avg_5m",
    "mem_usage_max_avg_1h",
    "mem_usage_max_avg_1d",
];

fn dynamic() -> impl Strategy<Value = Value> {
    let metrics = || prop::sample::subsequence(METRICS.to_vec(), 0..=6);
    let (period, limit, weight) = (text(&["0s", "15s", "3m"]), one_of(&[0.0, 0.3, 0.65]), one_of(&[0.0, 0.2, 1.0]));
    let window = (text(&["1m", "5m"]), one_of(&[0, 1, 5]));
    let window = window.prop_map(|(range, count)| json!({ "timeRange": range, "count": count }));
    let list = |names: Vec<&str>, key: &str, value: Value| -> Vec<Value> {
        names.into_iter().map(|name| json!({ "name": name, key: value })).collect()
    };
    (metrics(), period, (metrics(), limit), (metrics(), weight), prop::collection::vec(window, 0..=2)).prop_map(
        move |(synced, period, (limited, limit), (weighed, weight), windows)| {
            json!({
                "syncPolicy": list(synced, "period", json!(period)),
                "predicate": list(limited, "maxLimitPecent", json!(limit)),
                "priority": list(weighed, "weight", json!(weight)),
                "hotValue": windows,
            })
        },
    )
}
