//! `sched replay --record`, `sched rerun` and `sched anonymise`.

use crate::common::{Ran, file, folder, sched};
use serde_json::Value;

/// A record of the sample under a profile, and the digest of the run that made it.
fn recorded(test: &str, profile: &str) -> (String, String) {
    let path = folder(test).join("run.schedlog").to_str().unwrap().to_owned();
    let document = json(&sched(["replay", "--profile", profile, "--record", &path, "--json"]), 0);
    (path, document["profiles"][0]["placed"]["mean"].to_string())
}

fn json(ran: &Ran, status: i32) -> Value {
    assert_eq!(ran.status, Some(status), "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_recorded_replay_runs_again_with_the_same_decisions() {
    let (path, placed) = recorded("record", "recommended");
    let text = sched(["rerun", &path]).ok();
    assert!(text.contains("every one came out as recorded") && text.contains("under recommended"), "{text}");
    let document = json(&sched(["rerun", &path, "--json"]), 0);
    assert_eq!((&document["equal"], &document["digest"]), (&true.into(), &document["recorded_digest"]));
    assert_eq!(format!("{}.0", document["placed"]), placed);
}

#[test]
fn recording_changes_no_decision() {
    let digest = |args: &[&str]| {
        let args = [&["replay", "--profile", "recommended", "--json", "--sample", "openb"], args].concat();
        json(&sched(args), 0)["profiles"][0]["digest"].clone()
    };
    let path = folder("unchanged").join("run.schedlog");
    assert_eq!(digest(&[]), digest(&["--record", path.to_str().unwrap()]));
}

#[test]
fn other_profiles_show_what_they_would_have_chosen() {
    let (path, _) = recorded("other", "recommended");
    let args = ["rerun", &path, "--profile", "least-allocated"];
    let ran = sched(args);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("under least-allocated: ") && ran.stdout.contains("NodeResourcesFit"),
        "{}",
        ran.stdout
    );
    for more in [&["--json"][..], &["--json", "--own-course"]] {
        let document = json(&sched([&args, more].concat()), 1);
        let first = &document["differences"][0];
        assert_ne!(first["recorded"]["placed"]["node"], first["now"]["placed"]["node"]);
        assert!(first["chosen_node"]["feasible"]["scores"].is_array(), "{first}");
    }
}

#[test]
fn a_record_without_names_runs_again() {
    let (path, _) = recorded("names", "recommended");
    let out = folder("nameless").join("out.schedlog").to_str().unwrap().to_owned();
    sched(["anonymise", &path, "-o", &out]).ok();
    let [named, nameless] = [&path, &out].map(|path| json(&sched(["rerun", path, "--json"]), 0));
    assert_eq!((&nameless["anonymised"], &nameless["seed"]), (&true.into(), &0.into()));
    assert_eq!((&named["placed"], &named["decisions"]), (&nameless["placed"], &nameless["decisions"]));
}

#[test]
fn a_record_is_of_one_run() {
    let path = folder("one").join("run.schedlog").to_str().unwrap().to_owned();
    let line = sched(["replay", "--record", &path]).refused("all profiles");
    assert!(line.contains("1 workload, 6 profiles, 1 seed"), "{line}");
    let args = ["replay", "--profile", "recommended", "--seeds", "0..3", "--record", &path];
    assert!(sched(args).refused("three seeds").contains("3 seeds"));
}

#[test]
fn a_torn_record_is_used_as_far_as_it_goes_and_a_damaged_one_is_refused() {
    let (path, _) = recorded("torn", "least-allocated");
    let bytes = std::fs::read(&path).unwrap();
    let folder = folder("torn-files");
    let torn = file(&folder, "torn.schedlog", &bytes[..bytes.len() - 5]);
    let ran = sched(["rerun", &torn]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("warning: ") && ran.stderr.contains("byte "), "{}", ran.stderr);
    let mut damaged = bytes;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let damaged = file(&folder, "damaged.schedlog", &damaged);
    let ran = sched(["rerun", &damaged]);
    assert_eq!((ran.status, ran.stderr.lines().count()), (Some(2), 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("the checksum of a block is wrong"), "{}", ran.stderr);
    let text = file(&folder, "text.schedlog", "nodes: []");
    for command in [vec!["rerun", &text], vec!["anonymise", &text, "-o", &torn], vec!["rerun", "absent.schedlog"]] {
        sched(&command).refused(&command.join(" "));
    }
}
