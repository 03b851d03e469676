//! What a run is judged by, computed from its placements alone: allocation, utilisation, fragmentation, and how they went
//! over time. Time above the water level is in `hot`.

use crate::demand::Demand;
use crate::fragmentation::Room;
use crate::hot::Hot;
use crate::placement::Placement;
use crate::resource::Amounts;
use crate::series::{Heat, Series};
use crate::stats::{Spread, mean, percentile, population_sd};
use crate::trace::Trace;

/// Moments at which a run is looked at: as many as two days have minutes.
const TICKS: u64 = 2880;

/// The results of one run.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Requested CPU by allocatable CPU.
    pub allocation: Spread,
    /// Requested GPU time by the cards' in all, mean over time; `None` in a trace without GPUs.
    pub gpu_allocation: Option<f64>,
    /// CPU demand by the machines' CPU; `None` where the trace does not know what pods use.
    pub utilisation: Option<Spread>,
    /// Time above the water level; `None` where the trace does not know what pods use.
    pub hot: Option<Hot>,
    /// Share of the free GPU time (of the free CPU in a trace without GPUs) that typical pods cannot use, mean over time.
    pub fragmentation: f64,
    /// The course of the run.
    pub series: Series,
    /// Use (allocation where use is not known) by node over time.
    pub heat: Heat,
}

/// Measures what `placements` led to.
pub(crate) fn measure(trace: &Trace, placements: &[Placement], water_level: f64) -> Measured {
    let demand = Demand::of(trace, placements);
    let step_ms = tick_ms(trace.horizon_ms);
    let mut sweep = Sweep::new(trace, placements);
    let mut gathered = Gathered::default();
    let mut measured = Measured { series: Series::new(trace.horizon_ms), ..Measured::default() };
    measured.heat = Heat::new(trace.nodes.len(), trace.horizon_ms);
    let mut shares = Vec::with_capacity(trace.nodes.len());
    for at_ms in (0..trace.horizon_ms).step_by(step_ms as usize) {
        sweep.advance(at_ms);
        let inside = trace.measured_ms.contains(&at_ms);
        let (allocation, gpu) = sweep.allocation(&mut shares);
        let fragmentation = sweep.room.fragmentation();
        if inside {
            gathered.allocation.add(allocation, &shares);
            gathered.gpu.extend(gpu);
            gathered.fragmentation.push(fragmentation);
        }
        let utilisation = demand.as_ref().map(|demand| {
            let share = utilisation(demand, at_ms / 60_000, &mut shares);
            if inside {
                gathered.utilisation.add(share, &shares);
            }
            share
        });
        measured.heat.add(at_ms, &shares);
        measured
            .series
            .add(at_ms, [Some(allocation), gpu, utilisation, Some(fragmentation), Some(sweep.pending as f64)]);
    }
    measured.series.finish();
    measured.allocation = gathered.allocation.spread();
    measured.gpu_allocation = (!gathered.gpu.is_empty()).then(|| mean(&gathered.gpu));
    measured.utilisation = demand.is_some().then(|| gathered.utilisation.spread());
    measured.fragmentation = mean(&gathered.fragmentation);
    measured.hot = demand.map(|demand| Hot::of(&demand, water_level, &trace.measured_ms));
    measured
}

/// The time between two looks: whole minutes if the trace is long enough for that, else whole seconds.
fn tick_ms(horizon_ms: u64) -> u64 {
    let unit = if horizon_ms > TICKS * 30_000 { 60_000 } else { 1_000 };
    horizon_ms.div_ceil(TICKS).next_multiple_of(unit)
}

/// Use of the cluster in a minute, and of each node into `shares`.
fn utilisation(demand: &Demand, minute: u64, shares: &mut Vec<f64>) -> f64 {
    shares.clear();
    shares.extend((0..demand.capacity().len()).map(|node| demand.share(node, minute)));
    let used: f64 = (0..demand.capacity().len()).map(|node| demand.at(node, minute)).sum();
    ratio(used, demand.capacity().iter().sum())
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[derive(Default)]
struct Gathered {
    allocation: Samples,
    utilisation: Samples,
    gpu: Vec<f64>,
    fragmentation: Vec<f64>,
}

/// Shares of the cluster and of its nodes over time.
#[derive(Default)]
struct Samples {
    cluster: Vec<f64>,
    sd: Vec<f64>,
    nodes: Vec<f64>,
}

impl Samples {
    fn add(&mut self, cluster: f64, shares: &[f64]) {
        self.cluster.push(cluster);
        self.sd.push(population_sd(shares));
        self.nodes.extend_from_slice(shares);
    }

    fn spread(mut self) -> Spread {
        self.nodes.sort_unstable_by(f64::total_cmp);
        let [p50, p90, p99] = [50, 90, 99].map(|percent| percentile(&self.nodes, percent).unwrap_or(0.0));
        Spread { mean: mean(&self.cluster), sd: mean(&self.sd), p50, p90, p99 }
    }
}

/// Something that changes at a moment.
#[derive(Clone, Copy)]
enum Change {
    Arrives,
    /// Gone without having been placed.
    GivesUp,
    Binds {
        pod: usize,
        node: usize,
    },
    Leaves {
        pod: usize,
        node: usize,
    },
}

/// The cluster as time passes.
struct Sweep {
    changes: std::vec::IntoIter<(u64, Change)>,
    next: Option<(u64, Change)>,
    requests: Vec<Amounts>,
    room: Room,
    pending: u64,
}

impl Sweep {
    fn new(trace: &Trace, placements: &[Placement]) -> Self {
        let requests: Vec<Amounts> = trace.pods.iter().map(|pod| Amounts::requested(&pod.spec.template)).collect();
        let mut placed = vec![None; trace.pods.len()];
        for placement in placements {
            if let Some(entry) = placed.get_mut(placement.pod) {
                *entry = Some(placement);
            }
        }
        let mut changes = Vec::with_capacity(trace.pods.len() * 3);
        for (index, (pod, placement)) in trace.pods.iter().zip(&placed).enumerate() {
            changes.push((pod.arrive_ms, Change::Arrives));
            if let Some(placement) = placement {
                changes.push((placement.bind_ms, Change::Binds { pod: index, node: placement.node }));
            }
            let gone = placement.map_or(Change::GivesUp, |p| Change::Leaves { pod: index, node: p.node });
            changes.extend(pod.end_ms.map(|end| (end, gone)));
        }
        changes.sort_by_key(|&(at_ms, _)| at_ms);
        let room = Room::new(trace, &requests);
        let mut changes = changes.into_iter();
        Self { next: changes.next(), changes, requests, room, pending: 0 }
    }

    /// Applies everything up to and including `at_ms`.
    fn advance(&mut self, at_ms: u64) {
        while let Some((_, change)) = self.next.filter(|&(at, _)| at <= at_ms) {
            self.apply(change);
            self.next = self.changes.next();
        }
    }

    fn apply(&mut self, change: Change) {
        let request = |pod: usize| self.requests.get(pod).copied().unwrap_or_default();
        match change {
            Change::Arrives => self.pending += 1,
            Change::GivesUp => self.pending -= 1,
            Change::Binds { pod, node } => {
                self.pending -= 1;
                self.room.change(node, request(pod), true);
            }
            Change::Leaves { pod, node } => self.room.change(node, request(pod), false),
        }
    }

    /// Allocated shares of the cluster's CPU and GPU time, and of each node's CPU into `shares`.
    fn allocation(&self, shares: &mut Vec<f64>) -> (f64, Option<f64>) {
        shares.clear();
        let (mut offered, mut used) = (Amounts::default(), Amounts::default());
        for (offer, free) in self.room.nodes() {
            let taken = offer.minus(*free);
            shares.push(ratio(taken.cpu, offer.cpu));
            offered = offered.plus(*offer);
            used = used.plus(taken);
        }
        let gpu = (offered.gpu_milli > 0.0).then(|| used.gpu_milli / offered.gpu_milli);
        (ratio(used.cpu, offered.cpu), gpu)
    }
}
