//! Unschedulable nodes: a cordoned node is out for pods that do not tolerate `node.kubernetes.io/unschedulable:NoSchedule`.
//!
//! Source: kube-scheduler 1.35, plugin `NodeUnschedulable`.

use sched_abi::{
    Bits, Hook, Manifest, NodeColumns, Nodes, PodFields, PodView, Policy, Prepared, ReasonSpec, Rows, Verdict,
    keep_bits,
};

/// The policy. It has no configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeUnschedulable;

impl Policy for NodeUnschedulable {
    fn manifest(&self) -> Manifest {
        Manifest {
            filters: true,
            pod_fields: PodFields::TAINTS,
            columns: NodeColumns::UNSCHEDULABLE,
            reasons: const { &[ReasonSpec::plain("node(s) were unschedulable")] }.into(),
            ..Manifest::new("NodeUnschedulable")
        }
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        let any = nodes.bits(Bits::Unschedulable).iter().any(|&word| word != 0);
        let filter = if any && !pod.tolerates_unschedulable { Hook::Run } else { Hook::Skip };
        Prepared { filter, ..Prepared::SKIP }
    }

    fn filter(&self, _: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let rejects = Verdict::reason(0).unresolvable_if(true);
        rows.update_bits(nodes.bits(Bits::Unschedulable), out, |verdict, cordoned| *verdict = rejects.when(cordoned));
    }

    fn filter_bits(
        &self,
        _: &PodView<'_>,
        nodes: &dyn Nodes,
        _: &[u64; 16],
        start: usize,
        feasible: &mut [u64],
    ) -> bool {
        keep_bits(feasible, start, nodes.bits(Bits::Unschedulable), true);
        true
    }
}
