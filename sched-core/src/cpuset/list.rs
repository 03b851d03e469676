//! The kernel's list form of CPU sets (`0-3,8`): printed, and read from text that may be hostile.

use super::set::CpuSet;
use crate::limits;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A text is not a list of CPUs.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum CpuListError {
    /// Something else than a number, a range or a range with a stride.
    #[error("`{part}` in a list of cpus: write numbers and ranges, such as `0-3,8` or `0-31:2/4`")]
    Syntax {
        /// The part of the list, cut to 40 characters.
        part: String,
    },
    /// A range ends before it starts.
    #[error("range `{part}` in a list of cpus ends before it starts")]
    Backwards {
        /// The range.
        part: String,
    },
    /// A stride without a group, or with more CPUs of a group than it has.
    #[error("stride of `{part}` in a list of cpus: write `USED/GROUP` with 0 < GROUP and USED <= GROUP")]
    Stride {
        /// The range.
        part: String,
    },
    /// A CPU beyond [`limits::MAX_CPU_ID`].
    #[error("`{part}` in a list of cpus is beyond cpu {max} (MAX_CPU_ID)", max = limits::MAX_CPU_ID)]
    TooHigh {
        /// The number.
        part: String,
    },
    /// Strides that name more than [`limits::MAX_CPU_ID`] groups in all: they repeat what they have said.
    #[error("the strides of a list of cpus name more groups than there can be cpus, {max} (MAX_CPU_ID)", max = limits::MAX_CPU_ID)]
    TooManyGroups,
    /// A text beyond [`limits::MAX_CPU_LIST_BYTES`].
    #[error("a list of cpus of {bytes} bytes is beyond {max} (MAX_CPU_LIST_BYTES)", max = limits::MAX_CPU_LIST_BYTES)]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
}

/// The kernel's list form; nothing for the empty set.
impl fmt::Display for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cpus = self.iter().peekable();
        let mut separator = "";
        while let Some(first) = cpus.next() {
            let mut last = first;
            while let Some(next) = cpus.next_if(|next| *next == last + 1) {
                last = next;
            }
            if first == last {
                write!(f, "{separator}{first}")?;
            } else {
                write!(f, "{separator}{first}-{last}")?;
            }
            separator = ",";
        }
        Ok(())
    }
}

/// Reads what the kernel's `bitmap_parselist` (lib/bitmap-str.c) reads but for the words `all` and `N`: numbers, ranges, ranges with a stride
/// `FIRST-LAST:USED/GROUP` (the first `USED` of every `GROUP`), separated by commas or blanks, with a line end. Parts may overlap.
impl FromStr for CpuSet {
    type Err = CpuListError;

    fn from_str(text: &str) -> Result<Self, CpuListError> {
        if text.len() > limits::MAX_CPU_LIST_BYTES {
            return Err(CpuListError::TooLong { bytes: text.len() });
        }
        let mut set = Self::new();
        let parts = text.trim_end().split([',', ' ', '\t']).filter(|part| !part.is_empty());
        let mut groups = 0;
        for part in parts {
            let part = Part::read(part)?;
            groups += part.groups();
            if groups > usize::from(limits::MAX_CPU_ID) {
                return Err(CpuListError::TooManyGroups);
            }
            part.add_to(&mut set);
        }
        Ok(set)
    }
}

/// One part of a list.
struct Part {
    first: usize,
    last: usize,
    used: usize,
    group: usize,
}

impl Part {
    fn read(text: &str) -> Result<Self, CpuListError> {
        let part = || text.chars().take(40).collect::<String>();
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            // What is too long for a number is beyond every limit too.
            plain.then(|| digits.parse().unwrap_or(usize::MAX)).ok_or_else(|| CpuListError::Syntax { part: part() })
        };
        let cpu = |digits: &str| {
            let value = Some(number(digits)?).filter(|value| *value <= usize::from(limits::MAX_CPU_ID));
            value.ok_or_else(|| CpuListError::TooHigh { part: part() })
        };
        let (range, stride) = text.split_once(':').map_or((text, None), |(range, stride)| (range, Some(stride)));
        let Some((first, last)) = range.split_once('-') else {
            let cpu = if stride.is_none() { cpu(range)? } else { return Err(CpuListError::Syntax { part: part() }) };
            return Ok(Self { first: cpu, last: cpu, used: 1, group: 1 });
        };
        let (first, last) = (cpu(first)?, cpu(last)?);
        if last < first {
            return Err(CpuListError::Backwards { part: part() });
        }
        let Some(stride) = stride else { return Ok(Self { first, last, used: 1, group: 1 }) };
        let (used, group) = stride.split_once('/').ok_or_else(|| CpuListError::Syntax { part: part() })?;
        let (used, group) = (number(used)?, number(group)?);
        if group == 0 || used > group {
            return Err(CpuListError::Stride { part: part() });
        }
        Ok(Self { first, last, used, group })
    }

    /// How many groups of a stride lie in the range.
    fn groups(&self) -> usize {
        if self.used == self.group { 0 } else { (self.last - self.first) / self.group + 1 }
    }

    fn add_to(&self, set: &mut CpuSet) {
        if self.used == self.group {
            return set.insert_range(self.first..self.last + 1);
        }
        for start in (self.first..=self.last).step_by(self.group) {
            set.insert_range(start..start.saturating_add(self.used).min(self.last + 1));
        }
    }
}

/// As a list, in text.
#[cfg(feature = "serde")]
impl serde::Serialize for CpuSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for CpuSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
