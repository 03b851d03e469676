//! Wrong about earlier calls, and about room.

use crate::base::Wrong;
use crate::tests::Flawed;
use policy_sdk::abi::{Manifest, NodeColumns, Prepared, ResourceId, Verdict};
use policy_sdk::testing::Law;
use std::sync::atomic::Ordering;

const CPU: ResourceId = ResourceId::CPU;

pub(crate) const FLAWED: &[Flawed] = &[
    (Law::Forgets, "keeps what the first pod asked for", || Wrong {
        prepare: |call, _| {
            let _ = call.memory.compare_exchange(0, 1 + call.asked() as u64, Ordering::Relaxed, Ordering::Relaxed);
            Prepared::RUN
        },
        filter: |call, _, row, _| {
            let asked = call.memory.load(Ordering::Relaxed).saturating_sub(1) as f64;
            Verdict::reason(0).when(asked > 0.0 && asked > call.allocatable(CPU, row) - call.requested(CPU, row))
        },
        ..Wrong::right()
    }),
    (Law::Forgets, "prepares for one pod at a time", || Wrong {
        prepare: |call, _| {
            call.memory.store(call.asked() as u64, Ordering::Relaxed);
            Prepared::RUN
        },
        score: |call, _, _, score| if call.memory.load(Ordering::Relaxed) > 1_000 { score / 2 } else { score },
        ..Wrong::right()
    }),
    (Law::Forgets, "tires after a thousand calls", || Wrong {
        score: |call, _, _, score| if call.calls > 1_000 { 0 } else { score },
        ..Wrong::right()
    }),
    (Law::Forgets, "has room for a hundred pods", || Wrong {
        prepare: |call, _| {
            call.memory.fetch_add(1, Ordering::Relaxed);
            Prepared::RUN
        },
        filter: |call, _, _, right| {
            if call.memory.load(Ordering::Relaxed) > 100 { Verdict::reason(0) } else { right }
        },
        ..Wrong::right()
    }),
    (Law::Forgets, "is right for the first pod alone", || Wrong {
        prepare: |call, block| {
            block[0] = call.memory.fetch_add(1, Ordering::Relaxed).min(1);
            Prepared::RUN
        },
        score: |call, _, _, score| score - (call.block[0] as i64).min(score),
        ..Wrong::right()
    }),
    (Law::Forgets, "remembers the score of row 0", || Wrong {
        score: |call, _, row, score| {
            if row != 0 {
                return score;
            }
            match call.memory.load(Ordering::Relaxed) {
                0 => {
                    call.memory.store(1 + score as u64, Ordering::Relaxed);
                    score
                }
                kept => kept as i64 - 1,
            }
        },
        ..Wrong::right()
    }),
    (Law::Forgets, "believes that time never goes back", || Wrong {
        manifest: Manifest {
            columns: Wrong::right().manifest.columns.and(NodeColumns::TIME),
            ..Wrong::right().manifest
        },
        prepare: |call, block| {
            let now = call.nodes.now_ms();
            block[0] = call.memory.fetch_max(now, Ordering::Relaxed).max(now);
            Prepared::RUN
        },
        score: |call, _, _, score| if call.block[0] > 1_000_000_000 { score / 2 } else { score },
        ..Wrong::right()
    }),
    (Law::Forgets, "wants verdicts before scores", || Wrong {
        filter: |call, _, _, right| {
            call.memory.store(1, Ordering::Relaxed);
            right
        },
        score: |call, _, _, score| if call.memory.swap(0, Ordering::Relaxed) == 1 || score < 50 { score } else { 50 },
        ..Wrong::right()
    }),
    (Law::NeverRewardsLessRoom, "prefers the fullest node", || Wrong {
        score: |_, _, _, score| 100 - score,
        ..Wrong::right()
    }),
    (Law::NeverRewardsLessRoom, "has a bonus for a nearly full node", || Wrong {
        score: |_, _, _, score| if (1..=2).contains(&score) { 90 } else { score },
        ..Wrong::right()
    }),
    (Law::NeverRewardsLessRoom, "takes the room of an overcommitted node for a very large one", || Wrong {
        filter: |call, _, row, _| {
            let free = (call.allocatable(CPU, row) as u64).wrapping_sub(call.requested(CPU, row) as u64);
            Verdict::reason(0).when(call.asked() as u64 > free)
        },
        ..Wrong::right()
    }),
    (Law::NeverRewardsLessRoom, "does not look at a node without memory", || Wrong {
        filter: |call, _, row, right| right.when(call.allocatable(ResourceId::MEMORY, row) > 0.0),
        ..Wrong::right()
    }),
    (Law::NeverRewardsLessRoom, "prefers nodes with many pods", || Wrong {
        score: |call, _, row, score| (score + call.requested(ResourceId::PODS, row) as i64 / 100).min(100),
        ..Wrong::right()
    }),
];
