//! A scheduler with one policy, and short words for what happens to its cluster.

use sched_core::{
    Container, Event, NodeSpec, PodId, PodPhase, PodSpec, PodTemplate, ProfileSet, Resources, Sample, Scheduler,
};
use std::collections::BTreeMap;

pub(crate) const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const GIB: i64 = 1 << 30;

/// A scheduler and its cluster.
pub(crate) struct World {
    pub(crate) scheduler: Scheduler,
    policy: &'static str,
}

/// Resources by name.
pub(crate) fn amounts(list: &[(&str, i64)]) -> Resources {
    list.iter().map(|&(name, amount)| (name.to_owned(), amount)).collect()
}

/// A node of so many milli-CPU and GiB.
pub(crate) fn node(name: &str, cpu: i64, memory_gib: i64) -> NodeSpec {
    let allocatable = amounts(&[("cpu", cpu), ("memory", memory_gib * GIB), ("pods", 110)]);
    NodeSpec { name: name.to_owned(), allocatable, ..NodeSpec::default() }
}

/// A node with a label.
pub(crate) fn labelled(name: &str, cpu: i64, key: &str, value: &str) -> NodeSpec {
    NodeSpec { labels: [(key.to_owned(), value.to_owned())].into(), ..node(name, cpu, 64) }
}

/// A burstable pod of one container.
pub(crate) fn pod(name: &str, requests: &[(&str, i64)]) -> PodSpec {
    let container = Container { requests: amounts(requests), ..Container::default() };
    let template = PodTemplate {
        containers: vec![container],
        qos: sched_core::abi::QosClass::Burstable,
        ..PodTemplate::default()
    };
    PodSpec { namespace: "test".to_owned(), name: name.to_owned(), template, terminating: false }
}

/// A pod that asks for so many milli-CPU and no memory to speak of.
pub(crate) fn cpu(name: &str, cpu: i64) -> PodSpec {
    pod(name, &[("cpu", cpu), ("memory", 1)])
}

impl World {
    /// A scheduler with one policy; the configuration is YAML in one line.
    pub(crate) fn new(policy: &'static str, config: &str) -> Self {
        Self::refused(policy, config).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same, or why it is refused.
    pub(crate) fn refused(policy: &'static str, config: &str) -> Result<Self, String> {
        let text = format!("profiles: [{{name: p, policies: [{{name: {policy}, weight: 1, config: {config}}}]}}]");
        let profiles = ProfileSet::from_text(&text).map_err(|error| error.to_string())?;
        let scheduler = Scheduler::new(&profiles.profiles[0], 1).map_err(|error| error.to_string())?;
        Ok(Self { scheduler, policy })
    }

    /// Applies an event when what it tells of happens; one that does not say when happens now.
    pub(crate) fn event(&mut self, event: &Event) {
        let now_ms = match event {
            Event::PodBound { at_ms, .. } => *at_ms,
            Event::NodeSample { sample, .. } | Event::PodSample { sample, .. } => sample.at_ms,
            _ => 0,
        };
        self.scheduler.apply(event, now_ms).unwrap_or_else(|error| panic!("{error}"));
    }

    pub(crate) fn node(&mut self, node: NodeSpec) {
        self.event(&Event::NodeAdded(node));
    }

    pub(crate) fn pod(&mut self, pod: &PodSpec) -> PodId {
        self.scheduler.add_pod(pod).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Someone else binds a new pod.
    pub(crate) fn bound(&mut self, pod: &PodSpec, node: &str, at_ms: u64) {
        self.pod(pod);
        let (namespace, name) = (pod.namespace.clone(), pod.name.clone());
        self.event(&Event::PodBound { namespace, name, node: node.to_owned(), at_ms });
    }

    pub(crate) fn remove(&mut self, pod: &str) {
        self.event(&Event::PodRemoved { namespace: "test".to_owned(), name: pod.to_owned() });
    }

    /// A sample over the minute that ends at `at_ms`.
    pub(crate) fn sample(&mut self, node: &str, at_ms: u64, cpu_milli: i64, memory_bytes: i64) {
        let sample = Sample { at_ms, window_ms: MINUTE, cpu_milli, memory_bytes };
        self.event(&Event::NodeSample { name: node.to_owned(), sample });
    }

    /// The policy's raw scores, by node.
    pub(crate) fn scores(&mut self, pod: PodId, now_ms: u64) -> BTreeMap<String, i64> {
        let evaluation = self.scheduler.evaluate(pod, now_ms).unwrap_or_else(|error| panic!("{error}"));
        let answer = evaluation.answers.iter().find(|a| a.policy == self.policy).map(|a| a.raw.clone());
        let name = |row| self.scheduler.cluster().node_name(row).unwrap_or_default().to_owned();
        evaluation.feasible.iter().map(|&row| name(row)).zip(answer.unwrap_or_default()).collect()
    }

    /// The policy's score of one node.
    pub(crate) fn score(&mut self, pod: PodId, node: &str, now_ms: u64) -> i64 {
        self.scores(pod, now_ms)[node]
    }

    /// Why nodes are out, by node.
    pub(crate) fn rejected(&mut self, pod: PodId, now_ms: u64) -> BTreeMap<String, Vec<String>> {
        let explanation = self.scheduler.explain(pod, now_ms).unwrap_or_else(|error| panic!("{error}"));
        explanation.rejected.into_iter().map(|r| (r.node, r.reasons)).collect()
    }

    /// The names of the nodes that are out.
    pub(crate) fn out(&mut self, pod: PodId, now_ms: u64) -> Vec<String> {
        self.rejected(pod, now_ms).into_keys().collect()
    }

    /// Where a pod is.
    pub(crate) fn phase(&self, pod: PodId) -> PodPhase {
        self.scheduler.cluster().pod_phase(pod).unwrap_or(PodPhase::Lost)
    }

    /// Lets pods of application `app` that request 1000m be seen using `cpu_milli` each for so many hours, from 0 on.
    pub(crate) fn history(&mut self, app: &str, node: &str, cpu_milli: i64, hours: u64) {
        let spec = of_app(&format!("{app}-past"), app);
        self.bound(&spec, node, 0);
        for minute in 1..=hours * 60 {
            let sample = Sample { at_ms: minute * MINUTE, window_ms: MINUTE, cpu_milli, memory_bytes: 0 };
            let (namespace, name) = (spec.namespace.clone(), spec.name.clone());
            let event = Event::PodSample { namespace, name, sample };
            self.scheduler.apply(&event, minute * MINUTE).unwrap_or_else(|error| panic!("{error}"));
        }
        self.remove(&spec.name);
    }
}

/// A pod of an application that requests 1000m.
pub(crate) fn of_app(name: &str, app: &str) -> PodSpec {
    let mut spec = cpu(name, 1_000);
    spec.template.owner = Some(sched_core::Owner { kind: "Deployment".to_owned(), name: app.to_owned() });
    spec
}
