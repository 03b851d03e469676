//! `sched policy`.

use crate::common::{Ran, command, file, folder, sched};
use serde_json::Value;
use std::path::Path;

/// A small module in text form, as a module of ABI 1.0 was: every node passes and scores 0.
const WAT: &str = include_str!("../../../../sched-core/tests/fixtures/wasm/abi-1.0.wat");
const PREPARE: &str = "(func (export \"sched_prepare\") (param i32))";
const SCORE: &str = "(func (export \"sched_score\") (param i32 i32 i32 i32)";

fn fit(test: &str) -> String {
    file(&folder(test), "fit.wasm", sched_policies::module("NodeResourcesFit").unwrap())
}

/// The small module with a part replaced.
fn changed(folder: &Path, name: &str, part: &str, by: &str) -> String {
    assert!(WAT.contains(part));
    file(folder, name, wat::parse_str(WAT.replace(part, by)).unwrap())
}

/// It counts its calls, and the first row of every second one scores 1.
fn forgetful_of_nothing(folder: &Path) -> String {
    let counts = format!(
        "(func $inner (param i32 i32 i32 i32) (i32.store (i32.const 16) (i32.xor (i32.load (i32.const 16)) (i32.const 1))))
         {SCORE} (call $inner (local.get 0) (local.get 1) (local.get 2) (local.get 3))"
    );
    let wat = WAT.replace(SCORE, &counts);
    let end = wat.rfind(')').unwrap();
    let end = wat[..end].rfind(')').unwrap();
    let remembers = "\n(i32.store (i32.load offset=64 (local.get 0)) (i32.load (i32.const 16)))";
    file(folder, "counts.wasm", wat::parse_str(format!("{}{remembers}{}", &wat[..end], &wat[end..])).unwrap())
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {} {}", ran.stdout, ran.stderr))
}

#[test]
fn inspect_names_what_a_manifest_says_in_bits() {
    let fit = fit("inspect");
    let text = sched(["policy", "inspect", &fit]).ok();
    for part in
        ["NodeResourcesFit", "filters, scores", "allocatable, requested", "Insufficient {}", "{\"resource\":\"cpu\"}"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let document = json(&sched(["policy", "inspect", "--json", &fit]));
    assert_eq!((&document["name"], &document["filter_bits"]), (&"NodeResourcesFit".into(), &true.into()));
    assert_eq!(document["bytes"], sched_policies::module("NodeResourcesFit").unwrap().len());
    assert_eq!(document["columns"], serde_json::json!(["allocatable", "requested", "scoringRequested"]));
    let settings =
        r#"{"scoringStrategy": {"type": "LeastAllocated", "resources": [{"name": "nvidia.com/gpu", "weight": 1}]}}"#;
    let document = json(&sched(["policy", "inspect", "--json", &fit, "--settings", settings]));
    assert_eq!(document["asks"], serde_json::json!([{"resource": "nvidia.com/gpu"}]));
    let old = changed(&folder("inspect-old"), "old.wasm", "says no", "says no");
    let document = json(&sched(["policy", "inspect", "--json", &old]));
    assert_eq!((&document["abi"], &document["filter_bits"]), (&"1.0".into(), &false.into()));
}

#[test]
fn check_passes_what_keeps_its_laws() {
    let fit = fit("check");
    let args = ["policy", "check", &fit, "--cases", "10", "--seed", "7"];
    let text = sched(args).ok();
    assert!(text.contains("in_range                 holds") && text.contains("all hold."), "{text}");
    let document = json(&sched([&args[..], &["--json"]].concat()));
    assert_eq!((&document["passed"], &document["seed"]), (&true.into(), &7.into()));
    assert_eq!(document["laws"].as_array().unwrap().len(), 10);
}

#[test]
fn check_shows_the_smallest_cluster_that_breaks_a_law() {
    let counts = forgetful_of_nothing(&folder("check-broken"));
    let args = ["policy", "check", &counts, "--cases", "10"];
    let ran = sched(args);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), ""), "{}", ran.stdout);
    for part in
        ["forgets                  BROKEN", "law `deterministic` is broken: row 0", "1 rows, 1 nodes", "are broken."]
    {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let ran = sched([&args[..], &["--json"]].concat());
    assert_eq!(ran.status, Some(1));
    let document = json(&ran);
    let law = |name: &str| document["laws"].as_array().unwrap().iter().find(|law| law["law"] == name).unwrap().clone();
    assert_eq!((&document["passed"], &law("deterministic")["outcome"]), (&false.into(), &"broken".into()));
    assert!(law("deterministic")["cluster"].as_str().unwrap().starts_with("1 rows"), "{document}");
    assert_eq!(law("never_panics")["outcome"], "holds");
}

#[test]
fn bench_has_the_native_policy_beside_it_where_there_is_one() {
    let fit = fit("bench");
    let args = ["policy", "bench", &fit, "--nodes", "60"];
    let document = json(&sched([&args[..], &["--json"]].concat()));
    for key in ["compile_ms", "load_us", "first_answer_us", "fuel_per_row", "ratio"] {
        assert!(document[key].as_f64().unwrap() > 0.0, "{key}: {document}");
    }
    for side in ["wasm", "native"] {
        for key in ["pod_us", "rows_per_second", "prepare_us", "filter_ns_per_row", "score_ns_per_row"] {
            assert!(document[side][key].as_f64().unwrap() > 0.0, "{side} {key}: {document}");
        }
    }
    assert_eq!((&document["nodes"], &document["pods"]), (&60.into(), &300.into()));
    let own = changed(&folder("bench-own"), "own.wasm", "says no", "says no");
    let args = ["policy", "bench", &own, "--nodes", "60"];
    assert!(sched(args).ok().contains("stands alone"));
    let document = json(&sched([&args[..], &["--json"]].concat()));
    assert_eq!((&document["native"], &document["ratio"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_module_that_fails_is_a_warning_in_a_replay_and_an_error_of_a_bench() {
    let fails = changed(&folder("fails"), "fails.wasm", PREPARE, &PREPARE.replace("i32))", "i32) unreachable)"));
    let args = ["replay", "--profile", "kube-default", "--policy", &fails];
    let ran = sched(args);
    let warning = "warning: profile `kube-default`: policy `Wat` failed in 8 decisions and was asked no more, seed 0";
    assert!(ran.stderr.contains(warning), "{}", ran.stderr);
    ran.ok();
    assert_eq!(json(&sched([&args[..], &["--json"]].concat()))["warnings"].as_array().unwrap().len(), 1);
    let text = sched(["explain", "--sample", "--profile", "kube-default", "--policy", &fails]).ok();
    assert!(text.contains("Wat failed, and what it says does not count: `sched_prepare` trapped"), "{text}");
    let ran = sched(["policy", "bench", &fails, "--nodes", "10"]);
    assert_eq!(ran.status, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("policy `Wat` fails: `sched_prepare` trapped"), "{}", ran.stderr);
}

#[test]
fn what_is_precompiled_decides_as_its_module_does() {
    let folder = folder("precompile");
    let module = file(&folder, "fit.wasm", sched_policies::module("NodeResourcesFit").unwrap());
    let out = folder.join("fit.bin").to_str().unwrap().to_owned();
    let said = sched(["policy", "precompile", &module, "-o", &out]).ok();
    assert!(said.contains(std::env::consts::ARCH) && said.contains("bound to"), "{said}");
    let digest = |more: &[&str]| {
        let args = [&["replay", "--json", "--profile", "least-allocated"], more].concat();
        json(&sched(args))["profiles"][0]["digest"].clone()
    };
    assert_eq!(digest(&["--policy", &out, "--trust-precompiled"]), digest(&["--policy", &module]));
    let line = sched(["replay", "--policy", &out]).refused("no trust");
    assert!(line.contains("`--trust-precompiled` takes it"), "{line}");
    let line = sched(["policy", "precompile", &module, "-o", &module]).refused("itself");
    assert!(line.contains("would be overwritten"), "{line}");
}

#[test]
fn new_makes_a_crate_once_and_overwrites_nothing() {
    let folder = folder("new");
    let here = folder.to_str().unwrap();
    sched(["policy", "new", "few-pods", "--dir", here]).ok();
    let made = folder.join("few-pods");
    let text = |path: &str| std::fs::read_to_string(made.join(path)).unwrap();
    assert!(text("Cargo.toml").contains("policy-sdk\", features = [\"testing\"] }"), "{}", text("Cargo.toml"));
    assert!(text("README.md").contains("release/few_pods.wasm") && text("src/lib.rs").contains("struct FewPods"));
    std::fs::write(made.join("src/lib.rs"), "mine").unwrap();
    let line = sched(["policy", "new", "few-pods", "--dir", here]).refused("again");
    assert!(line.contains("few-pods"), "{line}");
    assert_eq!(text("src/lib.rs"), "mine");
    let sdk = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policy-sdk");
    assert!(command(["policy", "new", "other", "--sdk", sdk]).current_dir(&folder).output().unwrap().status.success());
    assert!(folder.join("other/tests/laws.rs").exists());
    for args in [&["Few"][..], &["match"], &["node-name"], &["a", "--sdk", here], &["a", "--dir", "/nowhere"]] {
        let line = sched([&["policy", "new"], args].concat()).refused(&args.join(" "));
        assert!(line.contains('`'), "{line}");
    }
    assert!(!folder.join("a").exists());
}

#[test]
fn what_is_no_module_is_one_line() {
    let folder = folder("no-policy");
    let text = file(&folder, "text.wasm", "not a module");
    let fit = file(&folder, "fit.wasm", sched_policies::module("NodeResourcesFit").unwrap());
    let out = folder.join("out").to_str().unwrap().to_owned();
    let absent = folder.join("absent.wasm").to_str().unwrap().to_owned();
    for command in [&["inspect"][..], &["check"], &["bench"], &["precompile", "-o", &out]] {
        for path in [text.as_str(), &absent, folder.to_str().unwrap()] {
            let line = sched([&["policy"], command, &[path]].concat()).refused(path);
            assert!(line.contains(path), "{line}");
        }
    }
    for command in ["inspect", "check", "bench"] {
        for (settings, what) in [("{", "EOF"), ("{\"most\": 1}", "unknown field `most`"), ("7", "expected")] {
            let line = sched(["policy", command, &fit, "--settings", settings]).refused(settings);
            assert!(line.contains(&fit) && line.contains(what), "{line}");
        }
    }
    sched(["policy", "bench", &fit, "--nodes", "0"]).refused("no nodes");
    sched(["policy", "check", &fit, "--cases", "0"]).refused("no cases");
}
