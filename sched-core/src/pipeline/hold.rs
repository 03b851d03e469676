//! Operations on the ledger that need a decision: where a hold goes, and where one goes that lost its node.

use super::{Among, Scheduler};
use crate::cluster::{Container, PodSpec, Resources, Row};
use crate::ledger::{AuditError, LedgerError, LedgerEvent, LedgerOp};

impl Scheduler {
    /// Does an operation on the ledger; see [`Cluster::operate`](crate::Cluster::operate). A hold without a node goes where
    /// a pod would go that has its template and requests its amounts.
    pub fn operate(&mut self, op: &LedgerOp, now_ms: u64) -> Result<(), LedgerError> {
        let LedgerOp::Hold(spec) = op else {
            self.cluster.operate(op, now_ms)?;
            self.find_places(now_ms);
            return Ok(());
        };
        if spec.node.is_some() {
            return self.cluster.operate(op, now_ms);
        }
        self.cluster.check_hold(spec, now_ms)?;
        let like = like(&spec.name, &spec.template, &spec.amounts);
        let row = self.place_of(&like, now_ms)?.ok_or_else(|| LedgerError::Unplaced { hold: spec.name.clone() })?;
        let spec = crate::ledger::HoldSpec { node: Some(self.name(row)), ..spec.clone() };
        self.cluster.operate(&LedgerOp::Hold(spec), now_ms)
    }

    /// Checks every invariant of the ledger; see [`Cluster::audit`](crate::Cluster::audit).
    pub fn audit(&self) -> Result<(), AuditError> {
        self.cluster.audit()
    }

    /// Builds holds from lines; see [`Cluster::restore`](crate::Cluster::restore). Holds whose node is gone move or end.
    #[cfg(feature = "record")]
    pub fn restore(&mut self, lines: &str, now_ms: u64) -> Result<Vec<crate::RestoreError>, LedgerError> {
        let errors = self.cluster.restore(lines, now_ms)?;
        self.find_places(now_ms);
        Ok(errors)
    }

    /// The holds that changed since the last call, as lines; see
    /// [`Cluster::take_ledger_records`](crate::Cluster::take_ledger_records).
    #[cfg(feature = "record")]
    pub fn take_ledger_records(&mut self) -> Vec<String> {
        self.cluster.take_ledger_records()
    }

    /// What happened to holds and gangs; see [`Cluster::take_ledger_events`](crate::Cluster::take_ledger_events).
    pub fn take_ledger_events(&mut self) -> Vec<LedgerEvent> {
        self.cluster.take_ledger_events()
    }

    /// Where a pod would go that uses nobody's room, its own neither. The pod is known for as long as that takes.
    fn place_of(&mut self, like: &PodSpec, now_ms: u64) -> Result<Option<Row>, LedgerError> {
        let pod = self.cluster.add_pod(like)?;
        let decided = self.decide_among(pod, now_ms, Among { rows: None, closed: true });
        self.cluster.forget_pod(pod);
        Ok(decided.ok().map(|decision| decision.row))
    }

    /// Holds that lost their nodes move where they can; the others end.
    pub(crate) fn find_places(&mut self, now_ms: u64) {
        while let Some((slot, name, template, amounts)) = self.cluster.next_displaced() {
            let place = self.place_of(&like(&name, &template, &amounts), now_ms).ok().flatten();
            self.cluster.settle_displaced(slot, place);
        }
    }
}

/// A pod that requests what a hold holds.
fn like(name: &str, template: &crate::PodTemplate, amounts: &Resources) -> PodSpec {
    let requests = amounts.iter().filter(|(name, _)| *name != "pods").map(|(name, &amount)| (name.clone(), amount));
    let container = Container { requests: requests.collect(), ..Container::default() };
    let template = crate::PodTemplate {
        containers: vec![container],
        init_containers: Vec::new(),
        overhead: Resources::new(),
        pod_requests: None,
        owner: None,
        ..template.clone()
    };
    // No namespace of Kubernetes has a slash in its name.
    PodSpec { namespace: "ledger/hold".to_owned(), name: name.to_owned(), template, terminating: false }
}
