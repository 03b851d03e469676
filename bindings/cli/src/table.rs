//! The comparison as a table for the terminal.

use crate::compare::{Comparison, Format, Stat};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle};

/// One line below the head, nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Stands behind the best value of a column.
const BEST: &str = " *";

/// Profiles as rows, measures as columns; the best of each column carries a star, and colour where `styled`.
pub(crate) fn render(comparison: &Comparison, styled: bool) -> String {
    let mut table = empty();
    let titles = comparison.measures.iter().map(|measure| head(measure.title, styled));
    table.set_header(std::iter::once(head("profile", styled).set_alignment(CellAlignment::Left)).chain(titles));
    for (place, row) in comparison.rows.iter().enumerate() {
        let values = row.stats.iter().enumerate().map(|(column, stat)| {
            let format = comparison.measures.get(column).map_or(Format::Count, |measure| measure.format);
            let best = comparison.mean(place, column).is_some_and(|mean| comparison.best(column) == Some(mean));
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
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// A table with these heads, in the program's style.
pub(crate) fn plain<T: Into<String>>(heads: impl IntoIterator<Item = T>) -> Table {
    let mut table = empty();
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
    if stat.per_seed.len() > 1 && stat.sd > 0.0 {
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
