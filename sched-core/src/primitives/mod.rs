//! The filters and scores that ship with the library, one file each: its formula, source and units, its configuration, and
//! the kernel over columns.

mod balanced;
mod cool_down;
mod dynamic;
mod dynamic_config;
mod elastic;
mod fit;
mod go_duration;
mod hybrid_unschedulable;
mod image_locality;
mod levels;
mod live;
mod load_aware;
mod node_affinity;
mod node_balance;
mod node_info;
mod node_name;
pub(crate) mod overload;
mod ports;
mod resource_score;
mod taints;
mod target_load_packing;
mod unschedulable;
mod water_level;

pub use balanced::{Balanced, BalancedConfig};
pub use cool_down::{CoolDown, CoolDownConfig, CoolDownMode, HeatWindow};
pub use dynamic::Dynamic;
pub use dynamic_config::{DynamicConfig, HotWindow, Metric, Predicate, Priority, SyncPolicy};
pub use fit::{Fit, FitConfig};
pub use go_duration::{GoDuration, GoDurationError};
pub use hybrid_unschedulable::{HybridUnschedulable, HybridUnschedulableConfig, SelectorMark};
pub use image_locality::ImageLocality;
pub use levels::{AllAbove, LevelClass, SuppressionPercent, WaterLevelConfig, WaterLevelRule, WhenAllAbove};
pub use load_aware::{CpuMemory, LoadAware, LoadAwareConfig};
pub use node_affinity::{AddedAffinity, NodeAffinity, NodeAffinityConfig};
pub use node_balance::{NodeBalance, NodeBalanceConfig, RATIO_PER_MILLE, Side};
pub use node_info::{Combine, Missing, NodeInfo, NodeInfoConfig};
pub use node_name::NodeName;
pub use overload::{ExpectedOverload, ExpectedOverloadConfig};
pub use ports::NodePorts;
pub use resource_score::{RatioShape, ResourceWeight, ScoringStrategy, ShapePoint, StrategyKind};
pub use taints::TaintToleration;
pub use target_load_packing::{DefaultRequests, TargetLoadPacking, TargetLoadPackingConfig};
pub use unschedulable::NodeUnschedulable;
pub use water_level::WaterLevel;

const SHIFT: f64 = (1u64 << 52) as f64;

/// The whole part of a number within 0..2^51, as a float; branch-free, so that loops vectorise on every target.
/// Adding 2^52 rounds to the nearest integer, which is taken back where it rounded up.
#[inline]
pub(crate) fn floor(x: f64) -> f64 {
    let nearest = (x + SHIFT) - SHIFT;
    nearest - if nearest > x { 1.0 } else { 0.0 }
}

/// A whole number within 0..2^52 as an integer, through its bits: vectorises where a cast does not.
#[inline]
pub(crate) fn int(whole: f64) -> i64 {
    ((whole + SHIFT).to_bits() & ((1 << 52) - 1)) as i64
}

#[cfg(test)]
mod tests {
    use super::{floor, int};

    #[test]
    fn floor_and_int_agree_with_a_cast() {
        for x in [0.0, 0.5, 0.999_999, 1.0, 1.5, 2.5, 99.999_999_999_999, 1e15, (1u64 << 51) as f64 - 1.0] {
            assert_eq!(int(floor(x)), x as i64, "{x}");
        }
        for i in 0..200_000 {
            let x = f64::from(i) / 7.0;
            assert_eq!(int(floor(x)), x as i64);
        }
    }
}
