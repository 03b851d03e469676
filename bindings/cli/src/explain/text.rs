//! An explanation as text for the terminal: the verdict, the rejected nodes in groups, the best nodes with their scores.

use super::Moment;
use super::group::{Group, groups};
use crate::numbers::plural;
use crate::table::{lines, plain};
use comfy_table::{Cell, CellAlignment};
use sched_core::{Candidate, Explanation, PolicyScore};
use std::fmt::Write as _;

/// The most groups that are listed; the rest is summed up.
const MAX_GROUPS: usize = 20;

/// What is shown besides the explanation itself.
pub(crate) struct Context<'a> {
    pub(crate) profile: &'a str,
    pub(crate) seed: u64,
    pub(crate) moment: Moment,
    /// How many of the best nodes are listed.
    pub(crate) top: usize,
    /// What the profile hardly means.
    pub(crate) warnings: Vec<String>,
}

/// The text.
pub(crate) fn render(explanation: &Explanation, context: &Context<'_>) -> String {
    let mut out = verdict(explanation, context);
    let groups = groups(explanation);
    if !groups.is_empty() {
        out.push_str(&rejected(explanation, &groups));
    }
    if !explanation.candidates.is_empty() {
        out.push_str(&best(explanation, context));
    }
    list(&mut out, "What would help", &explanation.remedies);
    list(&mut out, "Not evaluated, so the verdict may be too kind", &explanation.not_evaluated);
    for run in &explanation.policies {
        if let Some(problem) = &run.failed {
            let _ = writeln!(out, "\n{} failed, and what it says does not count: {problem}", run.policy);
        }
        if run.stale {
            let _ = writeln!(out, "\n{} abstained: the samples that it reads are too old to go by", run.policy);
        }
        if let Some(other) = &run.standing_in_for {
            let _ = writeln!(out, "\n{} stood in for {other}", run.policy);
        }
    }
    let idle = explanation
        .policies
        .iter()
        .filter(|run| !run.filtered && !run.scored && run.failed.is_none())
        .map(|run| &*run.policy);
    let idle = idle.collect::<Vec<_>>().join(", ");
    if !idle.is_empty() {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "\nNothing to say about this pod had: {idle}");
    }
    out
}

fn verdict(explanation: &Explanation, context: &Context<'_>) -> String {
    let Explanation { pod, nodes, candidates, .. } = explanation;
    let mut out = match &explanation.chosen {
        Some(node) => format!("{pod} goes to {node}: {} of {} fit.\n", candidates.len(), plural(*nodes, "node")),
        None => format!("{pod} fits nowhere. {}\n", explanation.message),
    };
    if !explanation.fell_back.is_empty() {
        let policies = explanation.fell_back.join(" and ");
        let _ = writeln!(out, "No node passed {policies}, so the choice is made without.");
    }
    if let Some(outright) = &explanation.rejected_outright {
        let _ = writeln!(out, "{} rejects the pod as a whole: {}", outright.policy, outright.reasons.join(", "));
    }
    let notes = &context.moment.notes;
    let notes = if notes.is_empty() { String::new() } else { format!(", {}", notes.join("; ")) };
    let _ = writeln!(out, "It requests {}.", explanation.requested());
    let _ = writeln!(out, "Profile {}, seed {}{notes}.", context.profile, context.seed);
    out
}

fn rejected(explanation: &Explanation, groups: &[Group<'_>]) -> String {
    let mut table = plain(["nodes", "reason", "policy", "for example"]);
    for group in groups.iter().take(MAX_GROUPS) {
        let more = if group.count > group.examples.len() { ", …" } else { "" };
        let reason = format!("{}{}", group.reason, remark(group));
        let examples = format!("{}{more}", group.examples.join(", "));
        let count = Cell::new(group.count).set_alignment(CellAlignment::Right);
        table.add_row([count, Cell::new(reason), Cell::new(group.policy), Cell::new(examples)]);
    }
    let rest = groups.len().saturating_sub(MAX_GROUPS);
    let rest = if rest > 0 { format!("and {} (--json has all)\n", plural(rest, "more reason")) } else { String::new() };
    let several = explanation.rejected.iter().any(|rejection| rejection.reasons.len() > 1);
    let several = if several { "; one with several reasons is counted for each" } else { "" };
    let out = explanation.rejected.len();
    format!("\n{} out{several}\n{}\n{rest}", plural(out, "node"), lines(&table))
}

/// What removing pods would not change, and who else is against the nodes.
fn remark(group: &Group<'_>) -> String {
    let also = match group.also {
        0 => String::new(),
        also if also == group.count => " (a later policy rejects them too)".to_owned(),
        also => format!(" (a later policy rejects {also} of them too)"),
    };
    if group.unresolvable == group.count { format!("{also} (evicting pods would not help)") } else { also }
}

fn best(explanation: &Explanation, context: &Context<'_>) -> String {
    let shown = explanation.candidates.get(..context.top).unwrap_or(&explanation.candidates);
    let first = shown.first().or(explanation.candidates.first());
    // A score of weight 0 moves nothing.
    let counts = |score: &&PolicyScore| weight(explanation, &score.policy) != 0;
    let scores = first.into_iter().flat_map(|candidate| &candidate.scores).filter(counts);
    let heads = scores.map(|score| format!("{}\n× {}", camel_lines(&score.policy), weight(explanation, &score.policy)));
    let mut table = plain(["node".to_owned(), "total".to_owned()].into_iter().chain(heads));
    for candidate in shown {
        let scores = candidate.scores.iter().filter(counts).map(|score| {
            let how =
                if score.raw == score.score { String::new() } else { format!("\n{} → {}", score.raw, score.score) };
            Cell::new(format!("{}{how}", score.weighted)).set_alignment(CellAlignment::Right)
        });
        let total = Cell::new(candidate.total).set_alignment(CellAlignment::Right);
        table.add_row([Cell::new(&candidate.node), total].into_iter().chain(scores));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let of = explanation.candidates.len();
    let head = if shown.len() < of {
        format!("The best {} of {of} nodes that fit", shown.len())
    } else {
        "The nodes that fit".to_owned()
    };
    let legend = "Score times weight, by policy; below it raw → score (0 to 100), where they differ.";
    let why = why(explanation, context.seed).map_or_else(String::new, |why| format!("{why}\n"));
    let table = if shown.is_empty() { String::new() } else { format!("\n{head}\n{}\n{legend}\n", lines(&table)) };
    format!("{table}{why}")
}

fn weight(explanation: &Explanation, policy: &str) -> i64 {
    explanation.policies.iter().find(|run| run.policy == policy).map_or(1, |run| run.weight)
}

/// What sets the winner apart from the next.
fn why(explanation: &Explanation, seed: u64) -> Option<String> {
    let (first, second) = (explanation.candidates.first()?, explanation.candidates.get(1)?);
    if first.total == second.total {
        let equal = explanation.candidates.iter().take_while(|candidate| candidate.total == first.total).count();
        return Some(format!("{equal} nodes share the best total; seed {seed} chose {} among them.", first.node));
    }
    let differences = differences(first, second);
    Some(format!("{} is {} ahead of {}: {differences}.", first.node, first.total - second.total, second.node))
}

fn differences(first: &Candidate, second: &Candidate) -> String {
    let pairs = first.scores.iter().zip(&second.scores);
    let mut by: Vec<(i64, &str)> =
        pairs.map(|(a, b)| (a.weighted - b.weighted, &*a.policy)).filter(|(by, _)| *by != 0).collect();
    by.sort_by_key(|(by, _)| std::cmp::Reverse(by.abs()));
    by.iter().map(|(by, policy)| format!("{by:+} {policy}")).collect::<Vec<_>>().join(", ")
}

fn list(out: &mut String, head: &str, items: &[String]) {
    if !items.is_empty() {
        let _ = writeln!(out, "\n{head}");
        for item in items {
            let _ = writeln!(out, "  {item}");
        }
    }
}

/// `NodeResourcesFit` on lines of its own words, so that a column is as narrow as its numbers allow.
fn camel_lines(name: &str) -> String {
    let mut lines = String::with_capacity(name.len() + 4);
    let mut before = None;
    for character in name.chars() {
        if character.is_uppercase() && before.is_some_and(char::is_lowercase) {
            lines.push('\n');
        }
        lines.push(character);
        before = Some(character);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::tests::{candidate, explanation, rejection};

    fn context() -> Context<'static> {
        Context {
            profile: "recommended",
            seed: 7,
            moment: Moment { at_ms: 0, notes: vec![] },
            top: 1,
            warnings: vec![],
        }
    }

    #[test]
    fn the_winner_and_what_sets_it_apart_are_said() {
        let text = render(&explanation(vec![], vec![candidate("n1", 90), candidate("n2", 70)]), &context());
        assert!(
            text.starts_with(
                "default/web goes to n1: 2 of 2 nodes fit.\nIt requests cpu 1500m.\nProfile recommended, seed 7."
            ),
            "{text}"
        );
        assert!(
            text.contains("The best 1 of 2 nodes that fit") && text.contains("n1 is 20 ahead of n2: +20 Fit."),
            "{text}"
        );
    }

    #[test]
    fn a_tie_names_the_seed() {
        let text = render(&explanation(vec![], vec![candidate("n1", 9), candidate("n2", 9)]), &context());
        assert!(text.contains("2 nodes share the best total; seed 7 chose n1 among them."), "{text}");
    }

    #[test]
    fn rejections_have_counts_reasons_and_examples() {
        let names: Vec<String> = (0..5).map(|n| format!("n{n}")).collect();
        let rejected = names.iter().map(|name| rejection(name, &["Insufficient cpu"])).collect();
        let text = render(&explanation(rejected, vec![]), &context());
        assert!(text.contains("5 nodes out") && text.contains("n0, n1, n2, …"), "{text}");
        assert!(text.starts_with("default/web fits nowhere. "), "{text}");
    }

    #[test]
    fn names_break_between_words_only() {
        assert_eq!(camel_lines("NodeResourcesFit"), "Node\nResources\nFit");
        assert_eq!(camel_lines("GPUShare"), "GPUShare");
    }
}
