//! Scores, reasons and what `prepare` says lie within what the manifest allows.

use super::{Verdict, Violation};
use crate::testing::case::Case;
use crate::testing::subject::Subject;
use sched_abi::Hook;

pub(super) fn judge(subject: &Subject<'_>, case: &Case) -> Verdict {
    let case = subject.shown(case);
    let answers = subject.answers(&case)?;
    let (prepared, manifest) = (answers.prepared, &subject.manifest);
    let reasons = subject.reason_count(&case.pod.requests);
    if let Some(place) = prepared.reject.filter(|place| *place >= reasons) {
        return Err(Violation::new(format!("`prepare` rejects with reason {place}, but the table has {reasons}")));
    }
    if prepared.narrow && case.pod.named_nodes.is_none() {
        return Err(Violation::new("`prepare` narrows to named nodes, but the pod names none"));
    }
    if let Hook::Constant(_) = prepared.filter {
        return Err(Violation::new("`prepare` gives the filter a constant score; a filter runs or is skipped"));
    }
    let (least, most) = manifest.normalize.range();
    if let Hook::Constant(score) = prepared.score
        && !(least..=most).contains(&score)
    {
        return Err(Violation::new(format!("`prepare` gives every node score {score}, not within {least}..={most}")));
    }
    for row in case.live() {
        let Some(answer) = answers.rows.get(row) else { continue };
        if let Some(score) = answer.score.filter(|score| !(least..=most).contains(score)) {
            return Err(Violation::on(row, format!("row {row}: score {score} is not within {least}..={most}")));
        }
        let known = (1_u64 << reasons) - 1;
        let given = answer.verdict.0 & (u64::MAX >> 1);
        if given & !known != 0 {
            let place = (given & !known).ilog2();
            let what = format!("row {row}: rejected with reason {place}, but the table has {reasons}");
            return Err(Violation::on(row, what));
        }
        if given == 0 && answer.verdict.is_unresolvable() {
            return Err(Violation::on(row, format!("row {row}: unresolvable without a reason")));
        }
    }
    Ok(())
}
