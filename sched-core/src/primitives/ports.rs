//! Host ports: a node on which one of the pod's host ports is taken is out. Taken means the same port and protocol, and the
//! same address or one of the two `0.0.0.0`.
//!
//! Source: kube-scheduler 1.35, plugin `NodePorts`. Cost: the nodes that have one of the ports in use.

use sched_abi::{Manifest, Nodes, PodFields, PodView, Policy, Prepared, ReasonSpec, Rows, Verdict, keep_bits};

/// The policy. It has no configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodePorts;

impl Policy for NodePorts {
    fn manifest(&self) -> Manifest {
        Manifest {
            filters: true,
            pod_fields: PodFields::PORTS,
            reasons: const { &[ReasonSpec::plain("node(s) didn't have free ports for the requested pod ports")] }
                .into(),
            ..Manifest::new("NodePorts")
        }
    }

    fn prepare(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        if pod.port_conflicts.is_none() { Prepared::SKIP } else { Prepared::RUN }
    }

    fn filter(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let taken = pod.port_conflicts.unwrap_or_default();
        rows.update_bits(taken, out, |verdict, taken| *verdict = Verdict::reason(0).when(taken));
    }

    fn filter_bits(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &[u64; 16], start: usize, feasible: &mut [u64]) -> bool {
        keep_bits(feasible, start, pod.port_conflicts.unwrap_or_default(), true);
        true
    }
}
