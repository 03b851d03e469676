//! CPU and memory as one value, and the wide sums that formulas are computed in.

use super::ColocationError;
use crate::limits::MAX_QUANTITY;
use std::fmt;

/// What a node has of each kind, and what BE and OT are offered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Resource {
    /// In milli-CPU. Can be squeezed at once.
    Cpu,
    /// In bytes. Cannot be squeezed.
    Memory,
}

impl Resource {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Cpu, Self::Memory];

    pub(super) const fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "m",
            Self::Memory => " bytes",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        })
    }
}

/// One value for each resource.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase")
)]
pub struct Each<T> {
    /// Of CPU.
    pub cpu: T,
    /// Of memory.
    pub memory: T,
}

impl<T: Copy> Each<T> {
    /// The value of one resource.
    pub const fn of(self, resource: Resource) -> T {
        match resource {
            Resource::Cpu => self.cpu,
            Resource::Memory => self.memory,
        }
    }

    /// Computed for each resource.
    pub fn by(mut value: impl FnMut(Resource) -> T) -> Self {
        Self { cpu: value(Resource::Cpu), memory: value(Resource::Memory) }
    }

    /// Both values changed in the same way.
    #[must_use]
    pub fn map<U: Copy>(self, mut value: impl FnMut(T) -> U) -> Each<U> {
        Each { cpu: value(self.cpu), memory: value(self.memory) }
    }

    /// Both pairs joined in the same way.
    #[must_use]
    pub fn zip<U: Copy, V: Copy>(self, other: Each<U>, mut value: impl FnMut(T, U) -> V) -> Each<V> {
        Each { cpu: value(self.cpu, other.cpu), memory: value(self.memory, other.memory) }
    }
}

/// Milli-CPU and bytes: 0..=2^46 each.
pub type Amounts = Each<i64>;

impl Amounts {
    /// Milli-CPU and bytes.
    pub const fn new(cpu_milli: i64, memory_bytes: i64) -> Self {
        Self { cpu: cpu_milli, memory: memory_bytes }
    }

    /// The larger of both, resource by resource.
    #[must_use]
    pub fn larger(self, other: Self) -> Self {
        self.zip(other, i64::max)
    }

    /// The smaller of both, resource by resource.
    #[must_use]
    pub fn smaller(self, other: Self) -> Self {
        self.zip(other, i64::min)
    }

    /// What is left after `other`, not below 0.
    #[must_use]
    pub fn left_after(self, other: Self) -> Self {
        self.zip(other, |all, taken| all.saturating_sub(taken).max(0))
    }

    pub(super) fn wide(self) -> Wide {
        self.map(i128::from)
    }

    pub(super) fn check(self, what: impl Fn() -> String) -> Result<(), ColocationError> {
        Resource::ALL.into_iter().try_for_each(|resource| {
            let value = self.of(resource);
            if value < 0 {
                return Err(ColocationError::Negative { what: what(), resource, value });
            }
            if value > MAX_QUANTITY {
                return Err(ColocationError::TooLarge { what: what(), resource });
            }
            Ok(())
        })
    }
}

/// Sums over pods: a report has at most 2^24 pods of at most 2^46, which an `i64` would not hold.
pub(super) type Wide = Each<i128>;

impl Wide {
    pub(super) fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    /// As a quantity: what is below 0 is none, and no sum of ours is promised beyond the largest quantity.
    pub(super) fn clamped(self) -> Amounts {
        self.map(clamped)
    }
}

pub(super) fn clamped(value: i128) -> i64 {
    value.clamp(0, i128::from(MAX_QUANTITY)) as i64
}

/// So many percent of a quantity, truncated. Quantities are at most 2^46 and percentages at most 6,000, so nothing saturates.
pub(super) fn percent_of(quantity: i64, percent: u32) -> i64 {
    quantity.saturating_mul(percent.into()) / 100
}
