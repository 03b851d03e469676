//! `--engine wasm` and `--policy`: sandboxed policies decide as native ones do, and what is wrong with one is said.

use crate::common::{file, folder, sched};
use sched_core::ProfileSet;
use serde_json::Value;
use std::path::Path;

/// A module of the library in a file.
fn module(folder: &Path, policy: &str) -> String {
    file(folder, &format!("{policy}.wasm"), sched_policies::module(policy).unwrap())
}

/// The digests of every profile's runs.
fn digests(args: &[&str]) -> Vec<(String, Vec<String>)> {
    let document: Value = serde_json::from_str(&sched([&["replay", "--json"], args].concat()).ok()).unwrap();
    assert_eq!(document["warnings"], serde_json::json!([]), "{args:?}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |profile: &Value| profile["digests"].as_array().unwrap().iter().map(text).collect::<Vec<_>>();
    let profiles = document["profiles"].as_array().unwrap().iter();
    profiles.map(|profile| (text(&profile["profile"]), of(profile))).collect()
}

/// Profiles of which every policy is there as a module, in a file. The built-in ones as far as they are; and two more.
fn sandboxable(folder: &Path) -> String {
    let there = |name: &str| sched_policies::module(name).is_some();
    let mut profiles = ProfileSet::builtin().profiles;
    profiles.retain(|profile| profile.policies.iter().all(|entry| there(entry.config.name())));
    let own = "profiles:\n- name: packed\n  policies:\n  - name: NodeResourcesFit\n    weight: 3\n    config: {scoringStrategy: \
               {type: MostAllocated}}\n- name: cool\n  policies:\n  - {name: NodeResourcesFit, weight: 0}\n  - {name: ExpectedOverload, weight: 2}\n";
    profiles.extend(ProfileSet::from_text(own).unwrap().profiles);
    file(folder, "sandboxable.json", serde_json::to_string(&ProfileSet { profiles }).unwrap())
}

#[test]
fn sandboxed_profiles_decide_as_native_ones_do() {
    let profiles = sandboxable(&folder("engines"));
    for sample in ["hot-nodes", "openb"] {
        let args = ["--sample", sample, "--profiles", &profiles, "--seeds", "3..5"];
        let native = digests(&args);
        assert_eq!(native, digests(&[&args[..], &["--engine", "wasm"]].concat()), "{sample}");
        assert!(native.len() >= 2 && native.iter().all(|(_, digests)| digests.len() == 2), "{native:?}");
        assert_ne!(native[0].1, native[1].1, "a digest tells decisions apart");
    }
}

#[test]
fn a_record_runs_again_sandboxed_and_one_of_sandboxed_policies_natively() {
    let folder = folder("engines-again");
    let (profiles, fit) = (sandboxable(&folder), module(&folder, "NodeResourcesFit"));
    let record = folder.join("run.schedlog").to_str().unwrap().to_owned();
    for engine in ["native", "wasm"] {
        sched(["replay", "--profiles", &profiles, "--profile", "cool", "--engine", engine, "--record", &record]).ok();
        for again in ["native", "wasm"] {
            let text = sched(["rerun", &record, "--engine", again]).ok();
            assert!(text.contains("every one came out as recorded"), "{engine}, {again}: {text}");
        }
        let text = sched(["rerun", &record, "--policy", &fit]).ok();
        assert!(text.contains("every one chooses the same node"), "{engine}: {text}");
    }
}

#[test]
fn a_policy_without_a_module_is_named() {
    let missing = sched_core::PolicyConfig::NAMES.iter().find(|name| sched_policies::module(name).is_none());
    let Some(missing) = missing else { return };
    let own = format!("profiles:\n- name: own\n  policies:\n  - name: {missing}\n");
    let own = file(&folder("no-module"), "own.yaml", own);
    for command in [&["replay"][..], &["explain", "--sample"]] {
        let line = sched([command, &["--engine", "wasm", "--profiles", &own]].concat()).refused("no module");
        assert!(line.contains("profile `own`") && line.contains(&format!("`{missing}`")), "{line}");
    }
}

#[test]
fn a_module_takes_the_place_of_the_policy_of_its_name_with_its_weight_and_settings() {
    let folder = folder("in-its-place");
    let (fit, profiles) = (module(&folder, "NodeResourcesFit"), sandboxable(&folder));
    let args = ["--profiles", &profiles, "--profile", "packed"];
    let native = digests(&args);
    assert_eq!(digests(&[&args[..], &["--policy", &fit]].concat()), native);
    let heavier = ["--profiles", &profiles, "--profile", "cool"];
    let weighed = digests(&[&heavier[..], &["--policy", &format!("{fit}:100")]].concat());
    assert_ne!(weighed, digests(&heavier), "a weight that is given counts");
}

#[test]
fn a_module_of_another_name_is_added() {
    let folder = folder("added");
    let overload = module(&folder, "ExpectedOverload");
    let plain = digests(&["--profile", "least-allocated"]);
    let added = digests(&["--profile", "least-allocated", "--policy", &overload]);
    assert_ne!(plain, added);
    let heavy = digests(&["--profile", "least-allocated", "--policy", &format!("{overload}:1000")]);
    assert_ne!(added, heavy);
    let silent = digests(&["--profile", "least-allocated", "--policy", &format!("{overload}:0")]);
    assert_eq!(plain, silent, "with weight 0 its score does not count");
}

#[test]
fn the_table_has_a_digest_for_each_profile_and_seed() {
    let args = ["--profile", "kube-default", "least-allocated", "--seeds", "0..2"];
    let text = sched([&["replay"], &args[..]].concat()).ok();
    for (profile, digests) in digests(&args) {
        for (seed, digest) in digests.iter().enumerate() {
            let words = [profile.as_str(), &seed.to_string(), digest].map(str::to_owned);
            let line = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>() == words;
            assert!(text.lines().any(line), "{words:?}: {text}");
        }
    }
}

#[test]
fn the_last_line_asks_with_the_same_policies() {
    let overload = module(&folder("asks"), "ExpectedOverload");
    let text = sched(["replay", "--profile", "least-allocated", "--policy", &format!("{overload}:7")]).ok();
    let how = text.lines().last().unwrap().split_once("Ask:  ").unwrap().1;
    assert!(how.contains(&format!("--policy {overload}:7")), "{how}");
    let answer = sched(how.split(' ').skip(1)).ok();
    assert!(answer.contains(" goes to node-") && answer.contains("Overload") && answer.contains("× 7"), "{answer}");
}

#[test]
fn what_is_wrong_with_a_module_is_one_line() {
    let folder = folder("wrong-modules");
    let fit = module(&folder, "NodeResourcesFit");
    let again = file(&folder, "again.wasm", sched_policies::module("NodeResourcesFit").unwrap());
    let text = file(&folder, "text.wasm", "not a module");
    let cut = file(&folder, "cut.wasm", &sched_policies::module("NodeResourcesFit").unwrap()[..1_000]);
    let elf = file(&folder, "elf.wasm", b"\x7fELF and more");
    let absent = folder.join("absent.wasm").to_str().unwrap().to_owned();
    let weight = format!("{fit}:-1");
    for command in [&["replay"][..], &["replay", "--explain", "p"], &["explain", "--sample"]] {
        for (policy, what) in [
            (text.as_str(), "the module does not compile"),
            (&cut, "the module does not compile"),
            (&elf, "is a precompiled artefact"),
            (&absent, "absent.wasm"),
            (folder.to_str().unwrap(), "wrong-modules"),
            (&weight, "weight -1 is not within 0..="),
        ] {
            let line = sched([command, &["--policy", policy]].concat()).refused(policy);
            assert!(line.contains(what), "{line}");
        }
        let line = sched([command, &["--policy", &fit, "--policy", &again]].concat()).refused("twice");
        assert!(line.contains("are both policy `NodeResourcesFit`"), "{line}");
    }
    let line = sched(["replay", "--policy", &elf, "--trust-precompiled"]).refused("no artefact");
    assert!(line.contains("does not fit this engine"), "{line}");
    sched(["replay", "--trust-precompiled"]).refused("trust in nothing");
}
