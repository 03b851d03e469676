//! What the project claims of holds.

use crate::ledger::{Held, Whose};
use crate::ratio::{Ratio, median};
use sched_core::ProfileSet;

/// Nodes of the large cluster.
const LARGE: usize = 100_000;

type Failure = Box<dyn std::error::Error>;

/// What holds cost, `times` the usual rounds.
pub fn ratios(times: usize) -> Result<Vec<Ratio>, Failure> {
    let profiles = ProfileSet::builtin();
    let profile = profiles.get("kube-default").ok_or("no profile `kube-default`")?;
    let mut held = Held::new(profile, LARGE, 10_000, Whose::Each)?;
    let mut sides = [Vec::new(), Vec::new()];
    for app in 0..200 * times {
        for (side, stale) in sides.iter_mut().zip([false, true]) {
            side.push(held.reserve_and_commit(app % 10_000, stale)?);
        }
    }
    let mut plain = Vec::new();
    for _ in 0..200 * times {
        plain.push(held.reserve_and_commit(usize::MAX, false)?);
    }
    let mut turns = Vec::new();
    for _ in 0..20 * times {
        turns.push(held.reserve_and_commit_in_turn(200)?);
    }
    let [fresh, checked] = sides.each_mut().map(|side| median(side));
    let mut ratios = vec![
        Ratio::new("ledger/reserve-commit", median(&mut turns) / 1_000.0, 1.0, "us")
            .side("right after a decision, which leaves nothing of the ledger in the caches", fresh / 1_000.0, "us")
            .side("the same with the exact check of an old decision", checked / 1_000.0, "us")
            .side("of a pod without a reservation", median(&mut plain) / 1_000.0, "us")
            .note(format!("{LARGE} nodes, 10000 reservations, into a reservation")),
    ];
    for (name, whose, app) in
        [("stranger", Whose::Each, usize::MAX), ("owner-of-one", Whose::Each, 500), ("owner-of-all", Whose::One, 0)]
    {
        let mut with = Held::new(profile, 5_000, 1_000, whose)?;
        let mut without = Held::new(profile, 5_000, 0, whose)?;
        let (own, plain) = (with.pod(app)?, without.pod(app)?);
        let mut sides = [Vec::new(), Vec::new()];
        for _ in 0..200 * times {
            sides[0].push(with.decide(own)?);
            sides[1].push(without.decide(plain)?);
        }
        let [with, without] = sides.each_mut().map(|side| median(side) / 1_000.0);
        ratios.push(
            Ratio::new(format!("ledger/decision/{name}"), with / without, 1.3, "times")
                .side("with 1000 reservations", with, "us")
                .side("without", without, "us"),
        );
    }
    let [few, many] = [1_000, 64_000].map(|holds| {
        let ended = Held::new(profile, holds, holds, Whose::Each).and_then(Held::expire);
        ended.map(|nanos| nanos / holds as f64)
    });
    let (few, many) = (few?, many?);
    // n log n: 16 instead of 10 steps a hold, and what the caches no longer hold.
    ratios.push(
        Ratio::new("ledger/expiry", many / few, 6.0, "times a hold")
            .side("of 64000 holds that end at once", many, "ns a hold")
            .side("of 1000", few, "ns a hold"),
    );
    Ok(ratios)
}
