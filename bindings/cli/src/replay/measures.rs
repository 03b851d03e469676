//! The measures of a replay: how each is called, which way is better, and where the simulator keeps it.

use crate::compare::{Better, Comparison, Measure, Over, Row, Stat};
use crate::numbers::Format;
use sched_sim::ProfileResult;

/// A measure, and how to get it from a result.
struct Known {
    measure: Measure,
    stat: fn(&ProfileResult) -> Option<&sched_sim::Stat>,
}

/// In the order in which they decide which profile did better; equal to the simulator's `ProfileResult::rank`.
pub(super) const DECISIVE: [&str; 5] =
    ["unplaced", "hot_node_minutes", "overload_core_minutes", "saturated_node_minutes", "fragmentation"];
/// Columns of the table, as far as the workload has something to measure, the most important first.
pub(super) const TABLE: [&str; 11] = [
    "unplaced",
    "hot_node_minutes",
    "overload_core_minutes",
    "saturated_node_minutes",
    "gpu_allocation",
    "fragmentation",
    "utilisation_mean",
    "utilisation_p99",
    "utilisation_sd",
    "decision_us_p99",
    "decision_us_p50",
];
/// Cards and bars of the report, the most important first.
pub(super) const SHOWN: [&str; 9] = [
    "hot_node_minutes",
    "overload_core_minutes",
    "saturated_node_minutes",
    "unplaced",
    "gpu_allocation",
    "fragmentation",
    "utilisation_p99",
    "utilisation_sd",
    "decision_us_p99",
];

const fn measure(
    key: &'static str,
    title: &'static str,
    meaning: &'static str,
    better: Better,
    format: Format,
    over: Over,
) -> Measure {
    Measure { key, title, meaning, better, format, over }
}

use Better::{Less, More, Neither};
use Format::{Count, Percent, Tenths};
use Over::{Mean, Sum};

const KNOWN: [Known; 16] = [
    Known {
        measure: measure("placed", "Placed", "pods that found a node", More, Count, Sum),
        stat: |result| Some(&result.placed),
    },
    Known {
        measure: measure("unplaced", "Unplaced pods", "pods that found no node", Less, Count, Sum),
        stat: |result| Some(&result.unplaced),
    },
    Known {
        measure: measure("failed_attempts", "Failed attempts", "decisions that ended with no node", Less, Count, Sum),
        stat: |result| Some(&result.failed_attempts),
    },
    Known {
        measure: measure(
            "hot_node_minutes",
            "Hot-node minutes",
            "minutes nodes spent above the water level",
            Less,
            Count,
            Sum,
        ),
        stat: |result| result.hot_node_minutes.as_ref(),
    },
    Known {
        measure: measure(
            "overload_core_minutes",
            "Overload core-minutes",
            "cpu demand above the water level",
            Less,
            Count,
            Sum,
        ),
        stat: |result| result.overload_core_minutes.as_ref(),
    },
    Known {
        measure: measure(
            "saturated_node_minutes",
            "Saturated minutes",
            "minutes nodes were asked for more than they have",
            Less,
            Count,
            Sum,
        ),
        stat: |result| result.saturated_node_minutes.as_ref(),
    },
    Known {
        measure: measure("utilisation_mean", "Mean use", "cpu used by the machines' cpu", Neither, Percent, Mean),
        stat: |result| result.utilisation_mean.as_ref(),
    },
    Known {
        measure: measure(
            "utilisation_sd",
            "Spread of use",
            "standard deviation of use over nodes",
            Less,
            Percent,
            Mean,
        ),
        stat: |result| result.utilisation_sd.as_ref(),
    },
    Known {
        measure: measure("utilisation_p90", "p90 use", "use exceeded by a tenth of the nodes", Less, Percent, Mean),
        stat: |result| result.utilisation_p90.as_ref(),
    },
    Known {
        measure: measure("utilisation_p99", "p99 use", "use exceeded by a hundredth of the nodes", Less, Percent, Mean),
        stat: |result| result.utilisation_p99.as_ref(),
    },
    Known {
        measure: measure(
            "allocation",
            "CPU allocation",
            "cpu requested by what is allocatable",
            Neither,
            Percent,
            Mean,
        ),
        stat: |result| Some(&result.allocation),
    },
    Known {
        measure: measure(
            "allocation_sd",
            "Spread of allocation",
            "standard deviation of allocation over nodes",
            Neither,
            Percent,
            Mean,
        ),
        stat: |result| Some(&result.allocation_sd),
    },
    Known {
        measure: measure(
            "gpu_allocation",
            "GPU allocation",
            "GPU time requested by that of all cards",
            More,
            Percent,
            Mean,
        ),
        stat: |result| result.gpu_allocation.as_ref(),
    },
    Known {
        measure: measure(
            "fragmentation",
            "Fragmentation",
            "share of what is free that typical pods cannot use",
            Less,
            Percent,
            Mean,
        ),
        stat: |result| Some(&result.fragmentation),
    },
    Known {
        measure: measure(
            "decision_us_p50",
            "Decision µs p50",
            "median time of a decision: filter, score and select",
            Less,
            Tenths,
            Mean,
        ),
        stat: |result| result.decision_us_p50.as_ref(),
    },
    Known {
        measure: measure(
            "decision_us_p99",
            "Decision µs p99",
            "99th percentile of the time of a decision, microseconds",
            Less,
            Tenths,
            Mean,
        ),
        stat: |result| result.decision_us_p99.as_ref(),
    },
];

/// A simulator's comparison in terms of measures.
pub(super) fn comparison(simulated: &sched_sim::Comparison) -> Comparison {
    let stat = |stat: &sched_sim::Stat| Stat { mean: stat.mean, sd: stat.sd, per_seed: stat.per_seed.clone() };
    let row = |result: &ProfileResult| Row {
        profile: result.profile.clone(),
        stats: KNOWN.iter().map(|known| (known.stat)(result).map(stat)).collect(),
    };
    Comparison {
        measures: KNOWN.iter().map(|known| known.measure).collect(),
        rows: simulated.profiles.iter().map(row).collect(),
        decisive: DECISIVE.to_vec(),
    }
}
