//! `LoadAware`, `TargetLoadPacking` and `Dynamic` answer as the tables in their upstream tests do, fed with events and samples
//! as any embedder feeds them. What of the tables cannot be said that way is listed in the fixtures, with the reason.

use sched_core::{Container, Event, NodeSpec, Owner, PodId, PodSpec, ProfileSet, Resources, Sample, Scheduler};
use serde_json::{Value, json};

const NODE: &str = "node";
const MINUTE_MS: u64 = 60_000;

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn load_aware() -> Value {
    fixture(include_str!("fixtures/peers/load_aware.json"))
}

fn cases(table: &Value) -> impl Iterator<Item = (&str, &Value)> {
    table.as_array().unwrap().iter().map(|case| (case["name"].as_str().unwrap(), case))
}

fn resources(amounts: &Value) -> Resources {
    let of = |i: usize| amounts[i].as_i64().unwrap();
    [("cpu".to_owned(), of(0)), ("memory".to_owned(), of(1))].into_iter().filter(|(_, amount)| *amount > 0).collect()
}

fn pair(amounts: &Value) -> Value {
    json!({"cpu": amounts[0], "memory": amounts[1]})
}

/// One policy over one node.
struct Bench {
    scheduler: Scheduler,
    pods: usize,
}

impl Bench {
    fn try_new(policy: &str, config: &Value) -> Result<ProfileSet, String> {
        let entry = json!({"name": policy, "weight": 1, "config": config});
        let text = json!({"profiles": [{"name": "p", "policies": [entry]}]}).to_string();
        // The name comes first in a policy; a JSON object made here is sorted by key.
        let text = text.replace(
            &format!(r#""config":{config},"name":"{policy}""#),
            &format!(r#""name":"{policy}","config":{config}"#),
        );
        ProfileSet::from_text(&text).map_err(|error| error.to_string())
    }

    fn new(policy: &str, config: &Value, capacity: &Value) -> Self {
        let profiles = Self::try_new(policy, config).unwrap();
        let mut scheduler = Scheduler::new(&profiles.profiles[0], 0).unwrap();
        let node = NodeSpec { name: NODE.into(), allocatable: resources(capacity), ..NodeSpec::default() };
        scheduler.apply(&Event::NodeAdded(node), 0).unwrap();
        Self { scheduler, pods: 0 }
    }

    fn sample(&mut self, at_ms: u64, window_ms: u64, usage: [i64; 2], now_ms: u64) {
        let sample = Sample { at_ms, window_ms, cpu_milli: usage[0], memory_bytes: usage[1] };
        self.scheduler.apply(&Event::NodeSample { name: NODE.into(), sample }, now_ms).unwrap();
    }

    fn pod(&mut self, pod: PodSpec) -> PodId {
        self.pods += 1;
        let pod = PodSpec { namespace: "default".into(), name: format!("pod-{}", self.pods), ..pod };
        self.scheduler.add_pod(&pod).unwrap()
    }

    fn place(&mut self, pod: PodSpec, at_ms: u64) -> PodId {
        let id = self.pod(pod);
        let (namespace, name) = self.scheduler.cluster().pod_name(id).unwrap();
        let bound = Event::PodBound { namespace: namespace.into(), name: name.into(), node: NODE.into(), at_ms };
        self.scheduler.apply(&bound, at_ms).unwrap();
        id
    }

    /// The filter's reasons and the raw score for a pod, whatever the filter says.
    fn answer(&mut self, pod: PodSpec, now_ms: u64) -> (Vec<String>, Option<i64>) {
        let pod = self.pod(pod);
        let evaluation = self.scheduler.evaluate(pod, now_ms).unwrap();
        let answer = &evaluation.answers[0];
        (answer.texts(answer.verdicts[0]).map(str::to_owned).collect(), answer.raw.first().copied())
    }
}

fn pod(case: &Value) -> PodSpec {
    let container = Container {
        requests: resources(&case["requests"]),
        limits: resources(&case["limits"]),
        ..Container::default()
    };
    let mut pod = PodSpec::default();
    pod.template.containers = vec![container];
    if case["daemon_set"] == true {
        pod.template.owner = Some(Owner { kind: "DaemonSet".into(), name: "agent".into() });
    }
    pod
}

/// A node under `LoadAware` with the sample and the pods of a case.
fn load_aware_node(config: &Value, case: &Value, table: &Value) -> Bench {
    let now_ms = table["now_ms"].as_u64().unwrap();
    let mut bench = Bench::new("LoadAware", config, &table["capacity"]);
    let amounts = |usage: &Value| [0, 1].map(|i| usage[i].as_i64().unwrap());
    let at_ms = case["sample"]["at_ms"].as_u64().unwrap_or(now_ms);
    for placed in case["pods"].as_array().unwrap() {
        let id = bench.place(pod(placed), placed["placed_at_ms"].as_u64().unwrap());
        if placed["usage"].is_array() {
            let [cpu_milli, memory_bytes] = amounts(&placed["usage"]);
            let sample = Sample { at_ms, window_ms: MINUTE_MS, cpu_milli, memory_bytes };
            bench.scheduler.pod_sample(id, &sample, now_ms).unwrap();
        }
    }
    if case["sample"].is_object() {
        bench.sample(at_ms, MINUTE_MS, amounts(&case["sample"]["usage"]), now_ms);
    }
    bench
}

#[test]
fn load_aware_filters_as_upstream_does() {
    let table = load_aware();
    for (name, case) in cases(&table["TestFilterUsage"]) {
        let config = json!({"filterExpiredNodeMetrics": false, "usageThresholds": pair(&case["usageThresholds"])});
        let mut bench = load_aware_node(&config, case, &table);
        let (reasons, _) = bench.answer(pod(&case["pod"]), table["now_ms"].as_u64().unwrap());
        let want: Vec<String> =
            case["expected"].as_str().map(|r| format!("node(s) {r} usage exceed threshold")).into_iter().collect();
        assert_eq!(reasons, want, "{name}");
    }
}

#[test]
fn load_aware_rejects_expired_samples_as_upstream_does() {
    let table = load_aware();
    let now_ms = table["now_ms"].as_u64().unwrap();
    for (name, case) in cases(&table["TestFilterExpiredNodeMetric"]) {
        let key = "enableScheduleWhenNodeMetricsExpired";
        let mut bench = Bench::new("LoadAware", &json!({key: case[key]}), &table["capacity"]);
        bench.sample(case["sampled_at_ms"].as_u64().unwrap(), MINUTE_MS, [0; 2], now_ms);
        let (reasons, _) = bench.answer(PodSpec::default(), now_ms);
        let want: &[&str] = if case["expected"] == "pass" { &[] } else { &["node(s) nodeMetric expired"] };
        assert_eq!(reasons, want, "{name}");
    }
}

#[test]
fn load_aware_scores_as_upstream_does() {
    let table = load_aware();
    for (name, case) in cases(&table["TestScore"]) {
        // The filter is another table's matter.
        let config = json!({"filterExpiredNodeMetrics": false, "usageThresholds": {}});
        let mut bench = load_aware_node(&config, case, &table);
        let (_, score) = bench.answer(pod(&case["pod"]), table["now_ms"].as_u64().unwrap());
        assert_eq!(score, case["expected"].as_i64(), "{name}");
    }
}

#[test]
fn load_aware_refuses_what_upstream_refuses() {
    let table = load_aware();
    for (name, case) in cases(&table["TestValidateLoadAwareSchedulingArgs"]) {
        let read = Bench::try_new("LoadAware", &case["config"]);
        assert_eq!(read.is_ok(), case["valid"].as_bool().unwrap(), "{name}: {:?}", read.err());
    }
}

#[test]
fn the_smaller_score_counts_once_more_with_its_weight() {
    let config = json!({"usageThresholds": {}, "dominantResourceWeight": 2});
    let mut bench = Bench::new("LoadAware", &config, &json!([1_000, 1_000 << 20]));
    bench.sample(0, MINUTE_MS, [250, 0], 0);
    // CPU (1000 - 500) / 1000, memory (1000 - 200) / 1000 MiB: (50 + 80 + 2 * 50) / 4.
    assert_eq!(bench.answer(PodSpec::default(), 0).1, Some(57));
}

#[test]
fn a_pod_without_a_sample_counts_in_full_beside_pods_that_have_one() {
    let config = json!({"usageThresholds": {}, "resourceWeights": {"cpu": 1}});
    let mut bench = Bench::new("LoadAware", &config, &json!([1_000, 1_000 << 20]));
    let old = bench.place(PodSpec::default(), 0);
    bench.place(PodSpec::default(), 0);
    bench.sample(10 * MINUTE_MS, MINUTE_MS, [100, 0], 10 * MINUTE_MS);
    // Both were placed long before the sample, which shows them; then only one of them is found in the report.
    assert_eq!(bench.answer(PodSpec::default(), 10 * MINUTE_MS).1, Some(65));
    let sample = Sample { at_ms: 10 * MINUTE_MS, window_ms: MINUTE_MS, cpu_milli: 100, memory_bytes: 0 };
    bench.scheduler.pod_sample(old, &sample, 10 * MINUTE_MS).unwrap();
    assert_eq!(bench.answer(PodSpec::default(), 10 * MINUTE_MS).1, Some(40));
}

#[test]
fn target_load_packing_scores_as_upstream_does() {
    let table = fixture(include_str!("fixtures/peers/target_load_packing.json"));
    for (name, case) in cases(&table["TestTargetLoadPackingScoring"]) {
        let capacity = case["capacity_milli"].as_i64().unwrap();
        let mut bench = Bench::new("TargetLoadPacking", &json!({"defaultRequests": {"cpu": 0}}), &json!([capacity, 1]));
        if let Some(percent) = case["cpu_percent"].as_i64() {
            bench.sample(0, MINUTE_MS, [capacity * percent / 100, 0], 0);
        }
        let mut incoming = PodSpec::default();
        for container in case["containers"].as_array().unwrap() {
            let cpu = |key: &str| resources(&json!([container[key], 0]));
            let (requests, limits) = (cpu("request_milli"), cpu("limit_milli"));
            incoming.template.containers.push(Container { requests, limits, ..Container::default() });
        }
        assert_eq!(bench.answer(incoming, 0).1, case["expected"].as_i64(), "{name}");
    }
}

#[test]
fn target_load_packing_adds_what_the_sample_does_not_show() {
    let table = fixture(include_str!("fixtures/peers/target_load_packing.json"));
    for row in table["placed_at_s_missing_from_a_sample_at_1000_s"]["rows"].as_array().unwrap() {
        let mut bench = Bench::new("TargetLoadPacking", &json!({}), &json!([1_000, 1]));
        bench.sample(1_000_000, MINUTE_MS, [0; 2], 2_000_000);
        bench.place(pod(&json!({"requests": [0, 0], "limits": [300, 0]})), row[0].as_u64().unwrap() * 1_000);
        // 30 % of the node are worth 85, 0 % the target itself.
        let want = if row[1] == true { 85 } else { 40 };
        assert_eq!(bench.answer(PodSpec::default(), 2_000_000).1, Some(want), "{row}");
    }
}

#[test]
fn a_hot_value_takes_ten_points_off() {
    let table = fixture(include_str!("fixtures/peers/dynamic.json"));
    for (name, case) in cases(&table["hot_value"]) {
        // Every second is a refresh, so that the table's time is one.
        let metric = |key: &str, value: Value| json!([{"name": "cpu_usage_avg_5m", key: value}]);
        let config = json!({"syncPolicy": metric("period", json!("1s")), "predicate": [], "priority": metric("weight", json!(1))});
        let mut bench = Bench::new("Dynamic", &config, &json!([1_000, 1]));
        let now_ms = case["now_s"].as_u64().unwrap() * 1_000;
        for at_s in case["bound_at_s"].as_array().unwrap() {
            bench.place(PodSpec::default(), at_s.as_u64().unwrap() * 1_000);
        }
        bench.sample(now_ms, MINUTE_MS, [0; 2], now_ms);
        let hot = case["expected"].as_i64().unwrap();
        assert_eq!(bench.answer(PodSpec::default(), now_ms).1, Some(100 - 10 * hot), "{name}");
    }
}

#[test]
fn dynamic_sees_samples_and_placements_at_the_next_refresh() {
    // Usual settings: CPU of five minutes every 3, of an hour every 15, of a day every 180; no memory in use.
    let mut bench = Bench::new("Dynamic", &json!({}), &json!([1_000, 1_000]));
    let minute = |m: u64| m * MINUTE_MS;
    assert_eq!(bench.answer(PodSpec::default(), minute(1)), (vec![], Some(0)));
    // The first sample of a node counts at once: 40 % in all three windows.
    bench.sample(minute(1), MINUTE_MS, [400, 0], minute(1));
    assert_eq!(bench.answer(PodSpec::default(), minute(1)), (vec![], Some(80)));
    // The next ones wait for a refresh: after that at 6 minutes it is 60 % in five minutes, and still 40 % in an hour and a day.
    for m in 2..=8 {
        bench.sample(minute(m), MINUTE_MS, [if m < 5 { 400 } else { 900 }, 0], minute(m));
    }
    assert_eq!(bench.answer(PodSpec::default(), minute(9) - 1_000), (vec![], Some(78)));
    let high = |metric: &str| vec![format!("Load[{metric}] of node is too high")];
    assert_eq!(bench.answer(PodSpec::default(), minute(9)).0, high("cpu_usage_avg_5m"));
    // Without further samples the value stays until it is too old, that of an hour longer.
    assert_eq!(bench.answer(PodSpec::default(), minute(20) - 1_000).0, high("cpu_usage_avg_5m"));
    assert_eq!(bench.answer(PodSpec::default(), minute(20)).0, high("cpu_usage_max_avg_1h"));
    assert_eq!(bench.answer(PodSpec::default(), minute(60 + 20 + 15)).0, Vec::<String>::new());
}

#[test]
fn when_decisions_are_made_does_not_matter() {
    let minute = |m: u64| m * MINUTE_MS;
    let run = |looks: &[u64]| {
        let mut bench = Bench::new("Dynamic", &json!({}), &json!([1_000, 1_000]));
        for m in 1..=40 {
            bench.sample(minute(m), MINUTE_MS, [(m as i64 * 37) % 500, (m as i64 * 53) % 400], minute(m + 2) + 500);
            if m % 3 == 0 {
                bench.place(PodSpec::default(), minute(m + 2) + 900);
            }
            if looks.contains(&m) {
                bench.answer(PodSpec::default(), minute(m + 2) + 20_000);
            }
        }
        bench.answer(PodSpec::default(), minute(43))
    };
    let seldom = run(&[]);
    assert_eq!(seldom, run(&(1..=40).collect::<Vec<_>>()));
    assert_eq!(seldom, run(&[7, 22, 31]));
}
