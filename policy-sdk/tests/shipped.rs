//! Every policy that ships with the library keeps every law that it claims, with its default settings and with others.

use policy_sdk::abi::{LabelSelector, NodeSelector, Operator, PreferredTerm, Requirement, SelectorTerm};
use policy_sdk::testing::{Options, check};
use sched_core::PolicyConfig;
use sched_core::primitives::{
    AddedAffinity, AllAbove, BalancedConfig, Combine, CoolDownConfig, CoolDownMode, CpuMemory, DynamicConfig,
    ExpectedOverloadConfig, FitConfig, HybridUnschedulableConfig, LevelClass, LoadAwareConfig, Missing,
    NodeAffinityConfig, NodeBalanceConfig, NodeInfoConfig, RatioShape, ResourceWeight, ScoringStrategy, SelectorMark,
    ShapePoint, Side, StrategyKind, TargetLoadPackingConfig, WaterLevelConfig, WaterLevelRule, WhenAllAbove,
};

#[test]
fn with_default_settings() {
    let defaults = PolicyConfig::NAMES.iter().map(|name| PolicyConfig::default_of(name).unwrap());
    keep_their_laws(defaults.collect());
}

#[test]
fn with_other_settings_of_what_kubernetes_has() {
    let fit = |kind| {
        let resources = weights(&[("cpu", 1), ("memory", 5), ("nvidia.com/gpu", 100)]);
        let shape = [(0, 0), (40, 10), (100, 3)].map(|(utilization, score)| ShapePoint { utilization, score });
        let requested_to_capacity_ratio = Some(RatioShape { shape: shape.into() });
        let scoring_strategy = ScoringStrategy { kind, resources, requested_to_capacity_ratio };
        let ignored_resources = vec!["example.com/batch-cpu".to_owned()];
        PolicyConfig::NodeResourcesFit(FitConfig { ignored_resources, scoring_strategy, ..FitConfig::default() })
    };
    let added = AddedAffinity {
        required: Some(zone("z1")),
        preferred: vec![PreferredTerm { weight: 7, preference: term("disk", "ssd") }],
    };
    keep_their_laws(vec![
        fit(StrategyKind::LeastAllocated),
        fit(StrategyKind::MostAllocated),
        fit(StrategyKind::RequestedToCapacityRatio),
        PolicyConfig::NodeResourcesBalancedAllocation(BalancedConfig {
            resources: weights(&[("cpu", 1), ("memory", 1), ("nvidia.com/gpu", 1)]),
        }),
        PolicyConfig::NodeAffinity(NodeAffinityConfig { added_affinity: Some(added) }),
    ]);
}

#[test]
fn with_other_settings_of_marks_and_heat() {
    let mark = |from_ms, until_ms| SelectorMark {
        node_selector: zone("z2"),
        reason: "maintenance".to_owned(),
        from_ms,
        until_ms,
    };
    let hybrid = HybridUnschedulableConfig {
        resources: vec!["nvidia.com/gpu".to_owned(), "batch-*".to_owned()],
        marks: vec![mark(None, None), mark(Some(1), Some(2_000_000_000)), mark(None, Some(500))],
        exempt: vec![LabelSelector {
            match_labels: [("app".to_owned(), "x".to_owned())].into(),
            ..LabelSelector::default()
        }],
    };
    let cool_down = |mode| PolicyConfig::CoolDown(CoolDownConfig { mode, heat_limit: 7, ..CoolDownConfig::default() });
    keep_their_laws(vec![
        PolicyConfig::HybridUnschedulable(hybrid),
        cool_down(CoolDownMode::Count),
        cool_down(CoolDownMode::Windows),
        PolicyConfig::ExpectedOverload(ExpectedOverloadConfig {
            water_level_percent: 1,
            hour_decay_percent: 100,
            caution_percent: u16::MAX,
            floor_permille: 0,
            stale_after_seconds: 1,
        }),
    ]);
}

#[test]
fn with_other_settings_of_what_reads_use() {
    let reject = WhenAllAbove { elastic: AllAbove::Reject, online: AllAbove::Reject };
    let rule = |qos_classes: &[LevelClass], node_selector, cpu_percent| WaterLevelRule {
        qos_classes: qos_classes.into(),
        node_selector,
        cpu_percent,
        memory_percent: Some(60),
    };
    let rules = vec![
        rule(&[LevelClass::BestEffort, LevelClass::Elastic], Some(zone("z1")), Some(30)),
        rule(&[], Some(zone("z2")), None),
        rule(&[], None, Some(65)),
    ];
    let node_info = |combine, missing| NodeInfoConfig { combine, missing, cpu_weight: 3, ..NodeInfoConfig::default() };
    let load_aware = LoadAwareConfig {
        filter_expired_node_metrics: false,
        dominant_resource_weight: 9,
        resource_weights: CpuMemory { cpu: Some(3), memory: None },
        ..LoadAwareConfig::default()
    };
    keep_their_laws(vec![
        PolicyConfig::WaterLevel(WaterLevelConfig { when_all_above: reject, ..WaterLevelConfig::default() }),
        PolicyConfig::WaterLevel(WaterLevelConfig { rules, when_all_above: reject, ..WaterLevelConfig::default() }),
        PolicyConfig::NodeInfo(node_info(Combine::Blend, Missing::Full)),
        PolicyConfig::NodeInfo(node_info(Combine::Larger, Missing::Profile)),
        PolicyConfig::NodeBalance(NodeBalanceConfig {
            side: Side::Above,
            distance_limit: 100,
            pools: vec![zone("z1"), zone("z2")],
            ..NodeBalanceConfig::default()
        }),
        PolicyConfig::LoadAware(load_aware),
        PolicyConfig::TargetLoadPacking(TargetLoadPackingConfig {
            target_utilization: 100,
            ..TargetLoadPackingConfig::default()
        }),
        PolicyConfig::Dynamic(DynamicConfig { predicate: Vec::new(), ..DynamicConfig::default() }),
    ]);
}

fn keep_their_laws(policies: Vec<PolicyConfig>) {
    for config in policies {
        let report = check(&|| config.build(), &Options::default());
        assert!(report.passed(), "{config:?}\n{report}");
    }
}

fn weights(weights: &[(&str, u8)]) -> Vec<ResourceWeight> {
    weights.iter().map(|&(name, weight)| ResourceWeight { name: name.to_owned(), weight }).collect()
}

fn term(key: &str, value: &str) -> SelectorTerm {
    let (key, values) = (key.to_owned(), vec![value.to_owned()]);
    let requirement = Requirement { key, operator: Operator::In, values };
    SelectorTerm { match_expressions: vec![requirement], ..SelectorTerm::default() }
}

fn zone(zone: &str) -> NodeSelector {
    NodeSelector { node_selector_terms: vec![term("topology.kubernetes.io/zone", zone)] }
}
