//! Settings of the library's own policies, read from the JSON of a profile, with the defaults that the documentation names.

use sched_core::abi::{LabelSelector, NodeSelector};
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Share,
    Count,
    Windows,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CoolDown {
    pub(crate) mode: Mode,
    pub(crate) half_life_s: u64,
    pub(crate) heat_limit: i128,
    /// Seconds, step.
    pub(crate) windows: Vec<(u64, i128)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LabelMark {
    pub(crate) selector: NodeSelector,
    pub(crate) reason: String,
    pub(crate) from_ms: Option<u64>,
    pub(crate) until_ms: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hybrid {
    pub(crate) resources: Vec<String>,
    pub(crate) marks: Vec<LabelMark>,
    pub(crate) exempt: Vec<LabelSelector>,
}

/// Where the profile of a node comes from: the applications on it, or its own samples and those of nodes that have the same
/// value of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProfileOf {
    Applications,
    Nodes(Option<String>),
}

impl ProfileOf {
    fn from_json(args: &Value) -> Self {
        let nodes = &args["profile"]["nodes"];
        if nodes.is_object() { Self::Nodes(nodes["poolLabel"].as_str().map(str::to_owned)) } else { Self::Applications }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Balance {
    pub(crate) above: bool,
    pub(crate) limit: i128,
    pub(crate) pools: Vec<NodeSelector>,
    pub(crate) stale_s: i128,
    pub(crate) profile: ProfileOf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) blend: bool,
    pub(crate) stale_s: i128,
    pub(crate) profile: ProfileOf,
    pub(crate) missing: String,
    pub(crate) cpu_weight: i128,
    pub(crate) memory_weight: i128,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) classes: Vec<String>,
    pub(crate) selector: Option<NodeSelector>,
    pub(crate) cpu: Option<i128>,
    pub(crate) memory: Option<i128>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) rules: Vec<Rule>,
    pub(crate) elastic_falls_back: bool,
    pub(crate) online_falls_back: bool,
    pub(crate) elastic: Vec<String>,
    pub(crate) critical_priority: i128,
    pub(crate) stale_s: i128,
    pub(crate) profile: ProfileOf,
    pub(crate) estimate_percent: i128,
}

impl CoolDown {
    pub(crate) fn from_json(args: &Value) -> Self {
        let mode = match text(&args["mode"], "share") {
            "share" => Mode::Share,
            "count" => Mode::Count,
            _ => Mode::Windows,
        };
        let window = |window: &Value| (window["seconds"].as_u64().unwrap_or(0), number(&window["step"], 1));
        let windows = args["windows"].as_array().map(|list| list.iter().map(window).collect());
        Self {
            mode,
            half_life_s: args["halfLifeSeconds"].as_u64().unwrap_or(300),
            heat_limit: number(&args["heatLimit"], 30),
            windows: windows.unwrap_or(vec![(300, 5), (60, 2)]),
        }
    }
}

impl Hybrid {
    pub(crate) fn from_json(args: &Value) -> Self {
        let mark = |mark: &Value| LabelMark {
            selector: read(&mark["nodeSelector"]).expect("a selector"),
            reason: text(&mark["reason"], "").to_owned(),
            from_ms: mark["fromMs"].as_u64(),
            until_ms: mark["untilMs"].as_u64(),
        };
        Self {
            resources: elastic(&args["resources"]),
            marks: args["marks"].as_array().into_iter().flatten().map(mark).collect(),
            exempt: read(&args["exempt"]).unwrap_or_default(),
        }
    }
}

impl Balance {
    pub(crate) fn from_json(args: &Value) -> Self {
        Self {
            above: args["side"] == "above",
            limit: number(&args["distanceLimit"], 50),
            pools: read(&args["pools"]).unwrap_or_default(),
            stale_s: stale(args),
            profile: ProfileOf::from_json(args),
        }
    }
}

impl Info {
    pub(crate) fn from_json(args: &Value) -> Self {
        Self {
            blend: args["combine"] == "blend",
            stale_s: stale(args),
            profile: ProfileOf::from_json(args),
            missing: text(&args["missing"], "requests").to_owned(),
            cpu_weight: number(&args["cpuWeight"], 1),
            memory_weight: number(&args["memoryWeight"], 1),
        }
    }
}

impl Level {
    pub(crate) fn from_json(args: &Value) -> Self {
        let percent = |json: &Value| json.as_i64().map(i128::from);
        let rule = |rule: &Value| Rule {
            classes: read(&rule["qosClasses"]).unwrap_or_default(),
            selector: read(&rule["nodeSelector"]),
            cpu: percent(&rule["cpuPercent"]),
            memory: percent(&rule["memoryPercent"]),
        };
        let rules = args["rules"].as_array().map(|list| list.iter().map(rule).collect());
        let above = &args["whenAllAbove"];
        Self {
            rules: rules
                .unwrap_or_else(|| vec![Rule { classes: Vec::new(), selector: None, cpu: Some(70), memory: Some(80) }]),
            elastic_falls_back: text(&above["elastic"], "reject") == "fallBack",
            online_falls_back: text(&above["online"], "fallBack") == "fallBack",
            elastic: elastic(&args["elasticResources"]),
            critical_priority: number(&args["criticalPriority"], 2_000_000_000),
            stale_s: stale(args),
            profile: ProfileOf::from_json(args),
            estimate_percent: number(&args["estimatePercent"], 85),
        }
    }
}

fn elastic(json: &Value) -> Vec<String> {
    read(json).unwrap_or_else(|| ["be-cpu", "be-memory", "ot-*"].map(str::to_owned).into())
}

fn stale(args: &Value) -> i128 {
    number(&args["staleAfterSeconds"], 300)
}

fn number(json: &Value, default: i64) -> i128 {
    json.as_i64().unwrap_or(default).into()
}

fn text<'a>(json: &'a Value, default: &'a str) -> &'a str {
    json.as_str().unwrap_or(default)
}

/// What stands there; `None` where nothing does.
fn read<T: serde::de::DeserializeOwned>(json: &Value) -> Option<T> {
    (!json.is_null()).then(|| serde_json::from_value(json.clone()).expect("a value of a profile that is accepted"))
}
