//! The comparison as a table for the terminal.

use crate::compare::{Comparison, Stat};
use crate::numbers::Format;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle};

/// One line below the head, nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Texts are not broken to fit a terminal that is narrower.
const LEAST_WIDTH: u16 = 100;

/// Stands behind the best value of a column.
const BEST: &str = " *";

/// The columns of the terminal; none where there is no terminal or it does not tell.
fn terminal_width() -> Option<u16> {
    Table::new().width().filter(|&width| width > 0)
}

/// The comparison of the measures in `keys`, of which the last are left out as far as the terminal is too narrow.
pub(crate) fn fitting(comparison: &Comparison, keys: &[&str], styled: bool) -> String {
    let Some(width) = terminal_width() else { return render(&comparison.only(keys), styled) };
    let table = (1..=keys.len()).rev().find_map(|count| {
        let table = render(&comparison.only(keys.get(..count)?), false);
        let fits = table.lines().all(|line| line.chars().count() <= usize::from(width));
        (fits || count == 1).then_some((count, table))
    });
    let count = table.map_or(keys.len(), |(count, _)| count);
    let left_out = keys.get(count..).unwrap_or_default();
    let shown = render(&comparison.only(keys.get(..count).unwrap_or(keys)), styled);
    if left_out.is_empty() { shown } else { format!("{shown}   not shown for want of room: {}\n", left_out.join(", ")) }
}

/// Profiles as rows, measures as columns; the best of each column carries a star, and colour where `styled`.
fn render(comparison: &Comparison, styled: bool) -> String {
    let mut table = empty();
    let titles = comparison.measures.iter().map(|measure| head(measure.title, styled));
    table.set_header(std::iter::once(head("profile", styled).set_alignment(CellAlignment::Left)).chain(titles));
    for (place, row) in comparison.rows.iter().enumerate() {
        let values = row.stats.iter().enumerate().map(|(column, stat)| {
            let format = comparison.measures.get(column).map_or(Format::Count, |measure| measure.format);
            let best = comparison.is_best(place, column);
            value(stat.as_ref(), format, best, styled)
        });
        table.add_row(std::iter::once(Cell::new(&row.profile)).chain(values));
    }
    let rows = lines(&table);
    let seeds = comparison.rows.iter().flat_map(|row| row.stats.iter().flatten()).map(|stat| stat.per_seed.len()).max();
    let spread = if seeds.unwrap_or(0) > 1 { "; ± is the standard deviation over the seeds" } else { "" };
    format!("{rows}\n*  best of its column{spread}\n")
}

fn empty() -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table
}

/// A table with these heads, in the program's style. Its texts are broken to fit the terminal, but not into ever
/// narrower columns.
pub(crate) fn plain<T: Into<String>>(heads: impl IntoIterator<Item = T>) -> Table {
    let mut table = empty();
    if let Some(width) = terminal_width() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(LEAST_WIDTH));
    }
    table.set_header(heads.into_iter().map(|head| Cell::new(head.into())));
    table
}

/// A table's text, without blanks at the ends of its lines.
pub(crate) fn lines(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A measure's name, a word a line: columns are then as narrow as their numbers allow.
fn head(title: &str, styled: bool) -> Cell {
    let cell = Cell::new(title.replace(' ', "\n")).set_alignment(CellAlignment::Right);
    if styled { cell.add_attribute(Attribute::Bold) } else { cell }
}

fn value(stat: Option<&Stat>, format: Format, best: bool, styled: bool) -> Cell {
    let Some(stat) = stat else {
        return Cell::new("–  ").set_alignment(CellAlignment::Right);
    };
    let mut text = format.show(stat.mean);
    if format.differs_from_zero(stat.sd) {
        text = format!("{text} ±{}", format.show(stat.sd));
    }
    // A blank in the star's place keeps digits under digits.
    text.push_str(if best { BEST } else { "  " });
    let cell = Cell::new(text).set_alignment(CellAlignment::Right);
    if best && styled { cell.fg(Color::Green).add_attribute(Attribute::Bold) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::{measure, stat};
    use crate::compare::{Better, Row};

    #[test]
    fn the_best_of_each_column_is_marked_once() {
        let comparison = Comparison {
            measures: vec![
                measure("hot", Better::Less),
                measure("placed", Better::More),
                measure("pods", Better::Neither),
            ],
            rows: vec![
                Row { profile: "a".into(), stats: vec![stat(1500.0), stat(10.0), stat(3.0)] },
                Row { profile: "b".into(), stats: vec![stat(900.0), stat(10.0), None] },
            ],
            decisive: vec![],
        };
        let text = render(&comparison, false);
        let line = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap().to_owned();
        assert!(line("b").contains("900 *") && line("b").contains('–'), "{text}");
        assert!(line("a").contains("1,500") && !line("a").contains('*'), "{text}");
        assert!(!text.contains("10 *"), "all are equal, so nobody wins: {text}");
    }
}
