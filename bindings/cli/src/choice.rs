//! Which profiles the user means: by name, from a file, or all that ship with the library.

use crate::args::ProfileChoice;
use crate::error::CliError;
use crate::files::read_text;
use sched_core::{Profile, ProfileSet};
use std::path::Path;

/// The profiles chosen, in the user's order, each once.
pub(crate) fn profiles(choice: &ProfileChoice) -> Result<Vec<Profile>, CliError> {
    let own = choice.profiles.as_deref().map(from_file).transpose()?;
    if choice.profile.is_empty() {
        return Ok(own.unwrap_or_else(|| ProfileSet::builtin().profiles));
    }
    let mut chosen: Vec<Profile> = Vec::with_capacity(choice.profile.len());
    for name in &choice.profile {
        if chosen.iter().all(|profile| profile.name != *name) {
            chosen.push(named(name, own.as_deref())?);
        }
    }
    Ok(chosen)
}

/// One profile: by name, or else the first of the user's file, or else the recommended one.
pub(crate) fn profile(name: Option<&str>, file: Option<&Path>) -> Result<Profile, CliError> {
    let own = file.map(from_file).transpose()?;
    match (name, own) {
        (Some(name), own) => named(name, own.as_deref()),
        (None, Some(own)) => named(own.first().map_or(ProfileSet::RECOMMENDED, |first| &first.name), Some(&own)),
        (None, None) => named(ProfileSet::RECOMMENDED, None),
    }
}

/// A profile of the user's own goes before one of the library's with the same name.
fn named(name: &str, own: Option<&[Profile]>) -> Result<Profile, CliError> {
    let builtin = ProfileSet::builtin().profiles;
    let mut all = own.unwrap_or_default().iter().chain(&builtin);
    all.clone().find(|profile| profile.name == name).cloned().ok_or_else(|| {
        let mut known: Vec<&str> = all.by_ref().map(|profile| profile.name.as_str()).collect();
        known.dedup();
        CliError::UnknownProfile { name: name.to_owned(), known: known.join(", ") }
    })
}

fn from_file(path: &Path) -> Result<Vec<Profile>, CliError> {
    let text = read_text(path)?;
    let set = ProfileSet::from_text(&text).map_err(|source| CliError::Profiles { path: path.to_owned(), source })?;
    if set.profiles.is_empty() {
        return Err(CliError::NoProfiles { path: path.to_owned() });
    }
    Ok(set.profiles)
}
