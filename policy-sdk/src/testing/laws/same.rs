//! Two implementations of one policy answer alike.

use super::{Verdict, Violation, equal};
use crate::testing::answers::Asked;
use crate::testing::case::Case;
use crate::testing::rng::Rng;
use crate::testing::subject::Subject;
use sched_abi::Rows;

/// Judges one case; both were set up alike.
pub(in crate::testing) fn judge(subject: &Subject<'_>, other: &Subject<'_>, case: &Case, rng: &mut Rng) -> Verdict {
    let (first, second) = (&subject.manifest, &other.manifest);
    if first != second {
        return Err(Violation::new(format!("the manifests differ: {first:?}, but {second:?} in the other")));
    }
    if subject.asks != other.asks {
        return Err(Violation::new("the two ask their host for different things"));
    }
    // A sandbox has a reason more, behind those of its module, for calls that fail.
    if !subject.configured.starts_with(&other.configured) && !other.configured.starts_with(&subject.configured) {
        return Err(Violation::new("the two have different reasons"));
    }
    let case = subject.shown(case);
    let rows = case.table.rows;
    let policies = [subject.fresh()?, other.fresh()?];
    let [first, second] =
        policies.each_ref().map(|p| Asked::new(&**p, subject.manifest.clone(), &case.pod, &case.table));
    if first.prepared != second.prepared {
        let what = format!("`prepare` says {:?}, but {:?} in the other", first.prepared, second.prepared);
        return Err(Violation::new(what));
    }
    let mut list: Vec<u32> = (0..rows as u32).filter(|_| !rng.once_in(3)).collect();
    rng.shuffle(&mut list);
    let middle = Rows::Range { start: rows / 3, end: rows };
    for asked in [Rows::Range { start: 0, end: rows }, middle, Rows::List(&list)] {
        let answers = first.rows(asked).into_iter().zip(second.rows(asked));
        for (row, (first, second)) in asked.iter().zip(answers).filter(|(row, _)| case.table.is_live(*row)) {
            equal(row, (first, "in the one"), (second, "in the other"))?;
        }
    }
    if first.filters() {
        let bits = [&first, &second].map(|asked| {
            let mut feasible = vec![u64::MAX; rows.div_ceil(64)];
            // One that has no such way is asked for verdicts.
            if !asked.filter_bits(0, &mut feasible) {
                let verdicts = asked.verdicts(Rows::Range { start: 0, end: rows });
                feasible = crate::testing::words::packed(verdicts.iter().map(|verdict| verdict.passes()));
            }
            feasible
        });
        let differs = case.live().find(|&row| sched_abi::bit(&bits[0], row) != sched_abi::bit(&bits[1], row));
        if let Some(row) = differs {
            return Err(Violation::on(row, format!("row {row}: `filter_bits` differs")));
        }
    }
    Ok(())
}
