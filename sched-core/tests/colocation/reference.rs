//! Offers computed slowly and plainly: every formula written out, every second stepped by itself.

use sched_core::colocation::*;

/// BE cpu, BE memory, OT cpu, OT memory.
type Four = [i128; 4];

#[derive(Clone, Default)]
pub(crate) struct Reference {
    now_s: Option<u64>,
    node: Option<[Slow; 4]>,
}

#[derive(Clone, Copy)]
struct Slow {
    offered: i128,
    seconds_above: u64,
}

fn of(amounts: Amounts, memory: bool) -> i128 {
    i128::from(if memory { amounts.memory } else { amounts.cpu })
}

/// What one pod is charged, by its use, its request and the larger of both.
fn charges(config: &CapacityConfig, pod: &PodReport, memory: bool, fresh: bool) -> (i128, i128, i128) {
    let request = of(pod.requested, memory);
    let used = if fresh { pod.used.map_or(request, |used| of(used, memory)) } else { request };
    let lend = match pod.qos {
        Qos::Lsx => config.lend_percent.lsx,
        Qos::Lsr => config.lend_percent.lsr,
        Qos::Ls => config.lend_percent.ls,
        Qos::Be | Qos::Ot => 100,
    };
    let idle = if memory || request < used { 0 } else { request - used };
    (used + idle - idle * i128::from(lend) / 100, request, request.max(used))
}

fn sums(
    config: &CapacityConfig,
    report: &NodeReport,
    memory: bool,
    fresh: bool,
    class: fn(Qos) -> bool,
) -> (i128, i128, i128) {
    let mut sums = (0, 0, 0);
    for pod in report.pods.iter().filter(|pod| class(pod.qos)) {
        let (used, request, larger) = charges(config, pod, memory, fresh);
        sums = (sums.0 + used, sums.1 + request, sums.2 + larger);
    }
    sums
}

fn pick(formula: Formula, sums: (i128, i128, i128)) -> i128 {
    match formula {
        Formula::Usage => sums.0,
        Formula::Request => sums.1,
        Formula::MaxUsageRequest => sums.2,
    }
}

/// The formulas' answers, and what no offer may exceed.
fn targets(config: &CapacityConfig, report: &NodeReport, fresh: bool) -> (Four, Four) {
    let (mut target, mut most) = ([0; 4], [0; 4]);
    for memory in [false, true] {
        let formula = if memory { config.formula.memory } else { config.formula.cpu };
        let formula = if fresh { formula } else { Formula::Request };
        let capacity = of(report.capacity, memory);
        let percent = |each: Each<u32>| capacity * i128::from(if memory { each.memory } else { each.cpu }) / 100;
        let be_level = percent(config.be_level_percent);
        let ot_level = capacity * i128::from(config.ot_cpu_level_percent) / 100;
        let online = sums(config, report, memory, fresh, Qos::online);
        let be = sums(config, report, memory, fresh, |qos| qos == Qos::Be);
        let ot = sums(config, report, memory, fresh, |qos| qos == Qos::Ot);
        let reserve = (capacity - of(report.allocatable, memory)).max(of(report.annotated_reserve, memory));
        let system = of(report.system_used, memory).max(reserve);
        let system = if formula == Formula::Request { reserve } else { system };
        let room = |level: i128| level - system - pick(formula, online);
        let unpromised = (percent(config.promise_percent) - online.1).max(0);
        let most_be = unpromised.min(be_level);
        let at = usize::from(memory);
        most[at] = most_be;
        if memory {
            most[at + 2] = most_be;
            let all = room(be_level).max(0).min(most_be);
            let free = (all - be.2).max(0);
            let held = ot.2.min(free);
            target[at + 2] = held + (free - held) * i128::from(config.ot_memory_percent) / 100;
            target[at] = all - target[at + 2];
        } else {
            most[at + 2] = (unpromised - most_be).min(ot_level);
            target[at] = room(be_level).max(0).min(most_be);
            target[at + 2] = (room(ot_level) - pick(formula, be)).max(0).min(most[at + 2]);
        }
    }
    (target, most)
}

impl Reference {
    /// What the node offers, in the order BE cpu, BE memory, OT cpu, OT memory.
    pub(crate) fn step(&mut self, config: &CapacityConfig, report: &NodeReport, now_ms: u64) -> Four {
        let fresh = now_ms.saturating_sub(report.at_ms) <= config.stale_after_ms;
        let (mut target, mut most) = targets(config, report, fresh);
        if !fresh && config.when_stale == WhenStale::Withdraw {
            (target, most) = ([0; 4], [0; 4]);
        }
        let second = now_ms / 1_000;
        let tracks = self.node.get_or_insert_with(|| {
            let promised = |at: usize| {
                let class: fn(Qos) -> bool = if at < 2 { |qos| qos == Qos::Be } else { |qos| qos == Qos::Ot };
                sums(config, report, at % 2 == 1, fresh, class).1
            };
            [0, 1, 2, 3].map(|at| Slow { offered: target[at].min(promised(at)), seconds_above: 0 })
        });
        for (track, most) in tracks.iter_mut().zip(most) {
            track.offered = track.offered.min(most);
        }
        for _ in self.now_s.unwrap_or(second)..second {
            for (at, track) in tracks.iter_mut().enumerate() {
                let target = if fresh { target[at] } else { target[at].min(track.offered) };
                track.second(config, of(report.capacity, at % 2 == 1), target);
            }
        }
        for (at, track) in tracks.iter_mut().enumerate() {
            track.reached(target[at]);
        }
        self.now_s = Some(second);
        let offered = tracks.map(|track| track.offered);
        [offered[0], offered[1], offered[2], offered[3].min((most[1] - offered[1]).max(0))]
    }
}

impl Slow {
    fn second(&mut self, config: &CapacityConfig, capacity: i128, target: i128) {
        let rate = |percent: u32| (capacity * i128::from(percent) / 100 / 60).max(1);
        if target > self.offered {
            self.seconds_above += 1;
            if self.seconds_above > config.moves.rise_after_ms.div_ceil(1_000) {
                self.offered = target.min(self.offered + rate(config.moves.up_percent_per_min));
            }
        } else {
            self.offered = target.max(self.offered - rate(config.moves.down_percent_per_min));
        }
        self.reached(target);
    }

    fn reached(&mut self, target: i128) {
        if target <= self.offered {
            self.seconds_above = 0;
        }
    }
}
