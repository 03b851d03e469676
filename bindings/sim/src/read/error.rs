//! What can be wrong with a file of a trace, and where.

use sched_core::limits::MAX_INPUT_BYTES;
use std::fmt;

/// A file, and where in it; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name as the caller gave it.
    pub file: String,
    /// The line; the header is line 1.
    pub line: Option<u64>,
    /// The field in the line, and its name in the header.
    pub column: Option<(usize, String)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some((column, name)) = &self.column {
            write!(f, ", column {column} (`{name}`)")?;
        }
        Ok(())
    }
}

/// A file that cannot be read as a trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct ReadError {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
}

/// What is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file cannot be opened or read.
    #[error("cannot be read: {0}")]
    Io(String),
    /// A device may have no end.
    #[error("is a device; give a file or a pipe")]
    Device,
    /// More than the most that is read.
    #[error("is longer than {MAX_INPUT_BYTES} bytes (MAX_INPUT_BYTES)")]
    TooLong,
    /// There is not even a header.
    #[error("is empty; a header line was expected")]
    Empty,
    /// There is a header and nothing else.
    #[error("has a header but no rows")]
    NoRows,
    /// The bytes are not UTF-8.
    #[error("is not UTF-8 text")]
    NotUtf8,
    /// The last line has no line end.
    #[error("ends in the middle of a line; the file is cut off, or lacks the line end after its last line")]
    CutOff,
    /// A quoted field goes on over the line end.
    #[error("a quoted field runs over the end of its line")]
    OpenQuote,
    /// A column that is needed is not in the header.
    #[error("has no column `{0}`")]
    MissingColumn(String),
    /// A column stands in the header twice.
    #[error("names column `{0}` twice")]
    DoubleColumn(String),
    /// The header of a series is not the one expected here.
    #[error("column `{expected}` was expected")]
    WrongColumn {
        /// The name that should stand here.
        expected: String,
    },
    /// A line has another number of fields than the header.
    #[error("has {found} fields where the header has {expected}")]
    FieldCount {
        /// Fields in the line.
        found: usize,
        /// Fields in the header.
        expected: usize,
    },
    /// A series has another length than it must have.
    #[error("the series has {found} values where {expected} were expected (two days in steps of five minutes)")]
    SeriesLength {
        /// Values in the series.
        found: usize,
        /// Values that two days have.
        expected: usize,
    },
    /// A field that must not be empty.
    #[error("is empty")]
    EmptyField,
    /// Not a number at all.
    #[error("`{0}` is not a number")]
    NotANumber(String),
    /// Infinite.
    #[error("`{0}` is not finite")]
    NotFinite(String),
    /// Below zero.
    #[error("`{0}` is negative")]
    Negative(String),
    /// A fraction where a whole number is needed.
    #[error("`{0}` is not a whole number")]
    NotWhole(String),
    /// Zero where that makes no sense.
    #[error("must be above 0")]
    Zero,
    /// Above the limit of this field.
    #[error("`{value}` is above the limit of {limit}")]
    TooLarge {
        /// What was found.
        value: String,
        /// The largest value that is allowed.
        limit: u64,
    },
    /// A name was used before.
    #[error("`{name}` was already defined in line {first_line}")]
    Duplicate {
        /// The name.
        name: String,
        /// Where it was used first.
        first_line: u64,
    },
    /// A name that must be defined elsewhere and is not.
    #[error("`{name}` is not in `{file}`")]
    Unknown {
        /// The name.
        name: String,
        /// Where it was looked for.
        file: String,
    },
    /// A pod's life ends before or when it begins.
    #[error("the pod ends at {end}, not after its arrival at {arrive}")]
    EndsBeforeArrival {
        /// Arrival, in the file's unit.
        arrive: u64,
        /// End, in the file's unit.
        end: u64,
    },
    /// A word that is not one of the known ones.
    #[error("`{value}` is none of {known}")]
    UnknownWord {
        /// What was found.
        value: String,
        /// The words that are known.
        known: &'static str,
    },
}
