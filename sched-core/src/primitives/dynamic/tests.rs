//! The policy over columns that are set by hand: statistics that no run of samples could have.

use super::*;
use sched_abi::{Bits, EstimateRule, LabelSelector, NodeSelector, PodMatch, ResourceId};
use serde_json::Value;

const NOW_MS: u64 = 100_000_000;
const CAPACITY: f64 = 1e6;

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/peers/dynamic.json")).unwrap()
}

/// One node, whose derived columns are filled in the order in which they were asked for.
#[derive(Default)]
struct OneNode {
    asked: Vec<Derived>,
    values: Vec<[f64; 1]>,
}

impl Setup for OneNode {
    fn resource(&mut self, name: &str) -> Result<ResourceId, SetupError> {
        Err(SetupError(name.to_owned()))
    }

    fn derive(&mut self, derived: Derived) -> Result<Column, SetupError> {
        self.asked.push(derived);
        Ok(Column::Derived(self.asked.len() as u16 - 1))
    }

    fn estimate(&mut self, rule: EstimateRule) -> Result<usize, SetupError> {
        Err(SetupError(format!("{rule:?}")))
    }

    fn node_selector(&mut self, selector: &NodeSelector) -> Result<Bits, SetupError> {
        Err(SetupError(format!("{selector:?}")))
    }

    fn pod_selector(&mut self, selector: &LabelSelector) -> Result<PodMatch, SetupError> {
        Err(SetupError(format!("{selector:?}")))
    }
}

impl Nodes for OneNode {
    fn rows(&self) -> usize {
        1
    }

    fn live(&self) -> usize {
        1
    }

    fn resource_name(&self, _: ResourceId) -> &'static str {
        ""
    }

    fn now_ms(&self) -> u64 {
        NOW_MS
    }

    fn quantity(&self, column: Column) -> &[f64] {
        match column {
            Column::Derived(index) => &self.values[index as usize],
            Column::Capacity(_) => &[CAPACITY],
            _ => &[],
        }
    }

    fn bits(&self, _: Bits) -> &[u64] {
        &[1]
    }

    fn taint_sets(&self) -> &[u32] {
        &[0]
    }
}

impl OneNode {
    /// The node of a case.
    fn of(case: &Value, asked: Vec<Derived>) -> Self {
        let place = |spec: sched_abi::UsageOver| {
            Metric::ALL.into_iter().position(|m| m.usage_over(spec.refresh_ms) == spec).unwrap()
        };
        let value = |derived: &Derived| match *derived {
            Derived::UsageOver(spec) => case["usage"][place(spec)].as_f64().map_or(-1.0, |usage| usage * CAPACITY),
            Derived::UsageOverAt(spec) => NOW_MS as f64 - case["age_ms"][place(spec)].as_f64().unwrap(),
            // All of the hot value from the window of five minutes, five of which make a unit.
            Derived::BindsSeen { window_ms: 300_000, .. } => case["hot"].as_f64().unwrap() * 5.0,
            _ => 0.0,
        };
        Self { values: asked.iter().map(|derived| [value(derived)]).collect(), asked }
    }
}

fn set_up(config: DynamicConfig) -> (Dynamic, Vec<Derived>) {
    let (mut policy, mut host) = (Dynamic::new(config), OneNode::default());
    policy.setup(&mut host).unwrap();
    (policy, host.asked)
}

fn answer(policy: &Dynamic, nodes: &OneNode) -> (Option<String>, i64) {
    let (pod, rows) = (PodView::default(), Rows::Range { start: 0, end: 1 });
    let (mut verdict, mut score) = ([Verdict::PASS], [0]);
    policy.filter(&pod, nodes, &[0; 16], rows, &mut verdict);
    policy.score(&pod, nodes, &[0; 16], rows, &mut score);
    (verdict[0].reasons().next().map(|place| REASONS[place as usize].text.to_string()), score[0])
}

#[test]
fn equals_the_formula_on_every_row_of_the_table() {
    let (policy, asked) = set_up(DynamicConfig::default());
    for case in fixture()["score"].as_array().unwrap() {
        let nodes = OneNode::of(case, asked.clone());
        let broken = case["broken"].as_str().map(|metric| format!("Load[{metric}] of node is too high"));
        assert_eq!(answer(&policy, &nodes), (broken, case["score"].as_i64().unwrap()), "{}", case["name"]);
        assert_eq!(policy.base(&policy.usages(&nodes), 0), case["base"].as_i64().unwrap(), "{}", case["name"]);
    }
}

#[test]
fn a_ratio_is_rounded_as_a_decimal_print_does() {
    for row in fixture()["stored_ratio_of_percent"].as_array().unwrap() {
        let (percent, want) = (row[0].as_f64().unwrap(), row[1].as_f64().unwrap());
        assert_eq!(stored_ratio(percent / 100.0), want, "{percent}");
    }
    let mut state = 1u64;
    for _ in 0..200_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let ratio = (state >> 11) as f64 / (1u64 << 53) as f64 * 3.0;
        let near_tie = libm::floor(ratio * 1e5) / 1e5 + 0.5e-5;
        for ratio in [ratio, near_tie] {
            let printed: f64 = format!("{ratio:.5}").parse().unwrap();
            assert_eq!(stored_ratio(ratio), printed, "{ratio:e}");
        }
    }
}

#[test]
fn a_metric_that_is_never_refreshed_counts_as_fully_used_and_passes_the_filter() {
    let (policy, asked) = set_up(DynamicConfig { sync_policy: Vec::new(), ..DynamicConfig::default() });
    assert_eq!(answer(&policy, &OneNode::of(&fixture()["score"][1], asked)), (None, 0));
}

#[test]
fn no_priorities_score_nothing() {
    let (policy, asked) = set_up(DynamicConfig { priority: Vec::new(), ..DynamicConfig::default() });
    assert_eq!(answer(&policy, &OneNode::of(&fixture()["score"][0], asked)), (None, 0));
}
