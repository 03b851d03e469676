//! Wrong about what is declared, about `filter_bits`, and about input at the edge.

use crate::base::{Wrong, clear, verdict};
use crate::tests::Flawed;
use policy_sdk::abi::{Bits, Column, Manifest, NodeColumns, ResourceId, amount_of, bit};
use policy_sdk::testing::Law;

const CPU: ResourceId = ResourceId::CPU;
const MEMORY: ResourceId = ResourceId::MEMORY;

pub(crate) const FLAWED: &[Flawed] = &[
    (Law::ReadsOnlyDeclared, "looks at memory use where memory is nearly full", || Wrong {
        score: |call, _, row, score| {
            let [allocatable, held] = [call.allocatable(MEMORY, row), call.requested(MEMORY, row)];
            let near = allocatable > 0.0 && held > allocatable * 0.97 && held <= allocatable;
            if near && call.cell(Column::Usage(MEMORY), row) > held { score / 2 } else { score }
        },
        ..Wrong::right()
    }),
    (Law::ReadsOnlyDeclared, "goes by the hour", || Wrong {
        score: |call, _, _, score| if call.nodes.now_ms() / 3_600_000 % 24 > 12 { score } else { score / 2 },
        ..Wrong::right()
    }),
    (Law::ReadsOnlyDeclared, "avoids taints that it did not ask about", || Wrong {
        score: |call, _, row, score| {
            let list = call.nodes.taint_sets().get(row).copied().unwrap_or(0);
            let soft = call.pod.taints.get(list as usize).map_or(0, |answer| answer.untolerated_soft);
            if soft > 0 { score / 2 } else { score }
        },
        ..Wrong::right()
    }),
    (Law::ReadsOnlyDeclared, "prefers nodes with the pod's images", || Wrong {
        score: |call, _, row, score| if call.pod.images.iter().any(|i| i.row as usize == row) { 100 } else { score },
        ..Wrong::right()
    }),
    (Law::ReadsOnlyDeclared, "takes the first derived column for its own", || Wrong {
        manifest: Manifest {
            columns: Wrong::right().manifest.columns.and(NodeColumns::DERIVED),
            ..Wrong::right().manifest
        },
        score: |call, _, row, score| if call.cell(Column::Derived(0), row) > 0.0 { score / 2 } else { score },
        ..Wrong::right()
    }),
    (Law::ReadsOnlyDeclared, "leaves cordoned nodes out, for large pods", || Wrong {
        score: |call, _, row, score| {
            if call.asked() > 10_000.0 && bit(call.nodes.bits(Bits::Unschedulable), row) { 0 } else { score }
        },
        ..Wrong::right()
    }),
    (Law::BitsEqualFilter, "turns away a pod that fits exactly", || Wrong {
        bits: Some(|call, _, feasible| {
            let asked = call.asked();
            clear(call, feasible, |call, row| {
                asked == 0.0 || asked < call.allocatable(CPU, row) - call.requested(CPU, row)
            });
            true
        }),
        ..Wrong::right()
    }),
    (Law::BitsEqualFilter, "takes the first bit for row 0", || Wrong {
        bits: Some(|call, start, feasible| {
            clear(call, feasible, |call, row| verdict(call, row - start).passes());
            true
        }),
        ..Wrong::right()
    }),
    (Law::BitsEqualFilter, "leaves out the last word that is not whole", || Wrong {
        bits: Some(|call, start, feasible| {
            let whole = call.nodes.rows() / 64 * 64;
            clear(call, feasible, |call, row| start + 64 > whole || row >= whole || verdict(call, row).passes());
            true
        }),
        ..Wrong::right()
    }),
    (Law::BitsEqualFilter, "sets what passes anew", || Wrong {
        bits: Some(|call, _, feasible| {
            feasible.fill(0);
            for (k, row) in call.rows.iter().enumerate() {
                feasible[k / 64] |= u64::from(verdict(call, row).passes()) << (k % 64);
            }
            true
        }),
        ..Wrong::right()
    }),
    (Law::BitsEqualFilter, "gives up half way", || Wrong {
        bits: Some(|call, _, feasible| {
            clear(call, feasible, |call, row| verdict(call, row).passes());
            feasible.len() < 2
        }),
        ..Wrong::right()
    }),
    (Law::NeverPanics, "expects every column to have every row", || Wrong {
        score: |call, _, row, score| {
            let held = call.nodes.quantity(Column::Requested(CPU))[row];
            if held < 0.0 { 0 } else { score }
        },
        ..Wrong::right()
    }),
    (Law::NeverPanics, "divides by what a node has", || Wrong {
        score: |call, _, row, _| {
            let [allocatable, held] = [call.allocatable(CPU, row), call.requested(CPU, row)].map(|cpu| cpu as i64);
            ((allocatable - held).max(0) * 100 / allocatable).min(100)
        },
        ..Wrong::right()
    }),
    (Law::NeverPanics, "expects every pod to ask for something", || Wrong {
        score: |call, _, _, score| {
            let first = call.pod.scoring_requests.first().expect("a request");
            score.min(100 * i64::from(first.amount >= 0.0))
        },
        ..Wrong::right()
    }),
    (Law::NeverPanics, "multiplies without room", || Wrong {
        score: |call, _, row, score| {
            let memory = call.allocatable(MEMORY, row) as i64;
            let asked = amount_of(call.pod.requests, MEMORY) as i64;
            if memory.checked_mul(asked).expect("a product") < 0 { 0 } else { score }
        },
        ..Wrong::right()
    }),
    (Law::NeverPanics, "expects a node", || Wrong {
        prepare: |call, block| {
            let most = (0..call.nodes.rows()).map(|row| call.requested(CPU, row) as u64).max();
            block[1] = u64::from(most.expect("a node") > 0);
            policy_sdk::abi::Prepared::RUN
        },
        ..Wrong::right()
    }),
];
