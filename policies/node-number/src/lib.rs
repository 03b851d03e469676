//! `NodeNumber`, the example that users of kube-scheduler's extensions know: a node whose name ends in the same digit as the
//! pod's is worth 10, with `reverse` every other one. Pods whose name does not end in a digit are none of its business.

use policy_sdk::abi::{
    Label, Manifest, NODE_NAME_KEY, NodeColumns, Nodes, PodFields, PodView, Policy, Prepared, Rows, Setup, SetupError,
};

/// What a match is worth.
const MATCH: i64 = 10;

/// Settings of [`NodeNumber`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NodeNumberConfig {
    /// Whether nodes that do not match are preferred.
    pub reverse: bool,
}

/// The policy.
pub struct NodeNumber {
    config: NodeNumberConfig,
    names: Label,
}

impl NodeNumber {
    /// The policy with its settings.
    #[must_use]
    pub fn new(config: NodeNumberConfig) -> Self {
        Self { config, names: Label(u16::MAX) }
    }
}

fn last_digit(name: &str) -> Option<u64> {
    name.chars().last()?.to_digit(10).map(u64::from)
}

impl Policy for NodeNumber {
    fn manifest(&self) -> Manifest {
        let (pod_fields, columns) = (PodFields::NAME, NodeColumns::LABELS);
        Manifest { scores: true, prefers_room: true, pod_fields, columns, ..Manifest::new("NodeNumber") }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.names = host.label(NODE_NAME_KEY)?;
        Ok(())
    }

    fn prepare(&self, pod: &PodView<'_>, _: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        let Some(digit) = last_digit(pod.name) else { return Prepared::SKIP };
        block[0] = digit;
        Prepared::RUN
    }

    fn score(&self, _: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let numbers = nodes.label(self.names);
        for (row, score) in rows.iter().zip(out) {
            let number = numbers.get(row).copied().unwrap_or(0);
            let matches = last_digit(nodes.label_value(self.names, number)) == Some(block[0]);
            *score = if matches == self.config.reverse { 0 } else { MATCH };
        }
    }
}

policy_sdk::export!(NodeNumber::new, NodeNumberConfig);

#[cfg(test)]
mod tests {
    use super::{NodeNumber, NodeNumberConfig, last_digit};
    use policy_sdk::testing::{Options, check};

    #[test]
    fn it_keeps_the_laws() {
        for reverse in [false, true] {
            let report = check(&|| Box::new(NodeNumber::new(NodeNumberConfig { reverse })), &Options::default());
            assert!(report.passed(), "{report}");
        }
    }

    #[test]
    fn the_digit_is_the_last_character() {
        assert_eq!(["web-7", "web", "", "7-a", "node-10"].map(last_digit), [Some(7), None, None, None, Some(0)]);
    }
}
