//! Amounts of resources, as specifications give them: names, sums, and what a pod asks for in all.

use sched_core::abi::QosClass;
use sched_core::{Container, PodSpec, PodTemplate, Resources};

/// CPU, milli-CPU.
pub const CPU: &str = "cpu";
/// Memory, bytes.
pub const MEMORY: &str = "memory";
/// Number of pods.
pub const PODS: &str = "pods";
/// Whole GPU cards.
pub const GPU: &str = "nvidia.com/gpu";
/// GPU time in thousandths of a card, whole cards included.
pub const GPU_MILLI: &str = "gpu.share/milli";
/// The label with a node's GPU model.
pub const GPU_MODEL: &str = "gpu.model";

/// A list of amounts as a map; amounts of zero are kept, since an absent request means something else.
pub(crate) fn resources(amounts: &[(&str, i64)]) -> Resources {
    amounts.iter().map(|&(name, amount)| (name.to_owned(), amount)).collect()
}

/// A pod with one container that requests CPU only.
pub(crate) fn cpu_pod(name: &str, cpu_milli: i64) -> PodSpec {
    pod(name, resources(&[(CPU, cpu_milli)]), QosClass::Burstable)
}

/// A pod with one container.
pub(crate) fn pod(name: &str, requests: Resources, qos: QosClass) -> PodSpec {
    let template =
        PodTemplate { containers: vec![Container { requests, ..Container::default() }], qos, ..PodTemplate::default() };
    PodSpec { namespace: "default".into(), name: name.into(), template, terminating: false }
}

/// What is measured of a node's room or a pod's request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Amounts {
    pub(crate) cpu: f64,
    pub(crate) memory: f64,
    pub(crate) gpu: f64,
    pub(crate) gpu_milli: f64,
}

impl Amounts {
    pub(crate) fn of(resources: &Resources) -> Self {
        let amount = |name| resources.get(name).map_or(0.0, |&amount| amount as f64);
        Self { cpu: amount(CPU), memory: amount(MEMORY), gpu: amount(GPU), gpu_milli: amount(GPU_MILLI) }
    }

    /// What a pod asks for, by Kubernetes' rules: the larger of its containers together with its sidecars and of each
    /// init container with the sidecars started before it, plus overhead; requests of the pod itself replace them.
    pub(crate) fn requested(template: &PodTemplate) -> Self {
        let mut running = template.containers.iter().map(|c| Self::of(&c.requests)).fold(Self::default(), Self::plus);
        let (mut sidecars, mut starting) = (Self::default(), Self::default());
        for container in &template.init_containers {
            let requests = Self::of(&container.requests);
            if container.restart_always {
                sidecars = sidecars.plus(requests);
                running = running.plus(requests);
                starting = starting.max(sidecars);
            } else {
                starting = starting.max(sidecars.plus(requests));
            }
        }
        let mut all = running.max(starting);
        if let Some(pod) = &template.pod_requests {
            let own = Self::of(pod);
            all.cpu = if pod.contains_key(CPU) { own.cpu } else { all.cpu };
            all.memory = if pod.contains_key(MEMORY) { own.memory } else { all.memory };
        }
        all.plus(Self::of(&template.overhead))
    }

    fn combine(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            cpu: f(self.cpu, other.cpu),
            memory: f(self.memory, other.memory),
            gpu: f(self.gpu, other.gpu),
            gpu_milli: f(self.gpu_milli, other.gpu_milli),
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        self.combine(other, |a, b| a + b)
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        self.combine(other, |a, b| a - b)
    }

    fn max(self, other: Self) -> Self {
        self.combine(other, f64::max)
    }

    /// Whether `request` has room in these amounts; what is not requested needs none.
    pub(crate) fn hold(self, request: Self) -> bool {
        let fits = |free: f64, wanted: f64| wanted == 0.0 || wanted <= free;
        fits(self.cpu, request.cpu)
            && fits(self.memory, request.memory)
            && fits(self.gpu, request.gpu)
            && fits(self.gpu_milli, request.gpu_milli)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_containers_count_where_they_are_larger_than_what_runs() {
        let container = |cpu, restart_always| Container {
            requests: resources(&[(CPU, cpu)]),
            restart_always,
            ..Container::default()
        };
        let mut template = PodTemplate {
            containers: vec![container(100, false), container(200, false)],
            init_containers: vec![container(50, true), container(400, false)],
            overhead: resources(&[(CPU, 7)]),
            ..PodTemplate::default()
        };
        assert_eq!(Amounts::requested(&template).cpu, 457.0);
        template.init_containers.truncate(1);
        assert_eq!(Amounts::requested(&template).cpu, 357.0);
        template.pod_requests = Some(resources(&[(CPU, 90)]));
        assert_eq!(Amounts::requested(&template).cpu, 97.0);
    }
}
