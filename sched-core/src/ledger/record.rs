//! Holds as lines that an embedder persists: version, checksum, JSON.

use super::rules::Workload;
use super::{Hold, HoldKind, HoldState, Ledger, LedgerError, OwnerTerm};
use crate::cluster::{Cluster, PodTemplate, Resources, Taint};
use crate::limits::{MAX_HOLDS, MAX_RECORD_OBJECT_BYTES};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;

/// The version of the lines that this library writes and reads.
pub const LEDGER_VERSION: u32 = 1;

/// A record of a hold could not be used. The others were.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The line is cut off, longer than [`MAX_RECORD_OBJECT_BYTES`], or not a record.
    #[error("line {line}: it is torn or no record of a hold: {problem}")]
    Torn {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The line is not what was written.
    #[error("line {line}: its checksum is wrong")]
    Checksum {
        /// The line, from 1.
        line: usize,
    },
    /// Another version of the library wrote it.
    #[error("line {line}: format {version} is not known, {LEDGER_VERSION} is")]
    Version {
        /// The line, from 1.
        line: usize,
        /// Its format.
        version: u32,
    },
    /// A newer record of the hold came before it.
    #[error("line {line}: hold `{hold}`: revision {revision} comes after {newer}")]
    Old {
        /// The line, from 1.
        line: usize,
        /// The hold.
        hold: String,
        /// Its revision.
        revision: u64,
        /// The one before it.
        newer: u64,
    },
    /// The same record came before, or the hold is in the ledger already.
    #[error("line {line}: hold `{hold}` a second time")]
    Duplicate {
        /// The line, from 1.
        line: usize,
        /// The hold.
        hold: String,
    },
    /// Its time is over.
    #[error("line {line}: hold `{hold}` ended at {expires_ms} ms")]
    Expired {
        /// The line, from 1.
        line: usize,
        /// The hold.
        hold: String,
        /// When it ended.
        expires_ms: u64,
    },
    /// The pod that it belonged to is gone, or has it no more.
    #[error("line {line}: hold `{hold}` was of pod `{pod}`, which is not there any more")]
    Gone {
        /// The line, from 1.
        line: usize,
        /// The hold.
        hold: String,
        /// The pod.
        pod: String,
    },
    /// What it says makes no sense.
    #[error("line {line}: {problem}")]
    Refused {
        /// The line, from 1.
        line: usize,
        /// Why.
        problem: LedgerError,
    },
}

/// What a line says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) revision: u64,
    /// None: it ended.
    pub(super) hold: Option<Body>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Body {
    pub(super) kind: HoldKind,
    pub(super) state: HoldState,
    pub(super) node: Option<String>,
    pub(super) amounts: Resources,
    pub(super) due: Resources,
    /// Namespace and name of pods, place among what each uses, and how much.
    pub(super) pods: Vec<(String, String, usize, Resources)>,
    pub(super) of: Option<(String, String)>,
    pub(super) expires_ms: Option<u64>,
    pub(super) owners: Vec<OwnerTerm>,
    pub(super) restricted: bool,
    pub(super) once: bool,
    pub(super) order: i32,
    pub(super) taints: Vec<Taint>,
    pub(super) template: PodTemplate,
    pub(super) workload: Option<Workload>,
    pub(super) ttl_ms: u64,
}

impl Ledger {
    /// Notes that a hold changed, where somebody writes that down.
    pub(super) fn changed(&mut self, name: &Arc<str>) {
        if let Some(changed) = &mut self.to_write {
            changed.insert(Arc::clone(name));
        }
    }
}

impl Cluster {
    /// All holds, a line each, by name: a snapshot.
    pub fn ledger_records(&self) -> Vec<String> {
        self.hold_names().into_iter().map(|name| self.record_of(name)).collect()
    }

    /// The holds that changed or ended since the last call, a line each, by name. The first call returns all, and has
    /// changes noted from then on. Who keeps the newest line of each name can restore the ledger.
    pub fn take_ledger_records(&mut self) -> Vec<String> {
        match self.ledger.to_write.replace(std::collections::BTreeSet::new()) {
            None => self.ledger_records(),
            Some(changed) => changed.iter().map(|name| self.record_of(name)).collect(),
        }
    }

    fn record_of(&self, name: &str) -> String {
        let slot = self.ledger.find(name).map(|id| id.slot);
        let hold = slot.and_then(|slot| Some((slot, self.ledger.get(slot)?)));
        let record = Record {
            name: name.to_owned(),
            revision: hold.map_or(self.ledger.revision, |(_, hold)| hold.revision),
            hold: hold.map(|(slot, hold)| self.body_of(slot, hold)),
        };
        // Strings, integers and maps with keys that are strings: there is nothing that JSON does not have.
        let json = serde_json::to_string(&record).unwrap_or_default();
        format!("{LEDGER_VERSION} {:08x} {json}", crc32fast::hash(json.as_bytes()))
    }

    fn body_of(&self, slot: u32, hold: &Hold) -> Body {
        let names = |pod: u32| {
            let known = self.pods.get(pod);
            known.map(|p| (self.pods.namespace(p.namespace).to_owned(), p.name.as_str().to_owned())).unwrap_or_default()
        };
        let uses = hold.pods.iter().filter_map(|&pod| {
            let place = self.ledger.draws(pod).iter().position(|draw| draw.hold == slot)?;
            let (namespace, name) = names(pod);
            Some((namespace, name, place, self.named(&self.ledger.draws(pod).get(place)?.amounts)))
        });
        Body {
            kind: hold.kind,
            state: hold.state,
            node: hold.row.and_then(|row| self.nodes.name(row)).map(ToString::to_string),
            amounts: self.named(&hold.amounts),
            due: self.named(&hold.due),
            pods: uses.collect(),
            of: hold.of.map(names),
            expires_ms: (hold.expires_ms != u64::MAX).then_some(hold.expires_ms),
            owners: hold.owners.to_vec(),
            restricted: hold.restricted,
            once: hold.once,
            order: hold.order,
            taints: hold.taints.to_vec(),
            template: (*hold.template).clone(),
            workload: hold.workload.as_deref().cloned(),
            ttl_ms: hold.ttl_ms,
        }
    }
}

/// The last record of each name, with its line.
pub(super) fn read(lines: &str, errors: &mut Vec<RestoreError>) -> BTreeMap<String, (usize, Record)> {
    let mut records: BTreeMap<String, (usize, Record)> = BTreeMap::new();
    for (line, text) in (1..).zip(lines.lines()).filter(|(_, text)| !text.is_empty()) {
        let record = match parse(line, text) {
            Ok(record) => record,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let (hold, revision) = (record.name.clone(), record.revision);
        match records.get(&hold).map(|(_, known)| known.revision) {
            Some(newer) if newer > revision => errors.push(RestoreError::Old { line, hold, revision, newer }),
            Some(same) if same == revision => errors.push(RestoreError::Duplicate { line, hold }),
            None if records.len() >= MAX_HOLDS => {
                errors.push(RestoreError::Refused { line, problem: LedgerError::too_many_holds() });
            }
            _ => drop(records.insert(hold, (line, record))),
        }
    }
    records
}

fn parse(line: usize, text: &str) -> Result<Record, RestoreError> {
    let torn = |problem: &str| RestoreError::Torn { line, problem: problem.to_owned() };
    if text.len() > MAX_RECORD_OBJECT_BYTES {
        return Err(torn("it is beyond 4 MiB (MAX_RECORD_OBJECT_BYTES)"));
    }
    let mut parts = text.splitn(3, ' ');
    let version = parts.next().and_then(|v| v.parse().ok()).ok_or_else(|| torn("it does not begin with a version"))?;
    if version != LEDGER_VERSION {
        return Err(RestoreError::Version { line, version });
    }
    let checksum = parts.next().filter(|text| text.len() == 8).and_then(|text| u32::from_str_radix(text, 16).ok());
    let checksum = checksum.ok_or_else(|| torn("it has no checksum"))?;
    let json = parts.next().ok_or_else(|| torn("it has no contents"))?;
    if crc32fast::hash(json.as_bytes()) != checksum {
        return Err(RestoreError::Checksum { line });
    }
    serde_json::from_str(json).map_err(|error| torn(&error.to_string()))
}

/// Where the record stands that an error is about.
pub(super) fn line_of(error: &RestoreError) -> usize {
    match *error {
        RestoreError::Torn { line, .. }
        | RestoreError::Checksum { line }
        | RestoreError::Version { line, .. }
        | RestoreError::Old { line, .. }
        | RestoreError::Duplicate { line, .. }
        | RestoreError::Expired { line, .. }
        | RestoreError::Gone { line, .. }
        | RestoreError::Refused { line, .. } => line,
    }
}
