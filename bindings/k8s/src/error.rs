//! Why an input was refused: which object, which field of it, and where it stands in the text.

use crate::QuantityError;
use sched_core::limits::MAX_INPUT_BYTES;
use std::fmt;
use thiserror::Error;

/// A step from an object to one of its parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Segment {
    /// A field, or a key of a map.
    Key(String),
    /// An element of a list.
    Index(usize),
}

/// The way from an object to a field, written as `spec.containers[1].resources.requests.cpu`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl FromIterator<Segment> for FieldPath {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if i == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// What is wrong with a field.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum Problem {
    /// Not a usable quantity.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// It must be there.
    #[error("is missing")]
    Missing,
    /// A word that is none of those allowed.
    #[error("`{value}` is none of {allowed}")]
    Unsupported {
        /// What stands there.
        value: String,
        /// What may.
        allowed: &'static str,
    },
    /// A number outside its range.
    #[error("`{value}` is not within {min} to {max}")]
    OutOfRange {
        /// The number.
        value: i64,
        /// The least allowed.
        min: i64,
        /// The largest allowed.
        max: i64,
    },
    /// A value of the wrong type, in the words of the parser.
    #[error("{0}")]
    Type(String),
    /// A rule of the API server is broken.
    #[error("{0}")]
    Rule(&'static str),
    /// The object stands in the input a second time.
    #[error("is in the input twice")]
    Duplicate,
}

/// A field of one object that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{path}: {problem}")]
pub struct FieldError {
    /// Which field.
    pub path: FieldPath,
    /// What is wrong with it.
    pub problem: Problem,
}

impl FieldError {
    pub(crate) fn new(problem: impl Into<Problem>) -> Self {
        Self { path: FieldPath::default(), problem: problem.into() }
    }

    pub(crate) fn unsupported(value: &str, allowed: &'static str) -> Self {
        Self::new(Problem::Unsupported { value: value.to_owned(), allowed })
    }
}

/// Puts the way to a part in front of its error; only a failing conversion pays for the path.
pub(crate) trait Within {
    /// The part is the field or entry `key`.
    fn within(self, key: &str) -> Self;
    /// The part is at the end of the way `keys`.
    fn within_path<const N: usize>(self, keys: [&str; N]) -> Self;
    /// The part is element `index` of a list.
    fn within_index(self, index: usize) -> Self;
}

impl<T> Within for Result<T, FieldError> {
    fn within(self, key: &str) -> Self {
        self.map_err(|mut error| {
            error.path.0.insert(0, Segment::Key(key.to_owned()));
            error
        })
    }

    fn within_path<const N: usize>(self, keys: [&str; N]) -> Self {
        keys.iter().rev().fold(self, |result, key| result.within(key))
    }

    fn within_index(self, index: usize) -> Self {
        self.map_err(|mut error| {
            error.path.0.insert(0, Segment::Index(index));
            error
        })
    }
}

/// A number that the API server takes only within a range.
pub(crate) fn in_range(value: i32, min: i64, max: i64) -> Result<i32, FieldError> {
    let value_in_full = i64::from(value);
    if (min..=max).contains(&value_in_full) {
        return Ok(value);
    }
    Err(FieldError::new(Problem::OutOfRange { value: value_in_full, min, max }))
}

/// The elements of a list that may be absent.
pub(crate) fn list<T>(list: Option<&Vec<T>>) -> &[T] {
    list.map_or(&[], Vec::as_slice)
}

/// Converts every element of a list; an error names field and index.
pub(crate) fn each<S, T>(
    field: &str,
    list: &[S],
    convert: impl Fn(&S) -> Result<T, FieldError>,
) -> Result<Vec<T>, FieldError> {
    list.iter().enumerate().map(|(i, item)| convert(item).within_index(i).within(field)).collect()
}

/// Where in the input something stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Number of the document within the stream, from 1; empty documents do not count.
    pub document: usize,
    /// Line, from 1, where it is known.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "document {}", self.document)?;
        self.line.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}

/// Why a text was refused; what was read before stays as it was.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Nothing but white space and comments.
    #[error("the input is empty: there is no Kubernetes object in it")]
    Empty,
    /// More than the most that is read.
    #[error("the input is longer than {MAX_INPUT_BYTES} bytes (MAX_INPUT_BYTES)")]
    TooLong,
    /// Not UTF-8.
    #[error("the input is not UTF-8 text: byte {offset} is wrong")]
    Encoding {
        /// The first wrong byte, from 0.
        offset: usize,
    },
    /// Neither JSON nor YAML.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser says.
        message: String,
    },
    /// JSON or YAML, but not a Kubernetes object.
    #[error("{place}: a Kubernetes object is expected here, but this is {found}")]
    NotAnObject {
        /// Where.
        place: Place,
        /// What stands there.
        found: &'static str,
    },
    /// A field of an object cannot be used.
    #[error("{place}: {object}: {error}")]
    Field {
        /// Where the field stands, or else its object.
        place: Place,
        /// Kind, namespace and name: `Pod default/web-0`.
        object: String,
        /// Which field, and why.
        error: FieldError,
    },
}
