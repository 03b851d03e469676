//! `sched explain`.

use crate::common::{command, file, folder, sched};
use serde_json::Value;
use std::io::Write as _;
use std::process::Stdio;

const CLUSTER: &str = "
apiVersion: v1
kind: List
items:
- {kind: Node, apiVersion: v1, metadata: {name: large}, status: {allocatable: {cpu: '8', memory: 16Gi, pods: '110'}}}
- {kind: Node, apiVersion: v1, metadata: {name: busy}, status: {allocatable: {cpu: '8', memory: 16Gi, pods: '110'}}}
- {kind: Node, apiVersion: v1, metadata: {name: small-1}, status: {allocatable: {cpu: '1', memory: 2Gi, pods: '110'}}}
- {kind: Node, apiVersion: v1, metadata: {name: small-2}, status: {allocatable: {cpu: '1', memory: 2Gi, pods: '110'}}}
- kind: Node
  apiVersion: v1
  metadata: {name: cordoned}
  spec: {unschedulable: true}
  status: {allocatable: {cpu: '8', memory: 16Gi, pods: '110'}}
- kind: Pod
  apiVersion: v1
  metadata: {name: old, namespace: default}
  spec: {nodeName: busy, containers: [{name: c, resources: {requests: {cpu: '5'}}}]}
";

fn pod(cpu: &str) -> String {
    format!(
        "kind: Pod\napiVersion: v1\nmetadata: {{name: web}}\nspec:\n  containers:\n  - name: c\n    resources: {{requests: {{cpu: '{cpu}', memory: 1Gi}}}}\n"
    )
}

fn explain(test: &str, pod_file: &str, more: &[&str]) -> Vec<String> {
    let folder = folder(test);
    let cluster = file(&folder, "objects.yaml", CLUSTER);
    let pod = file(&folder, "pod.yaml", pod_file);
    let args = ["explain", "--cluster", &cluster, "--pod", &pod, "--profile", "kube-default"];
    args.iter().chain(more).map(ToString::to_string).collect()
}

#[test]
fn every_node_has_a_verdict() {
    let text = sched(explain("verdict", &pod("2"), &[])).ok();
    assert!(text.starts_with("default/web goes to large: 2 of 5 nodes fit."), "{text}");
    for part in ["3 nodes out", "Insufficient cpu", "small-1, small-2", "node(s) were unschedulable", "large is "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("What would help") && text.contains("fits 1 more node once they are uncordoned"), "{text}");
}

#[test]
fn a_pod_that_fits_nowhere_gets_the_sentence_of_kube_scheduler() {
    let text = sched(explain("nowhere", &pod("9"), &[])).ok();
    assert!(text.contains("0/5 nodes are available: 1 node(s) were unschedulable, 4 Insufficient cpu"), "{text}");
}

#[test]
fn json_has_every_node() {
    let document: Value = serde_json::from_str(&sched(explain("json", &pod("2"), &["--json"])).ok()).unwrap();
    assert_eq!((&document["pod"], &document["chosen"]), (&"default/web".into(), &"large".into()));
    assert_eq!(document["nodes"], 5);
    let listed = ["rejected", "candidates"].map(|key| document[key].as_array().unwrap().len());
    assert_eq!(listed, [3, 2]);
    let score = &document["candidates"][0]["scores"][0];
    assert!(["raw", "score", "weighted"].iter().all(|key| score[*key].is_i64()), "{score}");
    assert_eq!((&document["profile"], &document["seed"]), (&"kube-default".into(), &0.into()));
}

#[test]
fn a_pod_of_the_cluster_is_asked_for_by_name() {
    let folder = folder("by-name");
    let cluster = file(&folder, "objects.yaml", CLUSTER);
    let ask = |pod: &str| sched(["explain", "--cluster", &cluster, "--pod", pod, "--profile", "kube-default"]);
    let text = ask("default/old").ok();
    assert!(text.starts_with("default/old goes to ") && text.contains("it runs on busy now"), "{text}");
    assert!(ask("absent").refused("an unknown pod").contains("`absent`"));
}

#[test]
fn a_cluster_may_come_through_a_pipe() {
    let pod = file(&folder("pipe"), "pod.yaml", pod("2"));
    let args = ["explain", "--cluster", "-", "--pod", &pod, "--profile", "kube-default"];
    let mut child = command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(CLUSTER.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout.starts_with(b"default/web goes to large"));
}

#[test]
fn what_is_not_evaluated_is_named() {
    let claim = "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]\n";
    let text = sched(explain("volumes", &(pod("1") + claim), &[])).ok();
    assert!(text.contains("Not evaluated") && text.contains("volumes: v"), "{text}");
}

#[test]
fn a_file_without_a_pod_says_what_it_holds() {
    let line = sched(explain("deployment", "kind: Deployment\nmetadata: {name: web}\n", &[])).refused("a deployment");
    assert!(line.contains("0 pods, 1 Deployment"), "{line}");
}

#[test]
fn both_samples_can_be_asked_about() {
    for sample in ["hot-nodes", "openb"] {
        let text = sched(["explain", "--sample", sample, "--profile", "kube-default", "--top", "3"]).ok();
        assert!(text.contains("of day "), "{text}");
    }
    let text = sched(["explain", "--sample"]).ok();
    assert!(text.contains(" goes to node-") && text.contains("Profile recommended"), "{text}");
    sched(["explain", "--sample", "--pod", "nobody", "--profile", "kube-default"]).refused("an unknown pod");
}
