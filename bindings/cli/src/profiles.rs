//! `sched profiles`: which profiles and policies there are, with weights, settings and defaults.

use crate::args::ProfilesArgs;
use crate::choice;
use crate::error::CliError;
use crate::files::{json, print};
use crate::table;
use crate::warnings;
use comfy_table::{Cell, CellAlignment};
use sched_core::{PolicyConfig, Profile};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;

/// What `--json` prints and `--profiles` reads back (docs/profiles-json.md).
#[derive(Serialize)]
struct Set<'a> {
    profiles: &'a [Profile],
    warnings: &'a [String],
}

pub(crate) fn run(args: &ProfilesArgs) -> Result<(), CliError> {
    let profiles = choice::profiles(&args.choice)?;
    let warnings = warnings::of(&profiles, None);
    warnings::show(&warnings);
    print(&if args.json { json(&Set { profiles: &profiles, warnings: &warnings })? } else { text(&profiles) })
}

/// A policy's settings, every one with its value.
fn settings(config: &PolicyConfig) -> Value {
    serde_json::to_value(config).unwrap_or(Value::Null)
}

fn text(profiles: &[Profile]) -> String {
    let mut out = String::from("Profiles\n");
    for profile in profiles {
        let mut rows = table::plain(["policy", "weight", "settings other than the defaults"]);
        for entry in &profile.policies {
            let does = manifest(&entry.config);
            let weight = if does.scores && entry.weight != 0 { entry.weight.to_string() } else { "filter".to_owned() };
            let default = PolicyConfig::default_of(entry.config.name()).map(|config| settings(&config));
            let changed = changes(&settings(&entry.config), default.as_ref());
            let weight = Cell::new(weight).set_alignment(CellAlignment::Right);
            rows.add_row([Cell::new(entry.config.name()), weight, Cell::new(changed)]);
        }
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{}\n{}", profile.name, table::lines(&rows));
    }
    out.push_str("\nPolicies\n\n");
    out.push_str(&table::lines(&policies()));
    out.push_str(
        "\n\nA profile file holds what --json prints, in YAML or JSON. A weight of 0 filters without scoring.\n",
    );
    out
}

/// Every policy with what it does and its defaults, one setting a line.
fn policies() -> comfy_table::Table {
    let mut rows = table::plain(["policy", "does", "settings and their defaults"]);
    for name in PolicyConfig::NAMES {
        let Some(config) = PolicyConfig::default_of(name) else { continue };
        let does = manifest(&config);
        let does = match (does.filters, does.scores) {
            (true, true) => "filters, scores",
            (true, false) => "filters",
            _ => "scores",
        };
        rows.add_row([Cell::new(name), Cell::new(does), Cell::new(changes(&settings(&config), None))]);
    }
    rows
}

fn manifest(config: &PolicyConfig) -> sched_core::abi::Manifest {
    config.build().manifest()
}

/// The settings that differ from the defaults, as `key: value`, one a line; a setting within another as `outer.inner`.
fn changes(settings: &Value, default: Option<&Value>) -> String {
    let default = default.map(leaves).unwrap_or_default();
    let lines = leaves(settings).into_iter().filter(|leaf| !default.contains(leaf));
    let lines = lines.map(|(key, value)| format!("{key}: {}", flow(value))).collect::<Vec<_>>().join("\n");
    if lines.is_empty() { "–".to_owned() } else { lines }
}

/// Every setting with the names of those that it is within.
fn leaves(settings: &Value) -> Vec<(String, &Value)> {
    let Value::Object(map) = settings else { return Vec::new() };
    let mut list = Vec::new();
    for (key, value) in map {
        let inner = leaves(value);
        if inner.is_empty() {
            list.push((key.clone(), value));
        }
        list.extend(inner.into_iter().map(|(name, value)| (format!("{key}.{name}"), value)));
    }
    list
}

/// A value in YAML's flow style, without quotes where a plain word does.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text)
            if text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)) && !text.is_empty() =>
        {
            text.clone()
        }
        other => other.to_string(),
    }
}
