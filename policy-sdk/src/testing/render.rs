//! A case as a person reads it: the pod, and a table of the nodes with the columns that the policy reads.

use super::asks::Ask;
use super::case::Case;
use super::subject::Subject;
use sched_abi::{Bits, Column, NodeColumns, NodeNameField, ResourceId};
use std::fmt::Write;

/// Rows that are shown in full.
const ROWS: usize = 12;

/// The cluster; `row` is the one that matters.
pub(super) fn cluster(subject: &Subject<'_>, case: &Case, row: Option<usize>) -> String {
    let table = &case.table;
    let live = case.live().count();
    let timed = subject.manifest.columns.has(NodeColumns::TIME);
    let time = if timed { format!(", time {} ms", table.now_ms) } else { String::new() };
    let mut text = format!("{} rows, {live} nodes{time}\n", table.rows);
    let first = row.map_or(0, |row| row.saturating_sub(ROWS / 2));
    let shown: Vec<usize> = (first..table.rows.min(first + ROWS)).collect();
    if shown.is_empty() {
        return text;
    }
    let mut columns = vec![("row".to_owned(), shown.iter().map(usize::to_string).collect::<Vec<_>>())];
    let node = |row: &usize| if table.is_live(*row) { "node" } else { "dead" }.to_owned();
    columns.push((String::new(), shown.iter().map(node).collect()));
    for (column, cells) in &table.quantities {
        let values: Vec<f64> = shown.iter().map(|row| cells.get(*row).copied().unwrap_or(0.0)).collect();
        if subject.reads(*column) && values.iter().any(|value| *value != 0.0) {
            columns.push((name(subject, case, *column), values.iter().map(f64::to_string).collect()));
        }
    }
    for (bits, words) in table.bits.iter().filter(|(bits, _)| *bits != Bits::Live && subject.reads_bits(*bits)) {
        let set = |row: &usize| if sched_abi::bit(words, *row) { "yes" } else { "" }.to_owned();
        columns.push((format!("{bits:?}").to_lowercase(), shown.iter().map(set).collect()));
    }
    if subject.manifest.columns.has(NodeColumns::TAINT_SETS) {
        let list = |row: &usize| table.taint_sets.get(*row).copied().unwrap_or(0).to_string();
        columns.push(("taint set".to_owned(), shown.iter().map(list).collect()));
    }
    for of in table.labels.iter().filter(|of| subject.reads_label(of.label)) {
        let key = subject.asks.iter().find_map(|ask| match ask {
            Ask::Label(key, label) if *label == of.label => Some(key.as_str()),
            _ => None,
        });
        let value = |row: &usize| {
            let number = of.numbers.get(*row).copied().unwrap_or(0);
            of.values.get(number as usize).filter(|_| number > 0).map_or(String::new(), |value| format!("{value:?}"))
        };
        columns.push((key.unwrap_or("label").to_owned(), shown.iter().map(value).collect()));
    }
    lines(&mut text, &columns, shown.len());
    let rest = table.rows - shown.len();
    if rest > 0 {
        let _ = writeln!(text, "  and {rest} more rows");
    }
    text
}

fn lines(text: &mut String, columns: &[(String, Vec<String>)], rows: usize) {
    let width = |(name, cells): &(String, Vec<String>)| cells.iter().chain([name]).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = columns.iter().map(width).collect();
    let line = |text: &mut String, cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
        let _ = writeln!(text, "  {}", padded.join("  "));
    };
    line(text, &mut columns.iter().map(|(name, _)| name.as_str()));
    for i in 0..rows {
        line(text, &mut columns.iter().map(|(_, cells)| cells.get(i).map_or("", |cell| cell)));
    }
}

fn name(subject: &Subject<'_>, case: &Case, column: Column) -> String {
    let resource = |id: ResourceId| case.table.resources.get(usize::from(id.0)).map_or("", |name| name).to_owned();
    match column {
        Column::Allocatable(id) => format!("allocatable {}", resource(id)),
        Column::Requested(id) => format!("requested {}", resource(id)),
        Column::ScoringRequested(id) => format!("scoring requested {}", resource(id)),
        Column::Capacity(id) => format!("capacity {}", resource(id)),
        Column::Usage(id) => format!("usage {}", resource(id)),
        Column::Unseen(id) => format!("unseen {}", resource(id)),
        Column::SampledAt => "sampled at".to_owned(),
        Column::Derived(place) => {
            let derived = case.table.derived.iter().find(|(known, _)| *known == column);
            let name = derived.map(|(_, derived)| format!("{derived:?}")).unwrap_or_default();
            let name = name.split([' ', '(']).next().unwrap_or_default().to_owned();
            let count = subject.asks.len();
            if count > 1 { format!("{name} {place}") } else { name }
        }
    }
}

/// The pod: what of it is not as in a pod without anything.
pub(super) fn pod(case: &Case) -> String {
    let (pod, mut text) = (&case.pod, String::new());
    let resource = |id: ResourceId| case.table.resources.get(usize::from(id.0)).map_or("", |name| name);
    let requests: Vec<String> =
        pod.requests.iter().map(|request| format!("{} {}", resource(request.resource), request.amount)).collect();
    let _ = write!(text, "requests {}", if requests.is_empty() { "nothing".to_owned() } else { requests.join(", ") });
    let scoring: Vec<String> = pod
        .scoring_requests
        .iter()
        .map(|request| format!("{} {}", resource(request.resource), request.amount))
        .collect();
    let parts = [
        (!pod.name.is_empty(), format!("name {:?}", pod.name)),
        (!scoring.is_empty(), format!("for scoring {}", scoring.join(", "))),
        (pod.priority != 0, format!("priority {}", pod.priority)),
        (pod.daemon_set, "of a DaemonSet".to_owned()),
        (pod.node_name != NodeNameField::Any, format!("node name {:?}", pod.node_name)),
        (
            pod.required_nodes.is_some(),
            format!("required nodes {:x?}", pod.required_nodes.as_deref().unwrap_or_default()),
        ),
        (pod.named_nodes.is_some(), format!("named nodes {:x?}", pod.named_nodes.as_deref().unwrap_or_default())),
        (!pod.weights.is_empty(), format!("preferred terms of weights {:?}", pod.weights)),
        (!pod.taints.is_empty(), format!("{} taint sets", pod.taints.len())),
        (
            pod.port_conflicts.is_some(),
            format!("port conflicts {:x?}", pod.port_conflicts.as_deref().unwrap_or_default()),
        ),
        (!pod.images.is_empty(), format!("images on {} nodes", pod.images.len())),
        (!pod.forecast_cpu.is_empty(), format!("forecast {:?}", pod.forecast_cpu)),
        (pod.estimate != [0.0; 2], format!("estimated use {:?}", pod.estimate)),
        (pod.matches != 0, format!("matches {:#b}", pod.matches)),
    ];
    for (_, part) in parts.iter().filter(|(holds, _)| *holds) {
        let _ = write!(text, "; {part}");
    }
    let _ = write!(text, "; QoS {:?}", pod.qos);
    text
}
