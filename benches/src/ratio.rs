//! One claim of the project with what was measured for it, and how it is printed.

use serde::Serialize;
use std::fmt;

/// A claim. It holds when `measured` is at most `bar`.
#[derive(Clone, Debug, Serialize)]
pub struct Ratio {
    /// What is claimed.
    pub name: String,
    /// What was measured.
    pub measured: f64,
    /// What is claimed at most.
    pub bar: f64,
    /// The unit of both.
    pub unit: &'static str,
    /// Whether the claim holds.
    pub holds: bool,
    /// Both sides in absolute terms.
    pub sides: Vec<Side>,
    /// What else belongs to it.
    pub notes: Vec<String>,
}

/// One side of a comparison, by itself.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// Who.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
}

impl Ratio {
    /// A claim without its sides yet.
    pub fn new(name: impl Into<String>, measured: f64, bar: f64, unit: &'static str) -> Self {
        Self { name: name.into(), measured, bar, unit, holds: measured <= bar, sides: Vec::new(), notes: Vec::new() }
    }

    /// Adds a side.
    #[must_use]
    pub fn side(mut self, name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        self.sides.push(Side { name: name.into(), value, unit });
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ratio {} {:.3} {:.3}", self.name, self.measured, self.bar)?;
        for Side { name, value, unit } in &self.sides {
            writeln!(f, "    {name}: {value:.2} {unit}")?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "    {note}"))
    }
}

/// The median of what was measured; 0 of nothing.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The least of what was measured: on a busy machine it says more than the median. 0 of nothing.
pub fn least(values: &mut [f64]) -> f64 {
    values.iter().copied().reduce(f64::min).unwrap_or(0.0)
}
