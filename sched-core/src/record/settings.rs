//! Profiles as the text that a record holds.

use super::anonymise::Names;
use crate::cluster::Labels;
use crate::config::{Profile, ProfileError, ProfileSet};
use serde_json::{Value, json};

/// The text of a profile.
pub(super) fn text(profile: &Profile) -> String {
    written(profile, &profile.name, |_| ())
}

/// The text of a profile whose settings name what the words name.
pub(super) fn anonymised(profile: &Profile, names: &mut Names) -> String {
    written(profile, "anonymised", |settings| replace(settings, names))
}

/// The profile of a text.
pub(super) fn read(text: &str) -> Result<Profile, ProfileError> {
    let none = || ProfileError::Syntax("there is no profile in it".to_owned());
    ProfileSet::from_text(text)?.profiles.into_iter().next().ok_or_else(none)
}

fn written(profile: &Profile, name: &str, mut edit: impl FnMut(&mut Value)) -> String {
    let entry = |entry: &crate::config::PolicyEntry| {
        // No map with keys that are not texts, and nothing else that JSON does not have.
        let mut settings = serde_json::to_value(&entry.config).unwrap_or_default();
        edit(&mut settings);
        // The name comes first, as readers of profiles want it.
        let standing =
            entry.stands_in_for.as_ref().map_or(String::new(), |of| format!(r#","standsInFor":{}"#, json!(of)));
        format!(r#"{{"name":"{}","weight":{},"config":{settings}{standing}}}"#, entry.config.name(), entry.weight)
    };
    let policies: Vec<String> = profile.policies.iter().map(entry).collect();
    format!(r#"{{"profiles":[{{"name":{},"policies":[{}]}}]}}"#, json!(name), policies.join(","))
}

/// Replaces what names something: selectors, which look the same wherever they are, and reasons.
fn replace(settings: &mut Value, names: &mut Names) {
    match settings {
        Value::Array(list) => list.iter_mut().for_each(|value| replace(value, names)),
        Value::Object(map) => {
            for (key, value) in map {
                match key.as_str() {
                    "matchLabels" => through(value, |labels: &mut Labels| names.labels(labels)),
                    "matchExpressions" => each(value, |requirement| names.requirement(requirement)),
                    "matchFields" => each(value, |requirement| names.field(requirement)),
                    "reason" => through(value, |reason| names.text(reason)),
                    _ => replace(value, names),
                }
            }
        }
        _ => {}
    }
}

fn each(value: &mut Value, mut f: impl FnMut(&mut sched_abi::Requirement)) {
    through(value, |list: &mut Vec<_>| list.iter_mut().for_each(&mut f));
}

/// Edits a value as what it was written from.
fn through<T: serde::Serialize + serde::de::DeserializeOwned>(value: &mut Value, f: impl FnOnce(&mut T)) {
    if let Ok(mut typed) = serde_json::from_value(value.take()) {
        f(&mut typed);
        *value = json!(typed);
    }
}
