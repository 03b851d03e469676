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

#[test]
fn what_the_pod_requests_is_said() {
    let args = explain("requests", &pod("250m"), &[]);
    assert!(sched(&args).ok().contains("It requests cpu 250m, memory 1Gi."));
    let json = sched(args.into_iter().chain(["--json".to_owned()])).ok();
    let document: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["requests"], serde_json::json!({ "cpu": 250, "memory": 1 << 30 }));
}

#[test]
fn the_node_that_a_pod_names_is_its_wish() {
    let wish = |node: &str| pod("1").replace("spec:\n", &format!("spec:\n  nodeName: {node}\n"));
    let text = sched(explain("wish", &wish("busy"), &[])).ok();
    assert!(text.starts_with("default/web goes to busy: 1 of 5 nodes fit."), "{text}");
    assert!(text.contains("its spec.nodeName asks for busy") && text.contains("NodeName"), "{text}");
    let text = sched(explain("wish-small", &wish("small-1").replace("cpu: '1'", "cpu: '2'"), &[])).ok();
    assert!(text.contains("fits nowhere") && text.contains("Insufficient cpu"), "{text}");
    let text = sched(explain("wish-absent", &wish("absent"), &[])).ok();
    assert!(text.contains("fits nowhere") && text.contains("requested node name"), "{text}");
}

#[test]
fn demands_that_no_policy_looks_at_are_named() {
    let more = "  schedulingGates: [{name: quota}]\n  resourceClaims: [{name: gpu, resourceClaimName: one}]\n";
    let text = sched(explain("demands", &(pod("1") + more), &[])).ok();
    assert!(text.contains("Not evaluated"), "{text}");
    for demand in ["  resource claims: gpu\n", "  scheduling gates: quota\n"] {
        assert!(text.contains(demand), "{text}");
    }
}

/// No samples are known of these nodes, so that their use is estimated from requests: 5 of 8 cores, and all others the pod's.
#[test]
fn a_fall_back_from_the_water_level_is_said() {
    let folder = folder("fall-back");
    let profiles = "profiles:\n- name: wary\n  policies:\n  - name: NodeResourcesFit\n  - name: WaterLevel\n    config: {rules: [{cpuPercent: 10}]}\n";
    let cluster = file(&folder, "objects.yaml", CLUSTER);
    let pod = file(&folder, "pod.yaml", pod("1"));
    let profiles = file(&folder, "wary.yaml", profiles);
    let args = ["explain", "--cluster", &cluster, "--pod", &pod, "--profiles", &profiles];
    let text = sched(args).ok();
    assert!(
        text.contains(" goes to ") && text.contains("No node passed WaterLevel, so the choice is made without."),
        "{text}"
    );
    let document: Value = serde_json::from_str(&sched(args.iter().chain(&["--json"])).ok()).unwrap();
    assert_eq!(document["fell_back"], serde_json::json!(["WaterLevel"]));
    assert!(document["message"].as_str().unwrap().contains(" without WaterLevel"), "{document}");
}

/// As the node controller leaves a cordoned node, and one that says its capacity alone.
#[test]
fn what_a_real_cluster_says_has_remedies_and_notes() {
    let folder = folder("real");
    let cluster = "kind: List\napiVersion: v1\nitems:\n\
        - {kind: Node, apiVersion: v1, metadata: {name: small}, status: {capacity: {cpu: '4', memory: 8Gi, pods: '9'}}}\n\
        - {kind: Node, apiVersion: v1, metadata: {name: cordoned}, spec: {unschedulable: true, taints: [{key: \
        node.kubernetes.io/unschedulable, effect: NoSchedule}]}, status: {capacity: {cpu: '8', memory: 16Gi, pods: '9'}}}\n\
        - {kind: Node, apiVersion: v1, metadata: {name: tainted}, spec: {taints: [{key: a, effect: NoSchedule}, {key: b, \
        effect: NoExecute}]}, status: {capacity: {cpu: '8', memory: 16Gi, pods: '9'}}}\n\
        - {kind: Node, apiVersion: v1, metadata: {name: agreed}, spec: {taints: [{key: sla, value: '90', effect: \
        NoSchedule}]}, status: {capacity: {cpu: '5', memory: 8Gi, pods: '9'}}}\n\
        - {kind: NodeMetrics, apiVersion: metrics.k8s.io/v1beta1, metadata: {name: small}}\n";
    let pod = "kind: Pod\napiVersion: v1\nmetadata: {name: web}\nspec:\n  tolerations: [{key: sla, operator: Gt, value: '80'}]\n  \
        containers: [{name: c, resources: {requests: {cpu: '5', memory: 9Gi}}}]\n";
    let (cluster, pod) = (file(&folder, "objects.yaml", cluster), file(&folder, "pod.yaml", pod));
    let args = ["explain", "--cluster", &cluster, "--pod", &pod, "--json", "--now", "2026-01-31T12:00:00Z"];
    let document: Value = serde_json::from_str(&sched(args).ok()).unwrap();
    let list = |key: &str| -> Vec<String> {
        document[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let remedies = [
        "fits 1 more node once they are uncordoned",
        "fits 1 more node with 1024Mi less memory",
        "fits 1 more node with 1000m less cpu and 1024Mi less memory",
        "fits 1 more node with tolerations of a:NoSchedule and b:NoExecute",
    ];
    for remedy in remedies {
        let found =
            list("remedies").iter().any(|told| told == remedy || told.replace("2 more nodes", "1 more node") == remedy);
        assert!(found, "{remedy}: {:?}", list("remedies"));
    }
    assert_eq!(document["at_ms"], 1_769_860_800_000_u64);
    let notes = list("notes").join("; ");
    assert!(notes.contains("no samples of use") && notes.contains("passed over: 1 NodeMetrics"), "{notes}");
}
