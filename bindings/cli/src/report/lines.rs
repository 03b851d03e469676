//! Line charts as SVG: one line a profile over time. The script adds a cross-hair; without it the chart is complete.

use super::axis::{Tick, time_ticks, value_ticks};
use super::colour;
use super::text::coordinate;
use maud::{Markup, html};
use serde_json::{Value, json};

const WIDTH: f64 = 1_080.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 26.0;
/// Room above the highest value, so that a line does not touch the frame.
const HEADROOM: f64 = 1.04;
const TIME_TICKS: usize = 9;
const VALUE_TICKS: usize = 4;

/// A profile's line.
pub(super) struct Line {
    /// Which colour, and whether it is drawn at all when the reader hides the profile.
    pub(super) slot: usize,
    pub(super) name: String,
    pub(super) values: Vec<f64>,
    pub(super) step_min: f64,
}

/// A chart of lines.
pub(super) struct Chart<'a> {
    /// What a screen reader says it is.
    pub(super) label: String,
    pub(super) lines: Vec<Line>,
    /// Values are shares of one, shown as percent.
    pub(super) percent: bool,
    /// A dashed line across, with its name.
    pub(super) level: Option<(f64, &'a str)>,
    /// Time before this minute is shaded: it does not count.
    pub(super) measured_from_min: f64,
}

/// Where values lie on the paper.
struct Frame {
    last_min: f64,
    top: f64,
}

impl Frame {
    fn x(&self, minute: f64) -> f64 {
        LEFT + minute / self.last_min * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (1.0 - value / self.top) * (HEIGHT - TOP - BOTTOM)
    }
}

impl Chart<'_> {
    /// The chart. Lines are drawn from the last to the first, so that the first lies on top.
    pub(super) fn svg(&self, id: &str) -> Markup {
        let ticks = value_ticks(self.highest() * HEADROOM, VALUE_TICKS, |at| self.value_label(at));
        let top = ticks.last().map_or(1.0, |tick| tick.at);
        let frame = Frame { last_min: self.last_min(), top };
        let times = time_ticks(0.0, frame.last_min, TIME_TICKS);
        html! {
            svg.chart data-chart=(id) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(self.label) {
                (self.warm_up(&frame))
                g.grid { @for tick in &ticks { (value_tick(&frame, tick)) } }
                g.times { @for tick in &times { (time_tick(&frame, tick)) } }
                @for line in self.lines.iter().rev() {
                    path.line data-slot=(line.slot) style={ "stroke:" (colour(line.slot)) } d=(path(&frame, line)) {}
                }
                @if let Some((level, name)) = self.level {
                    @let y = frame.y(level);
                    line.level x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y) y2=(y) {}
                    text.level x=(LEFT + 8.0) y=(y - 5.0) { (name) }
                }
                line.cursor y1=(TOP) y2=(HEIGHT - BOTTOM) x1="0" x2="0" {}
            }
        }
    }

    /// What the cross-hair needs: the geometry and the values.
    pub(super) fn data(&self) -> Value {
        let scale = if self.percent { 100.0 } else { 1.0 };
        let rounded = |value: &f64| (value * scale * 10.0).round() / 10.0;
        let lines = self.lines.iter().map(|line| {
            json!({"slot": line.slot, "name": line.name, "step": line.step_min,
                   "values": line.values.iter().map(rounded).collect::<Vec<_>>()})
        });
        json!({"left": LEFT, "right": WIDTH - RIGHT, "width": WIDTH, "minutes": self.last_min(),
               "unit": if self.percent { " %" } else { "" }, "lines": lines.collect::<Vec<_>>()})
    }

    fn highest(&self) -> f64 {
        let values = self.lines.iter().flat_map(|line| line.values.iter().copied());
        values.chain(self.level.map(|(level, _)| level)).filter(|value| value.is_finite()).fold(0.0, f64::max)
    }

    fn last_min(&self) -> f64 {
        let ends = self.lines.iter().map(|line| line.values.len().saturating_sub(1) as f64 * line.step_min);
        ends.fold(1.0, f64::max)
    }

    fn value_label(&self, at: f64) -> String {
        if self.percent {
            format!("{:.0} %", at * 100.0)
        } else if at.fract() == 0.0 {
            format!("{at:.0}")
        } else {
            format!("{at:.1}")
        }
    }

    fn warm_up(&self, frame: &Frame) -> Markup {
        let until = self.measured_from_min.min(frame.last_min);
        let width = frame.x(until) - LEFT;
        html! {
            @if until > 0.0 {
                rect.warmup x=(LEFT) y=(TOP) width=(width) height=(HEIGHT - TOP - BOTTOM) {}
                text.warmup x=(LEFT + 8.0) y=(TOP + 14.0) { "not counted" }
            }
        }
    }
}

fn value_tick(frame: &Frame, tick: &Tick) -> Markup {
    let y = frame.y(tick.at);
    html! {
        line x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y) y2=(y) {}
        text x=(LEFT - 8.0) y=(y + 4.0) text-anchor="end" { (tick.label) }
    }
}

fn time_tick(frame: &Frame, tick: &Tick) -> Markup {
    let x = frame.x(tick.at);
    let anchor = if x > WIDTH - RIGHT - 20.0 { "end" } else { "middle" };
    html! {
        line x1=(x) x2=(x) y1=(HEIGHT - BOTTOM) y2=(HEIGHT - BOTTOM + 5.0) {}
        text x=(x) y=(HEIGHT - 7.0) text-anchor=(anchor) { (tick.label) }
    }
}

/// The line as path commands; a value that is not a number leaves a gap.
fn path(frame: &Frame, line: &Line) -> String {
    let mut commands = String::with_capacity(line.values.len() * 12);
    let mut pen_down = false;
    for (place, &value) in line.values.iter().enumerate() {
        if !value.is_finite() {
            pen_down = false;
            continue;
        }
        commands.push(if pen_down { 'L' } else { 'M' });
        coordinate(&mut commands, frame.x(place as f64 * line.step_min));
        commands.push(' ');
        coordinate(&mut commands, frame.y(value));
        pen_down = true;
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: Vec<f64>) -> Chart<'static> {
        let line = Line { slot: 0, name: "a".into(), values, step_min: 5.0 };
        Chart { label: "x".into(), lines: vec![line], percent: true, level: None, measured_from_min: 0.0 }
    }

    #[test]
    fn a_gap_lifts_the_pen() {
        let svg = chart(vec![0.0, 1.0, f64::NAN, 1.0]).svg("c").into_string();
        assert_eq!(svg.matches('M').count(), 2, "{svg}");
        assert!(!svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn empty_and_single_lines_are_drawn_without_fault() {
        for values in [vec![], vec![0.5], vec![f64::NAN]] {
            let svg = chart(values).svg("c").into_string();
            assert!(svg.starts_with("<svg") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn the_cross_hair_gets_percents() {
        assert_eq!(chart(vec![0.5, 0.123_45]).data()["lines"][0]["values"], json!([50.0, 12.3]));
    }
}
