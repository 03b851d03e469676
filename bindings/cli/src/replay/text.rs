//! A replay as text for the terminal: the table, which profile did better, and how to ask why.

use super::measures::TABLE;
use super::{Replay, source};
use crate::args::{EngineKind, PolicyChoice};
use crate::compare::Comparison;
use crate::numbers::thousands;
use crate::table;
use crate::values::show_ms;
use sched_core::ProfileSet;
use sched_sim::{Options, Trace};
use std::io::IsTerminal as _;

/// How many reasons for unplaced pods are listed.
const MAX_REASONS: usize = 5;

impl Replay<'_> {
    /// What ran, for people.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let seeds = self.args.seeds;
        let which = match seeds.count() {
            1 => seeds.first.to_string(),
            count => format!("{} to {} ({count})", seeds.first, seeds.end - 1),
        };
        let each = |of: &dyn Fn(&Trace) -> String| self.traces.iter().map(of).collect::<Vec<_>>().join(", ");
        let mut facts = vec![
            (if self.traces.len() > 1 { "Workloads" } else { "Workload" }, each(&|trace| trace.name.clone())),
            ("Nodes", each(&|trace| thousands(trace.nodes.len()))),
            ("Pods", each(&|trace| thousands(trace.pods.len()))),
            (if seeds.count() > 1 { "Seeds" } else { "Seed" }, which),
        ];
        if self.traces.iter().any(Trace::has_usage) {
            let level = self.results.first().map_or(0.0, |result| result.water_level * 100.0);
            facts.push(("Metrics delay", show_ms(super::options(self.args).metrics_delay_ms)));
            facts.push(("Water level", format!("{level:.0} %")));
        }
        let PolicyChoice { engine, policy, .. } = &self.args.policies;
        if *engine == EngineKind::Wasm {
            facts.push(("Policies", "sandboxed".to_owned()));
        }
        facts.extend(policy.iter().map(|file| ("With", file.to_string())));
        facts
    }

    /// Everything that is printed; the last line says how to ask why.
    pub(super) fn text(&self, each: &[Comparison], whole: &Comparison) -> String {
        let styled = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let facts = self.facts().into_iter().map(|(word, value)| format!("{word} {value}"));
        let mut parts = vec![facts.collect::<Vec<_>>().join(" · ") + "\n"];
        if each.len() > 1 {
            for (trace, comparison) in self.traces.iter().zip(each) {
                parts.push(trace.name.clone());
                parts.push(table::fitting(comparison, &TABLE, styled));
            }
            parts.push("all together".to_owned());
        }
        parts.push(table::fitting(whole, &TABLE, styled));
        parts.extend(self.unplaced_reasons());
        parts.push(self.digests());
        parts.push(format!("{}.", whole.verdict()));
        parts.extend(self.args.report.as_ref().map(|path| format!("Plots: {}", path.display())));
        let how = self.how_to_ask(whole).map(|how| format!("Why did a pod go where it went? Ask:  {how}"));
        parts.extend(how);
        parts.join("\n") + "\n"
    }

    /// Why pods of the best profile found no node, most frequent first.
    fn unplaced_reasons(&self) -> Option<String> {
        let [result] = self.results else { return None };
        let best = result.profiles.iter().find(|profile| profile.profile == result.best)?;
        let mut reasons: Vec<(&String, &u64)> = best.unplaced_reasons.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let lines = reasons.iter().take(MAX_REASONS).map(|(reason, count)| format!("  {count:>6}  {reason}\n"));
        let lines: String = lines.collect();
        let head = format!("Why pods stayed unplaced with {}, and how many met it on some node:", best.profile);
        (!lines.is_empty()).then(|| format!("{head}\n{lines}"))
    }

    /// The command that explains a telling pod: one that the two best profiles put on different nodes.
    fn how_to_ask(&self, whole: &Comparison) -> Option<String> {
        let Self { args, .. } = self;
        let ranking = whole.ranking();
        let (result, trace) = (self.results.first()?, self.traces.first()?);
        let first = result.profiles.get(*ranking.first()?)?;
        let next = ranking.get(1).and_then(|&place| result.profiles.get(place)).unwrap_or(first);
        let pod = source::telling_pod(trace, first.runs.first()?, next.runs.first()?)?;
        let sample = source::is_sample(args);
        let mut words = if sample {
            vec![format!("{} explain --sample{} --pod {}", program(), source::sample_option(args), quoted(pod))]
        } else {
            vec![format!("{} replay {} --explain {}", program(), source::options_again(args), quoted(pod))]
        };
        if let Some(path) = &args.profiles.profiles {
            words.push(format!("--profiles {}", quoted(&path.display().to_string())));
        }
        if first.profile != ProfileSet::RECOMMENDED || args.profiles.profiles.is_some() {
            words.push(format!("--profile {}", quoted(&first.profile)));
        }
        words.extend(policies_again(&args.policies));
        if args.seeds.first != 0 {
            words.push(format!("{} {}", if sample { "--seed" } else { "--seeds" }, args.seeds.first));
        }
        if let Some(delay_ms) = args.metrics_delay.filter(|&ms| ms != Options::default().metrics_delay_ms) {
            words.push(format!("--metrics-delay {}", quoted(&show_ms(delay_ms))));
        }
        Some(words.join(" "))
    }
}

/// The options that give the same policies.
fn policies_again(choice: &PolicyChoice) -> Vec<String> {
    let PolicyChoice { engine, policy, trust_precompiled } = choice;
    let engine = (*engine == EngineKind::Wasm).then(|| "--engine wasm".to_owned());
    let policies = policy.iter().map(|file| format!("--policy {}", quoted(&file.to_string())));
    let trust = trust_precompiled.then(|| "--trust-precompiled".to_owned());
    engine.into_iter().chain(policies).chain(trust).collect()
}

/// The program as it was called, so that the command can be copied where `sched` is not installed.
pub(super) fn program() -> String {
    quoted(std::env::args().next().as_deref().unwrap_or("sched"))
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_words_are_quoted_for_the_shell() {
        assert_eq!(
            [quoted("a-b.csv"), quoted("a b"), quoted("it's"), quoted("")],
            ["a-b.csv", "'a b'", r"'it'\''s'", "''"]
        );
    }
}
