//! No input makes a policy panic. Whoever calls this catches the panic and reports it.

use super::Verdict;
use crate::testing::answers::Asked;
use crate::testing::case::Case;
use crate::testing::subject::Subject;
use sched_abi::Rows;

/// Asks everything that a host may ask.
pub(super) fn judge(subject: &Subject<'_>, case: &Case) -> Verdict {
    let case = subject.shown(case);
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
