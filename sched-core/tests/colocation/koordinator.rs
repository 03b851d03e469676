//! The answers of Koordinator's own unit tests; see fixtures/colocation/README.md.

use crate::world::T0;
use sched_core::colocation::*;
use serde_json::Value;

fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/fixtures/colocation/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect()
}

fn each(value: &Value) -> Amounts {
    Amounts::new(value[0].as_i64().expect("cpu"), value[1].as_i64().expect("memory"))
}

fn from<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("a known name")
}

fn pod(value: &Value) -> PodReport {
    let zones = value["zones"].as_array().expect("zones").iter().map(|zone| zone.as_u64().expect("a zone") as u32);
    let mut pod = PodReport::new(value["name"].to_string(), from(&value["qos"]), each(&value["requested"]));
    pod.zones = zones.collect();
    pod.used = Some(&value["used"]).filter(|used| !used.is_null()).map(each);
    pod
}

fn report(case: &Value) -> NodeReport {
    let list = |key: &str| case.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let zones = list("zones");
    let zone = |zone: &Value| ZoneReport { id: from(&zone["id"]), capacity: each(&zone["capacity"]) };
    NodeReport {
        at_ms: T0,
        capacity: each(&case["capacity"]),
        allocatable: each(&case["allocatable"]),
        annotated_reserve: each(&case["annotated"]),
        system_used: each(&case["system"]),
        pods: list("pods").iter().map(pod).collect(),
        zones: zones.iter().map(zone).collect(),
    }
}

#[test]
fn be_is_offered_what_koordinator_offers() {
    let cases = cases("koordinator_batch.jsonl");
    assert_eq!(cases.len(), 19);
    for case in &cases {
        let config = CapacityConfig {
            formula: Each { cpu: from(&case["formula"][0]), memory: from(&case["formula"][1]) },
            be_level_percent: Each { cpu: from(&case["level"][0]), memory: from(&case["level"][1]) },
            ot_memory_percent: 0,
            ..CapacityConfig::default()
        };
        let offer = OfferState::default().step(&config, &report(case), T0).expect("a sound report");
        assert_eq!(offer.be.target, each(&case["be"]), "{}", case["name"]);
        let expected: Vec<Amounts> = case
            .get("zones")
            .and_then(Value::as_array)
            .map_or(Vec::new(), |zones| zones.iter().map(|zone| each(&zone["be"])).collect());
        let zones: Vec<Amounts> = offer.zones.iter().map(|zone| zone.target.be).collect();
        assert_eq!(zones, expected, "{}", case["name"]);
    }
}

#[test]
fn be_is_left_what_koordinator_leaves_it() {
    let cases = cases("koordinator_suppress.jsonl");
    assert_eq!(cases.len(), 6);
    for case in &cases {
        let config = SuppressConfig {
            level_percent: from(&case["level"]),
            floor_percent: from(&case["floor"]),
            ..SuppressConfig::default()
        };
        let capacity = Amounts::new(from(&case["capacity"]), 0);
        let pod = |pod: &Value| {
            PodReport::new("pod", from(&pod["qos"]), Amounts::default()).using(Amounts::new(from(&pod["used"]), 0))
        };
        let pods: Vec<PodReport> = case["pods"].as_array().expect("pods").iter().map(pod).collect();
        let system_used = system_use(Amounts::new(from(&case["node_used"]), 0), &pods);
        let report = NodeReport { at_ms: T0, capacity, allocatable: capacity, system_used, pods, ..Default::default() };
        let now = SuppressState::default().step(&config, &report, T0).expect("a sound report");
        assert_eq!(now.limit_milli, from::<i64>(&case["be"]), "{}", case["name"]);
    }
}
