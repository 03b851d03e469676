//! One workload of a report: how use, hot nodes and waiting pods went over time, with every profile.

use super::colour;
use super::lines::{Chart, Line};
use super::model::{Course, Merge, Scene, heat, thin};
use base64::Engine as _;
use maud::{Markup, html};
use serde_json::{Value, json};

/// Where use is not measured, the heat map's colours turn at this share.
const PLAIN_LEVEL: f64 = 0.8;
/// The share at the end of the heat map's scale; the script knows it as 120 percent.
const HEAT_SCALE_TOP: f64 = 1.2;

/// A line chart that is one of several in the same place, among which the reader switches.
struct View {
    title: &'static str,
    note: &'static str,
    percent: bool,
    /// Whether the water level means something here.
    level: bool,
    merge: Merge,
    /// A course's values and the minutes between them; the second argument is the water level.
    values: fn(&Course, f64) -> (Vec<f64>, f64),
}

const USE: [View; 3] = [
    View {
        title: "95th percentile",
        note: "cpu use that 5 % of the nodes exceed",
        percent: true,
        level: true,
        merge: Merge::Mean,
        values: |course, _| (course.node_p95(), course.node_step_min),
    },
    View {
        title: "Busiest node",
        note: "cpu use of the node that is used most; above 100 % it is asked for more than it has",
        percent: true,
        level: true,
        merge: Merge::Max,
        values: |course, _| (course.node_max(), course.node_step_min),
    },
    View {
        title: "Mean",
        note: "cpu use of all nodes together; the same for every profile that places the same pods",
        percent: true,
        level: true,
        merge: Merge::Mean,
        values: |course, _| (course.utilisation.clone(), course.step_min),
    },
];
const HOT: [View; 1] = [View {
    title: "Hot nodes",
    note: "nodes above the water level",
    percent: false,
    level: false,
    merge: Merge::Mean,
    values: |course, level| (course.hot_nodes(level), course.node_step_min),
}];
const ALLOCATION: [View; 3] = [
    View {
        title: "GPU",
        note: "share of all cards that is requested",
        percent: true,
        level: false,
        merge: Merge::Mean,
        values: |course, _| (course.gpu_allocation.clone(), course.step_min),
    },
    View {
        title: "CPU",
        note: "share of all cpu that is requested",
        percent: true,
        level: false,
        merge: Merge::Mean,
        values: |course, _| (course.allocation.clone(), course.step_min),
    },
    View {
        title: "Fragmentation",
        note: "share of what is free that typical pods cannot use",
        percent: true,
        level: false,
        merge: Merge::Mean,
        values: |course, _| (course.fragmentation.clone(), course.step_min),
    },
];
const PENDING: [View; 1] = [View {
    title: "Pending pods",
    note: "pods that wait for a place",
    percent: false,
    level: false,
    merge: Merge::Max,
    values: |course, _| (course.pending.clone(), course.step_min),
}];

/// The scenes of a page, and what its script reads of them.
pub(super) struct Page<'a> {
    slots: Vec<(&'a str, usize)>,
    pub(super) charts: Vec<Value>,
    pub(super) heats: Vec<Value>,
}

impl<'a> Page<'a> {
    /// A page on these profiles, each with its slot.
    pub(super) fn new(slots: impl Iterator<Item = (&'a str, usize)>) -> Self {
        Self { slots: slots.collect(), charts: Vec::new(), heats: Vec::new() }
    }

    fn slot_of(&self, profile: &str) -> usize {
        let found = self.slots.iter().find(|(name, _)| *name == profile);
        found.map_or(self.slots.len(), |(_, slot)| *slot)
    }

    pub(super) fn scene(&mut self, scene: &Scene) -> Markup {
        let measures_use = scene.water_level.is_some();
        html! {
            section.scene {
                h2 { (scene.title) }
                @if measures_use {
                    h3 { "Utilisation over time" }
                    (self.chart(scene, &USE))
                }
                @if scene.courses.iter().any(|course| !course.nodes.is_empty()) { (self.heats(scene)) }
                @if measures_use {
                    h3 { "Hot nodes over time" }
                    (self.chart(scene, &HOT))
                } @else {
                    h3 { "Allocation over time" }
                    (self.chart(scene, &ALLOCATION))
                }
                h3 { "Pending pods over time" }
                (self.chart(scene, &PENDING))
            }
        }
    }

    /// A chart's place: those of the views for which there are values, with a switch between them.
    fn chart(&mut self, scene: &Scene, views: &[View]) -> Markup {
        let drawn: Vec<(&View, Vec<Line>)> =
            views.iter().filter_map(|view| Some((view, self.lines(scene, view)?))).collect();
        html! {
            figure {
                @if drawn.len() > 1 {
                    div.switch role="group" {
                        @for (place, (view, _)) in drawn.iter().enumerate() {
                            button type="button" aria-pressed=(place == 0) { (view.title) }
                        }
                    }
                }
                @for (place, (view, lines)) in drawn.into_iter().enumerate() {
                    div.view hidden[place > 0] {
                        p.note { (view.note) }
                        (self.view(scene, view, lines))
                    }
                }
            }
        }
    }

    /// Every course's line, slot 0 first; none if there is nothing to draw.
    fn lines(&self, scene: &Scene, view: &View) -> Option<Vec<Line>> {
        let line = |course: &Course| {
            let (values, step_min) = (view.values)(course, scene.water_level.unwrap_or(PLAIN_LEVEL));
            let (values, step_min) = thin(&values, step_min, view.merge);
            Line { slot: self.slot_of(&course.profile), name: course.profile.clone(), values, step_min }
        };
        let mut lines: Vec<Line> = scene.courses.iter().map(line).collect();
        lines.sort_by_key(|line| line.slot != 0);
        lines.iter().any(|line| !line.values.is_empty()).then_some(lines)
    }

    fn view(&mut self, scene: &Scene, view: &View, lines: Vec<Line>) -> Markup {
        if !view.percent && lines.iter().all(|line| line.values.iter().all(|&value| value == 0.0)) {
            return html! { p.empty { "None at any time, with any profile." } };
        }
        let label = format!("{}: {} by profile over time", scene.title, view.note);
        let level_name = scene.water_level.map(level_name);
        let level = scene.water_level.zip(level_name.as_deref()).filter(|_| view.level);
        let chart = Chart { label, lines, percent: view.percent, level, measured_from_min: scene.measured_from_min };
        let id = self.charts.len().to_string();
        self.charts.push(chart.data());
        html! { div.scroll { (chart.svg(&id)) } }
    }

    fn heats(&mut self, scene: &Scene) -> Markup {
        html! {
            h3 { "Nodes over time" }
            p.note {
                "A row is a node, the one longest hot on top; a colour is its cpu "
                @match scene.water_level {
                    Some(level) => { "use, warm above the " (level_name(level)) }
                    None => { "allocation, warm above " (format!("{:.0} %", PLAIN_LEVEL * 100.0)) }
                }
            }
            (heat_scale(scene.water_level.unwrap_or(PLAIN_LEVEL)))
            div.heats { @for course in &scene.courses { (self.heat(scene, course)) } }
        }
    }

    fn heat(&mut self, scene: &Scene, course: &Course) -> Markup {
        let level = scene.water_level.unwrap_or(PLAIN_LEVEL);
        let Some(heat) = heat(course, level) else { return html! {} };
        let id = self.heats.len();
        let percent = base64::engine::general_purpose::STANDARD.encode(&heat.percent);
        self.heats.push(json!({"columns": heat.columns, "rows": heat.rows, "step": heat.step_min,
                               "level": (level * 100.0).round(), "percent": percent}));
        let minutes = heat.step_min * heat.columns as f64;
        html! {
            figure.heat {
                figcaption { i.swatch style={ "background:" (colour(self.slot_of(&course.profile))) } {} (course.profile) }
                canvas data-heat=(id) role="img" aria-label={ "Each node over time with " (course.profile) } {}
                div.heat-axis {
                    @for tick in super::axis::time_ticks(0.0, minutes, 4) {
                        span style={ "left:" (tick.at / minutes * 100.0) "%" } { (tick.label) }
                    }
                }
            }
        }
    }
}

fn level_name(level: f64) -> String {
    format!("water level {:.0} %", level * 100.0)
}

/// What the colours of the heat maps mean; the script paints it.
fn heat_scale(level: f64) -> Markup {
    html! {
        div.heat-scale data-level=(level * 100.0) {
            canvas {}
            @for tick in [0.0, level, 1.0] {
                span style={ "left:" (tick / HEAT_SCALE_TOP * 100.0) "%" } { (format!("{:.0} %", tick * 100.0)) }
            }
        }
    }
}
