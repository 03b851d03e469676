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
pub use live::ProfileOf;
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
#[inline]
pub(crate) fn floor(x: f64) -> f64 {
    // One instruction for two numbers in WebAssembly, a call on the baseline of x86-64.
    #[cfg(target_arch = "wasm32")]
    return x.floor();
    // Adding 2^52 rounds to the nearest integer, which is taken back where it rounded up.
    #[cfg(not(target_arch = "wasm32"))]
    {
        let nearest = (x + SHIFT) - SHIFT;
        nearest - if nearest > x { 1.0 } else { 0.0 }
    }
}

/// A whole number within 0..2^52 as an integer, through its bits: vectorises where a cast does not.
#[inline]
pub(crate) fn int(whole: f64) -> i64 {
    ((whole + SHIFT).to_bits() & ((1 << 52) - 1)) as i64
}

/// An integer within 0..2^52 as a number: the way back from [`int`].
#[inline]
pub(crate) fn float(whole: i64) -> f64 {
    f64::from_bits(whole as u64 | SHIFT.to_bits()) - SHIFT
}

/// The low bits in which [`whole_bits`] has its number.
pub(crate) const WHOLE: u64 = (1 << 52) - 1;

/// `floor` and `int` in one, with a few instructions less: the whole part of a number within 0..2^51, in the low 52 bits.
/// Sums of these, too, are right in the low bits.
#[inline]
pub(crate) fn whole_bits(x: f64) -> u64 {
    #[cfg(target_arch = "wasm32")]
    return (floor(x) + SHIFT).to_bits();
    #[cfg(not(target_arch = "wasm32"))]
    {
        let nearest = x + SHIFT;
        nearest.to_bits().wrapping_sub(u64::from(nearest - SHIFT > x))
    }
}

#[cfg(test)]
mod tests {
    use super::{WHOLE, floor, int, whole_bits};

    #[test]
    fn floor_and_int_agree_with_a_cast() {
        for x in [0.0, 0.5, 0.999_999, 1.0, 1.5, 2.5, 99.999_999_999_999, 1e15, (1u64 << 51) as f64 - 1.0] {
            assert_eq!(int(floor(x)), x as i64, "{x}");
            assert_eq!(whole_bits(x) & WHOLE, x as u64, "{x}");
        }
        for i in 0..200_000 {
            let x = f64::from(i) / 7.0;
            assert_eq!(int(floor(x)), x as i64);
            assert_eq!(whole_bits(x).wrapping_add(whole_bits(1.5)) & WHOLE, x as u64 + 1);
        }
    }
}
