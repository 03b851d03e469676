//! Safe water level: a node whose predicted use after placement is above the level of a resource is out.
//!
//! `use = max(sample + estimate of what it does not cover yet, profile) + the pod's estimate`; where the sample is missing or
//! older than `staleAfterSeconds`, the first term is `requested * estimatePercent / 100`: stale never means idle. Rejected if
//! `use * 100 > level * capacity`. The level is that of the first rule that has the pod's class and the node's pool; a node
//! without a rule has no level. Only CPU has a profile. A resource of which the node has nothing is not looked at.
//!
//! `DaemonSet` pods and critical priorities bypass it. If no node is feasible because of it, `whenAllAbove` says whether the pod
//! waits or the decision is made without it: *every node* are the nodes that pass all other filters.
//!
//! Units: milli-CPU, bytes, percent of the physical capacity. Source: the library's own; thresholds as in Koordinator's
//! `LoadAwareScheduling`. Admission must stop below the level at which a node agent begins to suppress (hysteresis).

use super::elastic;
use super::levels::{AllAbove, LevelClass, WaterLevelConfig, WaterLevelRule};
use super::live::{self, Freshness, larger};
use sched_abi::{
    Bits, Column, Hook, Manifest, NodeColumns, Nodes, PodView, Policy, Prepared, QosClass, ReasonSpec, ResourceId,
    Rows, Setup, SetupError, Verdict, bit,
};

/// A level that no use reaches.
const NO_LEVEL: f64 = 1e12;

/// The policy.
#[derive(Clone, Debug)]
pub struct WaterLevel {
    config: WaterLevelConfig,
    pools: Vec<Option<Bits>>,
    profile: Option<Column>,
}

const REASONS: &[ReasonSpec] = &[
    ReasonSpec::plain("node(s) were above the safe water level of cpu"),
    ReasonSpec::plain("node(s) were above the safe water level of memory"),
    ReasonSpec::plain("node(s) without fresh metrics were above the safe water level of cpu by requests"),
    ReasonSpec::plain("node(s) without fresh metrics were above the safe water level of memory by requests"),
];

/// The levels of one rule, and what predicted use is made of.
#[derive(Clone, Copy)]
struct Level {
    cpu_percent: f64,
    memory_percent: f64,
    cpu_pod: f64,
    memory_pod: f64,
    estimate_percent: f64,
    fresh: Freshness,
}

impl Level {
    #[inline]
    fn verdict(self, [c0, c1, c2, c3, m0, m1, m2, m3, profile, at]: [f64; 10]) -> Verdict {
        let fresh = self.fresh.counts(at);
        // In hundredths, so that nothing is rounded before it is compared.
        let cpu = if fresh { (c1 + c2) * 100.0 } else { c3 * self.estimate_percent };
        let memory = if fresh { (m1 + m2) * 100.0 } else { m3 * self.estimate_percent };
        let cpu = larger(cpu, profile * 100.0) + self.cpu_pod * 100.0;
        let cpu = c0 > 0.0 && cpu > self.cpu_percent * c0;
        let memory = m0 > 0.0 && memory + self.memory_pod * 100.0 > self.memory_percent * m0;
        let seen = Verdict::reason(0).when(cpu).and(Verdict::reason(1).when(memory));
        let estimated = Verdict::reason(2).when(cpu).and(Verdict::reason(3).when(memory));
        if fresh { seen } else { estimated }
    }
}

impl WaterLevel {
    /// The policy under a configuration.
    pub fn new(config: WaterLevelConfig) -> Self {
        Self { config, pools: Vec::new(), profile: None }
    }

    fn class(&self, pod: &PodView<'_>, nodes: &dyn Nodes) -> LevelClass {
        if elastic::concerns(&self.config.elastic_resources, pod, nodes) {
            return LevelClass::Elastic;
        }
        match pod.qos {
            QosClass::Guaranteed => LevelClass::Guaranteed,
            QosClass::Burstable => LevelClass::Burstable,
            QosClass::BestEffort => LevelClass::BestEffort,
        }
    }

    /// The rules for a class, up to the first that holds on every node.
    fn rules(&self, class: LevelClass) -> impl Iterator<Item = (&WaterLevelRule, Option<Bits>)> {
        let mut open = true;
        let rules = self.config.rules.iter().zip(self.pools.iter().copied());
        rules.filter(move |(rule, pool)| {
            let counts = open && (rule.qos_classes.is_empty() || rule.qos_classes.contains(&class));
            open &= !counts || pool.is_some();
            counts
        })
    }
}

impl Policy for WaterLevel {
    fn manifest(&self) -> Manifest {
        // Not monotone: a resource of which the node has nothing is not looked at; and room on one node ends the fall-back of
        // all the others.
        Manifest {
            filters: true,
            columns: live::COLUMNS.and(NodeColumns::SELECTORS),
            reasons: REASONS.into(),
            protective: true,
            monotone: false,
            ..Manifest::new("WaterLevel")
        }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.config.check()?;
        for rule in &self.config.rules {
            self.pools.push(rule.node_selector.as_ref().map(|selector| host.node_selector(selector)).transpose()?);
        }
        self.profile = Some(self.config.profile.column(host)?);
        Ok(())
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        let class = self.class(pod, nodes);
        let [first, ..] = block;
        *first = class as u64;
        let bypasses = pod.daemon_set || pod.priority >= self.config.critical_priority;
        if bypasses || self.rules(class).next().is_none() {
            return Prepared::SKIP;
        }
        let by_kind = self.config.when_all_above;
        let elastic = matches!(class, LevelClass::Elastic | LevelClass::BestEffort);
        let fall_back = if elastic { by_kind.elastic } else { by_kind.online } == AllAbove::FallBack;
        Prepared { filter: Hook::Run, fall_back, ..Prepared::SKIP }
    }

    fn filter(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let classes = [LevelClass::Guaranteed, LevelClass::Burstable, LevelClass::BestEffort, LevelClass::Elastic];
        let Some(&class) = classes.iter().find(|&&class| block.first() == Some(&(class as u64))) else { return };
        let [c0, c1, c2, c3] = live::columns(nodes, ResourceId::CPU);
        let [m0, m1, m2, m3] = live::columns(nodes, ResourceId::MEMORY);
        let profile = self.profile.map_or(&[][..], |column| nodes.quantity(column));
        let columns = [c0, c1, c2, c3, m0, m1, m2, m3, profile, nodes.quantity(Column::SampledAt)];
        let level = |rule: &WaterLevelRule| Level {
            cpu_percent: rule.cpu_percent.map_or(NO_LEVEL, f64::from),
            memory_percent: rule.memory_percent.map_or(NO_LEVEL, f64::from),
            cpu_pod: pod.estimate[0],
            memory_pod: pod.estimate[1],
            estimate_percent: f64::from(self.config.estimate_percent),
            fresh: Freshness::new(nodes, self.config.stale_after_seconds),
        };
        out.fill(Verdict::PASS);
        // The rule for all nodes first, in one vector loop; then the pools, the first rule last, since it counts.
        let Some((_, last)) = self.rules(class).enumerate().last() else { return };
        if last.1.is_none() {
            let level = level(last.0);
            rows.map(columns, out, |values| level.verdict(values));
        }
        let count = self.rules(class).count();
        for k in (0..count).rev() {
            let Some((rule, Some(pool))) = self.rules(class).nth(k) else { continue };
            let (level, pool) = (level(rule), nodes.bits(pool));
            for (row, verdict) in rows.iter().zip(&mut *out).filter(|&(row, _)| bit(pool, row)) {
                *verdict = level.verdict(columns.map(|column| column.get(row).copied().unwrap_or(0.0)));
            }
        }
    }
}
