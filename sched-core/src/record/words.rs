//! What names are of, which word stands for them, and which have a meaning of their own and stay.

/// Keys of labels and taints that say nothing about whose cluster it is.
const WELL_KNOWN_KEYS: [&str; 33] = [
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/version",
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/metadata.name",
    "kubernetes.io/os",
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/master",
    "node.cloudprovider.kubernetes.io/shutdown",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/exclude-from-external-load-balancers",
    "node.kubernetes.io/instance-type",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/out-of-service",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/windows-build",
    "pod-template-hash",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// Kinds of owners; policies let pods of some pass.
const WELL_KNOWN_KINDS: [&str; 9] =
    ["CronJob", "DaemonSet", "Deployment", "Job", "Node", "Pod", "ReplicaSet", "ReplicationController", "StatefulSet"];

/// What a name names. Names of different things are never compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    Node,
    Namespace,
    Key,
    Value,
    Image,
    Kind,
    Owner,
    Address,
    Volume,
    Text,
}

impl Of {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Namespace => "namespace",
            Self::Key => "key",
            Self::Value => "value",
            Self::Image => "image",
            Self::Kind => "kind",
            Self::Owner => "owner",
            Self::Address => "address",
            Self::Volume => "volume",
            Self::Text => "text",
        }
    }

    pub(super) fn stays(self, text: &str) -> bool {
        match self {
            // `Gt` and `Lt` compare whole numbers.
            Self::Value => text.is_empty() || text.parse::<i64>().is_ok(),
            Self::Key => text.is_empty() || WELL_KNOWN_KEYS.contains(&text),
            Self::Kind => WELL_KNOWN_KINDS.contains(&text),
            Self::Address => text.is_empty() || text == "0.0.0.0",
            Self::Text => text.is_empty(),
            _ => false,
        }
    }
}
