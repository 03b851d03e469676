//! `--json`: the simulator's own document for one workload; for several the same fields, added up, and theirs beside them.

use super::Replay;
use crate::args::EngineKind;
use crate::compare::{Comparison, Row, Stat};
use crate::error::CliError;
use crate::files::json;
use sched_sim::recommended;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

pub(super) fn render(replay: &Replay<'_>, whole: &Comparison, warnings: &[String]) -> Result<String, CliError> {
    let (results, engine) = (replay.results, replay.args.policies.engine);
    if let [only] = results {
        return json(&One { comparison: only, engine, warnings });
    }
    let best = whole.ranking().first().and_then(|&place| whole.rows.get(place)).map_or("", |row| &row.profile);
    let recommended = recommended(whole.rows.iter().map(|row| &*row.profile), best);
    let profiles = whole.rows.iter().map(|row| Profile { row, comparison: whole }).collect();
    json(&Several { recommended, best, profiles, workloads: results, engine, warnings })
}

#[derive(Serialize)]
struct One<'a> {
    #[serde(flatten)]
    comparison: &'a sched_sim::Comparison,
    engine: EngineKind,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Several<'a> {
    recommended: &'a str,
    best: &'a str,
    profiles: Vec<Profile<'a>>,
    workloads: &'a [sched_sim::Comparison],
    engine: EngineKind,
    warnings: &'a [String],
}

/// A profile with its measures as fields.
struct Profile<'a> {
    row: &'a Row,
    comparison: &'a Comparison,
}

impl Serialize for Profile<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.stats.len() + 1))?;
        map.serialize_entry("profile", &self.row.profile)?;
        for (measure, stat) in self.comparison.measures.iter().zip(&self.row.stats) {
            map.serialize_entry(measure.key, &stat.as_ref().map(|stat: &Stat| stat))?;
        }
        map.end()
    }
}
