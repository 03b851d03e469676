//! proptest strategies for clusters and pods: sizes and shapes as in real traces, and the corners that real clusters have:
//! no node, one node, full and overcommitted ones, odd labels and taints, ports, images, samples that are missing or late.
//!
//! ```
//! use policy_sdk::testing::strategies;
//! use proptest::prelude::*;
//! use sched_core::{ProfileSet, Scheduler};
//!
//! proptest! {
//!     #![proptest_config(strategies::config(8))]
//!     # #[allow(unused)]
//!     fn a_pod_is_placed_on_a_node_or_nowhere(scenario in strategies::scenario(6)) {
//!         let profile = ProfileSet::builtin().get("kube-default").unwrap().clone();
//!         let mut scheduler = Scheduler::new(&profile, 42).unwrap();
//!         for event in scenario.events() {
//!             scheduler.apply(&event, strategies::NOW_MS).unwrap();
//!         }
//!         for pod in &scenario.pending {
//!             let id = scheduler.cluster().pod_id(&pod.namespace, &pod.name).unwrap();
//!             if let Ok(decision) = scheduler.decide(id, strategies::NOW_MS) {
//!                 prop_assert!(scheduler.cluster().node_name(decision.row).is_some());
//!             }
//!         }
//!     }
//! }
//! # a_pod_is_placed_on_a_node_or_nowhere();
//! ```

mod cluster;
mod nodes;
mod pods;
mod selectors;
mod traces;

pub use cluster::{NOW_MS, Scenario, bind, late, mark, sample, scenario};
pub use nodes::{node, node_name, nodes};
pub use pods::{container, pod, template};
pub use selectors::{pair, preferred, selector};
pub use traces::{trace_node, trace_pod};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::hash::{BuildHasher, Hasher, RandomState};

/// How a property test runs: so many cases, and a seed that is printed. `PROPTEST_RNG_SEED` reruns it, and `PROPTEST_CASES`
/// overrides the number of cases.
pub fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if let RngSeed::Random = config.rng_seed {
        config.rng_seed = RngSeed::Fixed(RandomState::new().build_hasher().finish());
    }
    if let RngSeed::Fixed(seed) = config.rng_seed {
        println!("rerun with PROPTEST_RNG_SEED={seed} PROPTEST_CASES={}", config.cases);
    }
    config.failure_persistence = None;
    config.max_shrink_iters = 1_024;
    config
}

/// One of a few values, each as likely.
pub fn one_of<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(values.to_vec())
}

/// One of a few texts.
pub fn text(values: &[&str]) -> impl Strategy<Value = String> + use<> {
    prop::sample::select(values.iter().map(|&v| v.to_owned()).collect::<Vec<_>>())
}
