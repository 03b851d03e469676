//! Heat and the estimate of unseen use stand for the same placements: no policy reads both.

use sched_core::abi::{
    Bits, Column, Derived, EstimateRule, LabelSelector, NodeSelector, Nodes, PodMatch, PodView, ResourceId, Rows,
    Setup, SetupError, Verdict,
};
use sched_core::{PolicyConfig, ProfileSet};
use std::sync::Mutex;

/// A host that hands out columns in the order in which they are asked for.
#[derive(Default)]
struct Host {
    derived: Vec<Derived>,
}

impl Setup for Host {
    fn resource(&mut self, _: &str) -> Result<ResourceId, SetupError> {
        Ok(ResourceId(9))
    }

    fn derive(&mut self, derived: Derived) -> Result<Column, SetupError> {
        self.derived.push(derived);
        Ok(Column::Derived(self.derived.len() as u16 - 1))
    }

    fn estimate(&mut self, _: EstimateRule) -> Result<usize, SetupError> {
        Ok(0)
    }

    fn node_selector(&mut self, _: &NodeSelector) -> Result<Bits, SetupError> {
        Ok(Bits::Selector(0))
    }

    fn pod_selector(&mut self, _: &LabelSelector) -> Result<PodMatch, SetupError> {
        Ok(PodMatch(0))
    }
}

/// A table of one node that notes which columns are read.
#[derive(Default)]
struct Reads(Mutex<Vec<Column>>);

impl Nodes for Reads {
    fn rows(&self) -> usize {
        1
    }
    fn live(&self) -> usize {
        1
    }
    fn resource_name(&self, _: ResourceId) -> &'static str {
        "cpu"
    }
    fn now_ms(&self) -> u64 {
        0
    }
    fn quantity(&self, column: Column) -> &[f64] {
        self.0.lock().unwrap().push(column);
        &[1.0]
    }
    fn bits(&self, _: Bits) -> &[u64] {
        &[1]
    }
    fn taint_sets(&self) -> &[u32] {
        &[0]
    }
}

#[test]
fn no_policy_charges_heat_and_the_unseen_estimate_together() {
    let defaults = PolicyConfig::NAMES.iter().filter_map(|name| PolicyConfig::default_of(name));
    let builtin = ProfileSet::builtin().profiles.into_iter().flat_map(|p| p.policies).map(|p| p.config);
    let mut seen = [false; 2];
    for config in defaults.chain(builtin) {
        let (mut policy, mut host, nodes) = (config.build(), Host::default(), Reads::default());
        policy.setup(&mut host).unwrap();
        let (pod, mut block) = (PodView { forecast_cpu: &[1.0; 12], ..PodView::default() }, [0; 16]);
        policy.prepare(&pod, &nodes, &mut block);
        let rows = Rows::Range { start: 0, end: 1 };
        policy.filter(&pod, &nodes, &block, rows, &mut [Verdict::PASS]);
        policy.score(&pod, &nodes, &block, rows, &mut [0]);
        let read = nodes.0.into_inner().unwrap();
        let heat = read.iter().any(|column| match column {
            Column::Derived(index) => {
                matches!(host.derived[usize::from(*index)], Derived::Heat { .. } | Derived::RecentBinds { .. })
            }
            _ => false,
        });
        let unseen = read.iter().any(|column| match column {
            Column::Derived(index) => matches!(host.derived[usize::from(*index)], Derived::Unmeasured(_)),
            _ => matches!(column, Column::Unseen(_)),
        });
        assert!(!(heat && unseen), "{} reads both", config.name());
        seen = [seen[0] || heat, seen[1] || unseen];
    }
    assert_eq!(seen, [true, true]);
}
