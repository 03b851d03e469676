//! A CSV file as rows of named fields; every way in which a row can be wrong becomes an error with its place.
//! What the columns mean is in the readers.

use super::{Place, Problem, ReadError};
use std::collections::HashMap;

/// A parsed file. CRLF line ends and a byte order mark are accepted.
pub(super) struct Table {
    file: String,
    header: Vec<String>,
    /// Each with its line.
    rows: Vec<(u64, csv::StringRecord)>,
}

/// A column of a table.
#[derive(Clone, Copy)]
pub(super) struct Column(usize);

/// A row of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'t> {
    table: &'t Table,
    line: u64,
    record: &'t csv::StringRecord,
}

impl Table {
    /// Parses `bytes`; `file` names them in errors.
    pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Self, ReadError> {
        let fail = |line, problem| Err(ReadError { place: Place { file: file.into(), line, column: None }, problem });
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
            Err(error) => {
                let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = good.split(|&byte| byte == b'\n').count() as u64;
                return fail(Some(line), Problem::NotUtf8);
            }
        };
        if text.trim().is_empty() {
            return fail(None, Problem::Empty);
        }
        if !text.ends_with(['\n', '\r']) {
            return fail(Some(text.lines().count() as u64), Problem::CutOff);
        }
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut table = Self { file: file.into(), header: Vec::new(), rows: Vec::new() };
        let mut lines = Lines { rest: text.as_bytes(), passed: 0, line: 1 };
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => return fail(error.position().map(csv::Position::line), Problem::Io(error.to_string())),
            };
            let line = lines.of(record.position().map_or(0, csv::Position::byte));
            if let Some(column) = record.iter().position(|field| field.contains(['\n', '\r'])) {
                return Err(table.error(line, Some(column), Problem::OpenQuote));
            }
            if table.header.is_empty() {
                table.set_header(line, &record)?;
            } else if record.len() == table.header.len() {
                table.rows.push((line, record));
            } else {
                let problem = Problem::FieldCount { found: record.len(), expected: table.header.len() };
                return Err(table.error(line, None, problem));
            }
        }
        if table.rows.is_empty() { fail(None, Problem::NoRows) } else { Ok(table) }
    }

    fn set_header(&mut self, line: u64, record: &csv::StringRecord) -> Result<(), ReadError> {
        let mut seen = HashMap::new();
        for (column, name) in record.iter().enumerate() {
            if seen.insert(name, column).is_some() {
                return Err(self.error(line, None, Problem::DoubleColumn(name.into())));
            }
        }
        self.header = record.iter().map(str::to_owned).collect();
        Ok(())
    }

    fn error(&self, line: u64, column: Option<usize>, problem: Problem) -> ReadError {
        let name = |column| self.header.get(column).cloned().unwrap_or_default();
        let place = Place {
            file: self.file.clone(),
            line: Some(line),
            column: column.map(|column| (column + 1, name(column))),
        };
        ReadError { place, problem }
    }

    /// An error in the header.
    pub(super) fn header_error(&self, column: Option<usize>, problem: Problem) -> ReadError {
        self.error(1, column, problem)
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, record)| Row { table: self, line: *line, record })
    }

    /// The column with this name.
    pub(super) fn column(&self, name: &str) -> Result<Column, ReadError> {
        self.optional(name).ok_or_else(|| self.header_error(None, Problem::MissingColumn(name.into())))
    }

    /// The column with this name, if the file has one.
    pub(super) fn optional(&self, name: &str) -> Option<Column> {
        self.header.iter().position(|header| header == name).map(Column)
    }
}

impl<'t> Row<'t> {
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    pub(super) fn error(&self, column: Column, problem: Problem) -> ReadError {
        self.table.error(self.line, Some(column.0), problem)
    }

    /// The field as it stands, possibly empty.
    pub(super) fn text(&self, column: Column) -> &'t str {
        self.record.get(column.0).unwrap_or_default()
    }

    /// The field, which must not be empty.
    pub(super) fn name(&self, column: Column) -> Result<&'t str, ReadError> {
        match self.text(column) {
            "" => Err(self.error(column, Problem::EmptyField)),
            name => Ok(name),
        }
    }

    /// A number of at least 0.
    fn number(&self, column: Column) -> Result<f64, ReadError> {
        let text = self.name(column)?;
        let fail = |problem| Err(self.error(column, problem));
        match text.parse::<f64>() {
            Ok(value) if value.is_nan() => fail(Problem::NotANumber(text.into())),
            Ok(value) if value.is_infinite() => fail(Problem::NotFinite(text.into())),
            Ok(value) if value < 0.0 => fail(Problem::Negative(text.into())),
            Ok(value) => Ok(value),
            Err(_) => fail(Problem::NotANumber(text.into())),
        }
    }

    /// A whole number of at most `limit`.
    pub(super) fn whole(&self, column: Column, limit: u64) -> Result<u64, ReadError> {
        let value = self.number(column)?;
        let text = self.text(column);
        if value > limit as f64 {
            return Err(self.error(column, Problem::TooLarge { value: text.into(), limit }));
        }
        if value.fract() != 0.0 {
            return Err(self.error(column, Problem::NotWhole(text.into())));
        }
        Ok(value as u64)
    }

    /// A whole number from 1 to `limit`.
    pub(super) fn positive(&self, column: Column, limit: u64) -> Result<u64, ReadError> {
        match self.whole(column, limit)? {
            0 => Err(self.error(column, Problem::Zero)),
            value => Ok(value),
        }
    }

    /// The fields after the first as numbers of at most `limit`.
    pub(super) fn series(&self, limit: u64) -> Result<Vec<f64>, ReadError> {
        let value = |column| {
            let value = self.number(column)?;
            let text = || self.text(column).to_owned();
            if value > limit as f64 {
                return Err(self.error(column, Problem::TooLarge { value: text(), limit }));
            }
            Ok(value)
        };
        (1..self.record.len()).map(Column).map(value).collect()
    }
}

/// Counts lines. The parser's own count does not see line ends that it skips between records.
struct Lines<'t> {
    rest: &'t [u8],
    passed: u64,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that begins at `byte`, or after the line ends there; records must come in order.
    fn of(&mut self, byte: u64) -> u64 {
        while let Some((&first, rest)) = self.rest.split_first()
            && (self.passed < byte || matches!(first, b'\n' | b'\r'))
        {
            self.line += u64::from(first == b'\n');
            (self.passed, self.rest) = (self.passed + 1, rest);
        }
        self.line
    }
}

/// Names that must not repeat, with what they stand for and the line that defined them.
pub(super) struct Names<'t>(HashMap<&'t str, (u64, usize)>);

impl<'t> Names<'t> {
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    /// Notes the name in `column` of `row`, which must be new.
    pub(super) fn define(&mut self, row: Row<'t>, column: Column) -> Result<&'t str, ReadError> {
        let name = row.name(column)?;
        let index = self.0.len();
        match self.0.insert(name, (row.line(), index)) {
            None => Ok(name),
            Some((first_line, _)) => Err(row.error(column, Problem::Duplicate { name: name.into(), first_line })),
        }
    }

    /// How many names were defined before this one.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.0.get(name).map(|&(_, index)| index)
    }
}
