//! Sequences of events over a few names, so that duplicates, unknown names, second binds and removals of what is not
//! there come up by themselves; and events that every cluster must refuse.

use super::{late, mark, node, one_of, pod, sample, template, text};
use crate::common::reference::PodKey;
use proptest::prelude::*;
use sched_core::abi::{NodeSelector, Operator, PreferredTerm, Requirement, SelectorTerm};
use sched_core::{Event, NodeSpec, PodSpec, Resources, Sample};

/// The largest quantity allowed.
const MOST: i64 = 1 << 46;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Apply(Box<Event>),
    /// Decide where a pod goes and hold room there.
    Reserve(PodKey),
    Commit(PodKey),
    Rollback(PodKey),
}

/// What happens, each with the embedder's time in milliseconds, which now and then goes backwards. With up to 60 steps
/// all times lie within half an hour, for which the cluster remembers placements.
pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<(u64, Step)>> {
    let pause = prop_oneof![4 => 0..=22_000_i64, 1 => -30_000..=0_i64];
    prop::collection::vec((pause, step()), 0..=most).prop_map(|steps| {
        let mut now = 1_000_000_000_i64;
        let mut dated = Vec::new();
        for (pause, step) in steps {
            now += pause;
            dated.push((now.unsigned_abs(), at(now.unsigned_abs(), step)));
        }
        dated
    })
}

/// Moves the times within an event, given as how long ago, to where they belong.
fn at(now: u64, mut step: Step) -> Step {
    if let Step::Apply(event) = &mut step {
        match &mut **event {
            Event::PodBound { at_ms, .. } => *at_ms = now - *at_ms,
            Event::NodeSample { sample, .. } | Event::PodSample { sample, .. } => sample.at_ms = now - sample.at_ms,
            _ => {}
        }
    }
    step
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => event().prop_map(|event| Step::Apply(Box::new(event))),
        3 => pod_name().prop_map(Step::Reserve),
        1 => pod_name().prop_map(Step::Commit),
        1 => pod_name().prop_map(Step::Rollback),
        1 => bad_event().prop_map(|event| Step::Apply(Box::new(event))),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let bound = (pod_name(), few_nodes(), late()).prop_map(|((namespace, name), node, at_ms)| Event::PodBound {
        namespace,
        name,
        node,
        at_ms,
    });
    let pod_sample =
        (pod_name(), sample()).prop_map(|((namespace, name), sample)| Event::PodSample { namespace, name, sample });
    prop_oneof![
        4 => few_node_specs().prop_map(Event::NodeAdded),
        3 => few_node_specs().prop_map(Event::NodeChanged),
        2 => few_nodes().prop_map(|name| Event::NodeRemoved { name }),
        8 => few_pods().prop_map(Event::PodAdded),
        3 => few_pods().prop_map(Event::PodChanged),
        8 => bound,
        3 => pod_name().prop_map(|(namespace, name)| Event::PodRemoved { namespace, name }),
        3 => (few_nodes(), sample()).prop_map(|(name, sample)| Event::NodeSample { name, sample }),
        2 => pod_sample,
        2 => (few_nodes(), prop::option::weighted(0.7, mark())).prop_map(|(name, mark)| Event::Marked { name, mark }),
    ]
}

fn few_nodes() -> impl Strategy<Value = String> {
    (0..5_u32).prop_map(|i| format!("node-{i}"))
}

fn few_node_specs() -> impl Strategy<Value = NodeSpec> {
    (few_nodes(), node()).prop_map(|(name, node)| NodeSpec { name, ..node })
}

fn pod_name() -> impl Strategy<Value = PodKey> {
    (text(&["default", "batch"]), 0..6_u32).prop_map(|(namespace, i)| (namespace, format!("pod-{i}")))
}

fn few_pods() -> impl Strategy<Value = PodSpec> {
    (pod_name(), template(), prop::bool::weighted(0.1)).prop_map(|((namespace, name), template, terminating)| PodSpec {
        namespace,
        name,
        template,
        terminating,
    })
}

/// An event that any cluster refuses, wherever its names may exist.
pub(crate) fn bad_event() -> impl Strategy<Value = Event> {
    let wrong = || one_of(&[-1, i64::MIN, MOST + 1, i64::MAX]);
    let bad_sample = (sample(), wrong(), any::<bool>()).prop_map(|(sample, wrong, cpu)| {
        if cpu { Sample { cpu_milli: wrong, ..sample } } else { Sample { memory_bytes: wrong, ..sample } }
    });
    let bad_sample = bad_sample.boxed();
    let ghost = || Just("ghost".to_owned());
    prop_oneof![
        (few_node_specs(), amount(wrong()), any::<bool>()).prop_map(|(mut node, (name, wrong), added)| {
            node.allocatable.insert(name, wrong);
            if added { Event::NodeAdded(node) } else { Event::NodeChanged(node) }
        }),
        (few_node_specs(), amount(wrong())).prop_map(|(mut node, (name, wrong))| {
            node.capacity.insert(name, wrong);
            Event::NodeChanged(node)
        }),
        few_node_specs().prop_map(|node| Event::NodeAdded(NodeSpec { name: String::new(), ..node })),
        few_node_specs().prop_map(|node| Event::NodeChanged(NodeSpec { name: "ghost".to_owned(), ..node })),
        ghost().prop_map(|name| Event::NodeRemoved { name }),
        (few_pods(), amount(wrong())).prop_map(|(mut pod, (name, wrong))| {
            pod.template.overhead = Resources::from([(name, wrong)]);
            Event::PodAdded(pod)
        }),
        few_pods().prop_map(too_much_in_all),
        (few_pods(), bad_requirement(), any::<bool>()).prop_map(|(pod, bad, added)| with_selector(pod, bad, added)),
        pod("").prop_map(Event::PodAdded),
        pod("ghost").prop_map(Event::PodChanged),
        few_nodes().prop_map(|node| Event::PodBound {
            namespace: "default".to_owned(),
            name: "ghost".to_owned(),
            node,
            at_ms: 0
        }),
        pod_name().prop_map(|(namespace, name)| Event::PodBound {
            namespace,
            name,
            node: "ghost".to_owned(),
            at_ms: 0
        }),
        ghost().prop_map(|name| Event::PodRemoved { namespace: "default".to_owned(), name }),
        (few_nodes(), bad_sample.clone()).prop_map(|(name, sample)| Event::NodeSample { name, sample }),
        (pod_name(), bad_sample).prop_map(|((namespace, name), sample)| Event::PodSample { namespace, name, sample }),
        ghost().prop_map(|name| Event::Marked { name, mark: None }),
    ]
}

fn amount(wrong: impl Strategy<Value = i64>) -> impl Strategy<Value = (String, i64)> {
    (text(&["cpu", "memory", "nvidia.com/gpu"]), wrong)
}

/// Each container asks for what is allowed, all of them together for more.
fn too_much_in_all(mut pod: PodSpec) -> Event {
    let container = sched_core::Container { requests: [("memory".to_owned(), MOST)].into(), ..Default::default() };
    pod.template.containers = vec![container; 2];
    pod.template.pod_requests = None;
    Event::PodAdded(pod)
}

fn bad_requirement() -> impl Strategy<Value = Requirement> {
    let bad = [
        ("disk", Operator::In, vec![]),
        ("disk", Operator::NotIn, vec![]),
        ("disk", Operator::Exists, vec!["ssd"]),
        ("disk", Operator::Gt, vec!["1.5"]),
        ("disk", Operator::Lt, vec!["9223372036854775808"]),
        ("disk", Operator::Gt, vec![]),
        ("disk", Operator::Lt, vec!["1", "2"]),
        ("", Operator::Exists, vec![]),
    ];
    one_of(&bad).prop_map(|(key, operator, values)| Requirement {
        key: key.to_owned(),
        operator,
        values: values.into_iter().map(str::to_owned).collect(),
    })
}

fn with_selector(mut pod: PodSpec, bad: Requirement, added: bool) -> Event {
    let term = SelectorTerm { match_expressions: vec![bad], ..SelectorTerm::default() };
    if added {
        pod.template.required_nodes = Some(NodeSelector { node_selector_terms: vec![term] });
        return Event::PodAdded(pod);
    }
    pod.template.preferred_nodes = vec![PreferredTerm { weight: 1, preference: term }];
    Event::PodChanged(pod)
}
