//! What becomes of the fields of nodes and pods.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "functions that tests share")]

mod refused;
mod requests;
mod verdicts;

use k8s_openapi::api::core::v1::Pod;
use sched_core::abi::{NodeSelector, Operator, Requirement, SelectorTerm};
use sched_core::{
    Event, HostPort, LabelSelector, NodeImage, Owner, PodSpec, PodTemplate, Protocol, Resources, Taint, TaintEffect,
    Toleration, TolerationOperator,
};
use sched_k8s::{LeftOut, ReplicaSets, pod_spec, read};

const CLUSTER: &str = include_str!("../data/cluster.yaml");

fn pod(yaml: &str) -> PodSpec {
    let pod: serde_json::Value = serde_saphyr::from_str(yaml).unwrap();
    let pod: Pod = serde_json::from_value(pod).unwrap();
    pod_spec(&pod, &ReplicaSets::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// A pod of which only the spec matters.
fn template(spec: &str) -> PodTemplate {
    pod(&format!("metadata: {{name: p}}\nspec: {spec}")).template
}

fn resources(list: &[(&str, i64)]) -> Resources {
    list.iter().map(|&(name, amount)| (name.to_owned(), amount)).collect()
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&s| s.to_owned()).collect()
}

fn requirement(key: &str, operator: Operator, values: &[&str]) -> Requirement {
    Requirement { key: key.to_owned(), operator, values: strings(values) }
}

#[test]
fn a_node_keeps_what_placement_needs() {
    let node = read(CLUSTER).unwrap().nodes.remove(0);
    let expected = [("cpu", 3_920), ("memory", 16 << 30), ("pods", 110), ("hugepages-2Mi", 0), ("example.com/gpu", 2)];
    assert_eq!(node.allocatable, resources(&expected));
    assert_eq!(node.capacity, resources(&[("cpu", 4_000), ("memory", 33 << 29), ("pods", 110)]));
    assert_eq!(node.labels["topology.kubernetes.io/zone"], "a");
    assert!(node.unschedulable);
    let taint = |key: &str, value: &str, effect| Taint { key: key.into(), value: value.into(), effect };
    let taints = [taint("dedicated", "db", TaintEffect::NoSchedule), taint("soft", "", TaintEffect::PreferNoSchedule)];
    assert_eq!(node.taints, taints);
    let names = strings(&["registry.example/web:1", "registry.example/web@sha256:0"]);
    assert_eq!(node.images, [NodeImage { names, size_bytes: 1_000 }]);
}

#[test]
fn events_come_in_an_order_that_can_be_applied() {
    let loaded = read(CLUSTER).unwrap();
    let events = loaded.events();
    assert!(matches!(&events[..3], [Event::NodeAdded(_), Event::PodAdded(_), Event::PodAdded(_)]));
    let bound = |namespace: &str, name: &str, node: &str, at_ms| Event::PodBound {
        namespace: namespace.into(),
        name: name.into(),
        node: node.into(),
        at_ms,
    };
    assert_eq!(events[3..], [bound("shop", "web-7d4b9-x1", "n1", 1_735_689_602_000)]);
    assert_eq!(loaded.left_out(), []);
}

#[test]
fn bindings_are_in_order_of_time_and_the_scheduler_knows_best() {
    let text = "
kind: List
items:
- {kind: Node, metadata: {name: n}}
- kind: Pod
  metadata: {name: late, creationTimestamp: '1970-01-01T00:00:09Z'}
  spec: {nodeName: n, containers: [{name: c}]}
- kind: Pod
  metadata: {name: early, creationTimestamp: '1970-01-01T00:00:01Z'}
  spec: {nodeName: n, containers: [{name: c}]}
  status:
    startTime: '1970-01-01T00:00:08Z'
    conditions: [{type: PodScheduled, status: 'True', lastTransitionTime: '1970-01-01T00:00:02Z'}]
- kind: Pod
  metadata: {name: unknown}
  spec: {nodeName: n, containers: [{name: c}]}
";
    let events = read(text).unwrap().events();
    let times = events.iter().filter_map(|event| match event {
        Event::PodBound { name, at_ms, .. } => Some((name.as_str(), *at_ms)),
        _ => None,
    });
    assert_eq!(times.collect::<Vec<_>>(), [("unknown", 0), ("early", 2_000), ("late", 9_000)]);
}

#[test]
fn pods_that_cannot_be_applied_are_left_out_and_named() {
    let text = "
kind: List
items:
- kind: Pod
  metadata: {name: stray}
  spec: {nodeName: gone, containers: [{name: c}]}
- kind: Pod
  metadata: {name: gated}
  spec: {schedulingGates: [{name: quota}], containers: [{name: c}]}
";
    let loaded = read(text).unwrap();
    assert_eq!(loaded.events(), []);
    let left_out: Vec<_> = loaded.left_out().into_iter().map(|(pod, why)| (pod.full_name(), why)).collect();
    let gated = LeftOut::Gated(strings(&["quota"]));
    let stray = LeftOut::NodeAbsent("gone".to_owned());
    assert_eq!(left_out, [("default/stray".to_owned(), stray), ("default/gated".to_owned(), gated)]);
}

#[test]
fn host_ports_and_the_host_network() {
    let port = |port, protocol, ip: &str| HostPort { port, protocol, ip: ip.to_owned() };
    let loaded = read(CLUSTER).unwrap();
    assert_eq!(loaded.pods[0].spec.template.containers[0].host_ports, [port(8_080, Protocol::Tcp, "10.0.0.1")]);
    let host = template("{hostNetwork: true, containers: [{name: c, ports: [{containerPort: 53, protocol: UDP}]}]}");
    assert_eq!(host.containers[0].host_ports, [port(53, Protocol::Udp, "")]);
}

#[test]
fn selectors_and_affinities_keep_their_meaning() {
    let spec = "
  nodeSelector: {disk: ssd}
  containers: [{name: c}]
  tolerations:
  - {key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}
  - {key: b, value: v}
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
        - {matchExpressions: [{key: gen, operator: Gt, values: ['3']}], matchFields: [{key: metadata.name, operator: In, values: [n1]}]}
        - {}
      preferredDuringSchedulingIgnoredDuringExecution:
      - {weight: 5, preference: {matchExpressions: [{key: x, operator: DoesNotExist}]}}
";
    let template = template(spec);
    assert_eq!(template.node_selector["disk"], "ssd");
    let first = SelectorTerm {
        match_expressions: vec![requirement("gen", Operator::Gt, &["3"])],
        match_fields: vec![requirement("metadata.name", Operator::In, &["n1"])],
    };
    let node_selector_terms = vec![first, SelectorTerm::default()];
    assert_eq!(template.required_nodes, Some(NodeSelector { node_selector_terms }));
    let preferred = &template.preferred_nodes[0];
    assert_eq!(preferred.weight, 5);
    assert_eq!(preferred.preference.match_expressions, [requirement("x", Operator::DoesNotExist, &[])]);
    let toleration = |key: &str, operator, value: &str, effect| Toleration {
        key: key.into(),
        operator,
        value: value.into(),
        effect,
    };
    assert_eq!(
        template.tolerations,
        [
            toleration("a", TolerationOperator::Exists, "", Some(TaintEffect::NoExecute)),
            toleration("b", TolerationOperator::Equal, "v", None),
        ]
    );
}

#[test]
fn pod_affinity_and_spreading_are_kept() {
    let text = "
metadata: {name: p, labels: {app: web, hash: h1}}
spec:
  containers: [{name: c}]
  affinity:
    podAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
      - {weight: 9, podAffinityTerm: {topologyKey: zone, namespaces: [a], namespaceSelector: {}}}
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
      - {topologyKey: host, labelSelector: {matchLabels: {app: web}}, matchLabelKeys: [hash, absent], mismatchLabelKeys: [app]}
  topologySpreadConstraints:
  - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {}, minDomains: 2, nodeTaintsPolicy: Honor,
     nodeAffinityPolicy: Ignore, matchLabelKeys: [hash]}
  - {maxSkew: 2, topologyKey: host, whenUnsatisfiable: ScheduleAnyway}
";
    let template = pod(text).template;
    let [near, apart] = &template.pod_affinity[..] else { panic!("{:?}", template.pod_affinity) };
    assert_eq!((near.weight, near.anti, near.topology_key.as_str()), (9, false, "zone"));
    assert_eq!((&near.namespaces, &near.namespace_selector), (&strings(&["a"]), &Some(LabelSelector::default())));
    assert_eq!((apart.weight, apart.anti), (0, true));
    let merged = [requirement("hash", Operator::In, &["h1"]), requirement("app", Operator::NotIn, &["web"])];
    assert_eq!(apart.label_selector.as_ref().unwrap().match_expressions, merged);
    let [hard, soft] = &template.spread[..] else { panic!("{:?}", template.spread) };
    assert!(hard.hard && hard.ignore_node_affinity && hard.honor_node_taints && !soft.hard);
    assert_eq!((hard.min_domains, &hard.match_label_keys), (Some(2), &strings(&["hash"])));
    assert_eq!((hard.label_selector.as_ref(), soft.label_selector.as_ref()), (Some(&LabelSelector::default()), None));
}

#[test]
fn volumes_that_restrict_are_named_and_others_are_not() {
    let spec = "
  containers: [{name: c}]
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: d}}
  - {name: scratch, ephemeral: {}}
  - {name: driver, csi: {driver: d}}
  - {name: disk, iscsi: {targetPortal: t, iqn: i, lun: 0}}
  - {name: map, configMap: {name: m}}
  - {name: key, secret: {secretName: s}}
  - {name: dir, emptyDir: {}}
  - {name: tokens, projected: {}}
  - {name: host, hostPath: {path: /}}
  - {name: share, nfs: {server: s, path: /}}
  - {name: plain}
";
    assert_eq!(template(spec).volumes, strings(&["data", "scratch", "driver", "disk"]));
}

#[test]
fn the_top_controller_is_found_with_and_without_its_objects() {
    let owner = |kind: &str, name: &str| Some(Owner { kind: kind.to_owned(), name: name.to_owned() });
    let text = |labels: &str, kind: &str, more: &str| {
        format!(
            "{more}\nkind: Pod\nmetadata: {{name: p, labels: {labels}, ownerReferences: [{{apiVersion: v1, kind: {kind}, \
             name: web-h1, uid: u, controller: true}}]}}\nspec: {{containers: [{{name: c}}]}}\n"
        )
    };
    let top = |text: &str| read(text).unwrap().pods.remove(0).spec.template.owner;
    assert_eq!(top(&text("{pod-template-hash: h1}", "ReplicaSet", "")), owner("Deployment", "web"));
    assert_eq!(top(&text("{}", "ReplicaSet", "")), owner("ReplicaSet", "web-h1"));
    assert_eq!(top(&text("{pod-template-hash: other}", "ReplicaSet", "")), owner("ReplicaSet", "web-h1"));
    for kind in ["Job", "StatefulSet", "CloneSet", "DaemonSet"] {
        assert_eq!(top(&text("{pod-template-hash: h1}", kind, "")), owner(kind, "web-h1"));
    }
    let rollout = "kind: ReplicaSet\napiVersion: apps/v1\nmetadata: {name: web-h1, ownerReferences: [{apiVersion: v1, \
                 kind: Rollout, name: shop, uid: u, controller: true}]}\n---";
    assert_eq!(top(&text("{pod-template-hash: h1}", "ReplicaSet", rollout)), owner("Rollout", "shop"));
    let free = "kind: ReplicaSet\nmetadata: {name: web-h1}\n---";
    assert_eq!(top(&text("{pod-template-hash: h1}", "ReplicaSet", free)), owner("ReplicaSet", "web-h1"));
    assert_eq!(top("kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}"), None);
}

#[test]
fn priority_comes_from_the_field_or_a_class_that_is_built_in() {
    assert_eq!(
        template("{priority: -5, priorityClassName: system-node-critical, containers: [{name: c}]}").priority,
        -5
    );
    let critical = template("{priorityClassName: system-cluster-critical, containers: [{name: c}]}");
    assert_eq!(critical.priority, 2_000_000_000);
    assert_eq!(template("{priorityClassName: mine, containers: [{name: c}]}").priority, 0);
}
