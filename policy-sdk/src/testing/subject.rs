//! The policy under test: what it says of itself, and fresh instances of it.

use super::answers::{Answers, Asked};
use super::asks::{Ask, Replaying};
use super::capture::capture;
use super::case::Case;
use super::strategies::Scenario;
use super::table::Table;
use sched_abi::{
    Bits, Column, DomainPods, Label, MAX_REASONS, Manifest, NodeColumns, Policy, ReasonArg, Request, ResourceId,
};

/// Makes an instance of the policy under test.
pub(super) type Make<'a> = &'a (dyn Fn() -> Box<dyn Policy> + 'a);

/// The policy under test.
pub(super) struct Subject<'a> {
    make: Make<'a>,
    pub(super) manifest: Manifest,
    pub(super) asks: Vec<Ask>,
    pub(super) configured: Vec<String>,
}

impl<'a> Subject<'a> {
    /// Sets an instance up in an empty cluster to learn what it asks for.
    pub(super) fn new(make: Make<'a>) -> Result<Self, String> {
        let nothing = Scenario { nodes: Vec::new(), bound: Vec::new(), pending: Vec::new(), told: Vec::new() };
        let (asks, _) = capture(make(), &nothing).map_err(|problem| format!("it cannot be set up: {problem}"))?;
        let manifest = make().manifest();
        let mut subject = Self { make, manifest, asks, configured: Vec::new() };
        subject.configured = subject.fresh()?.configured_reasons().to_vec();
        Ok(subject)
    }

    /// The cases of a scenario.
    pub(super) fn capture(&self, scenario: &Scenario) -> Result<Vec<Case>, String> {
        let (asks, cases) = capture((self.make)(), scenario)?;
        if asks == self.asks { Ok(cases) } else { Err("two instances ask their host for different things".to_owned()) }
    }

    /// An instance that was never used.
    pub(super) fn fresh(&self) -> Result<Box<dyn Policy>, String> {
        let mut policy = (self.make)();
        let mut host = Replaying::new(&self.asks);
        policy.setup(&mut host).map_err(|problem| problem.0)?;
        if !host.is_done() {
            return Err("two instances ask their host for different things".to_owned());
        }
        if policy.manifest() != self.manifest {
            return Err("two instances have different manifests".to_owned());
        }
        Ok(policy)
    }

    /// The case as a host shows it that keeps nothing but what is declared. Which rows are live is always known.
    pub(super) fn shown(&self, case: &Case) -> Case {
        let (table, columns) = (&case.table, self.manifest.columns);
        let quantities = table.quantities.iter().filter(|(column, _)| self.reads(*column));
        let bits = table.bits.iter().filter(|(bits, _)| *bits == Bits::Live || self.reads_bits(*bits));
        let table = Table {
            rows: table.rows,
            now_ms: if columns.has(NodeColumns::TIME) { table.now_ms } else { 0 },
            resources: table.resources.clone(),
            quantities: quantities.cloned().collect(),
            bits: bits.cloned().collect(),
            aggregates: if columns.has(NodeColumns::AGGREGATES) { table.aggregates.clone() } else { Vec::new() },
            taint_sets: if columns.has(NodeColumns::TAINT_SETS) { table.taint_sets.clone() } else { Vec::new() },
            labels: table.labels.iter().filter(|of| self.reads_label(of.label)).cloned().collect(),
            domain_pods: table.domain_pods.iter().filter(|(pods, ..)| self.reads_domains(*pods)).cloned().collect(),
            derived: table.derived.clone(),
        };
        Case { table, pod: case.pod.only(self.manifest.pod_fields) }
    }

    /// Whether the manifest names the column and, where it must be asked for, the policy did.
    pub(super) fn reads(&self, column: Column) -> bool {
        let asked = |ask: &Ask| matches!(ask, Ask::Derive(_, answer) if *answer == column);
        let known = !matches!(column, Column::Derived(_)) || self.asks.iter().any(asked);
        known && self.manifest.columns.has(column.kind())
    }

    /// The same of bits.
    pub(super) fn reads_bits(&self, bits: Bits) -> bool {
        let asked = |ask: &Ask| matches!(ask, Ask::NodeSelector(_, answer) if *answer == bits);
        let known = !matches!(bits, Bits::Selector(_)) || self.asks.iter().any(asked);
        known && self.manifest.columns.has(bits.kind())
    }

    /// The same of labels.
    pub(super) fn reads_label(&self, label: Label) -> bool {
        let asked = |ask: &Ask| matches!(ask, Ask::Label(_, answer) if *answer == label);
        self.manifest.columns.has(NodeColumns::LABELS) && self.asks.iter().any(asked)
    }

    /// The same of counts by topology domain.
    pub(super) fn reads_domains(&self, pods: DomainPods) -> bool {
        let asked = |ask: &Ask| matches!(ask, Ask::DomainPods(_, answer) if *answer == pods);
        self.manifest.columns.has(NodeColumns::DOMAIN_PODS) && self.asks.iter().any(asked)
    }

    /// The number of places in the reason table for a pod.
    pub(super) fn reason_count(&self, requests: &[Request]) -> u32 {
        let requested = requests.iter().filter(|request| request.resource != ResourceId::PODS).count();
        let places = self.manifest.reasons.iter().map(|reason| match reason.arg {
            ReasonArg::None | ReasonArg::Mark => 1,
            ReasonArg::RequestedResource => requested,
        });
        ((places.sum::<usize>() + self.configured.len()) as u32).min(MAX_REASONS)
    }

    /// Asks an instance that was never used about all rows of a case.
    pub(super) fn answers(&self, case: &Case) -> Result<Answers, String> {
        let policy = self.fresh()?;
        let asked = Asked::new(&*policy, self.manifest.clone(), &case.pod, &case.table);
        let answers = asked.answers(case.table.rows);
        asked.problem().map_or(Ok(answers), Err)
    }
}
