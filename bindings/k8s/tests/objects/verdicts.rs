//! What objects mean for a decision: what it looks at, and what it does not.

use crate::{pod, strings, template};
use sched_core::{Event, ProfileSet, ScheduleError, Scheduler};
use sched_k8s::read;

#[test]
fn what_no_policy_looks_at_is_named() {
    let spec = "
  containers: [{name: c}]
  resourceClaims: [{name: gpu, resourceClaimName: one}, {name: nic, resourceClaimTemplateName: two}]
  schedulingGates: [{name: quota}]
  workloadRef: {name: training, podGroup: workers}
  os: {name: windows}
  runtimeClassName: kata
  schedulerName: mine
  preemptionPolicy: Never
";
    let named =
        ["resource claims: gpu, nic", "scheduling gates: quota", "workload: training", "operating system: windows"];
    assert_eq!(template(spec).not_evaluated, strings(&[&named[..], &["runtime class: kata"]].concat()));
    let admitted = pod(&format!("metadata: {{name: p, uid: u}}\nspec:{spec}"));
    assert_eq!(admitted.template.not_evaluated, strings(&named), "admission added what the class asks of a node");
    assert_eq!(template("{containers: [{name: c}]}").not_evaluated, strings(&[]));
}

#[test]
fn a_terminating_pod_keeps_its_room_until_it_is_removed() {
    let text = "
kind: List
items:
- {kind: Node, metadata: {name: n}, status: {allocatable: {cpu: 2, memory: 1Gi, pods: 9}}}
- kind: Pod
  metadata: {name: leaving, deletionTimestamp: '2025-01-01T00:00:00Z'}
  spec: {nodeName: n, containers: [{name: c, resources: {requests: {cpu: 2}}}]}
- {kind: Pod, metadata: {name: coming}, spec: {containers: [{name: c, resources: {requests: {cpu: 1}}}]}}
";
    let profiles = ProfileSet::builtin();
    let mut scheduler = Scheduler::new(profiles.get("kube-default").unwrap(), 0).unwrap();
    for event in read(text).unwrap().events() {
        scheduler.apply(&event, 0).unwrap();
    }
    let coming = scheduler.cluster().pod_id("default", "coming").unwrap();
    assert_eq!(scheduler.decide(coming, 0), Err(ScheduleError::Unschedulable));
    let message = scheduler.explain(coming, 0).unwrap().message;
    assert_eq!(message, "0/1 nodes are available: 1 Insufficient cpu.");
    scheduler.apply(&Event::PodRemoved { namespace: "default".into(), name: "leaving".into() }, 0).unwrap();
    assert!(scheduler.decide(coming, 0).is_ok());
}
