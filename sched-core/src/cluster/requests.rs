//! What a pod requests, by Kubernetes' rules: containers, init steps, sidecars, pod level, overhead, resize status.
//!
//! Source: KEP-753 (sidecars), KEP-1287 (in-place resize), KEP-2837 (pod-level resources), and what kube-scheduler 1.35 answers.

use super::spec::{Container, PodTemplate, Resources};

/// kube-scheduler's default for a container that requests no CPU, when scoring.
const DEFAULT_CPU_MILLI: i64 = 100;
/// kube-scheduler's default for a container that requests no memory, when scoring: 200 MiB.
const DEFAULT_MEMORY_BYTES: i64 = 200 << 20;

/// Which requests are meant.
#[derive(Clone, Copy)]
struct Rules {
    /// Count containers without a CPU request as asking for the default.
    default_cpu: bool,
    /// The same for memory.
    default_memory: bool,
    /// Let pod-level requests replace those of the containers.
    pod_level: bool,
}

/// What the filter and balanced allocation count, and what the pod adds to its node.
pub(crate) fn requested(pod: &PodTemplate) -> Resources {
    sum(pod, Rules { default_cpu: false, default_memory: false, pod_level: true })
}

/// What resource scoring counts for the pod that is being placed: defaults for absent CPU and memory, pod level ignored.
pub(crate) fn scoring_incoming(pod: &PodTemplate) -> Resources {
    sum(pod, Rules { default_cpu: true, default_memory: true, pod_level: false })
}

/// CPU and memory that resource scoring counts for a pod that is on a node already. With pod-level requests (of a resource
/// that there can be any of) the defaults apply only to what is requested nowhere.
pub(crate) fn scoring_present(pod: &PodTemplate, requested: &Resources) -> [i64; 2] {
    let pod_level = pod.pod_requests.iter().flat_map(Resources::keys).any(|name| is_pod_level(name));
    let missing = |name: &str| !pod_level || !requested.contains_key(name);
    let rules = Rules { default_cpu: missing("cpu"), default_memory: missing("memory"), pod_level: true };
    let sum = sum(pod, rules);
    ["cpu", "memory"].map(|name| sum.get(name).copied().unwrap_or(0))
}

fn sum(pod: &PodTemplate, rules: Rules) -> Resources {
    let mut total = Resources::new();
    for container in &pod.containers {
        add(&mut total, &of_container(container, rules, true, pod.resize_infeasible));
    }
    let (mut sidecars, mut init_peak) = (Resources::new(), Resources::new());
    for container in &pod.init_containers {
        let own = of_container(container, rules, container.restart_always, pod.resize_infeasible);
        let step = if container.restart_always {
            add(&mut total, &own);
            add(&mut sidecars, &own);
            sidecars.clone()
        } else {
            let mut step = own;
            add(&mut step, &sidecars);
            step
        };
        raise(&mut init_peak, &step);
    }
    raise(&mut total, &init_peak);
    if let (true, Some(pod_level)) = (rules.pod_level, &pod.pod_requests) {
        total.extend(
            pod_level.iter().filter(|(name, _)| is_pod_level(name)).map(|(name, &amount)| (name.clone(), amount)),
        );
    }
    add(&mut total, &pod.overhead);
    total
}

/// Whether pod-level requests can be made of a resource.
fn is_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || name.starts_with("hugepages-")
}

fn of_container(container: &Container, rules: Rules, with_status: bool, infeasible: bool) -> Resources {
    let mut requests = match &container.status {
        Some(status) if with_status => {
            let mut held = if infeasible { Resources::new() } else { container.requests.clone() };
            raise(&mut held, &status.actual);
            raise(&mut held, &status.allocated);
            held
        }
        _ => container.requests.clone(),
    };
    if rules.default_cpu {
        requests.entry("cpu".to_owned()).or_insert(DEFAULT_CPU_MILLI);
    }
    if rules.default_memory {
        requests.entry("memory".to_owned()).or_insert(DEFAULT_MEMORY_BYTES);
    }
    requests
}

fn add(total: &mut Resources, more: &Resources) {
    for (name, &amount) in more {
        let sum = total.entry(name.clone()).or_insert(0);
        *sum = sum.saturating_add(amount);
    }
}

fn raise(total: &mut Resources, other: &Resources) {
    for (name, &amount) in other {
        let most = total.entry(name.clone()).or_insert(amount);
        *most = amount.max(*most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(cpu: i64) -> Container {
        Container { requests: [("cpu".to_owned(), cpu)].into(), ..Container::default() }
    }

    fn sidecar(cpu: i64) -> Container {
        Container { restart_always: true, ..container(cpu) }
    }

    fn cpu(pod: &PodTemplate) -> i64 {
        requested(pod)["cpu"]
    }

    #[test]
    fn an_init_step_runs_beside_the_sidecars_before_it() {
        let mut pod = PodTemplate { containers: vec![container(100)], ..PodTemplate::default() };
        pod.init_containers = vec![sidecar(200), container(500), sidecar(50)];
        assert_eq!(cpu(&pod), 700);
        pod.init_containers = vec![container(500), sidecar(200)];
        assert_eq!(cpu(&pod), 500);
        pod.overhead = [("cpu".to_owned(), 7)].into();
        assert_eq!(cpu(&pod), 507);
    }

    #[test]
    fn pod_level_requests_replace_the_containers_but_not_the_overhead() {
        let mut pod = PodTemplate { containers: vec![container(100)], ..PodTemplate::default() };
        pod.pod_requests = Some([("cpu".to_owned(), 40)].into());
        pod.overhead = [("cpu".to_owned(), 7)].into();
        assert_eq!(cpu(&pod), 47);
        assert_eq!(scoring_incoming(&pod)["cpu"], 107);
        assert_eq!(scoring_present(&pod, &requested(&pod)), [47, 200 << 20]);
    }

    #[test]
    fn a_shrink_is_charged_until_the_agent_confirms_it() {
        let mut shrinking = container(100);
        shrinking.status = Some(super::super::spec::ContainerResources {
            actual: [("cpu".to_owned(), 300)].into(),
            allocated: [("cpu".to_owned(), 200)].into(),
        });
        let mut pod = PodTemplate { containers: vec![shrinking], ..PodTemplate::default() };
        assert_eq!(cpu(&pod), 300);
        pod.containers[0].requests = [("cpu".to_owned(), 900)].into();
        assert_eq!(cpu(&pod), 900);
        pod.resize_infeasible = true;
        assert_eq!(cpu(&pod), 300);
    }
}
