//! Profiles from YAML or JSON text, every mistake with its line, its column and the way to it.

use super::{ProfileError, ProfileSet, TextPlace};
use crate::Scheduler;
use crate::limits::MAX_INPUT_BYTES;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_path_to_error::Track;
use serde_saphyr::options::NonFiniteFloatPolicy;
use serde_saphyr::{Error, Location, MessageFormatter, Options, Spanned, UserMessageFormatter};

impl ProfileSet {
    /// Reads profiles from YAML or JSON (which is YAML too). An error says line, column and the way to what is wrong, and what is
    /// allowed there; every policy is also built once, so that a profile that is accepted works. A list of `warnings`, which
    /// `sched profiles --json` prints beside the profiles, is passed over.
    ///
    /// ```
    /// use sched_core::ProfileSet;
    /// let text = "profiles:\n- name: tight\n  policies:\n  - name: NodeResourcesFit\n    weight: 1\n    config: {scoringStrategy: {type: MostAllocated}}\n";
    /// assert_eq!(ProfileSet::from_text(text)?.profiles.len(), 1);
    /// let wrong = ProfileSet::from_text(&text.replace("MostAllocated", "Most")).unwrap_err().to_string();
    /// assert!(wrong.starts_with("line 6, column 38: profiles[0].policies[0].config.scoringStrategy.type: "), "{wrong}");
    /// assert!(wrong.contains("`Most`") && wrong.contains("MostAllocated"), "{wrong}");
    /// # Ok::<(), sched_core::ProfileError>(())
    /// ```
    pub fn from_text(text: &str) -> Result<Self, ProfileError> {
        if text.len() > MAX_INPUT_BYTES {
            let (what, name) = ("bytes of text", "MAX_INPUT_BYTES");
            return Err(ProfileError::Limit { what, count: text.len(), limit: MAX_INPUT_BYTES, name });
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let set: Self = read(text)?;
        for (i, profile) in set.profiles.iter().enumerate() {
            let twice = set.profiles.iter().take(i).any(|p| p.name == profile.name);
            let checked = if twice {
                Err(ProfileError::ProfileTwice(profile.name.clone()))
            } else {
                Scheduler::new(profile, 0).map(drop)
            };
            checked.map_err(|problem| set.placed(problem, i, text))?;
        }
        Ok(set)
    }

    /// A mistake of profile `i`, with the place of the policy that it names, or else of the profile.
    fn placed(&self, problem: ProfileError, i: usize, text: &str) -> ProfileError {
        let names = || self.profiles.get(i).into_iter().flat_map(|p| &p.policies).map(|entry| entry.config.name());
        let policy = match &problem {
            ProfileError::Twice(policy) => {
                names().enumerate().filter(|(_, name)| name == policy).last().map(|(j, _)| j)
            }
            ProfileError::Weight { policy, .. } | ProfileError::Setup { policy, .. } => {
                names().position(|n| n == policy)
            }
            _ => None,
        };
        let place = place(text, i, policy);
        ProfileError::At { place, problem: Box::new(problem) }
    }
}

/// Reads a text as a `T`.
fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, ProfileError> {
    let mut track = Track::new();
    let read = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |deserializer| {
        T::deserialize(serde_path_to_error::Deserializer::new(deserializer, &mut track))
    });
    read.map_err(|error| {
        let error = error.without_snippet();
        let message = message(error, text);
        let path = track.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let problem = ProfileError::Syntax(message);
        match error.location() {
            Some(at) => ProfileError::At { place: text_place(at, path), problem: Box::new(problem) },
            None => problem,
        }
    })
}

/// What is wrong, without the place. The parser names neither a number that it cannot read nor which ones it could.
fn message(error: &Error, text: &str) -> String {
    let Error::InvalidScalar { ty, location } = error else {
        return UserMessageFormatter.format_message(error).into_owned();
    };
    let span = location.span();
    let range = span.byte_offset().zip(span.byte_len()).map(|(start, len)| start as usize..(start + len) as usize);
    let found = range.and_then(|range| text.get(range)).unwrap_or_default();
    let range = match *ty {
        "u8" => format!("from 0 to {}", u8::MAX),
        "u32" => format!("from 0 to {}", u32::MAX),
        "u64" => format!("from 0 to {}", u64::MAX),
        "i32" => format!("from {} to {}", i32::MIN, i32::MAX),
        "i64" => format!("from {} to {}", i64::MIN, i64::MAX),
        other => return format!("`{found}` is not a {other}"),
    };
    format!("`{found}` is not a whole number {range}")
}

fn options() -> Options {
    // A policy says itself what is wrong with a number that is none, and then its place is looked for in the same text.
    serde_saphyr::options! { with_snippet: false, non_finite_float_policy: NonFiniteFloatPolicy::PassThrough }
}

fn text_place(at: Location, path: String) -> TextPlace {
    TextPlace { line: at.line(), column: at.column(), path }
}

/// Where a profile, or one of its policies, stands in a text that was read before.
fn place(text: &str, profile: usize, policy: Option<usize>) -> TextPlace {
    #[derive(Deserialize)]
    struct Set {
        profiles: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        name: Spanned<IgnoredAny>,
        policies: Vec<Spanned<IgnoredAny>>,
    }
    let path =
        policy.map_or_else(|| format!("profiles[{profile}].name"), |j| format!("profiles[{profile}].policies[{j}]"));
    let set: Option<Set> = read(text).ok();
    let entry = set.as_ref().and_then(|set| set.profiles.get(profile));
    let span = entry.and_then(|entry| policy.map_or(Some(&entry.name), |j| entry.policies.get(j)));
    span.map_or_else(
        || TextPlace { path: path.clone(), ..TextPlace::default() },
        |s| text_place(s.referenced, path.clone()),
    )
}
