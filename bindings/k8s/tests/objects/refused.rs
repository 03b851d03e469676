//! What the API server would not have stored is refused by object and field, and so is an input without end.

use sched_core::limits::MAX_INPUT_BYTES;
use sched_k8s::{Loader, ReadError, read};

#[test]
fn what_the_api_server_refuses_is_refused_by_field() {
    let spread = |fields: &str| format!("topologySpreadConstraints: [{{topologyKey: zone, {fields}}}]");
    let near = |weight: &str| {
        let term = format!("{{weight: {weight}, podAffinityTerm: {{topologyKey: zone}}}}");
        format!("affinity: {{podAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: [{term}]}}}}")
    };
    let node =
        "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 101, preference: {}}]}}";
    for (field, says) in [
        (
            spread("maxSkew: -1, whenUnsatisfiable: DoNotSchedule"),
            "topologySpreadConstraints[0].maxSkew: `-1` is not within 1 to",
        ),
        (
            spread("maxSkew: 0, whenUnsatisfiable: ScheduleAnyway"),
            "topologySpreadConstraints[0].maxSkew: `0` is not within 1 to",
        ),
        (
            spread("maxSkew: 1, minDomains: 0, whenUnsatisfiable: DoNotSchedule"),
            "topologySpreadConstraints[0].minDomains: `0` is not within 1 to",
        ),
        (
            spread("maxSkew: 1, minDomains: 2, whenUnsatisfiable: ScheduleAnyway"),
            "topologySpreadConstraints[0].minDomains: is allowed only where `whenUnsatisfiable` is `DoNotSchedule`",
        ),
        ("tolerations: [{value: v}]".to_owned(), "tolerations[0].operator: must be `Exists` where `key` is empty"),
        (
            "tolerations: [{operator: Exists}, {operator: Equal}]".to_owned(),
            "tolerations[1].operator: must be `Exists` where `key` is empty",
        ),
        (
            "tolerations: [{key: k, operator: Exists, value: v}]".to_owned(),
            "tolerations[0].value: must be empty where `operator` is `Exists`",
        ),
        (
            near("0"),
            "affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: `0` is not within 1 to 100",
        ),
        (
            "initContainers: [{name: i, resources: {requests: {cpu: 2}, limits: {cpu: 1}}}]".to_owned(),
            "initContainers[0].resources.requests.cpu: is more than the limit",
        ),
        (
            node.to_owned(),
            "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: `101` is not within 1 to 100",
        ),
    ] {
        let text = format!("kind: Pod\nmetadata: {{name: p}}\nspec:\n  containers: [{{name: c}}]\n  {field}\n");
        let error = read(&text).unwrap_err().to_string();
        assert!(error.starts_with("document 1, line 5: Pod default/p: ") && error.contains(says), "{error}");
    }
}

#[test]
fn bytes_without_end_are_refused_by_their_number() {
    let endless = vec![0; MAX_INPUT_BYTES + 1];
    assert_eq!(Loader::new().read_bytes(&endless), Err(ReadError::TooLong));
}
