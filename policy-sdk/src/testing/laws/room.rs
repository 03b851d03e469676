//! Less free room on a node never makes it feasible, nor its score better.

use super::{Verdict, Violation, is_row_local};
use crate::testing::answers::{Answer, Answers};
use crate::testing::case::Case;
use crate::testing::rng::Rng;
use crate::testing::subject::Subject;
use crate::testing::vary::MOST;
use sched_abi::{Column, Normalize, ResourceId};

/// Ways in which room gets less.
#[derive(Clone, Copy, Default, Debug)]
enum Less {
    /// More is requested.
    #[default]
    Requested,
    /// The node has less to give.
    Allocatable,
    /// More is used.
    Used,
    /// More of it is used than was measured.
    Unseen,
    /// The machine is smaller.
    Capacity,
}

const WAYS: [Less; 5] = [Less::Requested, Less::Allocatable, Less::Used, Less::Unseen, Less::Capacity];

/// `claimed`: only what the manifest claims is asked for.
pub(super) fn judge(subject: &Subject<'_>, case: &Case, claimed: bool, rng: &mut Rng) -> Verdict {
    let case = subject.shown(case);
    let manifest = &subject.manifest;
    let before = subject.answers(&case)?;
    let live: Vec<usize> = case.live().collect();
    let mut resources = case.table.resource_ids();
    let asked = |id: &ResourceId| {
        id.0 <= ResourceId::EPHEMERAL_STORAGE.0 || case.pod.requests.iter().any(|r| r.resource == *id)
    };
    resources.retain(asked);
    // What most policies look at comes more often.
    resources.extend([ResourceId::CPU, ResourceId::CPU, ResourceId::MEMORY]);
    for way in WAYS {
        for _ in 0..3 {
            let resource = rng.pick(&resources.iter().map(|id| id.0).collect::<Vec<_>>());
            let one = [rng.pick(&live)];
            // Of a policy that looks at other rows only the row that was changed says anything.
            let rows: &[usize] = if is_row_local(subject) && !rng.once_in(3) { &live } else { &one };
            // A resource that a node does not have at all counts for nothing in most scores, so only filters are asked.
            let none_left = rng.once_in(3);
            let mut changed = case.clone();
            for &row in rows.iter().filter(|_| !live.is_empty()) {
                lessen(&mut changed, row, (way, ResourceId(resource), none_left), rng);
            }
            let after = subject.answers(&changed)?;
            let question = Question {
                filter: !claimed || manifest.monotone,
                score: (!claimed || manifest.prefers_room) && !none_left,
                normalize: manifest.normalize,
            };
            question.ask((&case, &before), (&changed, &after), rows, &Spoken(way, &case, resource))?;
        }
    }
    Ok(())
}

struct Question {
    filter: bool,
    score: bool,
    normalize: Normalize,
}

impl Question {
    fn ask(
        &self,
        (case, before): (&Case, &Answers),
        (changed, after): (&Case, &Answers),
        rows: &[usize],
        how: &Spoken<'_>,
    ) -> Verdict {
        for &row in rows.iter().filter(|&&row| case.table.is_live(row) && changed.table.is_live(row)) {
            let (Some(first), Some(second)) = (before.rows.get(row), after.rows.get(row)) else { continue };
            let feasible = self.filter && !first.verdict.passes() && second.verdict.passes();
            if feasible || self.score && self.better(first, second) {
                return Err(Violation::on(row, format!("row {row}: {first}, but {second} {how}")));
            }
        }
        Ok(())
    }

    fn better(&self, first: &Answer, second: &Answer) -> bool {
        let (Some(first), Some(second)) = (first.score, second.score) else { return false };
        match self.normalize {
            Normalize::None | Normalize::Max => second > first,
            Normalize::MaxReversed | Normalize::MinMaxReversed => second < first,
        }
    }
}

/// The change in words.
struct Spoken<'a>(Less, &'a Case, u16);

impl std::fmt::Display for Spoken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(way, case, resource) = self;
        let name = case.table.resources.get(usize::from(*resource)).map_or("", |name| name);
        match way {
            Less::Requested => write!(f, "with more `{name}` requested"),
            Less::Allocatable => write!(f, "with less `{name}` allocatable"),
            Less::Used => write!(f, "with more `{name}` used"),
            Less::Unseen => write!(f, "with more `{name}` used that no sample shows"),
            Less::Capacity => write!(f, "with a smaller capacity of `{name}`"),
        }
    }
}

/// Takes room from a node.
fn lessen(case: &mut Case, row: usize, (way, resource, none_left): (Less, ResourceId, bool), rng: &mut Rng) {
    let table = &mut case.table;
    let [allocatable, capacity] = [Column::Allocatable, Column::Capacity].map(|of| table.cell(of(resource), row));
    let machine = if allocatable > capacity { allocatable } else { capacity };
    let part = |rng: &mut Rng, of: f64| (of * rng.below(101) as f64 / 100.0).floor();
    let more = {
        let part = part(rng, machine);
        rng.pick(&[1.0, 100.0, part, part, MOST])
    };
    let columns = match way {
        Less::Requested => vec![Column::Requested(resource), Column::ScoringRequested(resource)],
        Less::Used => vec![Column::Usage(resource)],
        Less::Unseen => vec![Column::Unseen(resource)],
        Less::Allocatable => vec![Column::Allocatable(resource)],
        Less::Capacity => vec![Column::Capacity(resource)],
    };
    for column in columns {
        let value = table.cell(column, row);
        let smaller = matches!(way, Less::Allocatable | Less::Capacity);
        let value = match smaller {
            false => (value + more).min(MOST),
            true if none_left => 0.0,
            // Something is left of what there was.
            true => (value - more.min(part(rng, value))).max(value.min(1.0)),
        };
        table.set(column, row, value);
    }
}
