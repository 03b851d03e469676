//! Writing and reading entries: the name comes first, so that the configuration after it is read as what it is, with its
//! position.

use super::{PolicyConfig, PolicyEntry, Profile, ProfileSet};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::fmt;

/// The fields of an entry, in their order.
const FIELDS: [&str; 4] = ["name", "weight", "config", "standsInFor"];

impl<'de> Deserialize<'de> for ProfileSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Plain {
            profiles: Vec<Profile>,
            // What `sched profiles --json` says about the profiles it prints is no part of them.
            #[serde(default, rename = "warnings")]
            _warnings: IgnoredAny,
        }
        Plain::deserialize(deserializer).map(|Plain { profiles, .. }| Self { profiles })
    }
}

impl Serialize for PolicyEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = FIELDS.len() - usize::from(self.stands_in_for.is_none());
        let mut entry = serializer.serialize_struct("PolicyEntry", fields)?;
        entry.serialize_field("name", self.config.name())?;
        entry.serialize_field("weight", &self.weight)?;
        entry.serialize_field("config", &self.config)?;
        if let Some(other) = &self.stands_in_for {
            entry.serialize_field("standsInFor", other)?;
        }
        entry.end()
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = PolicyEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a policy: `name`, then `weight`, `config` and `standsInFor`")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<PolicyEntry, M::Error> {
        let first: Option<String> = map.next_key()?;
        if first.as_deref() != Some("name") {
            return Err(M::Error::custom("a policy begins with its `name`"));
        }
        let name: String = map.next_value()?;
        let Some(config) = PolicyConfig::default_of(&name) else {
            let known = PolicyConfig::NAMES.join(", ");
            return Err(M::Error::custom(format!("unknown policy `{name}`, known are {known}")));
        };
        let mut entry = PolicyEntry::new(1, config);
        let mut seen = [false; 3];
        while let Some(key) = map.next_key::<String>()? {
            let twice = match key.as_str() {
                "weight" => {
                    entry.weight = map.next_value()?;
                    std::mem::replace(&mut seen[0], true)
                }
                "config" => {
                    entry.config = entry.config.read(&mut map)?;
                    std::mem::replace(&mut seen[1], true)
                }
                "standsInFor" => {
                    entry.stands_in_for = Some(map.next_value()?);
                    std::mem::replace(&mut seen[2], true)
                }
                other => return Err(M::Error::unknown_field(other, &FIELDS)),
            };
            if twice {
                return Err(M::Error::custom(format!("`{key}` stands twice")));
            }
        }
        Ok(entry)
    }
}

impl<'de> Deserialize<'de> for PolicyEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntryVisitor)
    }
}
