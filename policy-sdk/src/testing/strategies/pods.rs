//! Pods: requests that are absent, zero or large, init containers and sidecars, overhead, ports, images, affinity.

use super::nodes::{EFFECTS, IMAGES, TAINT_KEYS, TAINT_VALUES, node_name};
use super::selectors::{pair, preferred, selector};
use super::{one_of, text};
use proptest::prelude::*;
use sched_abi::QosClass;
use sched_core::{
    Container, ContainerResources, HostPort, Owner, PodSpec, PodTemplate, Protocol, Resources, Toleration,
    TolerationOperator,
};

const MIB: i64 = 1 << 20;
const GIB: i64 = 1 << 30;

/// A pod whose name begins as given.
pub fn pod(name: &'static str) -> impl Strategy<Value = PodSpec> {
    (text(&["default", "batch"]), template(), prop::bool::weighted(0.1)).prop_map(
        move |(namespace, template, terminating)| PodSpec { namespace, name: name.to_owned(), template, terminating },
    )
}

/// A template of any kind; most pods ask for little more than CPU and memory.
pub fn template() -> impl Strategy<Value = PodTemplate> {
    let rarely = |strategy: BoxedStrategy<Resources>| prop::option::weighted(0.15, strategy);
    let amounts = (
        prop_oneof![8 => Just(1..=1), 3 => Just(2..=3), 1 => Just(0..=0)]
            .prop_flat_map(|count| prop::collection::vec(container(), count)),
        prop_oneof![6 => Just(0..=0), 2 => Just(1..=3)]
            .prop_flat_map(|count| prop::collection::vec((container(), any::<bool>()), count)),
        rarely(requests().boxed()),
        rarely(requests().boxed()),
        prop::bool::weighted(0.05),
    );
    let nodes = (
        prop::option::weighted(0.05, node_name()),
        prop_oneof![4 => Just(0..=0), 1 => Just(1..=2)].prop_flat_map(|count| {
            prop::collection::btree_map(text(&["disk", "pool"]), text(&["ssd", "a", ""]), count)
        }),
        prop::option::weighted(0.1, pair()),
        prop::option::weighted(0.3, selector()),
        prop_oneof![2 => Just(0..=0), 1 => Just(1..=3)]
            .prop_flat_map(|count| prop::collection::vec(preferred(), count)),
        prop_oneof![1 => Just(0..=0), 1 => Just(1..=4)]
            .prop_flat_map(|count| prop::collection::vec(toleration(), count)),
    );
    let rest =
        (one_of(&[-10, 0, 0, 2_000_000_000]), one_of(&QOS), prop::option::weighted(0.5, owner()), text(&["x", "y"]));
    (amounts, nodes, rest).prop_map(|(amounts, nodes, rest)| {
        let (containers, init, overhead, pod_requests, resize_infeasible) = amounts;
        let (node_name, mut node_selector, one_more, required_nodes, preferred_nodes, tolerations) = nodes;
        let (priority, qos, owner, app) = rest;
        node_selector.extend(one_more);
        let init = init.into_iter().map(|(container, restart_always)| Container { restart_always, ..container });
        PodTemplate {
            labels: [("app".to_owned(), app)].into(),
            containers,
            init_containers: init.collect(),
            overhead: overhead.unwrap_or_default(),
            pod_requests,
            resize_infeasible,
            node_name,
            node_selector,
            required_nodes,
            preferred_nodes,
            tolerations,
            priority,
            qos,
            owner,
            ..PodTemplate::default()
        }
    })
}

const QOS: [QosClass; 3] = [QosClass::BestEffort, QosClass::Burstable, QosClass::Guaranteed];

fn owner() -> impl Strategy<Value = Owner> {
    (text(&["Deployment", "DaemonSet", "Job"]), text(&["a", "b"])).prop_map(|(kind, name)| Owner { kind, name })
}

/// A container.
pub fn container() -> impl Strategy<Value = Container> {
    let ports = prop_oneof![5 => Just(0..=0), 1 => Just(1..=2)]
        .prop_flat_map(|count| prop::collection::vec(host_port(), count));
    let image = prop_oneof![1 => Just(String::new()), 2 => text(&IMAGES)];
    let status = (requests(), requests()).prop_map(|(actual, allocated)| ContainerResources { actual, allocated });
    let amounts = (requests(), prop::option::weighted(0.3, requests()), prop::option::weighted(0.08, status));
    (amounts, image, ports).prop_map(|((requests, limits, status), image, host_ports)| {
        let limits = limits.unwrap_or_default();
        Container { requests, limits, image, host_ports, restart_always: false, status }
    })
}

fn requests() -> impl Strategy<Value = Resources> {
    let maybe = |chance, amounts| prop::option::weighted(chance, one_of(amounts));
    let cpu = maybe(0.75, &[0, 1, 50, 100, 250, 333, 1_000, 2_000, 3_000, 16_000]);
    let memory = maybe(0.75, &[0, 1, 64 * MIB, 200 * MIB, 123_456_789, GIB, 3_000_000_000, 16 * GIB]);
    let disk = maybe(0.1, &[0, 500_000_000, GIB, 10 * GIB]);
    let gpu = maybe(0.06, &[0, 1, 2, 4]);
    let batch = maybe(0.1, &[0, 500, 4_000]);
    let pages = maybe(0.08, &[0, 64 * MIB, 256 * MIB]);
    (cpu, memory, disk, gpu, batch, pages).prop_map(|(cpu, memory, disk, gpu, batch, pages)| {
        let all = [
            ("cpu", cpu),
            ("memory", memory),
            ("ephemeral-storage", disk),
            ("nvidia.com/gpu", gpu),
            ("example.com/batch-cpu", batch),
            ("hugepages-2Mi", pages),
        ];
        all.into_iter().filter_map(|(name, amount)| Some((name.to_owned(), amount?))).collect()
    })
}

fn host_port() -> impl Strategy<Value = HostPort> {
    let ip = text(&["", "0.0.0.0", "127.0.0.1", "10.0.0.1"]);
    let protocol = one_of(&[Protocol::Tcp, Protocol::Tcp, Protocol::Udp, Protocol::Sctp]);
    (one_of(&[80, 443, 9_100]), protocol, ip).prop_map(|(port, protocol, ip)| HostPort { port, protocol, ip })
}

fn toleration() -> impl Strategy<Value = Toleration> {
    let key = prop_oneof![4 => text(&TAINT_KEYS), 1 => Just(String::new())];
    let [equal, exists] = [TolerationOperator::Equal, TolerationOperator::Exists];
    let operator = one_of(&[equal, equal, exists, exists, TolerationOperator::Lt, TolerationOperator::Gt]);
    (key, operator, text(&TAINT_VALUES), prop::option::weighted(0.7, one_of(&EFFECTS)))
        .prop_map(|(key, operator, value, effect)| Toleration { key, operator, value, effect })
}
