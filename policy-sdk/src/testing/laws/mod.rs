//! The laws: what must hold for every policy, or for those that claim it, whatever the cluster.

mod bits;
mod columns;
mod memory;
mod order;
mod panics;
mod range;
mod repeat;
mod room;
mod row_local;
mod same;

use super::answers::Answer;
use super::case::Case;
use super::rng::Rng;
use super::subject::Subject;
use super::{Failure, Options, check::one};
use sched_abi::{Locality, Policy};

/// A law.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Law {
    /// Equal inputs give equal answers: at every call, from every instance, wherever things lie in memory.
    Deterministic,
    /// Scores, reasons and what `prepare` says lie within what the manifest allows.
    InRange,
    /// A row's answer depends on that row alone, not on which other rows there are; and, for every policy, not on which rows
    /// it was asked about together with it.
    RowLocal,
    /// Nodes in another order, in other rows, get the same answers.
    OrderIndependent,
    /// Rows without a node change nothing for the others.
    DeadRowsHarmless,
    /// Earlier calls, for other pods and other clusters, leave no trace.
    Forgets,
    /// Less free room never makes a node feasible (where the manifest says `monotone`), nor its score better (where it says
    /// `prefers_room`).
    NeverRewardsLessRoom,
    /// Columns and pod fields that the manifest does not name are not read.
    ReadsOnlyDeclared,
    /// `filter_bits` says what `filter` says.
    BitsEqualFilter,
    /// No input makes it panic: nothing at all, zeros, the largest quantities, any time.
    NeverPanics,
}

impl Law {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Deterministic,
        Self::InRange,
        Self::RowLocal,
        Self::OrderIndependent,
        Self::DeadRowsHarmless,
        Self::Forgets,
        Self::NeverRewardsLessRoom,
        Self::ReadsOnlyDeclared,
        Self::BitsEqualFilter,
        Self::NeverPanics,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deterministic => "deterministic",
            Self::InRange => "in_range",
            Self::RowLocal => "row_local",
            Self::OrderIndependent => "order_independent",
            Self::DeadRowsHarmless => "dead_rows_harmless",
            Self::Forgets => "forgets",
            Self::NeverRewardsLessRoom => "never_rewards_less_room",
            Self::ReadsOnlyDeclared => "reads_only_declared",
            Self::BitsEqualFilter => "bits_equal_filter",
            Self::NeverPanics => "never_panics",
        }
    }

    /// Judges one case. `claimed`: what the manifest does not claim is not asked for.
    pub(super) fn judge(self, subject: &Subject<'_>, case: &Case, claimed: bool, rng: &mut Rng) -> Verdict {
        match self {
            Self::Deterministic => repeat::judge(subject, case, rng),
            Self::InRange => range::judge(subject, case),
            Self::RowLocal => row_local::judge(subject, case, rng),
            Self::OrderIndependent => order::judge(subject, case, rng),
            Self::DeadRowsHarmless => order::judge_dead(subject, case, rng),
            Self::Forgets => memory::judge(subject, case, rng),
            Self::NeverRewardsLessRoom => room::judge(subject, case, claimed, rng),
            Self::ReadsOnlyDeclared => columns::judge(subject, case, rng),
            Self::BitsEqualFilter => bits::judge(subject, case, rng),
            Self::NeverPanics => panics::judge(subject, case),
        }
    }

    /// Why the law is not for this policy, if it is not.
    pub(super) fn not_claimed(self, subject: &Subject<'_>) -> Option<&'static str> {
        let manifest = &subject.manifest;
        let room = manifest.filters && manifest.monotone || manifest.scores && manifest.prefers_room;
        match self {
            Self::NeverRewardsLessRoom if !room => Some("the manifest claims neither for what the policy does"),
            Self::BitsEqualFilter if !manifest.filters => Some("the policy has no filter"),
            _ => None,
        }
    }
}

pub(super) use same::judge as judge_same;

/// What a law finds: nothing, or what differs.
pub(super) type Verdict = Result<(), Violation>;

/// How a law is broken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Violation {
    pub(super) what: String,
    /// The row that it is seen on.
    pub(super) row: Option<usize>,
}

impl Violation {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), row: None }
    }

    fn on(row: usize, what: impl Into<String>) -> Self {
        Self { what: what.into(), row: Some(row) }
    }
}

impl From<String> for Violation {
    fn from(what: String) -> Self {
        Self::new(what)
    }
}

/// Two answers about one row must be equal.
fn equal(row: usize, (first, how): (Answer, &str), (second, otherwise): (Answer, &str)) -> Verdict {
    if first == second {
        return Ok(());
    }
    Err(Violation::on(row, format!("row {row}: {first} {how}, but {second} {otherwise}")))
}

/// Whether only rows and cluster-wide facts may change answers.
fn is_row_local(subject: &Subject<'_>) -> bool {
    subject.manifest.locality == Locality::RowLocal
}

macro_rules! functions {
    ($($name:ident = $law:ident;)*) => {
        $(
            #[doc = concat!("[`Law::", stringify!($law), "`], whether the manifest claims it or not.")]
            pub fn $name(make: impl Fn() -> Box<dyn Policy>) -> Result<(), Failure> {
                one(Law::$law, &make, &Options::default())
            }
        )*
    };
}

functions! {
    deterministic = Deterministic;
    in_range = InRange;
    row_local = RowLocal;
    order_independent = OrderIndependent;
    dead_rows_harmless = DeadRowsHarmless;
    forgets = Forgets;
    never_rewards_less_room = NeverRewardsLessRoom;
    reads_only_declared = ReadsOnlyDeclared;
    bits_equal_filter = BitsEqualFilter;
    never_panics = NeverPanics;
}

/// Makes a module of tests, one a law; see [`testing`](crate::testing). The policy is an expression that makes an instance.
///
/// ```
/// use sched_core::primitives::NodePorts;
/// policy_sdk::laws!(node_ports: NodePorts => deterministic, in_range, row_local, bits_equal_filter);
/// ```
#[macro_export]
macro_rules! laws {
    ($module:ident: $policy:expr => $($law:ident),+ $(,)?) => {
        #[cfg(test)]
        mod $module {
            #[allow(unused_imports, reason = "the expression may need none of them")]
            use super::*;

            $(
                #[test]
                fn $law() {
                    if let Err(failure) = $crate::testing::laws::$law(|| ::std::boxed::Box::new($policy)) {
                        panic!("{failure}");
                    }
                }
            )+
        }
    };
}
