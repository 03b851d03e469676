//! Node selector and node affinity: required terms filter, preferred terms score by weight; a configuration may add terms to
//! every pod.
//!
//! A node passes if it matches the node selector and any required term (a term: all requirements; an empty one matches
//! nothing). If every term names nodes by `metadata.name In`, only those are looked at. Raw score: the weights of the preferred
//! terms that match; normalised `100 * raw / max`.
//!
//! Source: kube-scheduler 1.35, plugin `NodeAffinity`. Cost: one pass of 64-bit words a requirement, from inverted bitmaps.

use sched_abi::{
    Bits, Hook, Manifest, NodeColumns, NodeSelector, Nodes, Normalize, PodFields, PodView, Policy, PreferredTerm,
    Prepared, ReasonSpec, Rows, Setup, SetupError, Verdict, keep_bits,
};

/// Terms that hold for every pod.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields, default))]
pub struct AddedAffinity {
    /// Required terms.
    #[cfg_attr(feature = "serde", serde(rename = "requiredDuringSchedulingIgnoredDuringExecution"))]
    pub required: Option<NodeSelector>,
    /// Preferred terms.
    #[cfg_attr(feature = "serde", serde(rename = "preferredDuringSchedulingIgnoredDuringExecution"))]
    pub preferred: Vec<PreferredTerm>,
}

/// Configuration, as in `NodeAffinityArgs`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct NodeAffinityConfig {
    /// Terms added to every pod's own.
    pub added_affinity: Option<AddedAffinity>,
}

/// The policy.
#[derive(Clone, Debug, Default)]
pub struct NodeAffinity {
    config: NodeAffinityConfig,
    required: Option<Bits>,
    preferred: Vec<(i64, Bits)>,
}

const CONFLICT: u32 = 2;
const REASONS: &[ReasonSpec] = &[
    ReasonSpec::plain("node(s) didn't match scheduler-enforced node affinity"),
    ReasonSpec::plain("node(s) didn't match Pod's node affinity/selector"),
    ReasonSpec::plain("pod affinity terms conflict"),
];

impl NodeAffinity {
    /// The policy under a configuration.
    pub fn new(config: NodeAffinityConfig) -> Self {
        Self { config, ..Self::default() }
    }
}

impl Policy for NodeAffinity {
    fn keeps_range(&self) -> bool {
        true
    }

    fn manifest(&self) -> Manifest {
        Manifest {
            filters: true,
            scores: true,
            pod_fields: PodFields::NODE_AFFINITY,
            columns: NodeColumns::SELECTORS,
            normalize: Normalize::Max,
            reasons: REASONS.into(),
            ..Manifest::new("NodeAffinity")
        }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        let Some(added) = &self.config.added_affinity else { return Ok(()) };
        self.required = added.required.as_ref().map(|selector| host.node_selector(selector)).transpose()?;
        for PreferredTerm { weight, preference } in &added.preferred {
            if !(1..=100).contains(weight) {
                return Err(SetupError(format!("weight {weight} of an added preferred term is not within 1..=100")));
            }
            let rows = host.node_selector(&NodeSelector { node_selector_terms: vec![preference.clone()] })?;
            self.preferred.push((i64::from(*weight), rows));
        }
        Ok(())
    }

    fn prepare(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let filters = pod.required_nodes.is_some() || self.required.is_some();
        let scores = !pod.preferred_nodes.weights.is_empty() || !self.preferred.is_empty();
        let hook = |run| if run { Hook::Run } else { Hook::Skip };
        Prepared {
            filter: hook(filters),
            score: hook(scores),
            reject: pod.names_conflict.then_some(CONFLICT),
            narrow: pod.named_nodes.is_some(),
            ..Prepared::RUN
        }
    }

    fn filter(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let [enforced, own] = [0, 1].map(|place| Verdict::reason(place).unresolvable_if(true));
        match pod.required_nodes {
            Some(required) => rows.update_bits(required, out, |verdict, met| *verdict = own.when(!met)),
            None => out.fill(Verdict::PASS),
        }
        if let Some(added) = self.required {
            // The enforced terms are asked first: where they fail, nothing else is said.
            rows.update_bits(nodes.bits(added), out, |verdict, met| *verdict = if met { *verdict } else { enforced });
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
        let added = self.required.map(|bits| nodes.bits(bits));
        for matching in pod.required_nodes.into_iter().chain(added) {
            keep_bits(feasible, start, matching, false);
        }
        true
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        out.fill(0);
        let added = self.preferred.iter().map(|&(weight, bits)| (weight, nodes.bits(bits)));
        for (weight, matching) in pod.preferred_nodes.iter().chain(added) {
            rows.update_bits(matching, out, |score, met| *score += if met { weight } else { 0 });
        }
    }
}
