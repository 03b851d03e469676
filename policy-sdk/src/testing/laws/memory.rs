//! Earlier calls leave no trace.

use super::{Verdict, Violation, equal};
use crate::testing::answers::{Answer, Answers, Asked};
use crate::testing::case::Case;
use crate::testing::rng::Rng;
use crate::testing::subject::Subject;
use crate::testing::vary;
use sched_abi::Rows;

/// Calls after which an instance has seen much.
const MANY: usize = 4_200;

pub(super) fn judge(subject: &Subject<'_>, case: &Case, rng: &mut Rng) -> Verdict {
    let case = subject.shown(case);
    let mut other = case.clone();
    vary::vary(subject, &mut other, rng);
    let other = subject.shown(&other);
    let rows = case.table.rows;
    let smaller = case.arranged(&(0..rows / 2).map(Some).collect::<Vec<_>>());
    let cases = [&case, &other, &smaller];
    let mut expected = Vec::new();
    for case in cases {
        expected.push(subject.answers(case)?);
    }
    let policy = subject.fresh()?;
    // All pods are prepared before any of them is asked about, and asked about in turns.
    let asked: Vec<Asked<'_>> =
        cases.iter().map(|case| Asked::new(&*policy, subject.manifest.clone(), &case.pod, &case.table)).collect();
    for round in 0..3 {
        for ((case, asked), expected) in cases.iter().zip(&asked).zip(&expected).rev() {
            prepared_alike(asked, expected)?;
            let all = Rows::Range { start: 0, end: case.table.rows };
            if round == 1 {
                // Scores before verdicts, and both more than once.
                let scores = [asked.scores(all), asked.scores(all)];
                let verdicts = [asked.verdicts(all), asked.verdicts(all)];
                for (scores, verdicts) in scores.into_iter().zip(verdicts) {
                    let rows = verdicts.into_iter().zip(scores).map(|(verdict, score)| Answer { verdict, score });
                    compare(case, expected, &rows.collect::<Vec<_>>(), "asked for scores first")?;
                }
            }
            compare(case, expected, &asked.rows(all), "after other calls")?;
        }
    }
    let (Some(asked), Some(expected)) = (asked.first(), expected.first()) else { return Ok(()) };
    let all = Rows::Range { start: 0, end: rows };
    if rows <= 12 && rng.once_in(8) {
        for _ in 0..MANY {
            Asked::new(&*policy, subject.manifest.clone(), &other.pod, &other.table)
                .rows(Rows::Range { start: 0, end: rows.min(1) });
        }
        compare(&case, expected, &asked.rows(all), "after some thousand calls")?;
    }
    for _ in 0..3 {
        let again = Asked::new(&*policy, subject.manifest.clone(), &case.pod, &case.table);
        prepared_alike(&again, expected)?;
        compare(&case, expected, &again.rows(all), "when it is prepared again")?;
    }
    Ok(())
}

fn prepared_alike(asked: &Asked<'_>, expected: &Answers) -> Verdict {
    if (asked.prepared, asked.block) == (expected.prepared, expected.block) {
        return Ok(());
    }
    let what = format!("`prepare` says {:?} at first, but {:?} after other calls", expected.prepared, asked.prepared);
    let block = "`prepare` fills its block differently after other calls";
    Err(Violation::new(if asked.prepared == expected.prepared { block.to_owned() } else { what }))
}

fn compare(case: &Case, expected: &Answers, answers: &[Answer], how: &str) -> Verdict {
    for row in case.live() {
        if let (Some(&first), Some(&second)) = (expected.rows.get(row), answers.get(row)) {
            equal(row, (first, "from a fresh instance"), (second, how))?;
        }
    }
    Ok(())
}
