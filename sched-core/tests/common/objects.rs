//! The few fields of Kubernetes objects that the vector files use, turned into the crate's input types.

use sched_core::{
    Container, ContainerResources, HostPort, NodeImage, NodeSpec, PodSpec, PodTemplate, Protocol, Resources, Taint,
    TaintEffect, Toleration, TolerationOperator,
};
use serde_json::Value;

/// A node object.
pub(crate) fn node(json: &Value) -> NodeSpec {
    let image = |image: &Value| NodeImage {
        names: list(&image["names"]).iter().map(text).collect(),
        size_bytes: image["sizeBytes"].as_i64().unwrap_or(0),
    };
    let taint = |taint: &Value| Taint {
        key: text(&taint["key"]),
        value: text(&taint["value"]),
        effect: effect(&taint["effect"]).expect("a taint has an effect"),
    };
    NodeSpec {
        name: text(&json["metadata"]["name"]),
        labels: map(&json["metadata"]["labels"]),
        taints: list(&json["spec"]["taints"]).iter().map(taint).collect(),
        unschedulable: json["spec"]["unschedulable"].as_bool().unwrap_or(false),
        allocatable: resources(&json["status"]["allocatable"]),
        capacity: resources(&json["status"]["capacity"]),
        images: list(&json["status"]["images"]).iter().map(image).collect(),
    }
}

/// A pod object; `spec.nodeName` stands in the template.
pub(crate) fn pod(json: &Value) -> PodSpec {
    let (spec, status) = (&json["spec"], &json["status"]);
    let affinity = &spec["affinity"]["nodeAffinity"];
    let preferred = &affinity["preferredDuringSchedulingIgnoredDuringExecution"];
    let containers = |list_of: &Value, statuses: &Value| -> Vec<Container> {
        list(list_of).iter().map(|c| container(c, statuses)).collect()
    };
    let infeasible = |c: &Value| c["type"] == "PodResizePending" && c["reason"] == "Infeasible";
    let template = PodTemplate {
        labels: map(&json["metadata"]["labels"]),
        containers: containers(&spec["containers"], &status["containerStatuses"]),
        init_containers: containers(&spec["initContainers"], &status["initContainerStatuses"]),
        overhead: resources(&spec["overhead"]),
        pod_requests: spec["resources"].get("requests").map(resources),
        resize_infeasible: list(&status["conditions"]).iter().any(infeasible),
        node_name: spec["nodeName"].as_str().map(str::to_owned),
        node_selector: map(&spec["nodeSelector"]),
        required_nodes: read(&affinity["requiredDuringSchedulingIgnoredDuringExecution"]),
        preferred_nodes: list(preferred).iter().filter_map(read).collect(),
        tolerations: list(&spec["tolerations"]).iter().map(toleration).collect(),
        ..PodTemplate::default()
    };
    PodSpec {
        namespace: text(&json["metadata"]["namespace"]),
        name: text(&json["metadata"]["name"]),
        template,
        terminating: json["metadata"].get("deletionTimestamp").is_some(),
    }
}

fn container(json: &Value, statuses: &Value) -> Container {
    let port = |port: &Value| HostPort {
        port: port["hostPort"].as_u64().and_then(|p| u16::try_from(p).ok()).unwrap_or(0),
        protocol: match port["protocol"].as_str() {
            Some("UDP") => Protocol::Udp,
            Some("SCTP") => Protocol::Sctp,
            _ => Protocol::Tcp,
        },
        ip: text(&port["hostIP"]),
    };
    let status = list(statuses).iter().find(|status| status["name"] == json["name"]);
    let status = status.filter(|status| status.get("resources").is_some());
    Container {
        requests: resources(&json["resources"]["requests"]),
        limits: resources(&json["resources"]["limits"]),
        image: text(&json["image"]),
        host_ports: list(&json["ports"]).iter().map(port).filter(|port| port.port != 0).collect(),
        restart_always: json["restartPolicy"] == "Always",
        status: status.map(|status| ContainerResources {
            actual: resources(&status["resources"]["requests"]),
            allocated: resources(&status["allocatedResources"]),
        }),
    }
}

fn toleration(json: &Value) -> Toleration {
    Toleration {
        key: text(&json["key"]),
        operator: match json["operator"].as_str() {
            Some("Exists") => TolerationOperator::Exists,
            Some("Lt") => TolerationOperator::Lt,
            Some("Gt") => TolerationOperator::Gt,
            _ => TolerationOperator::Equal,
        },
        value: text(&json["value"]),
        effect: effect(&json["effect"]),
    }
}

fn effect(json: &Value) -> Option<TaintEffect> {
    match json.as_str()? {
        "NoSchedule" => Some(TaintEffect::NoSchedule),
        "PreferNoSchedule" => Some(TaintEffect::PreferNoSchedule),
        "NoExecute" => Some(TaintEffect::NoExecute),
        _ => None,
    }
}

/// Quantities in base units: milli-CPU for `cpu`, whole units for the rest, rounded up.
fn resources(json: &Value) -> Resources {
    let amounts = json.as_object().into_iter().flatten();
    amounts.map(|(name, value)| (name.clone(), quantity(&text(value), name == "cpu"))).collect()
}

/// A Kubernetes quantity: a decimal number and a binary, decimal or exponent suffix.
fn quantity(quantity: &str, milli: bool) -> i64 {
    let end = quantity.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(quantity.len());
    let (number, suffix) = quantity.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().expect("a number");
    let (base, exponent): (i128, i32) = match suffix {
        "" => (10, 0),
        "n" => (10, -9),
        "u" => (10, -6),
        "m" => (10, -3),
        "k" => (10, 3),
        "M" => (10, 6),
        "G" => (10, 9),
        "T" => (10, 12),
        "P" => (10, 15),
        "E" => (10, 18),
        "Ki" => (1024, 1),
        "Mi" => (1024, 2),
        "Gi" => (1024, 3),
        "Ti" => (1024, 4),
        "Pi" => (1024, 5),
        "Ei" => (1024, 6),
        exponent => (10, exponent[1..].parse().expect("an exponent")),
    };
    let power = |base: i128, exponent: i32| base.pow(exponent.unsigned_abs());
    let mut numerator = digits * if milli { 1000 } else { 1 };
    let mut denominator = power(10, fraction.len() as i32);
    if exponent < 0 {
        denominator *= power(base, exponent);
    } else {
        numerator *= power(base, exponent);
    }
    let rounded_up = numerator.div_euclid(denominator) + i128::from(numerator.rem_euclid(denominator) != 0);
    i64::try_from(rounded_up).expect("an amount within 64 bits")
}

fn read<T: serde::de::DeserializeOwned>(json: &Value) -> Option<T> {
    (!json.is_null()).then(|| serde_json::from_value(json.clone()).expect("the crate's own form"))
}

fn map(json: &Value) -> std::collections::BTreeMap<String, String> {
    json.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
}

fn text(json: &Value) -> String {
    match json {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The elements of an array; none where it is absent.
pub(crate) fn list(json: &Value) -> &[Value] {
    json.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::quantity;

    #[test]
    fn quantities_round_up_to_base_units() {
        let cases = [
            ("100m", true, 100),
            ("1.5", true, 1500),
            ("1n", true, 1),
            ("0.5Gi", false, 1 << 29),
            ("3G", false, 3_000_000_000),
            ("1e3", false, 1000),
            ("5E", false, 5_000_000_000_000_000_000),
            ("1500m", false, 2),
            ("0", true, 0),
        ];
        for (text, milli, expected) in cases {
            assert_eq!(quantity(text, milli), expected, "{text}");
        }
    }
}
