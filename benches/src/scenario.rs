//! Generated clusters that look like real ones: zones, pools, several machine sizes, some taints, full nodes, images. Every
//! object is a function of its index, so nothing is kept in memory but the cluster itself.

use crate::rng::Rng;
use sched_core::abi::QosClass;
use sched_core::hash::fnv1a;
use sched_core::{
    Container, Event, Labels, NodeImage, NodeSpec, Owner, PodSpec, PodTemplate, Resources, Sample, Taint, TaintEffect,
};

/// The time at which decisions are asked for; pods were bound in the half hour before.
pub const NOW_MS: u64 = 1_750_000_000_000;
/// The time at which the cluster was told all of it, five minutes earlier: forecasts are drawn up at the turn.
pub const FED_MS: u64 = NOW_MS - 300_000;
/// Zones of a cluster.
pub const ZONES: [&str; 6] = ["r1-a", "r1-b", "r1-c", "r2-a", "r2-b", "r2-c"];
/// Different images.
pub const IMAGES: usize = 200;
const GIB: i64 = 1 << 30;
/// Machine sizes: cores, and pods on one at density 1.
const SIZES: [(i64, usize); 5] = [(4, 4), (8, 7), (16, 12), (32, 20), (64, 30)];
/// Pods of one owner.
const REPLICAS: usize = 50;

/// A cluster to be generated.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Nodes.
    pub nodes: usize,
    /// How many times fewer (and larger) pods there are than the usual ten a node: columns look the same, and a large
    /// cluster is built faster.
    pub coarseness: usize,
}

impl Scenario {
    /// A cluster whose pods are as many as usual: about ten a node.
    pub fn full(nodes: usize) -> Self {
        Self { nodes, coarseness: 1 }
    }

    /// A cluster for decisions, which never look at the pods themselves.
    pub fn for_decisions(nodes: usize) -> Self {
        Self { nodes, coarseness: if nodes > 20_000 { 4 } else { 1 } }
    }

    /// The size of a machine, as its place in the list.
    fn size(node: usize) -> usize {
        let mut rng = Rng::new(1, node as u64);
        rng.pick([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 4])
    }

    /// A node.
    pub fn node(node: usize) -> NodeSpec {
        let mut rng = Rng::new(2, node as u64);
        let (cores, _) = SIZES.get(Self::size(node)).copied().unwrap_or_default();
        let gpu = rng.once_in(25);
        let zone = ZONES.get(node % ZONES.len()).copied().unwrap_or_default();
        let mut capacity: Resources =
            [("cpu", cores * 1000), ("memory", cores * 4 * GIB), ("pods", 110), ("ephemeral-storage", 200 * GIB)]
                .map(|(name, amount)| (name.to_owned(), amount))
                .into();
        if gpu {
            capacity.insert("nvidia.com/gpu".to_owned(), 8);
        }
        let mut allocatable = capacity.clone();
        allocatable.insert("cpu".to_owned(), cores * 1000 - 100 - cores * 5);
        allocatable.insert("memory".to_owned(), cores * 4 * GIB - GIB);
        NodeSpec {
            name: node_name(node),
            labels: node_labels(node, zone, cores, gpu, &mut rng),
            taints: taints(gpu, &mut rng),
            unschedulable: rng.once_in(200),
            allocatable,
            capacity,
            images: images(&mut rng),
        }
    }

    /// How many pods are on a node.
    pub fn pods_on(self, node: usize) -> usize {
        let usual = SIZES.get(Self::size(node)).map_or(0, |&(_, pods)| pods);
        usual.div_ceil(self.coarseness)
    }

    /// The `place`-th pod of a node, as it would be created; `PodBound` follows.
    pub fn pod(self, node: usize, place: usize) -> PodSpec {
        let size = Self::size(node);
        let (cores, pods) = SIZES.get(size).copied().unwrap_or((1, 1));
        let owners = self.owners() / SIZES.len();
        let owner = Rng::new(3, (node * 64 + place) as u64).below(owners) * SIZES.len() + size;
        // Requests fill two thirds of a machine on average; one node in ten is full.
        let full = node % 10 == 3;
        let mean = cores * 1000 * if full { 93 } else { 66 } / 100 * self.coarseness as i64 / pods.max(1) as i64;
        let mut rng = Rng::new(4, owner as u64);
        let cpu = (mean * rng.pick([80, 90, 100, 110, 120]) / 100).max(10);
        let memory = cpu * rng.pick([2, 3, 4, 5]) * (GIB / 1000) * 9 / 10;
        let template = owned(owner, &[("cpu", cpu), ("memory", memory)]);
        PodSpec {
            namespace: Self::namespace(owner),
            name: format!("app-{owner}-{node:x}-{place}"),
            template,
            terminating: false,
        }
    }

    /// When a pod was bound.
    pub fn bound_at(node: usize, place: usize) -> u64 {
        NOW_MS - Rng::new(5, (node * 64 + place) as u64).below(30 * 60_000) as u64
    }

    /// A sample of a node's use, taken within the last minute.
    fn node_sample(node: usize) -> Sample {
        let mut rng = Rng::new(6, node as u64);
        let cores = SIZES.get(Self::size(node)).map_or(0, |&(cores, _)| cores);
        Sample {
            at_ms: NOW_MS - rng.below(60_000) as u64,
            window_ms: 60_000,
            cpu_milli: cores * rng.below(900) as i64,
            memory_bytes: cores * GIB * 3 * rng.below(1000) as i64 / 1000,
        }
    }

    /// A sample of a pod's use, taken within the last minute: pods of one owner are alike.
    fn pod_sample(pod: &PodSpec, node: usize, place: usize) -> Event {
        let requested = |name| pod.template.containers.iter().filter_map(|c| c.requests.get(name)).sum::<i64>();
        let mut rng = Rng::new(8, (node * 64 + place) as u64);
        let owner = fnv1a(pod.template.owner.as_ref().map_or("", |o| &o.name).as_bytes());
        let percent = 30 + Rng::new(9, owner).below(70) as i64 + rng.below(15) as i64;
        let sample = Sample {
            at_ms: FED_MS - 10_000,
            window_ms: 60_000,
            cpu_milli: requested("cpu") * percent / 100,
            memory_bytes: requested("memory") * 7 / 10,
        };
        Event::PodSample { namespace: pod.namespace.clone(), name: pod.name.clone(), sample }
    }

    /// Owners whose pods are in the cluster.
    pub fn owners(self) -> usize {
        (self.nodes * 2 / REPLICAS).max(1) * SIZES.len()
    }

    /// The namespace of an owner's pods.
    pub fn namespace(owner: usize) -> String {
        format!("team-{}", owner % 40)
    }

    /// Feeds the whole cluster, event by event.
    pub fn feed<E>(self, mut apply: impl FnMut(&Event) -> Result<(), E>) -> Result<(), E> {
        for node in 0..self.nodes {
            apply(&Event::NodeAdded(Self::node(node)))?;
        }
        for node in 0..self.nodes {
            for place in 0..self.pods_on(node) {
                let pod = self.pod(node, place);
                let bound = Self::bind(&pod, node, place);
                let sampled = Self::pod_sample(&pod, node, place);
                apply(&Event::PodAdded(pod))?;
                apply(&bound)?;
                apply(&sampled)?;
            }
            apply(&Event::NodeSample { name: node_name(node), sample: Self::node_sample(node) })?;
        }
        Ok(())
    }

    /// The binding of a pod to its node.
    pub fn bind(pod: &PodSpec, node: usize, place: usize) -> Event {
        Event::PodBound {
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            node: node_name(node),
            at_ms: Self::bound_at(node, place),
        }
    }
}

/// The name of a node; no order of rows shows through.
pub fn node_name(node: usize) -> String {
    format!("ip-10-{}-{}-{}.r1.compute.internal", node >> 16, node >> 8 & 255, node & 255)
}

/// A template with an owner and one container.
pub fn owned(owner: usize, requests: &[(&str, i64)]) -> PodTemplate {
    let requests: Resources = requests.iter().map(|&(name, amount)| (name.to_owned(), amount)).collect();
    let app = format!("app-{owner}");
    PodTemplate {
        labels: [("app".to_owned(), app.clone()), ("tier".to_owned(), "backend".to_owned())].into(),
        containers: vec![Container { requests, image: image(owner % IMAGES), ..Container::default() }],
        owner: Some(Owner { kind: "Deployment".to_owned(), name: app }),
        qos: QosClass::Burstable,
        ..PodTemplate::default()
    }
}

/// An image by number.
pub fn image(number: usize) -> String {
    format!("registry.example.com/team/app-{number}:v1.{}", number % 7)
}

fn node_labels(node: usize, zone: &str, cores: i64, gpu: bool, rng: &mut Rng) -> Labels {
    let arch = if rng.once_in(10) { "arm64" } else { "amd64" };
    let pool = if gpu { "gpu" } else { rng.pick(["general", "general", "general", "memory", "edge"]) };
    let instance = format!("m7.{cores}core");
    let region = zone.get(..2).unwrap_or_default();
    [
        ("kubernetes.io/hostname", node_name(node).as_str()),
        ("kubernetes.io/arch", arch),
        ("kubernetes.io/os", "linux"),
        ("topology.kubernetes.io/zone", zone),
        ("topology.kubernetes.io/region", region),
        ("node.kubernetes.io/instance-type", &instance),
        ("example.com/pool", pool),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

fn taints(gpu: bool, rng: &mut Rng) -> Vec<Taint> {
    let taint = |key: &str, value: &str, effect| Taint { key: key.to_owned(), value: value.to_owned(), effect };
    let mut taints = Vec::new();
    if gpu {
        taints.push(taint("nvidia.com/gpu", "present", TaintEffect::NoSchedule));
    }
    if rng.once_in(20) {
        taints.push(taint("dedicated", "batch", TaintEffect::NoSchedule));
    }
    if rng.once_in(10) {
        taints.push(taint("example.com/spot", "", TaintEffect::PreferNoSchedule));
    }
    taints
}

fn images(rng: &mut Rng) -> Vec<NodeImage> {
    let mut numbers: Vec<usize> = (0..12).map(|_| rng.below(IMAGES).min(rng.below(IMAGES))).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let sized = |n: usize| NodeImage { names: vec![image(n)], size_bytes: (50 + n as i64 * 7) << 20 };
    numbers.into_iter().map(sized).collect()
}
