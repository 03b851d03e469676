//! How a ledger is built from lines again: a snapshot and the lines since, or each line as an annotation of its own.

use super::defect::Defect;
use super::record::{Body, RestoreError, line_of, read};
use super::{Amounts, Draw, Hold, HoldKind, HoldState, LedgerError, OwnerTerm};
use crate::cluster::{Cluster, PodPhase, Resources, Row};
use crate::limits::MAX_QUANTITY;
use smallvec::SmallVec;
use std::sync::Arc;

impl Cluster {
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
            errors.sort_by_key(line_of);
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
            (None, HoldKind::InPlace) => {
                return Err(RestoreError::Gone { line, hold: hold(), pod: String::new() });
            }
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
                let recorded = amounts.iter().filter_map(|(name, &amount)| {
                    Some((sched_abi::ResourceId(self.nodes.resource_names.find(name)? as u16), amount))
                });
                let amounts = wanted.within(&recorded.collect()).within(&hold.unused());
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
