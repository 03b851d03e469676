//! What the manifest does not name is not read.

use super::{Verdict, Violation, equal};
use crate::testing::answers::{Answers, Asked};
use crate::testing::case::Case;
use crate::testing::declared::Declared;
use crate::testing::garble;
use crate::testing::rng::Rng;
use crate::testing::subject::Subject;
use sched_abi::Policy;

pub(super) fn judge(subject: &Subject<'_>, case: &Case, rng: &mut Rng) -> Verdict {
    // Everything that a host may have besides what is declared.
    let shown = Case { table: case.table.clone(), pod: case.pod.only(subject.manifest.pod_fields) };
    let whole = subject.answers(&shown)?;
    let empty = Declared::new(subject, &shown.table);
    let policy = subject.fresh()?;
    let answers = ask(subject, &*policy, &shown, &empty);
    // A sandbox reads for the host's own ends too; its module gets no more than is declared.
    let sandboxed = policy.statistics().is_some();
    if let Some(read) = empty.trespass().filter(|_| !sandboxed) {
        return Err(Violation::new(format!("it reads {read}, which its manifest does not name")));
    }
    compare(&shown, &whole, &answers, "where what it does not declare is empty")?;
    let mut garbled = case.clone();
    garble::undeclared(subject, &mut garbled, rng);
    let answers = subject.answers(&garbled)?;
    compare(&shown, &whole, &answers, "where what it does not declare is something else")
}

fn ask(subject: &Subject<'_>, policy: &dyn Policy, case: &Case, nodes: &Declared<'_>) -> Answers {
    let asked = Asked::new(policy, subject.manifest.clone(), &case.pod, nodes);
    if asked.filters() {
        asked.filter_bits(0, &mut vec![u64::MAX; case.table.rows.div_ceil(64)]);
    }
    asked.answers(case.table.rows)
}

fn compare(case: &Case, first: &Answers, second: &Answers, how: &str) -> Verdict {
    if first.outright() != second.outright() {
        return Err(Violation::new(format!("`prepare` says {:?}, but {:?} {how}", first.prepared, second.prepared)));
    }
    for row in case.live() {
        if let (Some(&first), Some(&second)) = (first.rows.get(row), second.rows.get(row)) {
            equal(row, (first, "in this cluster"), (second, how))?;
        }
    }
    Ok(())
}
