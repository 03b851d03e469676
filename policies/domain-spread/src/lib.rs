//! `DomainSpread`, an example that counts pods: spreads the pods that match a selector over the values of a node label. Fewer
//! matching pods in the node's topology domain are better, then fewer on the node itself; a node without the label is worst.

use policy_sdk::abi::{
    Column, Derived, DomainPods, Label, LabelSelector, Manifest, NodeColumns, Nodes, Normalize, PodMatch, PodView,
    Policy, Prepared, Rows, Setup, SetupError,
};

/// Settings of [`DomainSpread`].
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct DomainSpreadConfig {
    /// The label whose values are the domains.
    pub topology_key: String,
    /// The pods to spread; by default all.
    pub pod_selector: LabelSelector,
}

impl Default for DomainSpreadConfig {
    fn default() -> Self {
        Self { topology_key: "topology.kubernetes.io/zone".to_owned(), pod_selector: LabelSelector::default() }
    }
}

/// The policy.
pub struct DomainSpread {
    config: DomainSpreadConfig,
    /// What the host granted.
    reads: Option<Reads>,
}

#[derive(Clone, Copy)]
struct Reads {
    pods: PodMatch,
    domain: Label,
    in_domain: DomainPods,
    on_node: Column,
}

/// Pods on a node count for less than any pod elsewhere in its domain; beyond this many they count alike.
const MOST_ON_NODE: f64 = 1_023.0;
/// Pods in a domain beyond this many count alike.
const MOST_IN_DOMAIN: f64 = (1u64 << 32) as f64;

impl DomainSpread {
    /// The policy with its settings.
    #[must_use]
    pub fn new(config: DomainSpreadConfig) -> Self {
        Self { config, reads: None }
    }
}

impl Policy for DomainSpread {
    fn manifest(&self) -> Manifest {
        let columns = NodeColumns::LABELS.and(NodeColumns::DOMAIN_PODS).and(NodeColumns::DERIVED);
        Manifest { scores: true, normalize: Normalize::MinMaxReversed, columns, ..Manifest::new("DomainSpread") }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        let pods = host.pod_selector(&self.config.pod_selector)?;
        let domain = host.label(&self.config.topology_key)?;
        let (in_domain, on_node) = (host.domain_pods(domain, pods)?, host.derive(Derived::Pods(pods))?);
        self.reads = Some(Reads { pods, domain, in_domain, on_node });
        Ok(())
    }

    fn prepare(&self, pod: &PodView<'_>, _: &dyn Nodes, _: &mut [u64; 16]) -> Prepared {
        if self.reads.is_some_and(|reads| pod.is(reads.pods)) { Prepared::RUN } else { Prepared::SKIP }
    }

    fn score(&self, _: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let Some(reads) = self.reads else { return out.fill(0) };
        let sums = nodes.domain_pods(reads.in_domain);
        rows.map([nodes.quantity(reads.on_node)], out, |[on_node]| on_node.min(MOST_ON_NODE) as i64);
        rows.update_ids(nodes.label(reads.domain), out, |score, number| {
            let in_domain = match number {
                0 => MOST_IN_DOMAIN,
                number => sums.get(number as usize).copied().unwrap_or(0.0).min(MOST_IN_DOMAIN - 1.0),
            };
            *score += in_domain as i64 * (MOST_ON_NODE as i64 + 1);
        });
    }
}

policy_sdk::export!(DomainSpread::new, DomainSpreadConfig);

#[cfg(test)]
mod tests {
    use super::{DomainSpread, DomainSpreadConfig};
    use policy_sdk::abi::LabelSelector;
    use policy_sdk::testing::{Options, check};

    #[test]
    fn it_keeps_the_laws() {
        let some = LabelSelector { match_labels: [("app".into(), "a".into())].into(), ..LabelSelector::default() };
        let by_name = DomainSpreadConfig { topology_key: "metadata.name".to_owned(), pod_selector: some };
        for config in [DomainSpreadConfig::default(), by_name] {
            let report = check(&|| Box::new(DomainSpread::new(config.clone())), &Options::default());
            assert!(report.passed(), "{report}");
        }
    }
}
