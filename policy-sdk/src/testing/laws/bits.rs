//! `filter_bits` says what `filter` says.

use super::{Verdict, Violation};
use crate::testing::answers::Asked;
use crate::testing::case::Case;
use crate::testing::rng::Rng;
use crate::testing::subject::Subject;
use crate::testing::words::packed;
use sched_abi::{Rows, bit};

pub(super) fn judge(subject: &Subject<'_>, case: &Case, rng: &mut Rng) -> Verdict {
    let case = subject.shown(case);
    let rows = case.table.rows;
    let policy = subject.fresh()?;
    let asked = Asked::new(&*policy, subject.manifest.clone(), &case.pod, &case.table);
    if !asked.filters() {
        return Ok(());
    }
    let verdicts = asked.verdicts(Rows::Range { start: 0, end: rows });
    let mut starts = vec![0, rows / 64 * 64, rng.below(rows / 64 + 1) * 64];
    starts.extend((1..=rows / 1_024).map(|chunk| chunk * 1_024));
    for start in starts {
        let some: Vec<u64> = packed((start..rows).map(|row| case.table.is_live(row) && !rng.once_in(3)));
        let live: Vec<u64> = packed((start..rows).map(|row| case.table.is_live(row)));
        let few: Vec<u64> =
            packed((start..rows.min(start + 1_024)).map(|row| case.table.is_live(row) && rng.once_in(40)));
        for before in [live, some, few] {
            let mut after = before.clone();
            let answered = asked.filter_bits(start, &mut after);
            let passes = |row: usize| verdicts.get(row).is_some_and(|verdict| verdict.passes());
            for i in 0..before.len() * 64 {
                let (was, is, row) = (bit(&before, i), bit(&after, i), start + i);
                if is != (was && (!answered || passes(row))) {
                    let bits = if is { "leaves it in" } else { "takes it out" };
                    let filter = if passes(row) { "passes" } else { "rejects" };
                    let said = match (answered, was) {
                        (true, true) => {
                            format!("`filter` {filter} the node, but `filter_bits` from row {start} on {bits}")
                        }
                        (true, false) => "`filter_bits` sets a bit that was 0".to_owned(),
                        (false, _) => "`filter_bits` returns false, but changes bits".to_owned(),
                    };
                    return Err(Violation::on(row, format!("row {row}: {said}")));
                }
            }
        }
    }
    Ok(())
}
