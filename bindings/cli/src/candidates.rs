//! Profiles as they run: their policies part of the program, or sandboxed where the user asks for it.

use crate::args::PolicyChoice;
use crate::error::CliError;
use crate::sandbox;
use sched_core::{Profile, ProfileError, Scheduler};

type Make = Box<dyn Fn(u64) -> Result<Scheduler, ProfileError>>;

/// A profile's name, and what makes schedulers under its policies.
pub(crate) struct Candidate {
    name: String,
    make: Make,
}

impl Candidate {
    pub(crate) fn new(name: &str, make: impl Fn(u64) -> Result<Scheduler, ProfileError> + 'static) -> Self {
        Self { name: name.to_owned(), make: Box::new(make) }
    }

    /// As the profile says.
    pub(crate) fn native(profile: &Profile) -> Self {
        let policies = profile.clone();
        Self::new(&profile.name, move |seed| Scheduler::new(&policies, seed))
    }

    /// A scheduler, with the profile's name in the error.
    pub(crate) fn start(&self, seed: u64) -> Result<Scheduler, CliError> {
        (self.make)(seed).map_err(|source| CliError::Profile { profile: self.name.clone(), source })
    }
}

impl sched_sim::Candidate for Candidate {
    fn name(&self) -> &str {
        &self.name
    }

    fn scheduler(&self, seed: u64) -> Result<Scheduler, ProfileError> {
        (self.make)(seed)
    }
}

/// The profiles with the user's policies. What is wrong with them is found here, before anything runs.
pub(crate) fn all(profiles: &[Profile], choice: &PolicyChoice) -> Result<Vec<Candidate>, CliError> {
    let candidates = sandbox::candidates(profiles, choice)?;
    candidates.iter().try_for_each(|candidate| candidate.start(0).map(drop))?;
    Ok(candidates)
}

/// One profile with the user's policies.
pub(crate) fn one(profile: &Profile, choice: &PolicyChoice) -> Result<Candidate, CliError> {
    let candidates = all(std::slice::from_ref(profile), choice)?;
    Ok(candidates.into_iter().next().unwrap_or_else(|| Candidate::native(profile)))
}
