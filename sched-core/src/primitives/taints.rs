//! Taints and tolerations: a node whose `NoSchedule` or `NoExecute` taints the pod does not tolerate is out; the fewer
//! untolerated `PreferNoSchedule` taints, the better.
//!
//! Raw score: the number of `PreferNoSchedule` taints not tolerated; normalised `100 - 100 * raw / max`. A toleration without
//! an effect or (with `Exists`) without a key matches every one; a missing operator is `Equal`.
//!
//! Source: kube-scheduler 1.35, plugin `TaintToleration`. Cost: one table look-up a row; the table has one answer for each
//! distinct list of taints in the cluster.

use sched_abi::{
    Hook, Manifest, NodeColumns, Nodes, Normalize, PodFields, PodView, Policy, Prepared, ReasonSpec, Rows, Verdict,
};

/// The policy. It has no configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaintToleration;

impl Policy for TaintToleration {
    fn keeps_range(&self) -> bool {
        true
    }

    fn manifest(&self) -> Manifest {
        Manifest {
            filters: true,
            scores: true,
            pod_fields: PodFields::TAINTS,
            columns: NodeColumns::TAINT_SETS,
            normalize: Normalize::MaxReversed,
            reasons: const { &[ReasonSpec::plain("node(s) had untolerated taint(s)")] }.into(),
            ..Manifest::new("TaintToleration")
        }
    }

    fn prepare(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let filter = if pod.taints.iter().any(|t| t.rejected) { Hook::Run } else { Hook::Skip };
        let score = if pod.taints.iter().any(|t| t.untolerated_soft > 0) { Hook::Run } else { Hook::Constant(0) };
        Prepared { filter, score, ..Prepared::RUN }
    }

    fn filter(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let rejects = Verdict::reason(0).unresolvable_if(true);
        rows.update_ids(nodes.taint_sets(), out, |verdict, list| {
            *verdict = rejects.when(pod.taints.get(list as usize).is_some_and(|t| t.rejected));
        });
    }

    fn filter_bits(
        &self,
        pod: &PodView<'_>,
        nodes: &dyn Nodes,
        _: &[u64; 16],
        start: usize,
        feasible: &mut [u64],
    ) -> bool {
        let lists = nodes.taint_sets().get(start..).unwrap_or_default();
        for (word, lists) in feasible.iter_mut().zip(lists.chunks(64)) {
            let rejects = |list: u32| pod.taints.get(list as usize).is_some_and(|t| t.rejected);
            // Shifted, not chosen: which nodes have which taints is more than a branch predictor can know.
            let bits = lists.iter().enumerate().fold(0, |bits, (i, &list)| bits | u64::from(rejects(list)) << i);
            *word &= !bits;
        }
        true
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        rows.update_ids(nodes.taint_sets(), out, |score, list| {
            *score = pod.taints.get(list as usize).map_or(0, |t| i64::from(t.untolerated_soft));
        });
    }
}
