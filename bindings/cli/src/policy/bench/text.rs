//! A bench as text for the terminal.

use super::{Document, Side};
use crate::numbers::{Format, thousands};
use crate::table;
use comfy_table::{Cell, CellAlignment};
use std::fmt::Write as _;

/// A line of the table: what it is, how to get it, how to write it.
type Line = (&'static str, fn(&Side) -> Option<f64>, Format);

const LINES: [Line; 5] = [
    ("a pod on all nodes, µs", |side| Some(side.pod_us), Format::Tenths),
    ("rows a second", |side| Some(side.rows_per_second), Format::Count),
    ("prepare, µs a pod", |side| Some(side.prepare_us), Format::Tenths),
    ("filter, ns a row", |side| side.filter_ns_per_row, Format::Hundredths),
    ("score, ns a row", |side| side.score_ns_per_row, Format::Hundredths),
];

pub(super) fn render(document: &Document) -> String {
    let Document { policy, file, nodes, pods, wasm, native, ratio, .. } = document;
    let (nodes, pods) = (thousands(*nodes as usize), thousands(*pods));
    let mut out = format!("{policy} on {nodes} nodes, {pods} pods one after the other; medians\n\n");
    let mut rows = table::plain(["", "sandboxed"].into_iter().chain(native.map(|_| "native")));
    for (name, value, format) in LINES {
        let cell = |side: &Side| {
            let text = value(side).map_or_else(|| "–".to_owned(), |value| format.show(value));
            Cell::new(text).set_alignment(CellAlignment::Right)
        };
        rows.add_row(std::iter::once(Cell::new(name)).chain([cell(wasm)]).chain(native.as_ref().map(cell)));
    }
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "{}\n", table::lines(&rows));
    let lines = [
        ("sandboxed / native", ratio.map(|ratio| format!("{ratio:.2}"))),
        ("fuel a row", Some(Format::Tenths.show(document.fuel_per_row))),
        ("to compile", Some(format!("{:.1} ms, {} bytes", document.compile_ms, thousands(document.bytes)))),
        ("to load what is precompiled", Some(format!("{:.0} µs", document.load_us))),
        ("from there to the first answer", Some(format!("{:.0} µs", document.first_answer_us))),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            let _ = writeln!(out, " {name:<31} {value}");
        }
    }
    if native.is_none() {
        let _ =
            writeln!(out, "\nThe library has no policy {policy} that takes these settings, so {file} stands alone.");
    }
    out
}
