//! `sched policy inspect`: what a module says of itself, with names for bits.

use super::args::InspectArgs;
use super::subject::Subject;
use crate::error::CliError;
use crate::files::{json, print};
use crate::numbers::thousands;
use sched_core::abi::ask::{Ask, Configured};
use sched_core::abi::{Locality, Normalize, ReasonSpec, wire};
use serde::Serialize;
use std::fmt::Write as _;

/// What `--json` prints (docs/policy-json.md).
#[derive(Serialize)]
struct Document<'a> {
    file: String,
    bytes: usize,
    abi: String,
    filter_bits: bool,
    name: &'a str,
    filters: bool,
    scores: bool,
    locality: Locality,
    normalize: Normalize,
    protective: bool,
    monotone: bool,
    prefers_room: bool,
    pod_fields: Vec<&'static str>,
    columns: Vec<&'static str>,
    reasons: &'a [ReasonSpec],
    configured_reasons: &'a [String],
    asks: &'a [Ask],
}

pub(super) fn run(args: &InspectArgs) -> Result<(), CliError> {
    let subject = Subject::open(&args.module)?;
    let policy = subject.policy()?;
    let Configured { manifest, asks, reasons } = policy.configured();
    let document = Document {
        file: subject.path.display().to_string(),
        bytes: subject.bytes.len(),
        abi: format!("{}.{}", wire::MAJOR, subject.module.abi_minor()),
        filter_bits: subject.module.has_filter_bits(),
        name: &manifest.name,
        filters: manifest.filters,
        scores: manifest.scores,
        locality: manifest.locality,
        normalize: manifest.normalize,
        protective: manifest.protective,
        monotone: manifest.monotone,
        prefers_room: manifest.prefers_room,
        pod_fields: manifest.pod_fields.names().collect(),
        columns: manifest.columns.names().collect(),
        reasons: &manifest.reasons,
        configured_reasons: reasons,
        asks,
    };
    print(&if args.json { json(&document)? } else { text(&document)? })
}

fn text(document: &Document<'_>) -> Result<String, CliError> {
    let Document { file, bytes, abi, name, .. } = document;
    let mut out = format!("{name}: {file}, {} bytes, ABI {abi}\n\n", thousands(*bytes));
    let list = |names: &[&'static str], none: &str| if names.is_empty() { none.into() } else { names.join(", ") };
    let lines = [
        ("does", does(document).to_owned()),
        ("locality", locality(document.locality).to_owned()),
        ("scores are", if document.scores { normalize(document.normalize) } else { "–" }.to_owned()),
        ("claims", claims(document)),
        ("on failure", if document.protective { "rejects every node" } else { "abstains" }.to_owned()),
        ("reads of nodes", list(&document.columns, "nothing")),
        ("reads of pods", list(&document.pod_fields, "the plain fields")),
        ("short filter", if document.filter_bits { "exported" } else { "not exported" }.to_owned()),
    ];
    for (head, value) in lines {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "  {head:<15} {value}");
    }
    let reasons = document.reasons.iter().map(|reason| format!("{:?}", reason.text));
    let reasons =
        reasons.chain(document.configured_reasons.iter().map(|reason| format!("{reason:?}, from the settings")));
    section(&mut out, "Reasons", reasons.collect());
    let asks = document.asks.iter().map(|ask| serde_json::to_string(ask).map_err(|source| CliError::Json { source }));
    section(&mut out, "Asks its host for", asks.collect::<Result<_, _>>()?);
    Ok(out)
}

fn section(out: &mut String, head: &str, lines: Vec<String>) {
    if !lines.is_empty() {
        let _ = writeln!(out, "\n{head}\n  {}", lines.join("\n  "));
    }
}

fn does(document: &Document<'_>) -> &'static str {
    match (document.filters, document.scores) {
        (true, true) => "filters, scores",
        (true, false) => "filters",
        (false, true) => "scores",
        (false, false) => "nothing: it neither filters nor scores",
    }
}

fn locality(locality: Locality) -> &'static str {
    match locality {
        Locality::RowLocal => "row-local: what it says of a node depends on that node",
        Locality::CrossRow => "cross-row: what it says of a node depends on other nodes too",
    }
}

fn normalize(normalize: Normalize) -> &'static str {
    match normalize {
        Normalize::None => "0 to 100 as they are",
        Normalize::Max => "raw, scaled by their maximum",
        Normalize::MaxReversed => "raw, scaled by their maximum, lowest is best",
        Normalize::MinMaxReversed => "raw, scaled between minimum and maximum, lowest is best",
    }
}

fn claims(document: &Document<'_>) -> String {
    let claims = [
        (document.filters && document.monotone, "more room never makes a node infeasible"),
        (document.scores && document.prefers_room, "less room never raises a score"),
    ];
    let claims: Vec<&str> = claims.iter().filter(|(holds, _)| *holds).map(|(_, claim)| *claim).collect();
    if claims.is_empty() { "nothing about room".to_owned() } else { claims.join("; ") }
}
