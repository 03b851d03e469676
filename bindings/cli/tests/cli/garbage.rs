//! Files that are not what they should be, given to every option that reads one: status 2, one line, no panic.

use crate::common::{file, folder, sched};
use std::path::Path;

/// Contents that are wrong in every format.
fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let noise: Vec<u8> = (0..4_096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    vec![
        ("empty", vec![]),
        ("noise", noise),
        ("zeros", vec![0; 1_000]),
        ("bom", b"\xef\xbb\xbf".to_vec()),
        ("lines", b"\r\n\r\n\n".to_vec()),
        ("deep", [b"[".repeat(50_000), b"]".repeat(50_000)].concat()),
        ("deep-map", b"{\"a\":".repeat(20_000)),
        ("truncated", b"{\"kind\": \"List\", \"items\": [{\"kind\": \"No".to_vec()),
        ("scalar", b"42\n".to_vec()),
        ("text", b"once upon a time, there was a scheduler\n".to_vec()),
        ("header", b"node,cpu_milli\n".to_vec()),
        ("columns", b"node,cpu_milli\nn1,1000,7\n".to_vec()),
        ("negative", b"node,cpu_milli\nn1,-1000\n".to_vec()),
        ("nan", b"node,cpu_milli\nn1,NaN\n".to_vec()),
        ("huge", b"node,cpu_milli\nn1,1e300\n".to_vec()),
        ("bombs", b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\n".to_vec()),
        ("profile", b"profiles:\n- name: x\n  policies:\n  - name: NoSuchPolicy\n".to_vec()),
        ("weight", b"profiles:\n- name: x\n  policies:\n  - name: NodeResourcesFit\n    weight: -5\n".to_vec()),
        ("cycle", b"profiles: &p\n- *p\n".to_vec()),
        ("quantity", b"kind: Node\nmetadata: {name: n}\nstatus: {allocatable: {cpu: minus one}}\n".to_vec()),
    ]
}

/// Every way to give the file to the program.
fn calls(bad: &str, folder: &str, pod: &str, cluster: &str) -> Vec<Vec<String>> {
    let call = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let profile = "kube-default";
    vec![
        call(&["replay", "--workload", folder]),
        call(&["replay", "--workload", bad]),
        call(&["replay", "--trace", "openb", "--nodes", bad, "--pods", bad]),
        call(&["replay", "--profiles", bad]),
        call(&["profiles", "--profiles", bad]),
        call(&["explain", "--cluster", cluster, "--pod", pod, "--profiles", bad]),
        call(&["explain", "--cluster", bad, "--pod", pod, "--profile", profile]),
        call(&["explain", "--cluster", cluster, "--pod", bad, "--profile", profile]),
        call(&["explain", "--sample", "--pod", bad, "--profile", profile]),
        call(&["replay", "--policy", bad]),
        call(&["policy", "check", bad]),
    ]
}

#[test]
fn bad_files_are_one_clear_line() {
    let root = folder("garbage");
    let pod = file(&root, "pod.yaml", "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n");
    let node = "kind: Node\nmetadata: {name: n}\nstatus: {allocatable: {cpu: '1', memory: 1Gi, pods: '9'}}\n";
    let cluster = file(&root, "cluster.yaml", node);
    for (name, content) in contents() {
        let bad = file(&root, &format!("{name}.bad"), &content);
        let workload = root.join(name);
        std::fs::create_dir_all(&workload).unwrap();
        for part in ["nodes.csv", "apps.csv", "pods.csv"] {
            file(&workload, part, &content);
        }
        for call in calls(&bad, workload.to_str().unwrap(), &pod, &cluster) {
            let what = format!("{name}: {}", call.join(" "));
            let line = sched(&call).refused(&what);
            assert!(line.len() < 1_500, "{what}: {line}");
        }
    }
}

#[test]
fn missing_files_and_folders_are_named() {
    let root = folder("missing");
    let absent = root.join("absent.yaml");
    let (absent, here) = (absent.to_str().unwrap(), root.to_str().unwrap());
    let pod = file(&root, "pod.yaml", "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n");
    for path in [absent, here] {
        for call in calls(path, path, &pod, path) {
            let line = sched(&call).refused(&call.join(" "));
            assert!(line.contains(path) || line.contains("no profile"), "{line}");
        }
    }
}

#[test]
fn outputs_that_cannot_be_written_are_refused_before_the_work() {
    let root = folder("outputs");
    let nowhere = root.join("no/such/folder/out");
    for option in ["--report", "--placements"] {
        for path in [nowhere.as_path(), Path::new("/"), root.as_path()] {
            let path = path.to_str().unwrap();
            assert!(sched(["replay", option, path]).refused(path).contains(path));
        }
    }
}

#[test]
fn an_output_is_not_written_over_an_input_or_another_output() {
    let root = folder("over");
    let record = root.join("run.schedlog").to_str().unwrap().to_owned();
    sched(["replay", "--profile", "recommended", "--record", &record]).ok();
    let before = std::fs::read(&record).unwrap();
    let around = root.join("./../over/run.schedlog").to_str().unwrap().to_owned();
    for out in [&record, &around] {
        let line = sched(["anonymise", &record, "-o", out]).refused("itself");
        assert!(line.contains("would be written over what is read from it"), "{line}");
    }
    assert_eq!(std::fs::read(&record).unwrap(), before);
    let profiles = file(&root, "mine.yaml", "profiles: [{name: p, policies: [{name: NodeResourcesFit}]}]");
    for twice in [["--report", &profiles, "--record", "r"], ["--report", &record, "--placements", &around]] {
        let line = sched([&["replay", "--profiles", &profiles], &twice[..]].concat()).refused("twice");
        assert!(line.contains("would be written over"), "{line}");
    }
    assert!(std::fs::read_to_string(&profiles).unwrap().starts_with("profiles"));
}

#[cfg(unix)]
#[test]
fn a_device_is_refused_by_name() {
    let pod = file(&folder("device"), "pod.yaml", "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n");
    let takes_a_file = |call: &Vec<String>| !call.iter().any(|word| word == "--workload" || word == "--sample");
    for call in calls("/dev/zero", "", &pod, &pod).into_iter().filter(takes_a_file) {
        let line = sched(&call).refused(&call.join(" "));
        assert!(line.contains("`/dev/zero`: is a device"), "{line}");
    }
}

#[test]
fn a_file_that_is_too_long_is_refused_by_the_name_of_the_limit() {
    let root = folder("long");
    let path = file(&root, "long", "");
    // A hole: it takes no room on the disk, and is not read.
    std::fs::File::options().write(true).open(&path).unwrap().set_len((1 << 30) + 1).unwrap();
    for call in [["replay", "--profiles", &path], ["replay", "--workload", &path]] {
        let line = sched(call).refused(&path);
        assert!(line.contains(&path), "{line}");
    }
    let line = sched(["replay", "--trace", "openb", "--nodes", &path, "--pods", &path]).refused(&path);
    assert!(line.contains("is longer than 1073741824 bytes (MAX_INPUT_BYTES)"), "{line}");
}

#[test]
fn a_mistake_in_a_profile_is_one_line_with_its_place() {
    let text = "profiles:\n- name: p\n  policies:\n  - name: WaterLevel\n    config: {stale: 5}\n";
    let path = file(&folder("mistake"), "mine.yaml", text);
    let line = sched(["profiles", "--profiles", &path]).refused("a mistake");
    let place = format!("error: {path}:5:14: profiles[0].policies[0].config.stale: ");
    assert!(line.starts_with(&place), "{line}");
    assert!(line.contains("unknown field `stale`, expected one of rules, suppressionPercent"), "{line}");
    assert!(!line.contains('^') && line.matches("stale").count() == 3, "said once: {line}");
}
