//! A decision equals the choice of the unabridged evaluation: whatever the policies, their settings and the history, and
//! where the table is many pieces long.

use crate::common::generate::{NOW_MS, any_profile, bind, config, key, node, scenario, steps, template};
use crate::common::reference::PodKey;
use crate::support::{Pair, apply_all, choice, node_of, pod_id, scheduler, scheduler_of};
use proptest::prelude::*;
use sched_core::{Event, NodeSpec, PodSpec, PodTemplate, Resources, Sample, Scheduler};

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn a_decision_equals_the_evaluation(scenario in scenario(12), profile in any_profile(), seed: u64) {
        let mut scheduler = scheduler_of(&scenario, &profile, seed);
        for pod in scenario.pending.iter().map(key) {
            compare(&mut scheduler, &pod, NOW_MS);
            // Each pod is placed before the next is looked at, so that holds count too.
            let _ = scheduler.schedule(pod_id(scheduler.cluster(), &pod), NOW_MS);
        }
    }

    #[test]
    fn a_decision_equals_the_evaluation_after_any_history(steps in steps(60), profile in any_profile(), seed: u64) {
        let mut pair = Pair::new(&profile, seed);
        for (now_ms, step) in &steps {
            pair.step(*now_ms, step);
        }
        let latest = steps.iter().map(|(now_ms, _)| *now_ms).fold(NOW_MS, u64::max);
        for pod in pair.pending() {
            compare(&mut pair.scheduler, &pod, latest);
            compare(&mut pair.scheduler, &pod, latest + 400_000);
        }
    }
}

proptest! {
    #![proptest_config(config(10))]

    #[test]
    fn a_decision_equals_the_evaluation_where_the_table_has_many_pieces(
        size in 1_000..=3_000_usize,
        kinds in prop::collection::vec(node(), 1..=6),
        templates in prop::collection::vec(template(), 1..=4),
        (spread, gone) in (any::<u64>(), 0..=20_usize),
        profile in any_profile(),
        seed: u64,
    ) {
        let mut scheduler = scheduler(&profile, seed);
        let mut dice = Dice(spread);
        apply_all(&mut scheduler, &(0..size).map(|i| large_node(&mut dice, &kinds, i)).collect::<Vec<_>>());
        for i in 0..size {
            let pod = named(format!("running-{i}"), dice.one(&templates));
            let (node, at_ms) = (format!("node-{}", dice.below(size)), NOW_MS - 15_000 * dice.below(100) as u64);
            let bound = bind(&pod, &node, at_ms);
            // Some nodes are full and take no more: the largest sums are refused.
            let added = [Event::PodAdded(pod)];
            apply_all(&mut scheduler, &added);
            let _ = scheduler.apply(&bound, NOW_MS);
        }
        for _ in 0..size / 2 {
            let sample = Sample { at_ms: NOW_MS - 1_000 * dice.below(600) as u64, window_ms: 60_000, cpu_milli: dice.below(40_000) as i64, memory_bytes: (dice.below(40) as i64) << 30 };
            let name = format!("node-{}", dice.below(size));
            apply_all(&mut scheduler, &[Event::NodeSample { name, sample }]);
            let (namespace, name) = ("default".to_owned(), format!("running-{}", dice.below(size)));
            apply_all(&mut scheduler, &[Event::PodSample { namespace, name, sample }]);
        }
        for i in 0..gone.min(size) {
            let _ = scheduler.apply(&Event::NodeRemoved { name: format!("node-{}", i * size / (gone + 1)) }, NOW_MS);
        }
        for (i, mut template) in templates.iter().cloned().enumerate() {
            template.containers.iter_mut().chain(&mut template.init_containers).for_each(|c| c.status = None);
            let pod = named(format!("waiting-{i}"), &template);
            apply_all(&mut scheduler, &[Event::PodAdded(pod.clone())]);
            compare(&mut scheduler, &key(&pod), NOW_MS + 400_000);
        }
    }
}

/// Compares choice, total and number of feasible nodes.
fn compare(scheduler: &mut Scheduler, pod: &PodKey, now_ms: u64) {
    let evaluation = scheduler.evaluate(pod_id(scheduler.cluster(), pod), now_ms).expect("a known pod");
    let total = evaluation.totals.iter().copied().max().unwrap_or_default();
    let feasible = u32::try_from(evaluation.feasible.len()).expect("nodes within 32 bits");
    let expected = evaluation.chosen.map(|row| (node_of(scheduler, row), total, feasible));
    assert_eq!(choice(scheduler, pod, now_ms), expected, "{pod:?}");
}

/// A cheap source of numbers, so that a large cluster follows from one generated number.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (self.0 >> 33) as usize % most
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A node of one of the kinds, mostly with room for something.
fn large_node(dice: &mut Dice, kinds: &[NodeSpec], i: usize) -> Event {
    let mut node = NodeSpec { name: format!("node-{i}"), ..dice.one(kinds).clone() };
    if dice.below(4) > 0 {
        let room = [("cpu", 1_000 + dice.below(64_000) as i64), ("memory", 1 << 36), ("pods", 110)];
        node.allocatable.extend(room.map(|(name, amount)| (name.to_owned(), amount)));
        node.capacity = Resources::new();
    }
    Event::NodeAdded(node)
}

fn named(name: String, template: &PodTemplate) -> PodSpec {
    let template = PodTemplate { node_name: None, ..template.clone() };
    PodSpec { namespace: "default".to_owned(), name, template, terminating: false }
}
