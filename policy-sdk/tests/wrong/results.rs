//! Wrong results: out of range, or different from call to call.

use crate::base::Wrong;
use crate::tests::Flawed;
use policy_sdk::abi::{Hook, Manifest, NodeNameField, Normalize, Prepared, QosClass, ResourceId, Verdict};
use policy_sdk::testing::Law;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

static CALLS: AtomicU64 = AtomicU64::new(0);
static INSTANCES: AtomicU64 = AtomicU64::new(0);

pub(crate) const FLAWED: &[Flawed] = &[
    (Law::Deterministic, "goes by the order of a hash map", || Wrong {
        score: |_, _, _, score| {
            let kept: HashMap<i64, i64> = (0..4).map(|key| (key, score + key)).collect();
            kept.into_values().next().unwrap_or(0).clamp(0, 100)
        },
        ..Wrong::right()
    }),
    (Law::Deterministic, "goes by where a column lies in memory", || Wrong {
        score: |call, _, _, score| {
            let column = call.nodes.quantity(policy_sdk::abi::Column::Requested(ResourceId::CPU));
            if column.len() > 8 && column.as_ptr() as usize / 64 % 2 == 1 { 100 - score } else { score }
        },
        ..Wrong::right()
    }),
    (Law::Deterministic, "counts calls of all its instances", || Wrong {
        score: |_, k, _, score| {
            let seventh = k == 0 && CALLS.fetch_add(1, Ordering::Relaxed) % 7 == 6;
            if seventh { (score + 1) % 101 } else { score }
        },
        ..Wrong::right()
    }),
    (Law::Deterministic, "leaves a score of 0 unwritten", || Wrong { writes: |score| score != 0, ..Wrong::right() }),
    (Law::Deterministic, "says of itself now this, now that", || {
        let monotone = INSTANCES.fetch_add(1, Ordering::Relaxed) % 3 != 2;
        Wrong { manifest: Manifest { monotone, ..Wrong::right().manifest }, ..Wrong::right() }
    }),
    (Law::Deterministic, "takes a column that ends early for one without data", || Wrong {
        score: |call, _, row, score| {
            let held = call.nodes.quantity(policy_sdk::abi::Column::Requested(ResourceId::CPU));
            if row < held.len() { score } else { 0 }
        },
        ..Wrong::right()
    }),
    (Law::InRange, "gives an idle node 101", || Wrong {
        score: |call, _, row, score| {
            let idle = [ResourceId::CPU, ResourceId::MEMORY].iter().all(|&id| call.requested(id, row) == 0.0);
            if idle && score > 99 { 101 } else { score }
        },
        ..Wrong::right()
    }),
    (Law::InRange, "goes below 0 on an overcommitted node", || Wrong {
        score: |call, _, row, score| {
            let [allocatable, held] = [call.allocatable(ResourceId::CPU, row), call.requested(ResourceId::CPU, row)];
            if held > allocatable && allocatable > 0.0 {
                ((allocatable - held) * 100.0 / allocatable) as i64
            } else {
                score
            }
        },
        ..Wrong::right()
    }),
    (Law::InRange, "multiplies more than 64 bits hold", || Wrong {
        score: |call, _, row, score| {
            let [allocatable, held] =
                [call.allocatable(ResourceId::MEMORY, row), call.requested(ResourceId::MEMORY, row)];
            let (allocatable, free) = (allocatable as i64, (allocatable - held).max(0.0) as i64);
            if allocatable == 0 { score } else { free.wrapping_mul(100_000_000) / allocatable / 1_000_000 }
        },
        ..Wrong::right()
    }),
    (Law::InRange, "names a reason beyond its table for pods with a card", || Wrong {
        filter: |call, _, _, right| {
            let card = call.pod.requests.iter().any(|request| request.resource.0 > ResourceId::EPHEMERAL_STORAGE.0);
            if card && !right.passes() { right.and(Verdict::reason(1)) } else { right }
        },
        ..Wrong::right()
    }),
    (Law::InRange, "calls a node that passes unresolvable", || Wrong {
        filter: |call, _, row, right| right.unresolvable_if(call.allocatable(ResourceId::CPU, row) == 0.0),
        ..Wrong::right()
    }),
    (Law::InRange, "narrows to named nodes though the pod names none", || Wrong {
        prepare: |call, _| Prepared { narrow: call.pod.daemon_set, ..Prepared::RUN },
        ..Wrong::right()
    }),
    (Law::InRange, "gives every node too much for some pods", || Wrong {
        prepare: |call, _| {
            let generous = call.pod.qos == QosClass::Guaranteed && call.pod.priority > 1_000_000;
            Prepared { score: if generous { Hook::Constant(1_000) } else { Hook::Run }, ..Prepared::RUN }
        },
        ..Wrong::right()
    }),
    (Law::InRange, "rejects outright with a reason that it does not have", || Wrong {
        prepare: |call, _| {
            let lost = call.pod.node_name == NodeNameField::Unknown;
            Prepared { reject: lost.then_some(3), ..Prepared::RUN }
        },
        ..Wrong::right()
    }),
    (Law::InRange, "has negative scores to be divided by the largest", || Wrong {
        manifest: Manifest { normalize: Normalize::Max, ..Wrong::right().manifest },
        score: |_, _, _, score| score - 1,
        ..Wrong::right()
    }),
];
