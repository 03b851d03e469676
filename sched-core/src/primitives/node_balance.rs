//! Node balance: evens out over nodes the ratio of profiled use to CPU requests, so that CPU utilisation evens out: nodes that
//! use much for what is requested on them lose, after counting the incoming pod's own request and profile.
//!
//! With `U` the node's use, `R` its requests, `u` and `r` the pod's, `A` the node's allocatable CPU and `ratio` that of the pool,
//! `distance = |(U + u) / (R + r) - ratio| * (R + r) / A`: the distance from the pool's ratio, weighted by allocation. Score:
//! `100 - 100 * distance / distanceLimit`, not below 0. With `side: above` only use above the ratio counts.
//!
//! `U` is the larger of profile and `sample + estimate of what it does not cover yet`; a sample is of the whole machine, so the
//! system's use is in it. A node without requests, or of which neither profile nor a sample that counts is known, stands at the
//! pool's ratio. `ratio = sum(U) / sum(R)` over the pool's other live nodes, rounded to [`RATIO_PER_MILLE`].
//!
//! Units: milli-CPU in, 0..=100 out. Source: the library's own. Cost: one more pass over the columns a decision, for the ratio.
//! The convex cost of predicted use is the stronger form, see `ExpectedOverload`.

use super::live::{self, Freshness, ProfileOf, larger};
use super::{floor, int};
use sched_abi::{
    Bits, Column, Hook, Locality, Manifest, NodeColumns, NodeSelector, Nodes, PodView, Policy, Prepared, ResourceId,
    Rows, Setup, SetupError, amount_of, bit,
};

/// The quantum at which a pool's ratio is published: thousandths.
pub const RATIO_PER_MILLE: u64 = 1_000;
/// Ratios beyond this are cut: it stands for thousandfold use of what is requested.
const MAX_RATIO: u64 = 1_000 * RATIO_PER_MILLE;
/// Pools besides the rest, whose ratios share the block.
const MAX_POOLS: usize = 15;
/// Rows whose sums fit an integer of 64 bits: quantities are at most 2^46.
const ROWS_A_SUM: usize = 4_096;

/// Which distances count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Side {
    /// Use above and below the pool's ratio.
    #[default]
    Both,
    /// Use above it.
    Above,
}

/// Configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "camelCase", default)
)]
pub struct NodeBalanceConfig {
    /// Which distances count.
    pub side: Side,
    /// The distance at which the score is 0, percent of the node's allocatable CPU, 1..=100.
    pub distance_limit: u8,
    /// Node pools, each with a ratio of its own; a node belongs to the first that it matches, the others are one more pool.
    pub pools: Vec<NodeSelector>,
    /// A sample that ended longer ago counts for nothing, seconds, up to a day.
    pub stale_after_seconds: u32,
    /// Where the profile comes from.
    pub profile: ProfileOf,
}

impl Default for NodeBalanceConfig {
    fn default() -> Self {
        Self {
            side: Side::Both,
            distance_limit: 50,
            pools: Vec::new(),
            stale_after_seconds: 300,
            profile: ProfileOf::default(),
        }
    }
}

/// The policy.
#[derive(Clone, Debug)]
pub struct NodeBalance {
    config: NodeBalanceConfig,
    pools: Vec<Bits>,
    profile: Option<Column>,
}

/// A row: allocatable, requested, sample, unseen, profile, and when the sample ended.
type Cells = [f64; 6];

/// Use of a node, if it says anything about a ratio.
#[inline]
fn in_use([_, requested, sample, unseen, profile, at]: Cells, fresh: Freshness) -> (f64, bool) {
    let live = if fresh.counts(at) { sample + unseen } else { 0.0 };
    (larger(live, profile), requested > 0.0 && (fresh.counts(at) || profile > 0.0))
}

/// Use and requests of a pool.
#[derive(Clone, Copy, Default)]
struct Sums {
    used: i128,
    requested: i128,
}

impl Sums {
    /// The ratio, rounded to the quantum; 1 for a pool of which nothing is known.
    fn ratio(self) -> u64 {
        if self.requested == 0 {
            return RATIO_PER_MILLE;
        }
        let parts = i128::from(RATIO_PER_MILLE);
        let rounded = (2 * parts * self.used + self.requested) / (2 * self.requested);
        u64::try_from(rounded).map_or(MAX_RATIO, |ratio| ratio.min(MAX_RATIO))
    }
}

impl NodeBalance {
    /// The policy under a configuration.
    pub fn new(config: NodeBalanceConfig) -> Self {
        Self { config, pools: Vec::new(), profile: None }
    }

    fn columns<'a>(&self, nodes: &'a dyn Nodes) -> [&'a [f64]; 6] {
        let cpu = ResourceId::CPU;
        [
            nodes.quantity(Column::Allocatable(cpu)),
            nodes.quantity(Column::Requested(cpu)),
            nodes.quantity(Column::Usage(cpu)),
            nodes.quantity(Column::Unseen(cpu)),
            self.profile.map_or(&[], |column| nodes.quantity(column)),
            nodes.quantity(Column::SampledAt),
        ]
    }

    /// The place of a row's ratio in the block.
    fn pool_of(&self, nodes: &dyn Nodes, row: usize) -> usize {
        self.pools.iter().position(|&pool| bit(nodes.bits(pool), row)).map_or(0, |pool| pool + 1)
    }

    /// Sums over the whole table, exact whatever the order. Rows without a node hold zeros.
    fn whole(&self, nodes: &dyn Nodes, fresh: Freshness) -> Sums {
        let mut sums = Sums::default();
        for start in (0..nodes.rows()).step_by(ROWS_A_SUM) {
            let end = (start + ROWS_A_SUM).min(nodes.rows());
            let (mut used, mut requested) = (0, 0);
            Rows::Range { start, end }.update(self.columns(nodes), &mut [(); ROWS_A_SUM], |(), cells| {
                let (use_now, counts) = in_use(cells, fresh);
                used += int(floor(if counts { use_now } else { 0.0 }));
                requested += int(if counts { cells[1] } else { 0.0 });
            });
            sums.used += i128::from(used);
            sums.requested += i128::from(requested);
        }
        sums
    }

    /// The same, by pool.
    fn by_pool(&self, nodes: &dyn Nodes, fresh: Freshness) -> [Sums; MAX_POOLS + 1] {
        let mut sums = [Sums::default(); MAX_POOLS + 1];
        let columns = self.columns(nodes);
        for row in 0..nodes.rows() {
            let cells = columns.map(|column| column.get(row).copied().unwrap_or(0.0));
            let (use_now, counts) = in_use(cells, fresh);
            if let Some(pool) = sums.get_mut(self.pool_of(nodes, row)).filter(|_| counts) {
                pool.used += i128::from(int(floor(use_now)));
                pool.requested += i128::from(int(cells[1]));
            }
        }
        sums
    }
}

/// What a score is made of besides the row.
#[derive(Clone, Copy)]
struct Balance {
    ratio: f64,
    pod_use: f64,
    pod_request: f64,
    limit: f64,
    side: Side,
    fresh: Freshness,
}

impl Balance {
    #[inline]
    fn score(self, cells: Cells) -> i64 {
        let [allocatable, requested, ..] = cells;
        let (use_now, counts) = in_use(cells, self.fresh);
        // In thousandths of a milli-CPU, so that nothing is rounded before the one division.
        let parts = RATIO_PER_MILLE as f64;
        let expected = self.ratio * requested;
        let excess = if counts { use_now * parts } else { expected } + self.pod_use * parts
            - expected
            - self.ratio * self.pod_request;
        let below = if self.side == Side::Both { -excess } else { 0.0 };
        let whole = self.limit * allocatable * (parts / 100.0);
        let left = whole - larger(excess, below);
        let score = floor((if left > 0.0 { left } else { 0.0 }) * 100.0 / whole);
        int(if allocatable > 0.0 { score } else { 0.0 })
    }
}

impl Policy for NodeBalance {
    fn keeps_range(&self) -> bool {
        true
    }

    fn manifest(&self) -> Manifest {
        let columns = NodeColumns::ALLOCATABLE
            .and(NodeColumns::REQUESTED)
            .and(NodeColumns::USAGE)
            .and(NodeColumns::UNSEEN)
            .and(NodeColumns::SAMPLED_AT)
            .and(NodeColumns::DERIVED)
            .and(NodeColumns::SELECTORS)
            .and(NodeColumns::TIME);
        Manifest { scores: true, columns, locality: Locality::CrossRow, ..Manifest::new("NodeBalance") }
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        live::check_stale(self.config.stale_after_seconds)?;
        if !(1..=100).contains(&self.config.distance_limit) {
            let limit = self.config.distance_limit;
            return Err(SetupError(format!("`distanceLimit` is {limit} percent, not within 1..=100")));
        }
        if self.config.pools.len() > MAX_POOLS {
            return Err(SetupError(format!("`pools` has {} entries, more than {MAX_POOLS}", self.config.pools.len())));
        }
        for pool in &self.config.pools {
            if pool.node_selector_terms.is_empty() {
                return Err(SetupError("`pools`: a selector without terms matches no node".to_owned()));
            }
            self.pools.push(host.node_selector(pool)?);
        }
        self.profile = Some(self.config.profile.column(host)?);
        Ok(())
    }

    fn prepare(&self, _: &PodView<'_>, nodes: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        let fresh = Freshness::new(nodes, self.config.stale_after_seconds);
        if self.pools.is_empty() {
            *block = [self.whole(nodes, fresh).ratio(); 16];
        } else {
            *block = self.by_pool(nodes, fresh).map(Sums::ratio);
        }
        Prepared { filter: Hook::Skip, ..Prepared::RUN }
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let balance = |place: usize| Balance {
            ratio: block.get(place).copied().unwrap_or(RATIO_PER_MILLE) as f64,
            pod_use: pod.estimate[0],
            pod_request: amount_of(pod.requests, ResourceId::CPU),
            limit: f64::from(self.config.distance_limit),
            side: self.config.side,
            fresh: Freshness::new(nodes, self.config.stale_after_seconds),
        };
        let columns = self.columns(nodes);
        if self.pools.is_empty() {
            let balance = balance(0);
            rows.map(columns, out, |cells| balance.score(cells));
            return;
        }
        for (row, score) in rows.iter().zip(out) {
            let cells = columns.map(|column| column.get(row).copied().unwrap_or(0.0));
            *score = balance(self.pool_of(nodes, row)).score(cells);
        }
    }
}
