//! Takes a cluster out of a real scheduler, as a policy in it sees it.

use super::asks::{Ask, Recording};
use super::case::Case;
use super::pod::Pod;
use super::strategies::{NOW_MS, Scenario};
use super::table::{LabelColumn, Table};
use sched_abi::{
    Bits, Column, Derived, EstimateRule, HeatMode, LabelSelector, Manifest, NodeSelector, Nodes, PodFields, PodView,
    Policy, Prepared, ResourceId, Setup, SetupError,
};
use sched_core::{Event, Scheduler};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was taken out.
#[derive(Default)]
struct Taken {
    asks: Vec<Ask>,
    case: Option<Case>,
}

/// A policy that answers nothing. It is set up as another one is, and copies what that one would see.
struct Camera {
    inner: Box<dyn Policy>,
    taken: Arc<Mutex<Taken>>,
}

impl Camera {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Policy for Camera {
    fn manifest(&self) -> Manifest {
        let pod_fields = PodFields::NAMED.iter().fold(PodFields::NONE, |all, (_, field)| all.and(*field));
        Manifest { pod_fields, ..Manifest::new("Camera") }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        // What other policies of a profile ask for comes first, so that a policy's own ids do not begin at 0.
        host.resource("example.com/not-asked-for")?;
        host.derive(Derived::Heat { mode: HeatMode::Count, half_life_ms: 77_000 })?;
        host.estimate(EstimateRule::PodTotal { percent: [Some(77); 2], absent: [77; 2] })?;
        host.node_selector(&NodeSelector::default())?;
        let pods = host.pod_selector(&LabelSelector::default())?;
        let label = host.label("example.com/not-asked-for")?;
        host.domain_pods(label, pods)?;
        let mut recording = Recording { host, asks: Vec::new() };
        self.inner.setup(&mut recording)?;
        let asks = recording.asks;
        self.taken().asks = asks;
        Ok(())
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let mut taken = self.taken();
        taken.case = Some(Case { table: table(nodes, &taken.asks), pod: Pod::of(pod) });
        Prepared::SKIP
    }
}

/// The scenario as the policy sees it, once for each pod that waits, and what the policy asked for when it was set up.
pub(super) fn capture(policy: Box<dyn Policy>, scenario: &Scenario) -> Result<(Vec<Ask>, Vec<Case>), String> {
    let taken = Arc::new(Mutex::new(Taken::default()));
    let camera = Camera { inner: policy, taken: Arc::clone(&taken) };
    let mut scheduler = Scheduler::with_policies(vec![(Box::new(camera), 1)], 0).map_err(|e| e.to_string())?;
    let mut cases = Vec::new();
    for event in &scenario.events() {
        scheduler.apply(event, NOW_MS).map_err(|e| e.to_string())?;
    }
    for (i, pod) in scenario.pending.iter().enumerate() {
        let Some(id) = scheduler.cluster().pod_id(&pod.namespace, &pod.name) else { continue };
        scheduler.evaluate(id, NOW_MS).map_err(|e| e.to_string())?;
        cases.extend(taken.lock().unwrap_or_else(PoisonError::into_inner).case.take());
        // The next pod finds a row whose node is gone.
        if let Some(node) = scenario.nodes.get(i).filter(|_| scenario.nodes.len() > 2) {
            scheduler.apply(&Event::NodeRemoved { name: node.name.clone() }, NOW_MS).map_err(|e| e.to_string())?;
        }
    }
    let asks = std::mem::take(&mut taken.lock().unwrap_or_else(PoisonError::into_inner).asks);
    Ok((asks, cases))
}

/// Copies every column that the host has for the policy, and some that it did not ask for.
fn table(nodes: &dyn Nodes, asks: &[Ask]) -> Table {
    let name = |id| nodes.resource_name(ResourceId(id)).to_owned();
    let mut resources: Vec<String> = (0..sched_core::limits::MAX_RESOURCES as u16).map(name).collect();
    resources.truncate(resources.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1));
    let mut columns = vec![Column::SampledAt, Column::Derived(0)];
    for id in (0..).zip(&resources).filter(|(_, name)| !name.is_empty()).map(|(id, _)| ResourceId(id)) {
        columns.extend([Column::Allocatable(id), Column::Requested(id)]);
        columns.extend([Column::ScoringRequested(id), Column::Capacity(id)]);
    }
    for id in [ResourceId::CPU, ResourceId::MEMORY] {
        columns.extend([Column::Usage(id), Column::Unseen(id)]);
    }
    let mut bits = vec![Bits::Live, Bits::Unschedulable, Bits::Marked, Bits::Selector(0)];
    let mut table = Table { rows: nodes.rows(), now_ms: nodes.now_ms(), resources, ..Table::default() };
    for ask in asks {
        match ask {
            Ask::Derive(derived, column) => {
                columns.push(*column);
                table.derived.push((*column, *derived));
            }
            Ask::Aggregate(aggregate) => table.aggregates.push((*aggregate, nodes.aggregate(*aggregate))),
            Ask::NodeSelector(_, selector) => bits.push(*selector),
            Ask::Label(_, label) => {
                let mut numbers = nodes.label(*label).to_vec();
                numbers.resize(table.rows, 0);
                let most = numbers.iter().max().copied().unwrap_or(0);
                let values = (0..=most).map(|number| nodes.label_value(*label, number).to_owned()).collect();
                table.labels.push(LabelColumn { label: *label, numbers, values });
            }
            Ask::DomainPods((label, _), pods) => {
                table.domain_pods.push((*pods, *label, nodes.domain_pods(*pods).to_vec()));
            }
            Ask::Resource(..) | Ask::Estimate(..) | Ask::PodSelector(..) => {}
        }
    }
    // What was asked for twice is one column.
    let (columns, bits) = (each_once(columns), each_once(bits));
    let cells = |column: Column| {
        let mut cells = nodes.quantity(column).to_vec();
        cells.resize(table.rows, 0.0);
        (column, cells)
    };
    let words = |bits: Bits| {
        let mut words = nodes.bits(bits).to_vec();
        words.resize(table.rows.div_ceil(64), 0);
        (bits, words)
    };
    table.quantities = columns.into_iter().map(cells).collect();
    table.bits = bits.into_iter().map(words).collect();
    table.taint_sets = nodes.taint_sets().to_vec();
    table
}

fn each_once<T: PartialEq + Copy>(items: Vec<T>) -> Vec<T> {
    items.into_iter().fold(Vec::new(), |mut once, item| {
        if !once.contains(&item) {
            once.push(item);
        }
        once
    })
}
