//! What is allocated, counted: nothing in a decision after warm-up, and nothing that stays when pods and nodes come and go.

#[cfg(test)]
mod tests {
    use allocation_counter::measure;
    use sched_core::{
        Container, Event, HostPort, Labels, NodeImage, NodeSpec, PodId, PodSpec, ProfileSet, Protocol, Scheduler,
        Taint, TaintEffect, Toleration,
    };

    const MINUTE_MS: u64 = 60_000;

    #[test]
    fn a_decision_after_warm_up_allocates_nothing() {
        assert!(measure(|| drop(std::hint::black_box(vec![0_u8; 64]))).count_total > 0, "allocations are counted");
        let profiles = ProfileSet::builtin();
        for profile in &profiles.profiles {
            let mut scheduler = Scheduler::new(profile, 7).expect("policies that can be set up");
            for i in 0..2_000 {
                accept(&mut scheduler, &Event::NodeAdded(node(i)), 0);
            }
            let pods: Vec<PodId> = (0..200).map(|i| scheduler.add_pod(&pod(i)).expect("a good pod")).collect();
            let (warm_up, measured) = pods.split_at(100);
            for &pod in warm_up {
                let _ = scheduler.schedule(pod, MINUTE_MS);
            }
            let mut placed = 0;
            for (i, &pod) in measured.iter().enumerate() {
                let now_ms = MINUTE_MS + i as u64 * 1_500;
                let mut decision = None;
                let allocated = measure(|| decision = scheduler.decide(pod, now_ms).ok());
                assert_eq!(allocated.count_total, 0, "profile {}, pod {i}", profile.name);
                if let Some(decision) = decision {
                    scheduler.reserve(&decision, now_ms).expect("a decision that was just made");
                    scheduler.commit(pod, now_ms).expect("a reservation");
                    placed += 1;
                }
            }
            assert!(placed > 50, "profile {}: {placed} of {} pods were placed", profile.name, measured.len());
        }
    }

    #[test]
    fn pods_and_nodes_that_come_and_go_keep_memory_within_a_tenth() {
        let profiles = ProfileSet::builtin();
        let profile = profiles.get("kube-default").expect("a profile that ships");
        let mut scheduler = Scheduler::new(profile, 7).expect("policies that can be set up");
        let built = measure(|| {
            for i in 0..500 {
                accept(&mut scheduler, &Event::NodeAdded(node(i)), 0);
            }
            // Warm-up: the journal and the tables reach the size at which they stay.
            for round in 0..4 {
                churn(&mut scheduler, round);
            }
        });
        let later = measure(|| {
            for round in 4..24 {
                churn(&mut scheduler, round);
            }
        });
        let (held, grown) = (built.bytes_current, later.bytes_current);
        assert!(grown * 10 <= held, "{grown} bytes were added to {held}");
    }

    /// Five thousand pods with names and labels of their own, and fifty nodes, that come, are bound, and go.
    fn churn(scheduler: &mut Scheduler, round: usize) {
        let pod = |i: usize| {
            let mut pod = pod(i);
            pod.name = format!("{round}-{i}");
            pod.template.labels.insert(format!("round-{round}"), i.to_string());
            pod
        };
        let passing = |i: usize| {
            let mut node = node(i);
            node.name = format!("passing-{round}-{i}");
            node.labels.insert(format!("round-{round}"), node.name.clone());
            node
        };
        let now_ms = round as u64 * MINUTE_MS;
        for i in 0..50 {
            accept(scheduler, &Event::NodeAdded(passing(i)), now_ms);
        }
        for i in 0..5_000 {
            let PodSpec { namespace, name, .. } = pod(i);
            let node = if i.is_multiple_of(7) { passing(i % 50).name } else { node(i % 500).name };
            accept(scheduler, &Event::PodAdded(pod(i)), now_ms);
            accept(scheduler, &Event::PodBound { namespace, name, node, at_ms: now_ms }, now_ms);
        }
        for i in 0..50 {
            accept(scheduler, &Event::NodeRemoved { name: passing(i).name }, now_ms);
        }
        for i in 0..5_000 {
            let PodSpec { namespace, name, .. } = pod(i);
            accept(scheduler, &Event::PodRemoved { namespace, name }, now_ms);
        }
    }

    fn accept(scheduler: &mut Scheduler, event: &Event, now_ms: u64) {
        scheduler.apply(event, now_ms).unwrap_or_else(|error| panic!("{event:?}: {error}"));
    }

    fn node(i: usize) -> NodeSpec {
        let name = format!("node-{i}");
        let labels = [("kubernetes.io/hostname", name.clone()), ("zone", format!("z{}", i % 3))];
        let allocatable = [("cpu", 16_000), ("memory", 64 << 30), ("pods", 110), ("nvidia.com/gpu", i as i64 % 4)];
        let taint = Taint { key: "spot".to_owned(), value: String::new(), effect: TaintEffect::PreferNoSchedule };
        let image = NodeImage { names: vec![format!("image-{}:1", i % 5)], size_bytes: 500 << 20 };
        NodeSpec {
            name,
            labels: labels.map(|(key, value)| (key.to_owned(), value)).into(),
            taints: if i.is_multiple_of(4) { vec![taint] } else { Vec::new() },
            allocatable: allocatable.map(|(resource, amount)| (resource.to_owned(), amount)).into(),
            images: vec![image],
            ..NodeSpec::default()
        }
    }

    fn pod(i: usize) -> PodSpec {
        let container = Container {
            requests: [("cpu".to_owned(), 100 + i as i64 % 900), ("memory".to_owned(), 1 << 30)].into(),
            image: format!("image-{}:1", i % 7),
            host_ports: vec![HostPort { port: 1_000 + (i % 50) as u16, protocol: Protocol::Tcp, ip: String::new() }],
            ..Container::default()
        };
        let mut pod = PodSpec { namespace: "default".to_owned(), name: format!("pod-{i}"), ..PodSpec::default() };
        pod.template.containers = vec![container];
        if i.is_multiple_of(3) {
            pod.template.node_selector = Labels::from([("zone".to_owned(), format!("z{}", i % 2))]);
            pod.template.tolerations = vec![Toleration { key: "spot".to_owned(), ..Toleration::default() }];
        }
        pod
    }
}
