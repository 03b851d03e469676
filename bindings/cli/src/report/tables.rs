//! The parts of a report that come from the comparison alone: headline cards, the table, the bars.

use super::colour;
use crate::compare::{Better, Comparison, Measure, Stat};
use crate::numbers::Format;
use maud::{Markup, html};

/// How many cards and panels of bars there are at most.
const CARDS: usize = 4;
const PANELS: usize = 6;

/// Large numbers of the profile that did best, each against the best of the others.
pub(super) fn cards(comparison: &Comparison, shown: &[usize]) -> Markup {
    let Some(&winner) = comparison.ranking().first() else { return html! {} };
    let name = comparison.rows.get(winner).map_or("", |row| row.profile.as_str());
    html! {
        div.cards {
            @for &place in shown.iter().take(CARDS) {
                @if let (Some(measure), Some(value)) = (comparison.measures.get(place), comparison.mean(winner, place)) {
                    div.card {
                        p.card-title { (measure.title) }
                        p.card-value { (measure.format.show(value)) }
                        p.card-note { (name) (against(comparison, winner, place, measure, value)) }
                    }
                }
            }
        }
    }
}

/// How the winner's value stands to the best of the others.
fn against(comparison: &Comparison, winner: usize, place: usize, measure: &Measure, value: f64) -> Markup {
    let others = (0..comparison.rows.len()).filter(|&row| row != winner);
    let values = others.filter_map(|row| Some((comparison.mean(row, place)?, row)));
    let more = measure.better == Better::More;
    let best = values.min_by(|a, b| if more { b.0.total_cmp(&a.0) } else { a.0.total_cmp(&b.0) });
    let Some((other, row)) = best else { return html! {} };
    let change = (value / other - 1.0) * 100.0;
    let good = if more { change >= 0.5 } else { change <= -0.5 };
    let bad = if more { change <= -0.5 } else { change >= 0.5 };
    let class = if good {
        "good"
    } else if bad {
        "bad"
    } else {
        "even"
    };
    let name = comparison.rows.get(row).map_or("", |row| row.profile.as_str());
    html! {
        @if change.is_finite() && change.abs() >= 0.5 {
            " · " span class=(class) { (format!("{change:+.0} %").replace('-', "−")) } " against " (name)
        } @else {
            " · " (name) " has " (measure.format.show(other))
        }
    }
}

/// Profiles as rows, measures as columns.
pub(super) fn table(comparison: &Comparison, slots: &[usize]) -> Markup {
    html! {
        div.scroll.table {
            table {
                thead { tr {
                    th { "profile" }
                    @for measure in &comparison.measures { th.number title=(measure.meaning) { (measure.title) } }
                } }
                tbody {
                    @for (place, row) in comparison.rows.iter().enumerate() {
                        tr data-slot=[slots.get(place)] {
                            th scope="row" { (swatch(slots.get(place).copied())) (row.profile) }
                            @for (column, stat) in row.stats.iter().enumerate() {
                                (cell(comparison, place, column, stat.as_ref()))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cell(comparison: &Comparison, row: usize, column: usize, stat: Option<&Stat>) -> Markup {
    let format = comparison.measures.get(column).map_or(Format::Count, |measure| measure.format);
    let best = comparison.is_best(row, column);
    html! {
        td.number.best[best] {
            @if let Some(stat) = stat {
                (format.show(stat.mean))
                @if format.differs_from_zero(stat.sd) { span.sd { " ±" (format.show(stat.sd)) } }
            } @else { "–" }
        }
    }
}

/// The colour of a profile.
pub(super) fn swatch(slot: Option<usize>) -> Markup {
    html! { @if let Some(slot) = slot { i.swatch style={ "background:" (colour(slot)) } {} } }
}

/// One panel of bars a measure in which profiles differ, a bar a profile, and a dot a seed.
pub(super) fn bars(comparison: &Comparison, shown: &[usize], slots: &[usize]) -> Markup {
    let ranking = comparison.ranking();
    html! {
        div.panels {
            @for &place in shown.iter().filter(|&&place| comparison.best(place).is_some()).take(PANELS) {
                @if let Some(measure) = comparison.measures.get(place) {
                    section.panel {
                        h3 { (measure.title) }
                        p.note { (measure.meaning) "; " (direction(measure.better)) }
                        div.bars { @for &row in &ranking { (bar(comparison, row, place, measure, slots)) } }
                    }
                }
            }
        }
    }
}

fn direction(better: Better) -> &'static str {
    match better {
        Better::Less => "less is better",
        Better::More => "more is better",
        Better::Neither => "for information",
    }
}

fn bar(comparison: &Comparison, row: usize, place: usize, measure: &Measure, slots: &[usize]) -> Markup {
    let stats = comparison.rows.iter().filter_map(|row| row.stats.get(place)?.as_ref());
    let top = stats.flat_map(|stat| stat.per_seed.iter().copied().chain([stat.mean])).fold(0.0, f64::max);
    let Some((row_data, slot)) = comparison.rows.get(row).zip(slots.get(row)) else { return html! {} };
    let Some(stat) = row_data.stats.get(place).and_then(Option::as_ref) else { return html! {} };
    let share = |value: f64| if top > 0.0 { format!("{:.2}%", value / top * 100.0) } else { "0%".to_owned() };
    html! {
        div.bar data-slot=(slot) {
            span.bar-name { (row_data.profile) }
            span.bar-track {
                i.bar-fill style={ "width:" (share(stat.mean)) ";background:" (colour(*slot)) } {}
                @if stat.per_seed.len() > 1 {
                    @for &value in &stat.per_seed { i.bar-dot style={ "left:" (share(value)) } {} }
                }
            }
            span.bar-value { (measure.format.show(stat.mean)) }
        }
    }
}
