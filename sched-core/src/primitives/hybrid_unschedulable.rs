//! Hybrid unschedulable: keeps pods that ask for elastic resources off marked nodes, and leaves other pods alone.
//!
//! A pod is concerned if a container, an init container or its overhead asks for more than 0 of a configured resource, and
//! no exemption matches its labels. A node is marked by an event (with a reason and an optional time window, see
//! [`crate::Mark`]) or by a selector of the configuration. Pods that are on a marked node stay there.
//!
//! Source: Kubernetes' cordon, restricted to elastic resources. Units: none. Cost: the words of a bitmap a mark, for
//! concerned pods alone. Marks have nothing to do with room, so a rejection is unresolvable: preemption would not help.

use super::elastic;
use sched_abi::{
    Bits, Hook, LabelSelector, MAX_REASONS, Manifest, NodeColumns, NodeSelector, Nodes, PodMatch, PodView, Policy,
    Prepared, ReasonArg, ReasonSpec, Rows, Setup, SetupError, Verdict,
};

/// A mark by labels: every node that matches is marked, within the time window.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct SelectorMark {
    /// Which nodes.
    pub node_selector: NodeSelector,
    /// Why, for explanations.
    pub reason: String,
    /// First millisecond since the epoch at which it holds; none: from the beginning.
    pub from_ms: Option<u64>,
    /// First millisecond at which it no longer holds; none: for good.
    pub until_ms: Option<u64>,
}

/// Configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct HybridUnschedulableConfig {
    /// Elastic resources. A `*` at the end stands for any rest; without a `/`, any domain is meant; case does not matter.
    pub resources: Vec<String>,
    /// Marks by labels, besides those by event.
    pub marks: Vec<SelectorMark>,
    /// Pods that are exempt; a pod that matches any of these.
    pub exempt: Vec<LabelSelector>,
}

impl Default for HybridUnschedulableConfig {
    fn default() -> Self {
        Self { resources: elastic::default_names(), marks: Vec::new(), exempt: Vec::new() }
    }
}

/// The policy.
#[derive(Clone, Debug)]
pub struct HybridUnschedulable {
    config: HybridUnschedulableConfig,
    marks: Vec<Bits>,
    exempt: Vec<PodMatch>,
    reasons: Vec<String>,
}

const MARKED: &str = "node(s) were marked unschedulable for elastic resources";
const REASONS: &[ReasonSpec] = &[ReasonSpec::with(MARKED, ReasonArg::Mark)];
const MAX_MARKS: usize = MAX_REASONS as usize - REASONS.len();

impl HybridUnschedulable {
    /// The policy under a configuration.
    pub fn new(config: HybridUnschedulableConfig) -> Self {
        let text = |mark: &SelectorMark| {
            if mark.reason.is_empty() { MARKED.to_owned() } else { format!("{MARKED}: {}", mark.reason) }
        };
        let reasons = config.marks.iter().map(text).collect();
        Self { config, marks: Vec::new(), exempt: Vec::new(), reasons }
    }

    /// The marks by labels that hold now: their place, and the rows that they are on.
    fn marks_at(&self, nodes: &dyn Nodes) -> impl Iterator<Item = (u32, Bits)> {
        // Time is read where a mark has a window, and only then is it declared.
        let held = move |mark: &SelectorMark| {
            mark.from_ms.is_none_or(|from| from <= nodes.now_ms())
                && mark.until_ms.is_none_or(|until| nodes.now_ms() < until)
        };
        let places = (REASONS.len() as u32..).zip(&self.marks).zip(&self.config.marks);
        places.filter(move |(_, mark)| held(mark)).map(|(place, _)| (place.0, *place.1))
    }
}

impl Policy for HybridUnschedulable {
    fn manifest(&self) -> Manifest {
        let timed = self.config.marks.iter().any(|mark| mark.from_ms.or(mark.until_ms).is_some());
        let columns = NodeColumns::MARKED.and(NodeColumns::SELECTORS);
        Manifest {
            filters: true,
            columns: if timed { columns.and(NodeColumns::TIME) } else { columns },
            reasons: REASONS.into(),
            protective: true,
            ..Manifest::new("HybridUnschedulable")
        }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.marks.clear();
        self.exempt.clear();
        if self.config.resources.is_empty() {
            return Err(SetupError("`resources` is empty: no pod would be concerned".to_owned()));
        }
        elastic::check("resources", &self.config.resources)?;
        if self.config.marks.len() > MAX_MARKS {
            return Err(SetupError(format!("`marks` has {} entries, more than {MAX_MARKS}", self.config.marks.len())));
        }
        for mark in &self.config.marks {
            if mark.node_selector.node_selector_terms.is_empty() {
                return Err(SetupError("`marks`: a `nodeSelector` without terms matches no node".to_owned()));
            }
            if let (Some(from), Some(until)) = (mark.from_ms, mark.until_ms)
                && until <= from
            {
                return Err(SetupError(format!("`marks`: `untilMs` {until} is not after `fromMs` {from}")));
            }
            self.marks.push(host.node_selector(&mark.node_selector)?);
        }
        for selector in &self.config.exempt {
            self.exempt.push(host.pod_selector(selector)?);
        }
        Ok(())
    }

    fn configured_reasons(&self) -> &[String] {
        &self.reasons
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let marked = |bits| nodes.bits(bits).iter().any(|&word| word != 0);
        let any = marked(Bits::Marked) || self.marks_at(nodes).any(|(_, bits)| marked(bits));
        let exempt = || self.exempt.iter().any(|&selector| pod.is(selector));
        let concerned = any && elastic::concerns(&self.config.resources, pod, nodes) && !exempt();
        Prepared { filter: if concerned { Hook::Run } else { Hook::Skip }, ..Prepared::SKIP }
    }

    fn filter(&self, _: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let rejects = |place| Verdict::reason(place).unresolvable_if(true);
        rows.update_bits(nodes.bits(Bits::Marked), out, |verdict, marked| *verdict = rejects(0).when(marked));
        for (place, bits) in self.marks_at(nodes) {
            rows.update_bits(nodes.bits(bits), out, |verdict, marked| {
                *verdict = verdict.and(rejects(place).when(marked));
            });
        }
    }
}
