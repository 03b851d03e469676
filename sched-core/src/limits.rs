//! Every bound of the library, by name. An input beyond one is an error that names it.

/// The largest quantity, and the largest per-node sum of one: within it, sums and comparisons in f64 columns are exact and
/// truncated quotients equal integer division.
pub const MAX_QUANTITY: i64 = 1 << 46;

/// The latest time, milliseconds since the epoch of the embedder's choice: columns of times are exact up to there.
pub const MAX_TIME_MS: u64 = 1 << 53;

/// Bytes of one input, a file or a text, whoever reads it: what comes without end is refused there.
pub const MAX_INPUT_BYTES: usize = 1 << 30;

/// How far the time of a sample or of a binding may lie ahead of the present: clocks differ. One from the future would look
/// fresh for as long, and make every later one look old.
pub const MAX_CLOCK_SKEW_MS: u64 = 300_000;

/// Nodes alive at once.
pub const MAX_NODES: usize = 1 << 20;

/// Pods known at once.
pub const MAX_PODS: usize = 1 << 24;

/// Resource names in use at once.
pub const MAX_RESOURCES: usize = 256;

/// Resource names in use up to which a policy may bring new ones: the rest is for nodes and pods.
pub const MAX_RESOURCES_ASKED: usize = MAX_RESOURCES / 2;

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

/// Use above this many times the request counts as this many times it where profiles are learned: 10m that become 40 cores.
pub const MAX_USE_RATIO: i64 = 4_096;

/// Applications without pods whose history is kept.
pub const MAX_IDLE_APPS: usize = 1 << 16;

/// Holds of the ledger at once.
pub const MAX_HOLDS: usize = 1 << 20;

/// Owner terms of one hold.
pub const MAX_OWNER_TERMS: usize = 64;

/// Gangs known at once.
pub const MAX_GANGS: usize = 1 << 16;

/// Members of one gang that hold room.
pub const MAX_GANG_MEMBERS: usize = 1 << 14;

/// Labels by which a gang wants to be near together.
pub const MAX_GANG_TOPOLOGY: usize = 8;

/// Rules of the ledger.
pub const MAX_HOLD_RULES: usize = 1_000;

/// Workloads of which it is told how many pods they are to have.
pub const MAX_DESIRED: usize = 1 << 20;

/// The score of the row whose own room suits a pod best.
pub const MAX_RESERVATION_SCORE: i64 = 100;

/// What the score of a pod's own room counts where no configuration says otherwise: more than the usual policies together.
pub const RESERVATION_WEIGHT: i64 = 1_000;

/// Events of the ledger that wait for the embedder; the oldest go first.
pub const MAX_LEDGER_EVENTS: usize = 1 << 16;

/// Bytes of a module of WebAssembly.
pub const MAX_MODULE_BYTES: usize = 16 << 20;

/// Functions of a module.
pub const MAX_MODULE_FUNCTIONS: u32 = 20_000;

/// Bytes of a text that a module answers with: its manifest, what it asks for, an error.
pub const MAX_MODULE_TEXT_BYTES: usize = 1 << 20;

/// Bytes of a sandboxed policy's memory, its copies of columns included.
pub const MAX_GUEST_MEMORY_BYTES: usize = 1 << 30;

/// Bytes of a sandboxed policy's memory before the host lays anything out in it.
pub const MAX_GUEST_OWN_MEMORY_BYTES: usize = 64 << 20;

/// Elements of a sandboxed policy's table.
pub const MAX_GUEST_TABLE_ELEMENTS: usize = 10_000;

/// Bytes of the thread's stack that a sandboxed policy may use.
pub const MAX_GUEST_STACK_BYTES: usize = 64 << 10;

/// Bytes of stack that a thread must have left before a sandboxed policy is entered.
pub const MIN_THREAD_STACK_BYTES: usize = 128 << 10;

/// Fuel, about one for each instruction, that a call about a pod gets before it looks at rows.
pub const FUEL_PER_CALL: u64 = 2_000_000;

/// Fuel that a call gets for each row that it is about.
pub const FUEL_PER_ROW: u64 = 5_000;

/// Fuel of a call that describes the policy, takes its settings or sets it up.
pub const FUEL_FOR_SETUP: u64 = 500_000_000;

pub use sched_abi::MAX_RAW_SCORE;

/// Decisions in which a sandboxed policy may fail before it is asked no more.
pub const MAX_FAILED_DECISIONS: u64 = 8;

/// Bytes of a record's block before it is sealed: what is lost when the newest one is torn.
pub const RECORD_BLOCK_BYTES: usize = 64 << 10;

/// Bytes of one object in a record: a node, a pod's template, a mark, a profile. etcd keeps objects of 1.5 MiB.
pub const MAX_RECORD_OBJECT_BYTES: usize = 4 << 20;

/// Bytes of a record's block once it is unpacked, which is what reading one takes.
pub const MAX_RECORD_BLOCK_BYTES: usize = 8 << 20;

/// Different pairs of namespace and template that a record refers to by number at one time.
pub const MAX_RECORD_KINDS: usize = 1 << 16;

/// The highest number of a CPU, as in the largest kernels that are built.
pub const MAX_CPU_ID: u16 = 8_191;

/// Online CPUs of one machine.
pub const MAX_CPUS: usize = 4_096;

/// NUMA nodes of one machine, those without CPUs included. Linux knows up to 1,024; machines with more than 64 are not on sale.
pub const MAX_NUMA_NODES: usize = 64;

/// Bytes of a list of CPUs in the kernel's form; the longest one that it prints of [`MAX_CPU_ID`] is shorter.
pub const MAX_CPU_LIST_BYTES: usize = 64 << 10;

/// Bytes of the files under `/sys/devices/system` that describe a machine: a third of it does for [`MAX_CPUS`].
pub const MAX_SYS_BYTES: usize = 16 << 20;

/// Ways of spreading CPUs over NUMA nodes that are compared: all of them up to ten nodes and more, beyond that the first ones.
pub const MAX_NUMA_SPREADS: u64 = 1 << 18;

/// Sets of NUMA nodes that are tried for hints: all of them up to 16 nodes, beyond that the smallest ones.
pub const MAX_HINT_SETS: usize = 1 << 16;

/// Pairs of hints that one merge compares.
pub const MAX_HINT_PAIRS: usize = 1 << 22;

/// Containers whose CPUs one machine's pools look after.
pub const MAX_POOL_CONTAINERS: usize = 2_048;

/// Containers that are moved to make room for one.
pub const MAX_REBINDS: usize = 4;

/// Containers of which it is tried whether moving them makes room for another, the smallest first.
pub const MAX_REBIND_CANDIDATES: usize = 64;

/// NUMA zones of one node.
pub const MAX_ZONES: usize = MAX_NUMA_NODES;

/// How much of a machine, percent, one pod or its system may be measured to use: windows of samples are not quite equal.
pub const MAX_USE_PERCENT: u32 = 110;

/// How much of a machine, percent, a node may be told to promise to all classes together.
pub const MAX_PROMISE_PERCENT: u32 = 1_000;

/// The longest time, milliseconds, that a setting of a node agent may name: a day.
pub const MAX_SPAN_MS: u64 = 86_400_000;
