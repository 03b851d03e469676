//! No input makes a policy panic. Whoever calls this catches the panic and reports it.

use super::Verdict;
use crate::testing::answers::Asked;
use crate::testing::case::Case;
use crate::testing::extremes::EXTREMES;
use crate::testing::rng::Rng;
use crate::testing::subject::Subject;
use sched_abi::Rows;

pub(super) fn judge(subject: &Subject<'_>, case: &Case, rng: &mut Rng) -> Verdict {
    let case = subject.shown(case);
    let few: Vec<Option<usize>> = (0..case.table.rows.min(130)).map(Some).collect();
    let few = case.arranged(&few);
    for change in EXTREMES {
        for now_ms in [few.table.now_ms, 0, u64::MAX - u64::MAX % 1_000] {
            let mut case = few.clone();
            case.table.now_ms = now_ms;
            change(&mut case, rng);
            ask(subject, &case)?;
        }
    }
    Ok(())
}

/// Asks everything that a host may ask.
fn ask(subject: &Subject<'_>, case: &Case) -> Verdict {
    let rows = case.table.rows;
    let policy = subject.fresh()?;
    let asked = Asked::new(&*policy, subject.manifest.clone(), &case.pod, &case.table);
    asked.answers(rows);
    let backwards: Vec<u32> = (0..rows as u32).rev().collect();
    asked.rows(Rows::List(&backwards));
    asked.rows(Rows::List(&[]));
    if asked.filters() {
        asked.filter_bits(0, &mut vec![u64::MAX; rows.div_ceil(64)]);
        asked.filter_bits(rows / 64 * 64, &mut []);
    }
    Ok(())
}
