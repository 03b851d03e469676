//! Other owners of CPU sets, and descriptions that cannot be meant.

use crate::common::{Bench, Folder, node, topology, wish};
use sched_agent::{Node, other_owner};

fn refusal(file: &str, text: &str) -> Option<String> {
    let host = Folder::new();
    let path = host.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    let shown = host.0.display().to_string();
    other_owner(&host.0).err().map(|error| error.to_string().replace(&shown, ""))
}

const KUBELET: &str = "var/lib/kubelet/cpu_manager_state";

#[test]
fn a_kubelet_with_the_static_policy_is_an_owner() {
    let text = refusal(KUBELET, r#"{"policyName":"static","defaultCpuSet":"0-7","checksum":1}"#).unwrap();
    assert_eq!(
        text,
        "kubelet's cpu manager policy `static` owns cpusets (`/var/lib/kubelet/cpu_manager_state`): set `cpuManagerPolicy: none` in the kubelet's configuration, remove that file and restart the kubelet"
    );
}

#[test]
fn a_kubelet_without_a_policy_is_none() {
    assert_eq!(refusal(KUBELET, r#"{"policyName":"none","defaultCpuSet":"","checksum":1}"#), None);
    assert_eq!(refusal("var/lib/kubelet/other", ""), None);
}

#[test]
fn a_kubelet_whose_file_is_torn_may_be_one() {
    assert!(refusal(KUBELET, r#"{"policyName":"#).unwrap().starts_with("cannot tell whether the kubelet owns cpusets"));
}

#[test]
fn other_agents_are_owners() {
    let text = refusal("var/run/koordlet/koordlet.sock", "").unwrap();
    assert!(text.starts_with("koordlet owns cpusets on this node (`/var/run/koordlet/koordlet.sock`)"), "{text}");
    assert!(refusal("var/lib/nri-resource-policy/cache", "").is_some());
}

#[test]
fn a_partition_is_somebody_elses() {
    let mut bench = Bench::new(topology(4, 1));
    let web = wish("web", "LS", 0);
    bench.make(std::slice::from_ref(&web));
    bench.tree.set("kubepods/burstable", "cpuset.cpus.partition", "root");
    let (report, done) = bench.round(&node(&[web], ""), None);
    assert!(
        done.unwrap_err().to_string().starts_with("control group `kubepods/burstable` is a cpuset partition (`root`)")
    );
    assert_eq!(report.changes, []);
}

fn refused(text: &str) -> String {
    Node::parse(&format!("capacity: {{cpu: 1000, memory: 1}}\n{text}")).unwrap_err().to_string()
}

#[test]
fn descriptions_that_cannot_be_meant_are_refused_by_name() {
    let container = |name: &str, group: &str| format!("- {{name: {name}, qos: LS, cgroup: {group}}}\n");
    let two = |a: (&str, &str), b: (&str, &str)| {
        refused(&format!("containers:\n{}{}", container(a.0, a.1), container(b.0, b.1)))
    };
    assert_eq!(two(("a", "x"), ("a", "y")), "container `a` is there twice");
    assert!(two(("a", "x"), ("b", "x")).starts_with("control group `x` is named twice"));
    assert!(two(("a", "x"), ("b", "x/y")).starts_with("control group `x/y` lies in `x`, which is a container's"));
    for outside in ["../x", "/x", "x/../y", "x//y", "x/", "''", "./x"] {
        let text = refused(&format!("containers:\n{}", container("a", outside)));
        assert!(text.contains("it must be a relative path below the root"), "{outside}: {text}");
    }
    assert!(refused("squeeze: quota").contains("needs `bestEffortGroup`"));
    let text = refused("bestEffortGroup: be\ncontainers: [{name: a, qos: BE, cgroup: elsewhere}]");
    assert_eq!(text, "container `a` is of BE or OT and not in `bestEffortGroup`");
    assert!(refused("containers: [{name: a, qos: XL, cgroup: x}]").contains("XL"));
}

#[test]
fn cpus_that_are_offline_are_named() {
    let mut bench = Bench::new(topology(4, 1));
    let (_, done) = bench.round(&node(&[], "pools: {reserved: '6-9'}"), None);
    assert_eq!(done.unwrap_err().to_string(), "`pools`: cpus 8-9 are not online on this machine");
    let chosen =
        "capacity: {cpu: 8000, memory: 1}\ncontainers:\n- {name: a, qos: LSX, cpus: 2, chosen: 7-8, cgroup: a}\n";
    let (_, done) = bench.round(&Node::parse(chosen).unwrap(), None);
    assert!(done.unwrap_err().to_string().contains("cpus 8 are not online on this machine"));
}
