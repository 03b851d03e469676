//! A filter's answer for one node: pass, or a set of reasons and whether preempting pods could help.

/// The number of distinct reasons that one policy can give for one pod.
pub const MAX_REASONS: u32 = 62;

/// What a filter says of one node, in one word: zero passes; otherwise bits `0..MAX_REASONS` are the set of reasons
/// (places in the policy's reason table, expanded for the pod, see [`crate::ReasonSpec`]) and the top bit says that
/// removing pods from the node cannot help (`UnschedulableAndUnresolvable` in kube-scheduler).
///
/// ```
/// use sched_abi::Verdict;
/// let v = Verdict::reason(2).unresolvable_if(true);
/// assert!(!v.passes() && v.is_unresolvable());
/// assert_eq!(v.reasons().collect::<Vec<_>>(), [2]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
#[repr(transparent)]
pub struct Verdict(pub u64);

impl Verdict {
    /// The node passes.
    pub const PASS: Self = Self(0);
    const UNRESOLVABLE: u64 = 1 << 63;

    /// A rejection with one reason; a place beyond [`MAX_REASONS`] is folded into the last.
    #[must_use]
    pub const fn reason(place: u32) -> Self {
        Self(1 << if place < MAX_REASONS { place } else { MAX_REASONS - 1 })
    }

    /// `self` if `condition`, else a pass. Branch-free, so that a kernel over columns stays a vector loop.
    #[must_use]
    pub const fn when(self, condition: bool) -> Self {
        Self(self.0 & (condition as u64).wrapping_neg())
    }

    /// Marks the verdict unresolvable if `condition`. On a pass it does nothing useful: combine only with a reason.
    #[must_use]
    pub const fn unresolvable_if(self, condition: bool) -> Self {
        Self(self.0 | (Self::UNRESOLVABLE & (condition as u64).wrapping_neg()))
    }

    /// Both sets of reasons; unresolvable if either is.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the node passes.
    #[must_use]
    pub const fn passes(self) -> bool {
        self.0 == 0
    }

    /// Whether removing pods from the node cannot help.
    #[must_use]
    pub const fn is_unresolvable(self) -> bool {
        self.0 & Self::UNRESOLVABLE != 0
    }

    /// The places of the reasons, ascending.
    pub fn reasons(self) -> impl Iterator<Item = u32> {
        (0..MAX_REASONS).filter(move |&i| self.0 >> i & 1 == 1)
    }
}
