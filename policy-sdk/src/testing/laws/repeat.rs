//! Equal inputs give equal answers.

use super::{Verdict, Violation, equal};
use crate::testing::answers::Asked;
use crate::testing::case::Case;
use crate::testing::rng::Rng;
use crate::testing::subject::Subject;

/// Instances, each before a copy of the case, asked twice.
const INSTANCES: usize = 4;

pub(super) fn judge(subject: &Subject<'_>, case: &Case, rng: &mut Rng) -> Verdict {
    let case = subject.shown(case);
    let expected = subject.answers(&case)?;
    // All of them live at once, so that each lies elsewhere in memory, and so does its copy of the case.
    let mut instances = Vec::new();
    for instance in 0..INSTANCES {
        let mut copy = case.clone();
        // A column may end where the rest of it is 0.
        if instance == 1 {
            copy.table.trim();
        }
        instances.push((subject.fresh()?, copy));
    }
    for (instance, (policy, copy)) in instances.iter().enumerate() {
        if policy.configured_reasons() != subject.configured {
            return Err(Violation::new("two instances have different reasons"));
        }
        for call in ["", " at its second call"] {
            let mut asked = Asked::new(&**policy, subject.manifest.clone(), &copy.pod, &copy.table);
            asked.litter = rng.word();
            let answers = asked.answers(copy.table.rows);
            let other = if instance == 1 { "where columns end before zeros" } else { "from another instance" };
            let other = format!("{other}{call}");
            if (answers.prepared, answers.block) != (expected.prepared, expected.block) {
                let what = format!("`prepare` says {:?}, but {:?} {other}", expected.prepared, answers.prepared);
                let block = "`prepare` fills its block differently";
                return Err(Violation::new(if answers.prepared == expected.prepared {
                    block.to_owned()
                } else {
                    what
                }));
            }
            for row in case.live() {
                let answers = (expected.rows.get(row), answers.rows.get(row));
                if let (Some(&first), Some(&second)) = answers {
                    equal(row, (first, "at first"), (second, &other))?;
                }
            }
        }
    }
    Ok(())
}
