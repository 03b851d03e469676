//! The library's own filters and scores on use, one node at a time, from their formulas.

use super::affinity::selector_matches;
use super::load::{capacity, request};
use super::requests::{Role, pod_requests};
use super::settings::{Balance, CoolDown, Info, Mode};
use super::world::World;
use sched_core::{NodeSpec, PodSpec};

/// `100 - 100 * heat / limit`, or `100 - 10 * hot`; not below 0.
pub(crate) fn cool_down(config: &CoolDown, node: &NodeSpec, world: &World) -> i128 {
    let placements = world.placements(node);
    if config.mode == Mode::Windows {
        let count = |seconds: u64| placements.iter().filter(|(age, _)| *age < seconds / 15).count() as i128;
        let hot: i128 = config.windows.iter().map(|&(seconds, step)| count(seconds) / step).sum();
        return (100 - 10 * hot).max(0);
    }
    let mut heat = 0;
    for (age, share) in placements.into_iter().filter(|(age, _)| *age < 128) {
        let weight = if config.mode == Mode::Share { share } else { 1_000_000 };
        // Decay is a table of whole parts of 2^20.
        let halves = (age * 15) as f64 / config.half_life_s as f64;
        heat += weight * libm::exp2(20.0 - halves).round() as i128;
    }
    let unit = if config.mode == Mode::Share { 10_000 } else { 1_000_000 };
    let (heat, limit) = (heat >> 20, config.heat_limit * unit);
    (limit - heat).max(0) * 100 / limit
}

/// Use and requests of a node, where they say anything about a ratio.
fn in_use(config: &Balance, node: &NodeSpec, world: &World) -> Option<(i128, i128)> {
    let requested = world.requested(&node.name).get("cpu").copied().unwrap_or(0);
    let sample = world.fresh(&node.name, config.stale_s);
    let live = sample.map_or(0, |sample| i128::from(sample.cpu_milli) + world.unseen(&node.name)[0]);
    let profile = world.profile(&node.name, &config.profile);
    (requested > 0 && (sample.is_some() || profile > 0)).then(|| (live.max(profile), requested))
}

/// `100 - 100 * distance / limit`, where `distance = |(U + u) / (R + r) - ratio| * (R + r) / A`.
pub(crate) fn node_balance(config: &Balance, pod: &PodSpec, node: &NodeSpec, world: &World) -> i128 {
    let allocatable: i128 = node.allocatable.get("cpu").copied().unwrap_or(0).into();
    if allocatable == 0 {
        return 0;
    }
    let pool_of = |node: &NodeSpec| config.pools.iter().position(|pool| selector_matches(pool, node));
    let pool = world.nodes.values().filter(|other| pool_of(other) == pool_of(node));
    let (mut used, mut requested) = (0, 0);
    for (here, asked) in pool.filter_map(|other| in_use(config, other, world)) {
        used += here;
        requested += asked;
    }
    let thousandths = if requested == 0 { 1_000 } else { (2_000 * used + requested) / (2 * requested) };
    let thousandths = thousandths.min(1_000_000);
    let on_node = world.requested(&node.name).get("cpu").copied().unwrap_or(0);
    let own = pod_requests(&pod.template, Role::Incoming).get("cpu").copied().unwrap_or(0);
    // A thousand times what is used beyond the ratio; a node of which nothing is known stands at the ratio.
    let known = in_use(config, node, world).map(|(used, _)| used);
    let here = known.map_or(thousandths * on_node, |used| 1_000 * used);
    let (own_use, limit) = (world.estimate(pod)[0], 10 * allocatable * config.limit);
    let excess = here + 1_000 * own_use - thousandths * (on_node + own);
    let excess = if config.above { excess.max(0) } else { excess.abs() };
    (limit - excess).max(0) * 100 / limit
}

/// `sum(weight * trunc(100 * (capacity - use - pod) / capacity)) / sum(weight)`.
pub(crate) fn node_info(config: &Info, pod: &PodSpec, node: &NodeSpec, world: &World) -> i128 {
    let (mut sum, mut weights) = (0, 0);
    for (i, (resource, weight)) in
        [("cpu", config.cpu_weight), ("memory", config.memory_weight)].into_iter().enumerate()
    {
        let all = capacity(node, resource);
        if all == 0 {
            continue;
        }
        let profile = if i == 0 { world.profile(&node.name, &config.profile) } else { 0 };
        let requested = world.on(&node.name).map(|pod| request(&pod.spec, resource)).sum::<i128>();
        let used = match world.fresh(&node.name, config.stale_s) {
            Some(sample) => {
                let live = i128::from([sample.cpu_milli, sample.memory_bytes][i]) + world.unseen(&node.name)[i];
                let age = i128::from(world.now_ms) - i128::from(sample.at_ms);
                let fresh = 1.0 - age.max(0) as f64 / (config.stale_s * 1_000) as f64;
                match profile {
                    _ if !config.blend => live.max(profile) as f64,
                    0 => live as f64,
                    _ => fresh * live as f64 + (1.0 - fresh) * profile as f64,
                }
            }
            None if config.missing == "full" => all as f64,
            None if config.missing == "profile" && profile > 0 => profile as f64,
            None => requested.max(profile) as f64,
        };
        // Whole numbers but for a blend, whose floats are rounded in this order.
        let free = all as f64 - (used + world.estimate(pod)[i] as f64);
        sum += weight * (free.max(0.0) * 100.0 / all as f64) as i128;
        weights += weight;
    }
    if weights == 0 { 0 } else { sum / weights }
}
