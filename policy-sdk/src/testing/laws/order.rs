//! Nodes in other rows get the same answers, rows without a node change nothing, nor do other numbers for values of labels.

use super::{Verdict, Violation};
use crate::testing::answers::Answer;
use crate::testing::case::Case;
use crate::testing::rng::Rng;
use crate::testing::subject::Subject;
use crate::testing::words::Plan;

pub(super) fn judge(subject: &Subject<'_>, case: &Case, rng: &mut Rng) -> Verdict {
    let case = subject.shown(case);
    let mut shuffled: Vec<Option<usize>> = (0..case.table.rows).map(Some).collect();
    rng.shuffle(&mut shuffled);
    let reversed: Vec<Option<usize>> = (0..case.table.rows).rev().map(Some).collect();
    let shifted: Vec<Option<usize>> = (0..case.table.rows).map(|row| Some((row + 1) % case.table.rows)).collect();
    for plan in [shuffled, reversed, shifted] {
        moved(subject, &case, &plan)?;
    }
    if !case.table.labels.is_empty() {
        let same: Vec<Option<usize>> = (0..case.table.rows).map(Some).collect();
        let other = Case { table: case.table.clone().renumbered(), pod: case.pod.clone() };
        equal(subject, (&case, &other), &same, "when the values of its labels have other numbers")?;
    }
    Ok(())
}

pub(super) fn judge_dead(subject: &Subject<'_>, case: &Case, rng: &mut Rng) -> Verdict {
    let case = subject.shown(case);
    let live: Vec<Option<usize>> = case.live().map(Some).collect();
    let mut spread = Vec::new();
    for &row in &live {
        spread.extend(std::iter::repeat_n(None, rng.pick(&[0, 0, 1, 2])));
        spread.push(row);
    }
    let dead = |count| std::iter::repeat_n(None, count);
    let before = dead(rng.pick(&[1, 63, 64, 65, 1_024])).chain(live.iter().copied()).collect();
    let after = live.iter().copied().chain(dead(rng.pick(&[1, 64, 130]))).collect();
    for plan in [live.clone(), spread, before, after] {
        moved(subject, &case, &plan)?;
    }
    Ok(())
}

/// Every node is answered in its new row as in its old one.
fn moved(subject: &Subject<'_>, case: &Case, plan: &Plan) -> Verdict {
    equal(
        subject,
        (case, &case.arranged(plan)),
        plan,
        &format!("when the same node is in another row of {}", plan.len()),
    )
}

/// Both cases get the same answers, row by row of a plan.
fn equal(subject: &Subject<'_>, (case, other): (&Case, &Case), plan: &Plan, when: &str) -> Verdict {
    let first = subject.answers(case)?;
    let second = subject.answers(other)?;
    if first.outright() != second.outright() {
        let what = format!("`prepare` says {:?}, but {:?} {when}", first.prepared, second.prepared);
        return Err(Violation::new(what));
    }
    for (row, from) in plan.iter().enumerate() {
        let Some(from) = from.filter(|&from| case.table.is_live(from)) else { continue };
        let answers: [Option<&Answer>; 2] = [first.rows.get(from), second.rows.get(row)];
        if let [Some(first), Some(second)] = answers
            && first != second
        {
            let what = format!("row {from}: {first}, but {second} {when} (row {row})");
            return Err(Violation::on(from, what));
        }
    }
    Ok(())
}
