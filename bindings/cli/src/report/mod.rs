//! One self-contained HTML page on a replay: headline, table, bars, and for each workload its course over time.
//! What goes in is in `model`; nothing here runs or measures anything.

mod axis;
mod lines;
mod model;
mod tables;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use model::{Course, Scene};

use crate::compare::Comparison;
use base64::Engine as _;
use lines::{Chart, Line};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use model::{Merge, heat, thin};
use serde_json::{Value, json};
use tables::{bars, cards, swatch, table};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// How many colours the style has besides the first; with more profiles they repeat.
const COLOURS: usize = 7;
/// Where use is not measured, the heat map's colours turn at this share.
const PLAIN_LEVEL: f64 = 0.8;

/// The share at the end of the heat map's scale; the script knows it as 120 percent.
const HEAT_SCALE_TOP: f64 = 1.2;

/// Everything a page is made from.
pub(crate) struct Report<'a> {
    /// What ran, as pairs of a word and a value: workload, nodes, pods, seeds, delay.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) comparison: &'a Comparison,
    /// Keys of the measures for cards and bars, the most important first.
    pub(crate) shown: Vec<&'static str>,
    /// The profile that has the first colour and lies on top.
    pub(crate) recommended: &'a str,
    pub(crate) scenes: Vec<Scene>,
    /// The command that made it.
    pub(crate) command: String,
}

/// A line chart's title, explanation, values and how they are thinned.
struct View {
    title: &'static str,
    note: &'static str,
    percent: bool,
    level: bool,
    merge: Merge,
    values: fn(&Course) -> &[f64],
}

/// Views of one chart's place, of which the reader chooses one.
const UTILISATION: [View; 3] = [
    View {
        title: "95th percentile",
        note: "cpu use of the node that 5 % of the nodes exceed",
        percent: true,
        level: true,
        merge: Merge::Mean,
        values: |course| &course.utilisation_p95,
    },
    View {
        title: "Busiest node",
        note: "cpu use of the node that is used most",
        percent: true,
        level: true,
        merge: Merge::Max,
        values: |course| &course.utilisation_max,
    },
    View {
        title: "Mean",
        note: "cpu use of all nodes together: the same for every profile that places the same pods",
        percent: true,
        level: true,
        merge: Merge::Mean,
        values: |course| &course.utilisation_mean,
    },
];
const HOT: View = View {
    title: "Hot nodes",
    note: "nodes above the water level",
    percent: false,
    level: false,
    merge: Merge::Mean,
    values: |course| &course.hot_nodes,
};
const PENDING: View = View {
    title: "Pending pods",
    note: "pods that wait for a place",
    percent: false,
    level: false,
    merge: Merge::Max,
    values: |course| &course.pending,
};

impl Report<'_> {
    /// The page.
    pub(crate) fn render(&self) -> String {
        let mut data = Data::default();
        let slots = self.slots();
        let shown: Vec<usize> = self.shown.iter().filter_map(|key| self.comparison.place(key)).collect();
        let scenes: Vec<Markup> = self.scenes.iter().map(|scene| self.scene(scene, &slots, &mut data)).collect();
        let json = text::script_json(&json!({"charts": data.charts, "heats": data.heats}));
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
                    (table(self.comparison, &slots))
                    (bars(self.comparison, &shown, &slots))
                    @if !scenes.is_empty() { (self.legend(&slots)) }
                    @for scene in &scenes { (scene) }
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

    fn slot_of(&self, profile: &str, slots: &[usize]) -> usize {
        let place = self.comparison.rows.iter().position(|row| row.profile == profile);
        place.and_then(|place| slots.get(place).copied()).unwrap_or(slots.len())
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

    fn scene(&self, scene: &Scene, slots: &[usize], data: &mut Data) -> Markup {
        let measures_use = scene.courses.iter().any(|course| !course.utilisation_mean.is_empty());
        let level_note = scene.water_level.map(|level| format!("water level {:.0} %", level * 100.0));
        html! {
            section.scene {
                h2 { (scene.title) }
                @if measures_use {
                    h3 { "Utilisation over time" }
                    (self.chart(scene, &UTILISATION, slots, data))
                }
                @if scene.courses.iter().any(|course| !course.nodes.is_empty()) {
                    h3 { "Nodes over time" }
                    p.note {
                        "A row is a node, the longest hot on top; a colour its cpu use"
                        @if let Some(note) = &level_note { "; warm colours lie above the " (note) }
                    }
                    (heat_scale(scene.water_level.unwrap_or(PLAIN_LEVEL)))
                    div.heats { @for course in &scene.courses { (self.heat(scene, course, slots, data)) } }
                }
                @if scene.water_level.is_some() && measures_use {
                    h3 { "Hot nodes over time" }
                    (self.chart(scene, &[HOT], slots, data))
                }
                h3 { "Pending pods over time" }
                (self.chart(scene, &[PENDING], slots, data))
            }
        }
    }

    /// A chart's place: one view, or several with a switch between them.
    fn chart(&self, scene: &Scene, views: &[View], slots: &[usize], data: &mut Data) -> Markup {
        let level_name = scene.water_level.map(|level| format!("water level {:.0} %", level * 100.0));
        html! {
            figure {
                @if views.len() > 1 {
                    div.switch role="group" {
                        @for (place, view) in views.iter().enumerate() {
                            button type="button" aria-pressed=(place == 0) { (view.title) }
                        }
                    }
                }
                @for (place, view) in views.iter().enumerate() {
                    div.view hidden[place > 0] {
                        p.note { (view.note) }
                        @let level = scene.water_level.zip(level_name.as_deref()).filter(|_| view.level);
                        (self.view(scene, view, level, slots, data))
                    }
                }
            }
        }
    }

    fn view(&self, scene: &Scene, view: &View, level: Option<(f64, &str)>, slots: &[usize], data: &mut Data) -> Markup {
        let line = |course: &Course| {
            let (values, step_min) = thin((view.values)(course), course.step_min, view.merge);
            Line { slot: self.slot_of(&course.profile, slots), name: course.profile.clone(), values, step_min }
        };
        let mut lines: Vec<Line> = scene.courses.iter().map(line).collect();
        lines.sort_by_key(|line| line.slot != 0);
        if lines.iter().all(|line| line.values.iter().all(|&value| value == 0.0)) && !view.level {
            return html! { p.empty { "None at any time, with any profile." } };
        }
        let label = format!("{}: {} by profile over time", scene.title, view.note);
        let chart = Chart { label, lines, percent: view.percent, level, measured_from_min: scene.measured_from_min };
        let id = data.charts.len().to_string();
        data.charts.push(chart.data());
        html! { div.scroll { (chart.svg(&id)) } }
    }

    fn heat(&self, scene: &Scene, course: &Course, slots: &[usize], data: &mut Data) -> Markup {
        let level = scene.water_level.unwrap_or(PLAIN_LEVEL);
        let Some(heat) = heat(course, level) else { return html! {} };
        let id = data.heats.len();
        let percent = base64::engine::general_purpose::STANDARD.encode(&heat.percent);
        data.heats.push(json!({"columns": heat.columns, "rows": heat.rows, "step": heat.step_min,
                               "level": (level * 100.0).round(), "percent": percent}));
        html! {
            figure.heat {
                figcaption { (swatch(Some(self.slot_of(&course.profile, slots)))) (course.profile) }
                canvas data-heat=(id) role="img" aria-label={ "Use of each node over time with " (course.profile) } {}
                @let minutes = heat.step_min * heat.columns as f64;
                div.heat-axis { @for tick in axis::time_ticks(0.0, minutes, 4) {
                    span style={ "left:" (tick.at / minutes * 100.0) "%" } { (tick.label) }
                } }
            }
        }
    }
}

/// The colour of a slot: the first belongs to slot 0 alone.
fn colour(slot: usize) -> String {
    let place = if slot == 0 { 0 } else { (slot - 1) % COLOURS + 1 };
    format!("var(--c{place})")
}

/// What the colours of the heat maps mean; the script paints it.
fn heat_scale(level: f64) -> Markup {
    let ticks = [0.0, level, 1.0];
    html! {
        div.heat-scale data-level=(level * 100.0) {
            canvas {}
            @for tick in ticks { span style={ "left:" (tick / HEAT_SCALE_TOP * 100.0) "%" } { (format!("{:.0} %", tick * 100.0)) } }
        }
    }
}

/// What the script reads.
#[derive(Default)]
struct Data {
    charts: Vec<Value>,
    heats: Vec<Value>,
}
