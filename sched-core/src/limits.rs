//! Every bound of the library, by name. An input beyond one is an error that names it.

/// The largest quantity, and the largest per-node sum of one: within it, sums and comparisons in f64 columns are exact and
/// truncated quotients equal integer division.
pub const MAX_QUANTITY: i64 = 1 << 46;

/// The latest time, milliseconds since the epoch of the embedder's choice: columns of times are exact up to there.
pub const MAX_TIME_MS: u64 = 1 << 53;

/// Bytes of one input, a file or a text, whoever reads it: what comes without end is refused there.
pub const MAX_INPUT_BYTES: usize = 1 << 30;

/// Nodes alive at once.
pub const MAX_NODES: usize = 1 << 20;

/// Pods known at once.
pub const MAX_PODS: usize = 1 << 24;

/// Resource names in use at once.
pub const MAX_RESOURCES: usize = 256;

/// Different resources that one pod may request: each is a reason of its own, see [`sched_abi::MAX_REASONS`].
pub const MAX_REQUESTS_PER_POD: usize = 60;

/// Containers and init containers of one pod.
pub const MAX_CONTAINERS: usize = 1_000;

/// Taints of one node.
pub const MAX_TAINTS: usize = 1_000;

/// Labels of one object.
pub const MAX_LABELS: usize = 10_000;

/// Bytes of one name, label key or label value.
pub const MAX_NAME_BYTES: usize = 4_096;

/// Terms of a node selector, and preferred terms of a pod.
pub const MAX_SELECTOR_TERMS: usize = 1_000;

/// Entries that the journal keeps; a consumer that lags further behind takes a full copy.
pub const JOURNAL_CAPACITY: usize = 1 << 16;

/// Policies in one profile.
pub const MAX_POLICIES: usize = 64;

/// Weight of a policy.
pub const MAX_WEIGHT: i64 = 1_000_000;

/// Columns and selectors that the policies of one profile may ask for.
pub const MAX_DERIVED: usize = 256;

/// Selectors of pods that the policies of one profile may ask for.
pub const MAX_POD_SELECTORS: usize = 64;

/// Resolution of time: `now` is floored to it before any policy sees it.
pub const TIME_QUANTUM_MS: u64 = 1_000;

/// Length of a slot in which recent placements are counted.
pub const HEAT_SLOT_MS: u64 = 15_000;

/// Newest samples of a node that statistics average over, where a policy asks for any.
pub const USAGE_SAMPLES: usize = 128;

/// Slots into which the time is divided over which a policy asks for the greatest average use: 15 minutes each for a day.
pub const USAGE_SLOTS: usize = 96;

/// Slots of recent placements: with 15 s each, 32 minutes. The end of the ring is the end of heat.
pub const HEAT_SLOTS: usize = 128;

/// Resolution of predictions: within it they stay the same.
pub const FORECAST_QUANTUM_MS: u64 = 300_000;

/// Applications without pods whose history is kept.
pub const MAX_IDLE_APPS: usize = 1 << 16;
