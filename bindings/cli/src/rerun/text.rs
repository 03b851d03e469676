//! A rerun for the terminal.

use super::{Done, hex};
use crate::numbers::{plural, thousands};
use crate::table;
use crate::values::show_ms;
use comfy_table::Cell;
use sched_core::record::{Difference, Outcome, Standing};
use std::fmt::Write as _;

/// Reasons that are shown of a node or pod; the rest is in the JSON.
const SHOWN_REASONS: usize = 3;

impl Done<'_> {
    pub(super) fn text(&self) -> String {
        let rerun = self.rerun;
        let mut out = String::new();
        let under = self.recorded_profile.unwrap_or("policies of its own");
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{} of {}, {} over {}, recorded under {under}",
            plural(rerun.decisions as usize, "decision"),
            self.args.file.display(),
            if rerun.entries == 1 {
                "1 entry".to_owned()
            } else {
                format!("{} entries", thousands(rerun.entries as usize))
            },
            show_ms(rerun.until_ms.saturating_sub(rerun.from_ms)),
        );
        let again = self.other.map_or_else(|| "again".to_owned(), |other| format!("under {other}"));
        let verdict = match (rerun.different, self.other) {
            (0, None) => "every one came out as recorded".to_owned(),
            (0, Some(_)) => "every one chooses the same node".to_owned(),
            (different, None) => format!("{} came out otherwise", thousands(different as usize)),
            (different, Some(_)) => format!("{} choose otherwise", thousands(different as usize)),
        };
        let _ = writeln!(
            out,
            "{again}: {verdict}; {} placed, recorded {}",
            thousands(rerun.placed as usize),
            thousands(rerun.recorded_placed as usize)
        );
        if rerun.holds_different > 0 {
            let _ = writeln!(out, "{} ended otherwise", plural(rerun.holds_different as usize, "reservation"));
        }
        if rerun.settled_before > 0 {
            let attempts = plural(rerun.settled_before as usize, "later attempt");
            let _ = writeln!(out, "{attempts} at pods that its own course had placed before");
        }
        let _ = writeln!(out, "digest {}, recorded {}", hex(rerun.digest), hex(rerun.recorded_digest));
        let shown = rerun.differences.get(..self.args.top).unwrap_or(&rerun.differences);
        if !shown.is_empty() {
            let _ = writeln!(out, "\n{}", self.table(shown));
        }
        let more = rerun.different as usize - shown.len();
        if more > 0 {
            let _ = writeln!(out, "and {} more", thousands(more));
        }
        out
    }

    fn table(&self, differences: &[Difference]) -> String {
        let mut rows = table::plain(["after", "pod", "recorded", "now", "recorded node now", "chosen node now"]);
        for difference in differences {
            let cells = [
                show_ms(difference.at_ms.saturating_sub(self.rerun.from_ms)),
                difference.pod.clone(),
                outcome(&difference.recorded),
                outcome(&difference.now),
                standing(difference.recorded_node.as_ref()),
                standing(difference.chosen_node.as_ref()),
            ];
            rows.add_row(cells.map(Cell::new));
        }
        table::lines(&rows)
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Placed { node, total, .. } => format!("{node} ({total})"),
        Outcome::Unplaced { reasons: None } => "no node".to_owned(),
        Outcome::Unplaced { reasons: Some(reasons) } => {
            let counted: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            format!("no node: {}", some(&counted))
        }
    }
}

/// Scores by policy, those of 0 left out, or what stands in the way.
fn standing(standing: Option<&Standing>) -> String {
    match standing {
        None => "–".to_owned(),
        Some(Standing::Feasible(candidate)) => {
            let scores = candidate.scores.iter().filter(|score| score.weighted != 0);
            let scores: Vec<String> = scores.map(|score| format!("{} {}", score.policy, score.weighted)).collect();
            format!("{} = {}", candidate.total, scores.join(" + "))
        }
        Some(Standing::Rejected(rejection)) => format!("{}: {}", rejection.policy, some(&rejection.reasons)),
        Some(Standing::Outright(reasons)) => some(reasons),
    }
}

fn some(texts: &[String]) -> String {
    let shown = texts.get(..SHOWN_REASONS).unwrap_or(texts);
    let more = if shown.len() < texts.len() { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}
