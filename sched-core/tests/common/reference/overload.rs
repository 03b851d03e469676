//! Expected overload, hour by hour: the cost of a node with the pod and without it, and the band that follows from the room
//! that all nodes have.

use super::load::{app, capacity, request};
use super::world::World;
use sched_core::{NodeSpec, PodSpec};
use serde_json::Value;
use std::collections::BTreeMap;

/// The settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Curve {
    level_percent: i64,
    decay_percent: i64,
    caution_percent: i64,
    floor_permille: i64,
    /// Without samples of pods for so long it abstains.
    pub(crate) stale_s: u64,
}

impl Curve {
    pub(crate) fn from_json(args: &Value) -> Self {
        let number = |key: &str, default| args[key].as_i64().unwrap_or(default);
        Self {
            level_percent: number("waterLevelPercent", 65),
            decay_percent: number("hourDecayPercent", 85),
            caution_percent: number("cautionPercent", 75),
            floor_permille: number("floorPermille", 30),
            stale_s: args["staleAfterSeconds"].as_u64().unwrap_or(3_600),
        }
    }

    fn level(&self, capacity: f64) -> f64 {
        self.level_percent as f64 / 100.0 * capacity
    }

    /// The standard deviation; a milli-CPU is added, so that a machine without CPU has one too.
    fn deviation(&self, variance: f64, capacity: f64) -> f64 {
        let floor = self.floor_permille as f64 / 1_000.0 * capacity;
        (variance + floor * floor + 1.0).sqrt()
    }

    /// The part of the present hour that is left, and what each hour after it weighs.
    fn weights(&self, now_ms: u64) -> [f64; 8] {
        let now_ms = now_ms - now_ms % 300_000;
        let rest = 1.0 - (now_ms % 3_600_000) as f64 / 3_600_000.0;
        let later = |k: i32| libm::pow(self.decay_percent as f64 / 100.0, f64::from(k - 1) + rest);
        [rest, later(1), later(2), later(3), later(4), later(5), later(6), later(7)]
    }
}

/// The use above the level to be expected, of which `l` above it is predicted with an error of up to `b`.
fn excess(l: f64, b: f64) -> f64 {
    let inside = (l + b).max(0.0).min(b + b);
    // In this order, since raw scores are cut to sixteenths and floats are not associative.
    inside * inside * (0.25 / b) + (l - b).max(0.0)
}

/// What is predicted of a node by hour ahead, and the variance of that: pods of one application vary together.
fn predicted(world: &World, node: &str) -> ([f64; 8], f64) {
    let (mut hours, mut variance) = ([0; 8], 0);
    let mut apps: BTreeMap<_, (i128, i128)> = BTreeMap::new();
    for (i, pod) in world.on(node).enumerate() {
        let Some(prediction) = world.prediction(&pod.spec) else { continue };
        hours.iter_mut().zip(world.hours(&pod.spec)).for_each(|(sum, hour)| *sum += hour);
        // A pod of no application varies alone.
        let alone = app(&pod.spec).is_none().then_some(i);
        let (requested, of) = apps.entry((app(&pod.spec), alone)).or_default();
        *requested += request(&pod.spec, "cpu");
        *of = prediction.variance;
    }
    for (requested, of) in apps.values() {
        variance += (requested * requested * of + 500_000) / 1_000_000;
    }
    (hours.map(|hour: i128| hour as f64), variance as f64)
}

/// The half-width of the error that is allowed for, in thousandths of a standard deviation: caution times the room below the
/// level, over all nodes, over their standard deviations; within 1 to 4.
pub(crate) fn band(world: &World, curve: Curve, now_ms: u64) -> i128 {
    let weights = curve.weights(now_ms);
    let (mut room, mut deviations) = (0, 0);
    for node in world.nodes.values() {
        let (hours, variance) = predicted(world, &node.name);
        let cpu = capacity(node, "cpu") as f64;
        let weighted = (0..8).fold(0.0, |sum, k| sum + weights[k] * hours[k]);
        let mean = weighted / weights.iter().fold(0.0, |sum, weight| sum + weight);
        room += (curve.level(cpu) - mean).round() as i128;
        deviations += curve.deviation(variance, cpu).round() as i128;
    }
    (room * i128::from(curve.caution_percent) * 10 / deviations.max(1)).clamp(1_000, 4_000)
}

/// The raw score of a node, in sixteenths of a milli-CPU-hour; lowest is best. `None` before anything is predicted.
pub(crate) fn score(world: &World, curve: Curve, pod: &PodSpec, node: &NodeSpec) -> Option<i128> {
    let prediction = world.prediction(pod)?;
    let weights = curve.weights(world.now_ms);
    let band = world.forecast.band as f64 / 1_000.0;
    let cpu = capacity(node, "cpu") as f64;
    let (hours, variance) = predicted(world, &node.name);
    let without = band * curve.deviation(variance, cpu);
    let mut standing = 0.0;
    for k in 0..8 {
        standing += weights[k] * excess(hours[k] - curve.level(cpu), without);
    }
    standing += 200.0 * without / (cpu + 1.0);

    let own = request(pod, "cpu") as f64;
    let same = world.on(&node.name).filter(|other| app(pod).is_some() && app(&other.spec) == app(pod));
    let same = same.map(|other| request(&other.spec, "cpu")).sum::<i128>() as f64;
    let more = own * (same + same + own) * (prediction.variance as f64 / 1e6);
    let with = band * curve.deviation(variance + more, cpu);
    let mut cost = -standing;
    let mut fullest: f64 = 0.0;
    for (k, pod) in world.hours(pod).into_iter().enumerate() {
        let hour = hours[k] + pod as f64;
        fullest = fullest.max(hour);
        cost += weights[k] * excess(hour - curve.level(cpu), with);
    }
    // 1024 keeps what is worth having above 0.
    cost += (200.0 * with - 10.0 * fullest) / (cpu + 1.0) + 1_024.0;
    Some(((cost.max(0.0) * 16.0) as i128).min(1 << 46))
}
