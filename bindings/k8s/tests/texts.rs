//! Every form in which objects arrive, and what is said of texts that are not objects.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "functions that tests share")]

use sched_k8s::{Loaded, Loader, ReadError, read};

const CLUSTER: &str = include_str!("data/cluster.yaml");

fn refusal(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

/// The same cluster as JSON text.
fn as_json(yaml: &str) -> Vec<String> {
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(yaml).unwrap();
    documents.iter().map(ToString::to_string).collect()
}

#[test]
fn one_cluster_reads_alike_in_every_form() {
    let expected = read(CLUSTER).unwrap();
    let json = as_json(CLUSTER);
    let pretty: Vec<String> = json
        .iter()
        .map(|text| serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(text).unwrap()).unwrap())
        .collect();
    let forms = [
        ("crlf", CLUSTER.replace('\n', "\r\n")),
        ("byte order mark", format!("\u{feff}{CLUSTER}")),
        ("byte order mark and crlf", format!("\u{feff}{}", CLUSTER.replace('\n', "\r\n"))),
        ("stream of JSON", json.concat()),
        ("lines of JSON", json.join("\n")),
        ("pretty JSON", pretty.join("\n")),
        ("pretty JSON with crlf", pretty.join("\n").replace('\n', "\r\n")),
        ("array", format!("[{}]", json.join(","))),
        ("JSON between YAML marks", json.join("\n---\n")),
        ("empty documents between", format!("---\n---\n{CLUSTER}\n---\n# nothing\n---\n")),
    ];
    for (form, text) in forms {
        let loaded = read(&text).unwrap_or_else(|e| panic!("{form}: {e}"));
        assert_eq!(loaded, expected, "{form}");
    }
}

#[test]
fn other_kinds_are_counted_and_ended_pods_left_out() {
    let Loaded { nodes, pods, finished, ignored } = read(CLUSTER).unwrap();
    assert_eq!((nodes.len(), pods.len(), finished), (1, 2, 1));
    assert_eq!(ignored.into_iter().collect::<Vec<_>>(), [("Deployment".to_owned(), 1)]);
}

#[test]
fn items_of_typed_lists_need_no_kind() {
    let text = r#"{"kind": "NodeList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]}"#;
    assert_eq!(read(text).unwrap().nodes.len(), 2);
    assert_eq!(read(r#"{"kind": "PodList", "items": null}"#).unwrap(), Loaded::default());
}

#[test]
fn kinds_of_other_groups_are_not_taken_for_nodes() {
    let loaded = read("apiVersion: cluster.example/v1\nkind: Node\nmetadata: {name: 7}\n").unwrap();
    assert_eq!((loaded.nodes.len(), loaded.ignored["Node"]), (0, 1));
}

#[test]
fn no_object_at_all_is_named() {
    for text in ["", " \n\t\r\n", "\u{feff}", "# only a comment\n", "---\n---\n", "null"] {
        assert_eq!(read(text), Err(ReadError::Empty), "{text:?}");
    }
    assert_eq!(Loader::new().read_bytes(b"kind: \xff"), Err(ReadError::Encoding { offset: 6 }));
}

#[test]
fn what_is_not_an_object_is_named_with_its_place() {
    for (text, expected) in [
        ("hello", "document 1, line 1: a Kubernetes object is expected here, but this is a text"),
        (
            "kind: Node\nmetadata: {name: a}\n---\n42",
            "document 2, line 4: a Kubernetes object is expected here, but this is a number",
        ),
        (
            "{\"metadata\": {}}",
            "document 1, line 1: a Kubernetes object is expected here, but this is a map without `kind`",
        ),
        (
            "kind: [Pod]",
            "document 1, line 1: a Kubernetes object is expected here, but this is a map whose `kind` is not a name",
        ),
        (
            "[{\"kind\": \"Secret\"},\n7]",
            "document 1, line 2: a Kubernetes object is expected here, but this is a number",
        ),
        ("kind: List\nitems: {}", "document 1, line 2: List default/(no name): items: is a map, not a list"),
    ] {
        assert_eq!(refusal(text), expected, "{text}");
    }
}

#[test]
fn truncated_texts_are_named_with_their_place() {
    let json = "{\"kind\": \"Node\",\n \"metadata\": {\"name\": ";
    assert_eq!(refusal(json), "document 1, line 2: EOF while parsing a value");
    let second = format!("{}\n{{\"kind\": \"Pod\"", as_json("kind: Node\nmetadata: {name: a}").concat());
    assert_eq!(refusal(&second), "document 2, line 2: EOF while parsing an object");
    let yaml = refusal("kind: Node\nmetadata: {name: a}\n---\nkind: Pod\nmetadata: {name: \"a");
    assert!(yaml.starts_with("document 2, line "), "{yaml}");
    for end in (0..CLUSTER.len()).filter(|&end| CLUSTER.is_char_boundary(end)) {
        let _ = read(&CLUSTER[..end]);
    }
}

#[test]
fn errors_name_object_field_and_line() {
    for (from, to, expected) in [
        ("16Gi,", "16GiB,", "document 1, line 16: Node n1: status.allocatable.memory: `16GiB` is not a quantity"),
        ("3920m", "-1", "document 1, line 16: Node n1: status.allocatable.cpu: `-1` is negative"),
        ("16.5Gi", "16Ei", "document 1, line 17: Node n1: status.capacity.memory: `16Ei` is beyond 2^63-1"),
        (
            "effect: NoSchedule",
            "effect: No",
            "document 1, line 12: Node n1: spec.taints[0].effect: `No` is none of `NoSchedule`",
        ),
        (
            "sizeBytes: 1000",
            "sizeBytes: big",
            "document 1, line 20: Node n1: status.images[0].sizeBytes: invalid type: string \"big\"",
        ),
        (
            "unschedulable: true",
            "unschedulable: 3",
            "document 1, line 14: Node n1: spec.unschedulable: invalid type: integer `3`",
        ),
        ("name: n1", "name: ''", "document 1, line 8: Node (no name): metadata.name: is missing"),
        (
            "zone: a",
            "zone: 1",
            "document 1, line 9: Node n1: metadata.labels.topology.kubernetes.io/zone: invalid type: integer `1`",
        ),
        (
            "hostPort: 8080",
            "hostPort: 70000",
            "document 1, line 37: Pod shop/web-7d4b9-x1: spec.containers[0].ports[0].hostPort: `70000` is not within 1 to 65535",
        ),
        (
            "protocol: TCP",
            "protocol: tcp",
            "document 1, line 37: Pod shop/web-7d4b9-x1: spec.containers[0].ports[0].protocol: `tcp` is none of",
        ),
        (
            "cpu: 250m",
            "cpu: 250 m",
            "document 1, line 40: Pod shop/web-7d4b9-x1: spec.containers[0].resources.requests.cpu: `250 m` is not a quantity",
        ),
        (
            "cpu: 250m",
            "cpu: [1]",
            "document 1, line 40: Pod shop/web-7d4b9-x1: spec.containers[0].resources.requests.cpu: invalid type",
        ),
        ("2025-01-01T00:00:02Z", "yesterday", "document 1, line 44: Pod shop/web-7d4b9-x1: status.startTime: "),
        ("name: done", "name: web-7d4b9-x1", ""),
        (
            "metadata: {name: waiting,",
            "metadata: {name: web-7d4b9-x1, namespace: shop,",
            "document 2, line 58: Pod shop/web-7d4b9-x1: metadata.name: is in the input twice",
        ),
        (
            "  - name: c\n    newer",
            "    name: c\n    newer",
            "document 2, line 61: Pod default/waiting: spec.containers: invalid type: map, expected a sequence",
        ),
    ] {
        let text = CLUSTER.replacen(from, to, 1);
        assert_ne!(text, CLUSTER, "{from}");
        match read(&text) {
            Ok(_) => assert_eq!(expected, "", "{to}"),
            Err(error) => {
                assert!(
                    !expected.is_empty() && error.to_string().starts_with(expected),
                    "{error}\nexpected {expected}"
                );
            }
        }
    }
}

#[test]
fn lines_are_those_of_the_whole_json_stream() {
    let text = "{\"kind\": \"Node\", \"metadata\": {\"name\": \"a\"}}\n\n{\"kind\": \"Node\",\n\"metadata\": {\"name\": \"b\"},\n\"status\": {\"allocatable\":\n {\"cpu\": \"x\"}}}\n";
    assert!(refusal(text).starts_with("document 2, line 6: Node b: status.allocatable.cpu: `x`"), "{}", refusal(text));
}

#[test]
fn a_refused_text_leaves_the_loader_as_it_was() {
    let mut loader = Loader::new();
    loader.read(CLUSTER).unwrap();
    let before = loader.clone().finish();
    let twice = loader.read("kind: Node\nmetadata: {name: n2}\n---\nkind: Node\nmetadata: {name: n1}\n").unwrap_err();
    assert_eq!(twice.to_string(), "document 2, line 5: Node n1: metadata.name: is in the input twice");
    assert_eq!(loader.clone().finish(), before);
    loader.read("kind: Node\nmetadata: {name: n2}\n").unwrap();
    assert_eq!(loader.finish().nodes.len(), 2);
}

#[test]
fn deep_nesting_and_alias_bombs_are_refused() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(read(&deep), Err(ReadError::Syntax { .. })));
    let deep = format!("kind: Pod\nspec: {}1{}", "{a: ".repeat(5_000), "}".repeat(5_000));
    assert!(matches!(read(&deep), Err(ReadError::Syntax { .. })));
    let level = |i: usize| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", "));
    let bomb = format!("a0: &a0 [x, x, x, x, x]\n{}", (1..20).map(level).collect::<String>());
    assert!(matches!(read(&bomb), Err(ReadError::Syntax { .. })));
}
