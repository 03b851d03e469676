//! `sched replay` and `sched profiles`.

use crate::common::{file, folder, sched};
use serde_json::Value;

/// Fields that the documentation promises for every profile, as statistics over the seeds.
const MEASURES: [&str; 9] = [
    "placed",
    "unplaced",
    "hot_node_minutes",
    "overload_core_minutes",
    "saturated_node_minutes",
    "utilisation_mean",
    "fragmentation",
    "decision_us_p50",
    "decision_us_p99",
];
const PLAIN: &str = "profiles:\n- name: plain\n  policies:\n  - name: NodeResourcesFit\n    weight: 1\n";

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&sched(args).ok()).unwrap()
}

fn workload(test: &str) -> String {
    let folder = folder(test);
    let series = |percent: &str| vec![percent; 576].join(",");
    let head: Vec<String> = (0..576).map(|step| format!("m{}", step * 5)).collect();
    file(&folder, "nodes.csv", "node,cpu_milli\nn1,4000\nn2,4000\n");
    file(&folder, "apps.csv", format!("app,{}\na,{}\nb,{}\n", head.join(","), series("90"), series("10")));
    let pods = "pod,app,arrive_min,end_min,request_milli\np1,a,0,2880,2000\np2,b,1,2880,2000\np3,a,2,2880,2000\n";
    file(&folder, "pods.csv", pods);
    folder.to_str().unwrap().to_owned()
}

#[test]
fn the_sample_is_compared_side_by_side() {
    let document = json(&["replay", "--json", "--seeds", "0..2"]);
    let profiles = document["profiles"].as_array().unwrap();
    let names: Vec<&str> = profiles.iter().map(|profile| profile["profile"].as_str().unwrap()).collect();
    assert_eq!(document["recommended"], "recommended");
    assert!(names.contains(&document["best"].as_str().unwrap()));
    for name in ["kube-default", "least-allocated", "recommended"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for profile in profiles {
        for key in MEASURES {
            let stat = &profile[key];
            assert!(stat["mean"].is_f64() && stat["sd"].is_f64(), "{key}: {stat}");
            assert_eq!(stat["per_seed"].as_array().unwrap().len(), 2, "{key}");
        }
    }
}

#[test]
fn the_last_line_asks_why_and_works() {
    let text = sched(["replay"]).ok();
    assert!(text.contains(" * ") && text.contains("did better"), "{text}");
    let how = text.lines().last().unwrap().split_once("Ask:  ").unwrap().1;
    let answer = sched(how.split(' ').skip(1)).ok();
    assert!(answer.contains(" goes to node-"), "{how}: {answer}");
}

#[test]
fn decisions_repeat() {
    let digests = || {
        let document = json(&["replay", "--json", "--profile", "least-allocated"]);
        document["profiles"][0]["digest"].as_str().unwrap().to_owned()
    };
    assert_eq!(digests(), digests());
}

#[test]
fn placements_are_written_a_file_a_run() {
    let workload = workload("placements");
    let path = |name: &str| format!("{workload}/{name}");
    let one = path("one.csv");
    sched(["replay", "--workload", &workload, "--profile", "least-allocated", "--placements", &one]).ok();
    let placements = std::fs::read_to_string(&one).unwrap();
    assert!(placements.starts_with("pod,node,bind_min\np1,") && placements.lines().count() == 4, "{placements}");
    let many = path("many.csv");
    let profiles = "least-allocated,kube-default";
    sched(["replay", "--workload", &workload, "--profile", profiles, "--seeds", "3..5", "--placements", &many]).ok();
    for name in ["least-allocated-3", "least-allocated-4", "kube-default-3", "kube-default-4"] {
        assert!(std::fs::exists(path(&format!("many-{name}.csv"))).unwrap(), "{name}");
    }
    assert!(!std::fs::exists(many).unwrap());
}

#[test]
fn workloads_are_added_up() {
    let (one, other) = (workload("first"), workload("second"));
    let sum = json(&["replay", "--json", "--workload", &one, "--workload", &other, "--profile", "kube-default"]);
    let profile = &sum["profiles"][0];
    assert_eq!((&profile["profile"], &profile["placed"]["mean"]), (&"kube-default".into(), &6.0.into()));
    assert_eq!(profile["utilisation_mean"]["mean"], sum["workloads"][0]["profiles"][0]["utilisation_mean"]["mean"]);
    assert_eq!(sum["workloads"].as_array().unwrap().len(), 2);
}

#[test]
fn the_report_is_one_small_page() {
    let path = folder("report").join("out.html");
    let text = sched(["replay", "--report", path.to_str().unwrap()]).ok();
    assert!(text.contains("out.html"), "{text}");
    let page = std::fs::read_to_string(path).unwrap();
    assert!(page.len() < 2_000_000 && page.starts_with("<!DOCTYPE html>"), "{} bytes", page.len());
    for part in ["Utilisation over time", "Pending pods over time", "Nodes over time", "Hot-node minutes", "data-heat"]
    {
        assert!(page.contains(part), "{part}");
    }
    for wrong in ["http:", "https:", "@import", "url("] {
        assert!(!page.contains(wrong), "{wrong}");
    }
}

#[test]
fn the_other_sample_has_cards_and_no_hot_nodes() {
    let document = json(&["replay", "--json", "--sample", "openb", "--profile", "kube-default"]);
    let profile = &document["profiles"][0];
    assert!(profile["gpu_allocation"]["mean"].as_f64().unwrap() > 0.5);
    assert!(profile["hot_node_minutes"].is_null());
    let text = sched(["replay", "--sample", "openb", "--profile", "kube-default"]).ok();
    assert!(text.contains("ran alone") && text.contains("stayed unplaced"), "{text}");
}

#[test]
fn profiles_of_a_file_run_beside_those_of_the_library() {
    let own = file(&folder("own"), "own.yaml", PLAIN);
    let names = |args: &[&str]| {
        let args = [&["replay", "--json", "--profiles", &own], args].concat();
        let names = json(&args)["profiles"].as_array().unwrap().clone();
        names.iter().map(|profile| profile["profile"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&[]), ["plain"]);
    assert_eq!(names(&["--profile", "kube-default", "plain", "kube-default"]), ["kube-default", "plain"]);
    let line = sched(["replay", "--profile", "fastest"]).refused("an unknown profile");
    assert!(line.contains("`fastest`") && line.contains("kube-default"), "{line}");
}

#[test]
fn profiles_print_what_profiles_read() {
    let text = sched(["profiles"]).ok();
    for word in ["kube-default", "NodeResourcesFit", "LeastAllocated", "filters, scores"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let printed = sched(["profiles", "--json"]).ok();
    let path = file(&folder("printed"), "printed.json", &printed);
    assert_eq!(sched(["profiles", "--json", "--profiles", &path]).ok(), printed);
}

#[test]
fn a_pod_of_a_replay_is_explained() {
    let workload = workload("explained");
    let text = sched(["replay", "--workload", &workload, "--profile", "least-allocated", "--explain", "p3"]).ok();
    assert!(text.starts_with("default/p3 goes to n") && text.contains("at 00:02 of day 1"), "{text}");
    let args = ["replay", "--workload", &workload, "--profile", "least-allocated", "--explain", "p9"];
    assert!(sched(args).refused("an unknown pod").contains("`p9`"));
}

#[test]
fn without_the_librarys_own_profile_the_best_is_recommended() {
    let (one, other) = (workload("best"), workload("best-again"));
    for more in [&[][..], &["--workload", &other]] {
        let args = ["replay", "--json", "--workload", &one, "--profile", "kube-default", "least-allocated"];
        let document = json(&[&args, more].concat());
        assert_eq!(document["recommended"], document["best"]);
        assert!(["kube-default", "least-allocated"].contains(&document["best"].as_str().unwrap()));
    }
}

#[test]
fn what_is_hardly_meant_is_a_warning_everywhere() {
    let folder = folder("warnings");
    let text = |delay: u32| {
        format!(
            "profiles:\n- name: brief\n  policies:\n  - name: NodeResourcesFit\n  - name: CoolDown\n    weight: 1\n    config: \
             {{halfLifeSeconds: 120, metricsDelaySeconds: {delay}}}\n"
        )
    };
    let (sound, brief) = (file(&folder, "sound.yaml", text(60)), file(&folder, "brief.yaml", text(600)));
    let workload = workload("warned");
    let warning = |stderr: &str| {
        let lines: Vec<&str> = stderr.lines().filter(|line| line.starts_with("warning: ")).collect();
        assert!(lines.iter().all(|line| line.starts_with("warning: profile `brief`: policy `CoolDown`: ")), "{stderr}");
        lines.len()
    };
    let replay = ["replay", "--workload", &workload];
    let asked = [&replay[..], &["--explain", "p3"]].concat();
    for (args, delays) in
        [(&["profiles"][..], false), (&["explain", "--sample"], true), (&replay, true), (&asked, true)]
    {
        let run = |more: &[&str]| {
            let plain = sched([args, more].concat());
            let document = json(&[args, more, &["--json"]].concat());
            let count = warning(&plain.stderr);
            assert_eq!(document["warnings"].as_array().unwrap().len(), count, "{args:?} {more:?}");
            plain.ok();
            count
        };
        assert_eq!((run(&["--profiles", &sound]), run(&["--profiles", &brief])), (0, 1), "{args:?}");
        if delays {
            let given = |profiles: &str, delay: &str| run(&["--profiles", profiles, "--metrics-delay", delay]);
            assert_eq!((given(&sound, "10m"), given(&brief, "30s")), (1, 0), "{args:?}");
        }
    }
}
