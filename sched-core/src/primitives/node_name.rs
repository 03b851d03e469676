//! Node name: a pod that names its node goes there or nowhere.
//!
//! Source: kube-scheduler 1.35, plugin `NodeName`.

use sched_abi::{Manifest, NodeNameField, Nodes, PodView, Policy, Prepared, ReasonSpec, Rows, Verdict};

/// The policy. It has no configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeName;

impl Policy for NodeName {
    fn manifest(&self) -> Manifest {
        Manifest {
            filters: true,
            reasons: const { &[ReasonSpec::plain("node(s) didn't match the requested node name")] }.into(),
            ..Manifest::new("NodeName")
        }
    }

    fn prepare(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        if pod.node_name == NodeNameField::Any { Prepared::SKIP } else { Prepared::RUN }
    }

    fn filter(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let rejects = Verdict::reason(0).unresolvable_if(true);
        for (row, verdict) in rows.iter().zip(out) {
            *verdict = rejects.when(pod.node_name != NodeNameField::Row(row as u32));
        }
    }
}
