//! One self-contained HTML page on a replay: headline, table, bars, and for each workload its course over time.
//! What goes in is in `model`; nothing here runs or measures anything.

mod axis;
mod lines;
mod model;
mod scene;
mod tables;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use model::{Course, Scene};

use crate::compare::Comparison;
use crate::numbers::plural;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use scene::Page;
use serde_json::json;
use tables::{bars, cards, swatch, table};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// How many colours the style has besides the first; with more profiles they repeat.
const COLOURS: usize = 7;
/// Everything a page is made from.
pub(crate) struct Report<'a> {
    /// What ran, as pairs of a word and a value: workload, nodes, pods, seeds, delay.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) comparison: &'a Comparison,
    /// Keys of the measures in the table.
    pub(crate) columns: &'a [&'static str],
    /// Keys of the measures for cards and bars, the most important first.
    pub(crate) shown: &'a [&'static str],
    /// The profile that has the first colour and lies on top.
    pub(crate) recommended: &'a str,
    pub(crate) scenes: Vec<Scene>,
    /// How many runs are in the table and not among the scenes, because the page would become too large.
    pub(crate) not_drawn: usize,
    /// The command that made it.
    pub(crate) command: String,
}

impl Report<'_> {
    /// The page.
    pub(crate) fn render(&self) -> String {
        let slots = self.slots();
        let mut page =
            Page::new(self.comparison.rows.iter().map(|row| row.profile.as_str()).zip(slots.iter().copied()));
        let has_value = |&place: &usize| self.comparison.mean(0, place).is_some();
        let shown: Vec<usize> =
            self.shown.iter().filter_map(|key| self.comparison.place(key)).filter(has_value).collect();
        let scenes: Vec<Markup> = self.scenes.iter().map(|scene| page.scene(scene)).collect();
        let json = text::script_json(&json!({"charts": page.charts, "heats": page.heats}));
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { "sched replay" }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        p.eyebrow { "sched replay" }
                        h1 { (self.comparison.verdict()) }
                        dl.facts { @for (word, value) in &self.facts { div { dt { (word) } dd { (value) } } } }
                    }
                    (cards(self.comparison, &shown))
                    h2 { "Side by side" }
                    (table(&self.comparison.only(self.columns), &slots))
                    (bars(self.comparison, &shown, &slots))
                    @if !scenes.is_empty() { (self.legend(&slots)) }
                    @for scene in &scenes { (scene) }
                    @if self.not_drawn > 0 {
                        p.note { "Not drawn, to keep the page small: " (plural(self.not_drawn, "more run")) "." }
                    }
                    footer { p { "Made by " code { (self.command) } } }
                    div #tip hidden {}
                    script #data type="application/json" { (PreEscaped(json)) }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        }
        .into_string()
    }

    /// A number for each row, by which the page knows it: 0 for `recommended`, the others in order.
    fn slots(&self) -> Vec<usize> {
        let mut next = 1..;
        let rows = self.comparison.rows.iter();
        rows.map(|row| if row.profile == self.recommended { 0 } else { next.next().unwrap_or(0) }).collect()
    }

    fn legend(&self, slots: &[usize]) -> Markup {
        html! {
            nav.legend aria-label="Profiles" {
                @for (row, &slot) in self.comparison.rows.iter().zip(slots) {
                    button type="button" data-profile=(row.profile) data-slot=(slot) aria-pressed="true" {
                        (swatch(Some(slot))) (row.profile)
                    }
                }
            }
        }
    }
}

/// The colour of a slot: the first belongs to slot 0 alone.
fn colour(slot: usize) -> String {
    let place = if slot == 0 { 0 } else { (slot - 1) % COLOURS + 1 };
    format!("var(--c{place})")
}
