//! Why a report, a configuration, a saved state or a request was refused; nothing was changed.

use super::Resource;
use crate::limits;
use thiserror::Error;

/// A call was refused; every state is as it was.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ColocationError {
    /// A quantity is below 0.
    #[error("{what}: {resource} is {value}: quantities are never negative")]
    Negative {
        /// Whose quantity.
        what: String,
        /// Of which resource.
        resource: Resource,
        /// The value.
        value: i64,
    },
    /// A quantity is beyond [`limits::MAX_QUANTITY`].
    #[error("{what}: {resource} is beyond {max} (2^46, MAX_QUANTITY), the largest quantity", max = limits::MAX_QUANTITY)]
    TooLarge {
        /// Whose quantity.
        what: String,
        /// Of which resource.
        resource: Resource,
    },
    /// More than the machine has.
    #[error("{what}: {resource} is {value}, more than the node's capacity of {capacity}")]
    AboveCapacity {
        /// What is larger.
        what: String,
        /// Of which resource.
        resource: Resource,
        /// The value.
        value: i64,
        /// What the node has.
        capacity: i64,
    },
    /// A rate or a size is below 0 or beyond [`limits::MAX_QUANTITY`].
    #[error("{what}: {rate} must lie in 0..={max} (2^46, MAX_QUANTITY)", max = limits::MAX_QUANTITY)]
    Rate {
        /// Whose rate.
        what: String,
        /// The rate.
        rate: i64,
    },
    /// A setting is out of its range.
    #[error("`{setting}` is {value}: it must lie in {min}..={max}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// Its value.
        value: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// Two settings contradict each other.
    #[error(
        "`{lower}` is {low}, which must be below `{upper}` ({high}): otherwise what is admitted is suppressed at once"
    )]
    NotBelow {
        /// The setting that must be the lower one.
        lower: &'static str,
        /// Its value.
        low: u32,
        /// The setting that must be the higher one.
        upper: &'static str,
        /// Its value.
        high: u32,
    },
    /// Two zones of one id.
    #[error("zone {0} is there twice")]
    DuplicateZone(u32),
    /// A pod names a zone that the report does not have, or the same one twice.
    #[error("pod `{pod}`: zone {zone} is named twice or is not a zone of the node")]
    PodZone {
        /// The pod.
        pod: String,
        /// The zone.
        zone: u32,
    },
    /// The zones have more than the node.
    #[error("the zones have {zones} of {resource} together, the node {node}")]
    ZonesAboveNode {
        /// Of which resource.
        resource: Resource,
        /// What the zones have together.
        zones: i128,
        /// What the node has.
        node: i64,
    },
    /// Too much of something.
    #[error("{count} {what}, more than {limit} ({name})")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// How many there may be.
        limit: usize,
        /// The name of the limit.
        name: &'static str,
    },
    /// A time is before one that was seen already.
    #[error("time {now_ms} ms lies before {last_ms} ms, the time of the last step; use a clock that never goes back")]
    TimeBackwards {
        /// The time given.
        now_ms: u64,
        /// The time of the last step.
        last_ms: u64,
    },
    /// A time is beyond [`limits::MAX_TIME_MS`].
    #[error("time {0} ms is beyond {max} (2^53, MAX_TIME_MS), the latest time", max = limits::MAX_TIME_MS)]
    Time(u64),
    /// A report is of a time later than now, by more than clocks differ.
    #[error("the report ended {ahead_ms} ms after the present, more than clocks may differ ({max} ms, MAX_CLOCK_SKEW_MS)", max = limits::MAX_CLOCK_SKEW_MS)]
    Ahead {
        /// By how much.
        ahead_ms: u64,
    },
    /// A saved state is not one that this library wrote.
    #[error("the saved state is not valid: {0}; start without it")]
    State(&'static str),
    /// The path of a control group could lead elsewhere.
    #[error("control group `{0}`: it must be a relative path without empty parts, `.`, `..` or control characters")]
    Group(String),
    /// A block device is not named by its numbers.
    #[error("device `{0}` must be named by its numbers, as in `259:0`")]
    Device(String),
    /// Changes that end in a limit above that of the group around it.
    #[error("{file} of `{child}` would end above that of `{parent}`")]
    ChildAboveParent {
        /// Which file.
        file: &'static str,
        /// The inner group.
        child: String,
        /// The outer group.
        parent: String,
    },
    /// Two changes of the same file.
    #[error("{file} of `{group}` is changed twice")]
    ChangedTwice {
        /// Which file.
        file: &'static str,
        /// The group.
        group: String,
    },
}

pub(super) fn in_range(setting: &'static str, value: u64, min: u64, max: u64) -> Result<(), ColocationError> {
    if (min..=max).contains(&value) { Ok(()) } else { Err(ColocationError::Setting { setting, value, min, max }) }
}

/// A level: percent of the machine.
pub(super) fn percent(setting: &'static str, value: u32) -> Result<(), ColocationError> {
    in_range(setting, value.into(), 0, 100)
}

pub(super) fn below(
    (lower, low): (&'static str, u32),
    (upper, high): (&'static str, u32),
) -> Result<(), ColocationError> {
    if low < high { Ok(()) } else { Err(ColocationError::NotBelow { lower, low, upper, high }) }
}
