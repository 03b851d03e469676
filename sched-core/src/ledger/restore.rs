//! Holds as lines that an embedder persists, and how a ledger is built from them again: a snapshot and the lines since, or
//! each line as an annotation of its own.

use super::defect::Defect;
use super::rules::Workload;
use super::{Amounts, Draw, Hold, HoldKind, HoldState, Ledger, LedgerError, OwnerTerm};
use crate::cluster::{Cluster, PodPhase, PodTemplate, Resources, Row, Taint};
use crate::limits::{MAX_HOLDS, MAX_QUANTITY, MAX_RECORD_OBJECT_BYTES};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
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
struct Record {
    name: String,
    revision: u64,
    /// None: it ended.
    hold: Option<Body>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body {
    kind: HoldKind,
    state: HoldState,
    node: Option<String>,
    amounts: Resources,
    due: Resources,
    /// Namespace and name of pods, place among what each uses, and how much.
    pods: Vec<(String, String, usize, Resources)>,
    of: Option<(String, String)>,
    expires_ms: Option<u64>,
    owners: Vec<OwnerTerm>,
    restricted: bool,
    once: bool,
    order: i32,
    taints: Vec<Taint>,
    template: PodTemplate,
    workload: Option<Workload>,
    ttl_ms: u64,
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

    /// Builds holds from lines, once nodes and pods are known. Of several lines of one hold the last counts. What cannot be
    /// used is returned by name, everything else is restored: room of pods that are gone is free for a hold's owners, holds of nodes
    /// that are gone look for another place. Rules and what they were told are configuration: say them again, after this.
    ///
    /// Cost: O(bytes).
    pub fn restore(&mut self, lines: &str, now_ms: u64) -> Result<Vec<RestoreError>, LedgerError> {
        self.at(now_ms, |cluster| {
            cluster.advance();
            let mut errors = Vec::new();
            let records = read(lines, &mut errors);
            cluster.ledger.revision =
                cluster.ledger.revision.max(records.values().map(|(_, r)| r.revision).max().unwrap_or(0));
            let (in_place, shared): (Vec<_>, Vec<_>) = records
                .into_values()
                .filter_map(|(line, record)| Some((line, record.name, record.hold?)))
                .partition(|(_, _, body)| body.kind == HoldKind::InPlace);
            let mut uses = Vec::new();
            for (line, name, body) in shared.into_iter().chain(in_place) {
                let restored = cluster.restore_one(line, &name, body, &mut uses);
                errors.extend(restored.err());
            }
            if !cluster.ledger.has(Defect::ForgetfulRestore) {
                cluster.restore_uses(uses);
            }
            errors.sort_by_key(|error| line_of(error));
            Ok(errors)
        })
    }

    fn restore_one(
        &mut self,
        line: usize,
        name: &str,
        body: Body,
        uses: &mut Vec<(u32, usize, u32, Resources)>,
    ) -> Result<(), RestoreError> {
        let hold = || name.to_owned();
        self.check_record(name, &body).map_err(|problem| RestoreError::Refused { line, problem })?;
        if self.ledger.find(name).is_some() {
            return Err(RestoreError::Duplicate { line, hold: hold() });
        }
        let mut expires_ms = body.expires_ms.unwrap_or(u64::MAX);
        if expires_ms <= self.clock_ms() {
            return Err(RestoreError::Expired { line, hold: hold(), expires_ms });
        }
        let row = body.node.as_ref().and_then(|node| self.nodes.find(node));
        let of =
            body.of.as_ref().map(|(namespace, name)| (format!("{namespace}/{name}"), self.pods.find(namespace, name)));
        let is_there = |pod: u32| {
            self.pods
                .get(pod)
                .is_some_and(|p| row.is_some() && p.phase == PodPhase::Bound(Row(row.unwrap_or_default())))
        };
        let mut state = if row.is_some() { HoldState::Open } else { HoldState::Displaced };
        let mut belongs = None;
        match (&of, body.kind) {
            (None, _) => {}
            (Some((_, Some(pod))), HoldKind::InPlace) if is_there(*pod) => belongs = Some(*pod),
            (Some((pod, _)), HoldKind::InPlace) => {
                return Err(RestoreError::Gone { line, hold: hold(), pod: pod.clone() });
            }
            (Some((_, Some(pod))), _) if is_there(*pod) && self.pods.get(*pod).is_some_and(|p| p.terminating) => {
                (state, belongs) = (HoldState::Waiting, Some(*pod));
            }
            (Some(_), _) => expires_ms = self.clock_ms().saturating_add(body.ttl_ms),
        }
        let left = of.is_some() && belongs.is_none();
        let pods = body.pods.iter().filter_map(|(namespace, name, place, amounts)| {
            let pod = self.pods.find(namespace, name).filter(|&pod| is_there(pod))?;
            Some((pod, *place, amounts.clone()))
        });
        let pods: Vec<_> = pods.collect();
        if body.once && !pods.is_empty() {
            // Its pod was bound before anybody could say so.
            return Ok(());
        }
        let (mut amounts, mut names) = self.intern(&body.amounts);
        let (due, more) = self.intern(&body.due);
        names.extend(more);
        if left && let Some(row) = row {
            // The pod left meanwhile, and others may have been faster.
            amounts = amounts.iter().map(|(r, amount)| (r, amount.min(self.free_room(row, r)).max(0))).collect();
        }
        let hold = Hold {
            kind: body.kind,
            state,
            row,
            amounts,
            due,
            of: belongs,
            expires_ms,
            owners: body.owners.into(),
            restricted: body.restricted,
            once: body.once,
            order: body.order,
            taints: body.taints.into(),
            workload: body.workload.map(Arc::new),
            ttl_ms: body.ttl_ms,
            names,
            ..Hold::empty(name.into(), Arc::new(body.template))
        };
        let given = hold.workload.clone().filter(|_| hold.kind == HoldKind::HandOver);
        if let Some(from) = given {
            self.ledger.rules.given.entry(from).or_default().add(&hold.amounts);
        }
        let empty = left && hold.amounts.is_empty();
        let slot = self.open_hold(hold);
        if state == HoldState::Displaced {
            self.ledger.displaced.push_back(slot);
        }
        uses.extend(pods.into_iter().map(|(pod, place, amounts)| (pod, place, slot, amounts)));
        if empty {
            self.end_hold(slot, super::LedgerChange::Ended);
        }
        Ok(())
    }

    /// Whether a record makes sense, wherever its node is.
    fn check_record(&self, name: &str, body: &Body) -> Result<(), LedgerError> {
        let nobody = body.owners.is_empty() && body.kind == HoldKind::InPlace;
        let placeholder = || vec![OwnerTerm::pod("-", "-")];
        let mut amounts = body.amounts.clone();
        for (resource, more) in &body.due {
            let sum = amounts.entry(resource.clone()).or_default();
            *sum = sum.saturating_add(*more);
        }
        if amounts.values().all(|&amount| amount == 0) {
            // A hold may have come to nothing: all of it went with pods that it no longer owned.
            amounts.insert("cpu".to_owned(), 1);
        }
        for (_, _, _, uses) in &body.pods {
            self.check_amounts(name, uses)?;
        }
        self.check_amounts(name, &body.due)?;
        self.check_amounts(name, &body.amounts)?;
        let spec = super::HoldSpec {
            name: name.to_owned(),
            owners: if nobody { placeholder() } else { body.owners.clone() },
            amounts,
            template: body.template.clone(),
            ..super::HoldSpec::default()
        };
        let row = body.node.as_ref().and_then(|node| self.nodes.find(node));
        for (resource, &amount) in &body.amounts {
            let id = self.nodes.resource_names.find(resource).map(|id| sched_abi::ResourceId(id as u16));
            let columns = id.and_then(|id| self.nodes.columns(id));
            let held = row.and_then(|row| columns?.requested.get(row as usize)).map_or(0, |&held| held as i64);
            if held + amount > MAX_QUANTITY {
                let (object, field) = (format!("hold `{name}`"), format!("amount of {resource}"));
                return Err(crate::ClusterError::TooLarge { object, field }.into());
            }
        }
        match self.check_hold(&spec, 0) {
            // Said by its own name.
            Err(LedgerError::Duplicate(_)) => Ok(()),
            checked => checked,
        }
    }

    /// Pods use what they used, as far as they still may.
    fn restore_uses(&mut self, mut uses: Vec<(u32, usize, u32, Resources)>) {
        uses.sort_by_key(|(pod, place, slot, _)| (*pod, *place, *slot));
        for pod in uses.chunk_by(|a, b| a.0 == b.0) {
            let Some(id) = pod.first().map(|of| of.0) else { continue };
            let mut wanted = self.pods.class_of(id).map(|class| Amounts::of(&class.requests)).unwrap_or_default();
            let mut draws: SmallVec<[Draw; 1]> = SmallVec::new();
            for (_, _, slot, amounts) in pod {
                let Some(hold) = self.ledger.get(*slot) else { continue };
                let owned = hold.of == Some(id)
                    || (hold.of.is_none() && self.with_candidate(id, |pod| Self::owns(pod, hold)).unwrap_or(false));
                let known = amounts.iter().filter_map(|(name, &amount)| {
                    Some((sched_abi::ResourceId(self.nodes.resource_names.find(name)? as u16), amount))
                });
                let most = if hold.of.is_some() { hold.amounts.clone() } else { known.collect() };
                let amounts = wanted.within(&most).within(&hold.unused());
                if !owned || (amounts.is_empty() && hold.of.is_none()) || draws.iter().any(|draw| draw.hold == *slot) {
                    continue;
                }
                wanted.sub(&amounts);
                self.change_hold(*slot, |hold| {
                    hold.used.add(&amounts);
                    hold.pods.push(id);
                });
                draws.push(Draw { hold: *slot, amounts });
            }
            self.ledger.set_draws(id, draws);
        }
    }
}

/// The last record of each name, with its line.
fn read(lines: &str, errors: &mut Vec<RestoreError>) -> BTreeMap<String, (usize, Record)> {
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

fn line_of(error: &RestoreError) -> usize {
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
