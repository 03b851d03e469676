//! The fast pipeline and the reference give the same answers: every policy on every node, totals, choice, explanation.

use crate::common::generate::{NOW_MS, config, key, known_profile, scenario, steps};
use crate::common::reference::{Kind, Outcome, Prefilter, Raw, filter, normalize, prefilter, score};
use crate::common::reference::{PodKey, Refusal};
use crate::support::{Pair, choice, node_of, pod_id, set};
use proptest::prelude::*;
use sched_core::{Candidate, Evaluation, Explanation, NodeSpec, PolicyAnswer, Rejection, Row};
use std::collections::BTreeMap;

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn fast_pipeline_equals_reference_pipeline(scenario in scenario(12), profile in known_profile(), seed: u64) {
        let mut pair = Pair::of(&scenario, &profile, seed);
        // Each pod is placed before the next is looked at, so that holds count too.
        for pod in scenario.pending.iter().map(key) {
            let outcome = agree(&mut pair, &pod, NOW_MS);
            if let Some(node) = outcome.chosen {
                let id = pod_id(pair.scheduler.cluster(), &pod);
                pair.scheduler.schedule(id, NOW_MS).expect("a feasible pod");
                pair.world.reserve(&pod, &node, NOW_MS);
                pair.world.commit(&pod);
            }
        }
    }
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn fast_pipeline_equals_reference_pipeline_after_any_history(steps in steps(60), profile in known_profile(), seed: u64) {
        let mut pair = Pair::new(&profile, seed);
        for (now_ms, step) in &steps {
            pair.step(*now_ms, step);
        }
        let latest = steps.iter().map(|(now_ms, _)| *now_ms).fold(NOW_MS, u64::max);
        for now_ms in [latest, latest + 400_000] {
            agree_on_pending(&mut pair, now_ms);
        }
    }
}

/// Compares what both sides say of every pod that waits.
pub(crate) fn agree_on_pending(pair: &mut Pair, now_ms: u64) {
    for pod in pair.pending() {
        // The status of containers is that of running ones; a pod that waits has none.
        let template = &pair.world.pods[&pod].spec.template;
        let mut containers = template.containers.iter().chain(&template.init_containers);
        if containers.all(|container| container.status.is_none()) {
            agree(pair, &pod, now_ms);
        }
    }
}

/// Compares everything that both sides say of a pod that waits, and returns the reference's answer.
pub(crate) fn agree(pair: &mut Pair, pod: &PodKey, now_ms: u64) -> Outcome {
    let outcome = pair.reference(pod, now_ms);
    let id = pod_id(pair.scheduler.cluster(), pod);
    let evaluation = pair.scheduler.evaluate(id, now_ms).expect("a known pod");
    compare_policies(pair, pod, &evaluation);
    let expected = outcome.chosen.as_ref().map(|chosen| {
        let total = i64::try_from(outcome.candidates[chosen].total).expect("a total within 64 bits");
        (chosen.clone(), total, u32::try_from(outcome.candidates.len()).expect("few nodes"))
    });
    assert_eq!(choice(&mut pair.scheduler, pod, now_ms), expected, "the decision on {pod:?}");
    compare_explanation(&outcome, &pair.scheduler.explain(id, now_ms).expect("a known pod"));
    outcome
}

/// What each policy alone says of the pod and of every node, and how it scores the feasible ones.
fn compare_policies(pair: &Pair, pod: &PodKey, evaluation: &Evaluation) {
    let world = &pair.world;
    let spec = &world.pods[pod].spec;
    let names = |rows: &[Row]| rows.iter().map(|&row| node_of(&pair.scheduler, row)).collect::<Vec<_>>();
    let all: Vec<&NodeSpec> = names(&evaluation.rows).iter().map(|name| &world.nodes[name]).collect();
    assert_eq!(names(&evaluation.rows), world.nodes.keys().cloned().collect::<Vec<_>>());
    let feasible: Vec<&NodeSpec> = names(&evaluation.feasible).iter().map(|name| &world.nodes[name]).collect();
    assert_eq!(evaluation.answers.len(), pair.profile.policies.len());
    let asked = pair.profile.asked(world);
    for (answer, policy) in evaluation.answers.iter().zip(&pair.profile.policies) {
        let name = policy.name.as_str();
        assert_eq!(answer.policy, name);
        let active = asked.policies.contains(policy);
        let before = if active { prefilter(&policy.kind, spec) } else { Prefilter::Go };
        match before {
            Prefilter::Go => assert!(!answer.narrowed && answer.reject.is_none(), "{name}"),
            Prefilter::Reject(reason) => assert_eq!(answer.reject.as_ref(), Some(&reason), "{name}"),
            Prefilter::Only(only) => {
                let existing: Vec<String> = only.into_iter().filter(|n| world.nodes.contains_key(n)).collect();
                assert!(answer.narrowed, "{name}");
                assert_eq!(names(&evaluation.named), existing, "{name}");
            }
        }
        if answer.reject.is_none() {
            let said = |node: &&NodeSpec| filter(&policy.kind, spec, node, world).filter(|_| active);
            let mut refusals: Vec<_> = all.iter().map(said).collect();
            let mut refused = refused(answer);
            if matches!(policy.kind, Kind::HybridUnschedulable(_)) {
                // What a node's own mark adds to its reason is known to the explanation alone.
                refusals.iter_mut().chain(&mut refused).flatten().for_each(|refusal| refusal.reasons.clear());
            }
            assert_eq!(refused, refusals, "{name}");
        }
        // One of weight 0 only filters.
        let asked = active && policy.weight != 0;
        let raw = if asked { score(&policy.kind, spec, &feasible, world) } else { Raw::Skip };
        match raw {
            Raw::Skip => assert!(!answer.scored, "{name}"),
            Raw::Scores(raw) => {
                assert!(answer.scored, "{name}");
                assert_eq!(wide(&answer.raw), raw, "{name}");
                assert_eq!(wide(&answer.scores), normalize(&policy.kind, &raw), "{name}");
            }
        }
    }
}

/// A policy's verdicts in the reference's words.
fn refused(answer: &PolicyAnswer) -> Vec<Option<Refusal>> {
    let refusal = |&verdict| Refusal {
        reasons: answer.texts(verdict).map(str::to_owned).collect(),
        unresolvable: verdict.is_unresolvable(),
    };
    answer.verdicts.iter().map(|verdict| (!verdict.passes()).then(|| refusal(verdict))).collect()
}

fn compare_explanation(outcome: &Outcome, explanation: &Explanation) {
    assert_eq!(explanation.chosen, outcome.chosen);
    if outcome.chosen.is_none() {
        assert_eq!(explanation.message, outcome.message);
    }
    let outright = explanation.rejected_outright.as_ref();
    let outright = outright.map(|all| (all.policy.to_string(), all.reasons.concat()));
    assert_eq!(outright, outcome.prefilter);
    assert_eq!(explanation.rejected.iter().map(|r| r.node.as_str()).collect::<Vec<_>>(), keys(&outcome.rejected));
    for rejection in &explanation.rejected {
        compare_rejection(outcome, rejection);
    }
    let mut candidates: Vec<&Candidate> = explanation.candidates.iter().collect();
    assert_eq!(candidates.first().map(|best| &best.node), outcome.chosen.as_ref(), "the best stands first");
    assert!(candidates.is_sorted_by_key(|candidate| std::cmp::Reverse(candidate.total)));
    candidates.sort_by_key(|candidate| &candidate.node);
    assert_eq!(candidates.iter().map(|c| c.node.as_str()).collect::<Vec<_>>(), keys(&outcome.candidates));
    for candidate in candidates {
        let expected = &outcome.candidates[&candidate.node];
        assert_eq!(i128::from(candidate.total), expected.total);
        assert_eq!(candidate.scores.len(), expected.scores.len());
        for score in &candidate.scores {
            let expected = &expected.scores[&*score.policy];
            let numbers = [score.raw, score.score, score.weighted].map(i128::from);
            assert_eq!(numbers, [expected.raw, expected.normalized, expected.weighted], "{}", score.policy);
        }
    }
}

fn compare_rejection(outcome: &Outcome, rejection: &Rejection) {
    let expected = &outcome.rejected[&rejection.node];
    assert_eq!(rejection.policy, expected.policy);
    assert_eq!(rejection.narrowed, expected.narrowed);
    assert_eq!(rejection.unresolvable, expected.unresolvable);
    assert_eq!(set(&rejection.reasons), expected.reasons);
    let also: Vec<_> = rejection.also.iter().map(|also| (also.policy.to_string(), set(&also.reasons))).collect();
    assert_eq!(also, expected.also);
}

fn keys<T>(map: &BTreeMap<String, T>) -> Vec<&str> {
    map.keys().map(String::as_str).collect()
}

fn wide(numbers: &[i64]) -> Vec<i128> {
    numbers.iter().map(|&number| number.into()).collect()
}
