//! What a replay compares: anything with a name that makes schedulers.

use sched_core::{Profile, ProfileError, Scheduler};

/// A name and the policies that are behind it. A [`Profile`] is one; so is whatever takes its policies from elsewhere, as
/// [`Scheduler::with_policies`] lets it.
///
/// ```
/// use sched_core::{PolicyConfig, ProfileError, Scheduler};
/// use sched_sim::{Candidate, Options, run, sample};
///
/// /// Resource fit and nothing else, its score ten times.
/// struct Fit;
///
/// impl Candidate for Fit {
///     fn name(&self) -> &str {
///         "fit"
///     }
///
///     fn scheduler(&self, seed: u64) -> Result<Scheduler, ProfileError> {
///         let fit = PolicyConfig::default_of("NodeResourcesFit").unwrap();
///         Scheduler::with_policies(vec![(fit.build(), 10)], seed)
///     }
/// }
///
/// let comparison = run(&sample::openb()?, &[Fit], &[1], Options::default(), &mut |_| {})?;
/// assert_eq!(comparison.profiles[0].profile, "fit");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Candidate {
    /// How results call it.
    fn name(&self) -> &str;

    /// An empty scheduler under its policies; `seed` breaks ties.
    ///
    /// # Errors
    /// That the scheduler refuses the policies.
    fn scheduler(&self, seed: u64) -> Result<Scheduler, ProfileError>;
}

impl Candidate for Profile {
    fn name(&self) -> &str {
        &self.name
    }

    fn scheduler(&self, seed: u64) -> Result<Scheduler, ProfileError> {
        Scheduler::new(self, seed)
    }
}

impl<C: Candidate + ?Sized> Candidate for &C {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn scheduler(&self, seed: u64) -> Result<Scheduler, ProfileError> {
        (**self).scheduler(seed)
    }
}
