//! The classes of service on a node, and the priorities within them; which containers get which CPUs is not decided here.

use std::fmt;

/// The class of service of a pod, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "UPPERCASE"))]
pub enum Qos {
    /// Whole cores, shared with nobody.
    Lsx,
    /// Cores of its own, whose idle cycles others may use.
    Lsr,
    /// The shared pool.
    Ls,
    /// What the online classes do not use.
    Be,
    /// What even BE leaves.
    Ot,
}

impl Qos {
    /// All of them, best first.
    pub const ALL: [Self; 5] = [Self::Lsx, Self::Lsr, Self::Ls, Self::Be, Self::Ot];

    /// Whether it is one of the online classes, which are never squeezed or evicted for the sake of others.
    pub const fn online(self) -> bool {
        matches!(self, Self::Lsx | Self::Lsr | Self::Ls)
    }
}

impl fmt::Display for Qos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lsx => "LSX",
            Self::Lsr => "LSR",
            Self::Ls => "LS",
            Self::Be => "BE",
            Self::Ot => "OT",
        })
    }
}

/// How important a pod is, most first. The last of them are evicted first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Priority {
    /// The most important.
    P0,
    /// Below P0.
    P1,
    /// Below P1.
    P2,
    /// Below P2.
    P3,
    /// The least important.
    P4,
}
