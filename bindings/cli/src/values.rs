//! Values of options that are not plain text or numbers: ranges of seeds, durations, files with a weight.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use thiserror::Error;

/// More seeds than this in one call are a slip of the keyboard.
const MAX_SEEDS: u64 = 10_000;

/// A half-open range of seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seeds {
    pub(crate) first: u64,
    pub(crate) end: u64,
}

/// Why a text is not a range of seeds.
#[derive(Error, Debug, PartialEq, Eq)]
pub(crate) enum SeedsError {
    #[error("expected `A..B` (without B) or one seed, as in `0..5`")]
    Form,
    #[error("no seed lies in it: A must be less than B")]
    Empty,
    #[error("it holds {0} seeds, at most {MAX_SEEDS} are allowed (MAX_SEEDS)")]
    TooMany(u64),
}

impl FromStr for Seeds {
    type Err = SeedsError;

    fn from_str(text: &str) -> Result<Self, SeedsError> {
        let number = |part: &str| part.trim().parse::<u64>().map_err(|_| SeedsError::Form);
        let (first, end) = if let Some((first, end)) = text.split_once("..") {
            (number(first)?, number(end)?)
        } else {
            let seed = number(text)?;
            (seed, seed.checked_add(1).ok_or(SeedsError::Form)?)
        };
        match end.checked_sub(first) {
            None | Some(0) => Err(SeedsError::Empty),
            Some(count) if count > MAX_SEEDS => Err(SeedsError::TooMany(count)),
            Some(_) => Ok(Self { first, end }),
        }
    }
}

impl Seeds {
    /// The seeds, in order.
    pub(crate) fn iter(self) -> std::ops::Range<u64> {
        self.first..self.end
    }

    /// How many there are; at least one.
    pub(crate) fn count(self) -> u64 {
        self.end - self.first
    }
}

/// A policy's file, and its weight if one is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyFile {
    pub(crate) path: PathBuf,
    pub(crate) weight: Option<i64>,
}

impl FromStr for PolicyFile {
    type Err = Infallible;

    /// What follows the last colon is a weight if it is a number, and else part of the file's name.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let parts = text.rsplit_once(':').and_then(|(path, weight)| Some((path, weight.parse().ok()?)));
        let (path, weight) = parts.map_or((text, None), |(path, weight)| (path, Some(weight)));
        Ok(Self { path: path.into(), weight })
    }
}

impl fmt::Display for PolicyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        self.weight.map_or(Ok(()), |weight| write!(f, ":{weight}"))
    }
}

/// A moment as milliseconds since 1970.
pub(crate) fn parse_time(text: &str) -> Result<u64, String> {
    let time = humantime::parse_rfc3339_weak(text).map_err(|error| error.to_string())?;
    let since = time.duration_since(std::time::UNIX_EPOCH).map_err(|_| "is before 1970".to_owned())?;
    u64::try_from(since.as_millis()).map_err(|error| error.to_string())
}

/// A duration such as `60s`, `5m` or `1h 30m`, in milliseconds.
pub(crate) fn parse_delay(text: &str) -> Result<u64, String> {
    let duration = humantime::parse_duration(text).map_err(|error| format!("{error}, as in `60s`, `5m` or `500ms`"))?;
    u64::try_from(duration.as_millis()).map_err(|_| "too long".to_owned())
}

/// Milliseconds as people write them: `1m`, `1h 30m`.
pub(crate) fn show_ms(ms: u64) -> String {
    humantime::format_duration(std::time::Duration::from_millis(ms)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_leaves_its_end_out() {
        let seeds: Seeds = "3..5".parse().unwrap();
        assert_eq!(seeds.iter().collect::<Vec<_>>(), [3, 4]);
        assert_eq!("7".parse::<Seeds>().unwrap().iter().collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn wrong_ranges_are_refused_by_name() {
        for (text, error) in [
            ("", SeedsError::Form),
            ("a..b", SeedsError::Form),
            ("1..", SeedsError::Form),
            ("-1..2", SeedsError::Form),
            ("18446744073709551615", SeedsError::Form),
            ("5..5", SeedsError::Empty),
            ("5..1", SeedsError::Empty),
            ("0..10001", SeedsError::TooMany(10_001)),
        ] {
            assert_eq!(text.parse::<Seeds>(), Err(error), "{text}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_delay("60s"), Ok(60_000));
        assert_eq!(parse_delay("5m"), Ok(300_000));
        assert_eq!(parse_delay("500ms"), Ok(500));
        assert_eq!(parse_delay("0s"), Ok(0));
        for wrong in ["60", "", "-1s", "5 parsecs", "999999999999999999999y"] {
            assert!(parse_delay(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_number_after_the_last_colon_is_a_weight() {
        for (text, path, weight) in [
            ("p.wasm", "p.wasm", None),
            ("p.wasm:5", "p.wasm", Some(5)),
            ("p.wasm:-5", "p.wasm", Some(-5)),
            ("C:\\p.wasm", "C:\\p.wasm", None),
            ("a:1:2", "a:1", Some(2)),
        ] {
            let read: PolicyFile = text.parse().unwrap();
            assert_eq!((&read, read.to_string()), (&PolicyFile { path: path.into(), weight }, text.to_owned()));
        }
    }

    #[test]
    fn what_is_shown_can_be_read_back() {
        for ms in [500, 60_000, 5_400_000] {
            assert_eq!(parse_delay(&show_ms(ms)), Ok(ms));
        }
    }
}
