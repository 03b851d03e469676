//! A row's answer depends on that row alone.

use super::{Verdict, Violation, equal, is_row_local};
use crate::testing::answers::{Answer, Answers, Asked};
use crate::testing::case::Case;
use crate::testing::rng::Rng;
use crate::testing::subject::Subject;
use crate::testing::vary;
use sched_abi::Rows;

/// Rows that the pipeline asks about at once.
const CHUNK: usize = 1_024;

pub(super) fn judge(subject: &Subject<'_>, case: &Case, rng: &mut Rng) -> Verdict {
    let case = subject.shown(case);
    let policy = subject.fresh()?;
    let asked = Asked::new(&*policy, subject.manifest.clone(), &case.pod, &case.table);
    let whole = asked.answers(case.table.rows);
    batches(&asked, &case, &whole, rng)?;
    if is_row_local(subject) { other_rows(subject, &case, &whole, rng) } else { Ok(()) }
}

/// Asking about some of the rows, in any order, gives what asking about all of them gave.
fn batches(asked: &Asked<'_>, case: &Case, whole: &Answers, rng: &mut Rng) -> Verdict {
    let rows = case.table.rows;
    let mut cuts: Vec<(usize, usize)> =
        (0..rows).step_by(CHUNK).map(|start| (start, rows.min(start + CHUNK))).collect();
    cuts.extend((0..rows).step_by(64).map(|start| (start, rows.min(start + 64))).take(3));
    for _ in 0..6 {
        let start = rng.below(rows + 1);
        cuts.push((start, start + rng.below(rows - start + 1)));
    }
    for (start, end) in cuts {
        let answers = asked.rows(Rows::Range { start, end });
        agree(case, whole, start..end, &answers, &format!("asked about rows {start} to {end}"))?;
    }
    for (list, how) in lists(case, rng) {
        let answers = asked.rows(Rows::List(&list));
        let how = format!("asked about {how} of {} rows", list.len());
        agree(case, whole, list.iter().map(|&row| row as usize), &answers, &how)?;
    }
    Ok(())
}

/// Lists of rows as a host may ask about, and some that it hardly will.
fn lists(case: &Case, rng: &mut Rng) -> Vec<(Vec<u32>, &'static str)> {
    let live: Vec<u32> = case.live().map(|row| row as u32).collect();
    let all: Vec<u32> = (0..case.table.rows as u32).collect();
    let mut shuffled = all.clone();
    rng.shuffle(&mut shuffled);
    let sparse = live.iter().copied().filter(|_| rng.once_in(9)).collect();
    let doubled: Vec<u32> = live.iter().chain(&live).flat_map(|&row| [row, row]).take(2_100).collect();
    let mut lists = vec![
        (live.iter().rev().copied().collect(), "a falling list"),
        (live.clone(), "a list"),
        (all, "a list"),
        (shuffled, "a shuffled list"),
        (sparse, "a sparse list"),
        (doubled, "a list with duplicates"),
        (Vec::new(), "a list"),
    ];
    let singles = [live.first(), live.last()].into_iter().flatten().map(|&row| (vec![row], "a list"));
    lists.extend(singles);
    if !live.is_empty() {
        let row = rng.pick(&live);
        lists.extend([(vec![row], "a list"), (vec![row; 3], "a list with duplicates")]);
        lists.push((vec![rng.pick(&live), rng.pick(&live)], "a list"));
    }
    lists
}

fn agree(case: &Case, whole: &Answers, rows: impl Iterator<Item = usize>, answers: &[Answer], how: &str) -> Verdict {
    for (row, &answer) in rows.zip(answers) {
        if let Some(&first) = whole.rows.get(row).filter(|_| case.table.is_live(row)) {
            equal(row, (first, "asked about all rows"), (answer, how))?;
        }
    }
    Ok(())
}

/// Other nodes, more nodes and fewer nodes elsewhere change nothing.
fn other_rows(subject: &Subject<'_>, case: &Case, whole: &Answers, rng: &mut Rng) -> Verdict {
    let rows = case.table.rows;
    if rows == 0 {
        return Ok(());
    }
    let mut other = case.clone();
    vary::vary_rows(subject, &mut other, rng);
    // What is common to all rows stays.
    (other.table.now_ms, other.table.aggregates) = (case.table.now_ms, case.table.aggregates.clone());
    other.table.domain_pods.clone_from(&case.table.domain_pods);
    let one = rng.below(rows);
    let half: Vec<bool> = (0..rows).map(|_| rng.once_in(2)).collect();
    for keep in [(0..rows).map(|row| row == one).collect(), half] {
        let kept = |row: &usize| keep.get(*row).copied().unwrap_or(false);
        still(subject, case, whole, (&case.mixed(&other, &keep), kept), "where other nodes are changed")?;
        let plan: Vec<Option<usize>> = (0..rows).map(|row| kept(&row).then_some(row)).collect();
        still(subject, case, whole, (&case.arranged(&plan), kept), "where other nodes are gone")?;
    }
    for more in [1, 64, 1 + rng.below(2 * rows)] {
        let plan: Vec<Option<usize>> = (0..rows + more).map(|row| Some(row % rows)).collect();
        still(subject, case, whole, (&case.arranged(&plan), |_: &usize| true), "where there are more nodes")?;
    }
    Ok(())
}

fn still(
    subject: &Subject<'_>,
    case: &Case,
    whole: &Answers,
    (changed, kept): (&Case, impl Fn(&usize) -> bool),
    how: &str,
) -> Verdict {
    let answers = subject.answers(changed)?;
    if answers.outright() != whole.outright() {
        return Err(Violation::new(format!("`prepare` says {:?}, but {:?} {how}", whole.prepared, answers.prepared)));
    }
    for row in case.live().filter(kept) {
        if let (Some(&first), Some(&second)) = (whole.rows.get(row), answers.rows.get(row)) {
            equal(row, (first, "in this cluster"), (second, how))?;
        }
    }
    Ok(())
}
