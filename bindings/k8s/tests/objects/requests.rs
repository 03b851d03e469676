//! What a pod requests, and its QoS class.

use crate::{pod, resources, template};
use sched_core::abi::QosClass;

#[test]
fn a_limit_without_a_request_is_a_request() {
    let spec =
        "{containers: [{name: c, resources: {requests: {cpu: 0}, limits: {cpu: 1, memory: 2Gi, example.com/gpu: 1}}}],
        initContainers: [{name: i, restartPolicy: Always, resources: {limits: {cpu: 1}}}]}";
    let template = template(spec);
    let expected = [("cpu", 0), ("memory", 2 << 30), ("example.com/gpu", 1)];
    assert_eq!(template.containers[0].requests, resources(&expected));
    assert_eq!(template.containers[0].limits["cpu"], 1_000);
    assert_eq!(template.init_containers[0].requests, resources(&[("cpu", 1_000)]));
    assert!(template.init_containers[0].restart_always && !template.containers[0].restart_always);
}

#[test]
fn limits_of_the_pod_count_where_no_container_requests() {
    let of = |pod: &str, container: &str| {
        template(&format!("{{resources: {pod}, containers: [{{name: c, resources: {container}}}]}}")).pod_requests
    };
    assert_eq!(of("{limits: {cpu: 2}}", "{}"), Some(resources(&[("cpu", 2_000)])));
    assert_eq!(of("{limits: {cpu: 2}}", "{requests: {cpu: 1}}"), None);
    assert_eq!(of("{requests: {cpu: 1}, limits: {cpu: 2}}", "{}"), Some(resources(&[("cpu", 1_000)])));
    assert_eq!(
        of("{limits: {hugepages-2Mi: 4Mi}}", "{limits: {hugepages-2Mi: 2Mi}}"),
        Some(resources(&[("hugepages-2Mi", 4 << 20)]))
    );
    assert_eq!(of("{}", "{}"), None);
}

#[test]
fn qos_follows_kubernetes() {
    let both = |request: &str, limit: &str| format!("{{requests: {request}, limits: {limit}}}");
    let one = |resources: &str| template(&format!("{{containers: [{{name: c, resources: {resources}}}]}}")).qos;
    assert_eq!(one("{}"), QosClass::BestEffort);
    assert_eq!(one("{requests: {cpu: 0}}"), QosClass::BestEffort);
    assert_eq!(one("{requests: {example.com/gpu: 1}}"), QosClass::BestEffort);
    assert_eq!(one("{requests: {cpu: 1}}"), QosClass::Burstable);
    assert_eq!(one("{limits: {cpu: 1}}"), QosClass::Burstable);
    assert_eq!(one("{limits: {cpu: 1, memory: 1Gi}}"), QosClass::Guaranteed);
    assert_eq!(one(&both("{cpu: 1000m, memory: 1024Mi}", "{cpu: 1, memory: 1Gi}")), QosClass::Guaranteed);
    assert_eq!(one(&both("{cpu: 999m, memory: 1Gi}", "{cpu: 1, memory: 1Gi}")), QosClass::Burstable);
    let two = "{containers: [{name: a, resources: {limits: {cpu: 1, memory: 1Gi}}}], initContainers: [{name: b}]}";
    assert_eq!(template(two).qos, QosClass::Burstable);
    let of_pod = |container: &str| {
        let resources = "{limits: {cpu: 1, memory: 1Gi}}";
        template(&format!("{{resources: {resources}, containers: [{{name: a, resources: {container}}}]}}")).qos
    };
    assert_eq!(of_pod("{}"), QosClass::Guaranteed);
    assert_eq!(of_pod("{requests: {cpu: 500m}}"), QosClass::Burstable);
    let stored = pod("metadata: {name: p}\nspec: {containers: [{name: c}]}\nstatus: {qosClass: Guaranteed}");
    assert_eq!(stored.template.qos, QosClass::Guaranteed);
}

#[test]
fn resize_status_is_read_where_the_agent_gives_resources() {
    let text = "
metadata: {name: p}
spec: {containers: [{name: a}, {name: b}], initContainers: [{name: s, restartPolicy: Always}]}
status:
  conditions: [{type: PodResizePending, status: 'True', reason: Infeasible}]
  containerStatuses:
  - {name: b, ready: true, restartCount: 0, image: i, imageID: i, allocatedResources: {cpu: 2},
     resources: {requests: {cpu: 3}}}
  - {name: a, ready: true, restartCount: 0, image: i, imageID: i, allocatedResources: {cpu: 2}}
  initContainerStatuses:
  - {name: s, ready: true, restartCount: 0, image: i, imageID: i, resources: {}}
";
    let template = pod(text).template;
    assert!(template.resize_infeasible);
    assert_eq!(template.containers[0].status, None);
    let status = template.containers[1].status.clone().unwrap();
    assert_eq!((status.actual, status.allocated), (resources(&[("cpu", 3_000)]), resources(&[("cpu", 2_000)])));
    assert_eq!(template.init_containers[0].status, Some(sched_core::ContainerResources::default()));
}

#[test]
fn terminating_and_overhead_are_seen() {
    let pod = pod(
        "metadata: {name: p, deletionTimestamp: '2025-01-01T00:00:00Z'}\nspec: {overhead: {cpu: 10m}, containers: [{name: c}]}",
    );
    assert!(pod.terminating);
    assert_eq!(pod.template.overhead, resources(&[("cpu", 10)]));
}
