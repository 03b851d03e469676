//! Resource fit: a node must have room for everything the pod requests; and the score of how much room stays.
//!
//! Filter, per resource r: `request > 0 and request > allocatable - requested` rejects ("Insufficient r"), for the count of
//! pods "Too many pods"; unresolvable as soon as one request exceeds the node's whole allocatable amount.
//!
//! Source: kube-scheduler 1.35, plugin `NodeResourcesFit`. Units: base units. Cost: two loads and a compare a row and resource.

use super::resource_score::{ResourceScore, ScoringStrategy, StrategyKind};
use sched_abi::{
    Column, Hook, Manifest, NodeColumns, Nodes, PodView, Policy, Prepared, ReasonArg, ReasonSpec, Request, ResourceId,
    Rows, Setup, SetupError, Verdict, keep_rows,
};

/// Configuration, as in `NodeResourcesFitArgs`.
#[derive(Clone, PartialEq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct FitConfig {
    /// Extended resources that the filter passes over.
    pub ignored_resources: Vec<String>,
    /// Prefixes (before the `/`) of extended resources that the filter passes over.
    pub ignored_resource_groups: Vec<String>,
    /// How the room that stays is scored.
    pub scoring_strategy: ScoringStrategy,
}

/// The policy.
#[derive(Clone, Debug)]
pub struct Fit {
    config: FitConfig,
    score: ResourceScore,
}

const REASONS: &[ReasonSpec] =
    &[ReasonSpec::plain("Too many pods"), ReasonSpec::with("Insufficient {}", ReasonArg::RequestedResource)];

impl Fit {
    /// The policy under a configuration.
    pub fn new(config: FitConfig) -> Self {
        let score = ResourceScore::new(config.scoring_strategy.clone());
        Self { config, score }
    }

    fn ignores(&self, resource: &str) -> bool {
        if self.config.ignored_resources.is_empty() && self.config.ignored_resource_groups.is_empty() {
            return false;
        }
        let group = resource.split('/').next().unwrap_or_default();
        is_extended(resource)
            && (self.config.ignored_resources.iter().any(|r| r == resource)
                || self.config.ignored_resource_groups.iter().any(|g| g == group))
    }
}

/// Whether a resource name is neither Kubernetes' own nor a quota's.
fn is_extended(resource: &str) -> bool {
    resource.contains('/') && !resource.contains("kubernetes.io/") && !resource.starts_with("requests.")
}

impl Policy for Fit {
    fn keeps_range(&self) -> bool {
        true
    }

    fn manifest(&self) -> Manifest {
        let columns = NodeColumns::ALLOCATABLE.and(NodeColumns::REQUESTED).and(NodeColumns::SCORING_REQUESTED);
        Manifest {
            filters: true,
            scores: true,
            columns,
            reasons: REASONS.into(),
            prefers_room: self.config.scoring_strategy.kind == StrategyKind::LeastAllocated,
            ..Manifest::new("NodeResourcesFit")
        }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.score.setup(host)
    }

    fn prepare(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        // A strategy without resources scores 0 everywhere.
        let score = if self.score.concerns(pod) { Hook::Run } else { Hook::Constant(0) };
        Prepared { score, ..Prepared::RUN }
    }

    fn filter(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        out.fill(Verdict::PASS);
        let mut place = 1;
        for request in pod.requests {
            let pods = request.resource == ResourceId::PODS;
            let reason = Verdict::reason(if pods { 0 } else { place });
            place += u32::from(!pods);
            if self.ignores(nodes.resource_name(request.resource)) {
                continue;
            }
            let columns = [Column::Allocatable(request.resource), Column::Requested(request.resource)];
            let amount = request.amount;
            if pods {
                rows.update(columns.map(|c| nodes.quantity(c)), out, |verdict, [allocatable, held]| {
                    *verdict = verdict.and(reason.when(amount > allocatable - held));
                });
            } else {
                let unresolvable = reason.unresolvable_if(true);
                rows.update(columns.map(|c| nodes.quantity(c)), out, |verdict, [allocatable, held]| {
                    let never = unresolvable.when(amount > allocatable);
                    *verdict = verdict.and(reason.when(amount > allocatable - held)).and(never);
                });
            }
        }
    }

    fn filter_bits(
        &self,
        pod: &PodView<'_>,
        nodes: &dyn Nodes,
        _: &[u64; 16],
        start: usize,
        feasible: &mut [u64],
    ) -> bool {
        let counted = |r: &&Request| !self.ignores(nodes.resource_name(r.resource));
        let columns = |r: &Request| {
            let [allocatable, held] = [Column::Allocatable(r.resource), Column::Requested(r.resource)];
            (nodes.quantity(allocatable), nodes.quantity(held), r.amount)
        };
        let mut requests = pod.requests.iter().filter(counted).map(columns);
        loop {
            // Most pods ask for CPU, memory and a place among the node's pods: one loop over all of it.
            let three = [requests.next(), requests.next(), requests.next()];
            let [Some(a), Some(b), Some(c)] = three else {
                for (allocatable, held, amount) in three.into_iter().flatten() {
                    keep_rows([allocatable, held], start, feasible, |[allocatable, held]| amount <= allocatable - held);
                }
                return true;
            };
            keep_rows(
                [a.0, a.1, b.0, b.1, c.0, c.1],
                start,
                feasible,
                |[alloc_a, held_a, alloc_b, held_b, alloc_c, held_c]| {
                    (a.2 <= alloc_a - held_a) & (b.2 <= alloc_b - held_b) & (c.2 <= alloc_c - held_c)
                },
            );
        }
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        self.score.score(pod, nodes, rows, out);
    }
}
