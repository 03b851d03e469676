//! A program without sandboxed policies: what needs them is refused.

use crate::args::{EngineKind, PolicyChoice};
use crate::candidates::Candidate;
use crate::error::CliError;
use sched_core::Profile;

/// The profiles, if nothing is asked for beyond them.
pub(crate) fn candidates(profiles: &[Profile], choice: &PolicyChoice) -> Result<Vec<Candidate>, CliError> {
    if choice.engine == EngineKind::Wasm {
        return Err(CliError::NoSandbox("`--engine wasm`"));
    }
    if !choice.policy.is_empty() {
        return Err(CliError::NoSandbox("`--policy`"));
    }
    Ok(profiles.iter().map(Candidate::native).collect())
}
