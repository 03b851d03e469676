//! Wrong about rows: answers that depend on the batch, on other nodes, on the order of nodes or on rows without one.

use crate::base::{Call, Wrong};
use crate::tests::Flawed;
use policy_sdk::abi::{Bits, Column, Locality, Manifest, NodeColumns, Prepared, ResourceId, Rows, Verdict, bit};
use policy_sdk::testing::Law;

const CPU: ResourceId = ResourceId::CPU;

fn reads_live() -> Manifest {
    Manifest { columns: Wrong::right().manifest.columns.and(NodeColumns::LIVE), ..Wrong::right().manifest }
}

fn looks_at_all() -> Manifest {
    Manifest { locality: Locality::CrossRow, monotone: false, prefers_room: false, ..reads_live() }
}

/// Keeps a number that `prepare` found; the score is 0 where it is above 100.
fn kept(call: &Call<'_>, score: i64) -> i64 {
    score * call.block[0].min(100) as i64 / 100
}

fn held(call: &Call<'_>) -> impl Iterator<Item = f64> {
    (0..call.nodes.rows()).map(|row| call.requested(CPU, row))
}

pub(crate) const FLAWED: &[Flawed] = &[
    (Law::RowLocal, "forgets the last row of a list", || Wrong {
        score: |call, k, _, score| {
            let last = matches!(call.rows, Rows::List(list) if k + 1 == list.len());
            if last { 0 } else { score }
        },
        ..Wrong::right()
    }),
    (Law::RowLocal, "rounds differently beyond 256 rows of a list", || Wrong {
        score: |call, k, _, score| {
            if k >= 256 && matches!(call.rows, Rows::List(_)) { (score + 1).min(100) } else { score }
        },
        ..Wrong::right()
    }),
    (Law::RowLocal, "takes the first row of a range for row 0", || Wrong {
        score: |call, _, row, score| {
            let Rows::Range { start, .. } = call.rows else { return score };
            crate::base::score(call, row - start)
        },
        ..Wrong::right()
    }),
    (Law::RowLocal, "scales by the best of the rows that it is asked about", || Wrong {
        score: |call, _, _, score| {
            let best = call.rows.iter().map(|row| crate::base::score(call, row)).max().unwrap_or(0);
            if best > 0 { score * 100 / best } else { 0 }
        },
        ..Wrong::right()
    }),
    (Law::RowLocal, "passes a node that stands twice in a list", || Wrong {
        filter: |call, k, row, right| {
            let Rows::List(list) = call.rows else { return right };
            if list[..k].contains(&(row as u32)) { Verdict::PASS } else { right }
        },
        ..Wrong::right()
    }),
    (Law::RowLocal, "goes by the number of rows above 64", || Wrong {
        score: |call, _, _, score| if call.nodes.rows() > 64 { score / 2 } else { score },
        ..Wrong::right()
    }),
    (Law::RowLocal, "goes by the number of nodes", || Wrong {
        manifest: reads_live(),
        score: |call, _, _, score| if call.nodes.live() > 3 { score * 9 / 10 } else { score },
        ..Wrong::right()
    }),
    (Law::RowLocal, "compares with the fullest node", || Wrong {
        prepare: |call, block| {
            block[0] = (held(call).fold(0.0, f64::max) / 1_000.0) as u64;
            Prepared::RUN
        },
        score: |call, _, _, score| kept(call, score),
        ..Wrong::right()
    }),
    (Law::RowLocal, "looks at the row before", || Wrong {
        score: |call, _, row, score| {
            let crowded = row > 0 && call.requested(CPU, row - 1) > call.allocatable(CPU, row - 1);
            if crowded { score / 2 } else { score }
        },
        ..Wrong::right()
    }),
    (Law::RowLocal, "has all nodes pass where any is idle", || Wrong {
        prepare: |call, _| {
            let idle = |row| call.allocatable(CPU, row) > 0.0 && call.requested(CPU, row) == 0.0;
            if (0..call.nodes.rows()).any(idle) {
                Prepared::RUN
            } else {
                Prepared { filter: policy_sdk::abi::Hook::Skip, ..Prepared::RUN }
            }
        },
        ..Wrong::right()
    }),
    (Law::OrderIndependent, "breaks ties by the row", || Wrong {
        score: |_, _, row, score| (score - (row % 2) as i64).max(0),
        ..Wrong::right()
    }),
    (Law::OrderIndependent, "breaks ties by the row where there is heat", || Wrong {
        manifest: Manifest {
            columns: Wrong::right().manifest.columns.and(NodeColumns::DERIVED),
            ..Wrong::right().manifest
        },
        score: |call, _, row, score| {
            let heat = call.cell(Column::Derived(call.block[15] as u16), row);
            if heat > 0.0 { (score + row as i64 % 3).min(100) } else { score }
        },
        ..Wrong::right()
    }),
    (Law::RowLocal, "is one too low in the last row of a piece", || Wrong {
        score: |_, k, _, score| if k == 1_023 { (score - 1).max(0) } else { score },
        ..Wrong::right()
    }),
    (Law::OrderIndependent, "knows a thousand rows", || Wrong {
        score: |_, _, row, score| if row > 1_000 { 0 } else { score },
        ..Wrong::right()
    }),
    (Law::OrderIndependent, "shifts one bit too far at the end of a word", || Wrong {
        filter: |_, _, row, right| if row % 64 == 63 { Verdict::reason(0) } else { right },
        ..Wrong::right()
    }),
    (Law::OrderIndependent, "measures by the first node", || Wrong {
        manifest: looks_at_all(),
        prepare: |call, block| {
            let first = (0..call.nodes.rows()).find(|&row| bit(call.nodes.bits(Bits::Live), row));
            block[0] = first.map_or(100, |row| crate::base::score(call, row) as u64);
            Prepared::RUN
        },
        score: |call, _, _, score| kept(call, score),
        ..Wrong::right()
    }),
    (Law::OrderIndependent, "adds fractions up in the order of rows", || Wrong {
        manifest: looks_at_all(),
        prepare: |call, block| {
            let sum = held(call).fold(0.0, |sum: f64, held| sum + held / 7.0);
            block[0] = sum.to_bits();
            Prepared::RUN
        },
        score: |call, _, _, score| if call.block[0] % 2 == 0 { score } else { score / 2 },
        ..Wrong::right()
    }),
    (Law::DeadRowsHarmless, "divides by the number of rows", || Wrong {
        manifest: looks_at_all(),
        prepare: |call, block| {
            let mean = held(call).sum::<f64>() / call.nodes.rows().max(1) as f64;
            block[0] = (mean / 500.0) as u64;
            Prepared::RUN
        },
        score: |call, _, _, score| kept(call, score),
        ..Wrong::right()
    }),
    (Law::DeadRowsHarmless, "takes a row without a node for an idle one", || Wrong {
        manifest: looks_at_all(),
        prepare: |call, block| {
            block[0] = if held(call).any(|held| held == 0.0) { 50 } else { 100 };
            Prepared::RUN
        },
        score: |call, _, _, score| kept(call, score),
        ..Wrong::right()
    }),
    (Law::DeadRowsHarmless, "counts nodes by their words", || Wrong {
        manifest: looks_at_all(),
        prepare: |call, block| {
            let words = call.nodes.bits(Bits::Live).iter().filter(|word| **word != 0).count();
            block[0] = 100 - (words as u64).min(90);
            Prepared::RUN
        },
        score: |call, _, _, score| kept(call, score),
        ..Wrong::right()
    }),
    (Law::DeadRowsHarmless, "stops at the first row without a node", || Wrong {
        manifest: looks_at_all(),
        prepare: |call, block| {
            let live = call.nodes.bits(Bits::Live);
            let known = (0..call.nodes.rows()).take_while(|&row| bit(live, row));
            block[0] = known.map(|row| call.cell(Column::Allocatable(CPU), row)).fold(0.0, f64::max) as u64 / 1_000;
            Prepared::RUN
        },
        score: |call, _, _, score| kept(call, score),
        ..Wrong::right()
    }),
];
