//! Durations as Go writes them (`3m`, `1h30m`, `500ms`), for configurations that are taken over from elsewhere.

use std::fmt;
use thiserror::Error;

/// A duration of whole milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct GoDuration {
    /// Milliseconds.
    pub ms: u64,
}

/// A duration was not understood.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("`{0}` is no duration such as `3m`, `1h30m` or `90s`")]
pub struct GoDurationError(String);

/// Units and their milliseconds. `ms` stands before `m`, which it begins with.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];

impl GoDuration {
    /// So many minutes.
    pub const fn minutes(minutes: u64) -> Self {
        Self { ms: minutes * 60_000 }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let mut ms: u64 = 0;
        loop {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let (count, unit) = rest.split_at_checked(digits)?;
            let (after, factor) = UNITS.iter().find_map(|(name, ms)| Some((unit.strip_prefix(name)?, *ms)))?;
            ms = ms.checked_add(count.parse::<u64>().ok()?.checked_mul(factor)?)?;
            rest = after;
            if rest.is_empty() {
                return Some(Self { ms });
            }
        }
    }
}

impl TryFrom<String> for GoDuration {
    type Error = GoDurationError;

    fn try_from(text: String) -> Result<Self, GoDurationError> {
        Self::parse(&text).ok_or(GoDurationError(text))
    }
}

impl From<GoDuration> for String {
    fn from(duration: GoDuration) -> Self {
        duration.to_string()
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, factor): &&(&str, u64)| self.ms > 0 && self.ms.is_multiple_of(*factor);
        let (unit, factor) = UNITS.iter().filter(fits).max_by_key(|(_, factor)| *factor).unwrap_or(&("s", 1_000));
        write!(f, "{}{unit}", self.ms / factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, ms, back) in [
            ("3m", 180_000, "3m"),
            ("1h30m", 5_400_000, "90m"),
            ("500ms", 500, "500ms"),
            ("0s", 0, "0s"),
            ("24h", 86_400_000, "24h"),
        ] {
            let duration = GoDuration::try_from(text.to_owned()).unwrap();
            assert_eq!((duration.ms, duration.to_string().as_str()), (ms, back));
        }
        for text in ["", "5", "m", "5x", "-5m", "1.5h", "99999999999999999999h", "9999999999999999h", "5m "] {
            assert!(GoDuration::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
