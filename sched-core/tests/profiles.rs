//! Profile files: what is written is read back equal, and every mistake has its place.
#![allow(clippy::expect_used, reason = "a test that fails says where")]

use sched_core::{PolicyConfig, PolicyEntry, Profile, ProfileError, ProfileSet, limits};

/// The message for a text that must be refused.
fn refused(text: &str) -> String {
    ProfileSet::from_text(text).expect_err("a mistake").to_string()
}

/// A file of one policy, whose lines 5 and further are `rest`.
fn policy(name: &str, rest: &str) -> String {
    format!("profiles:\n- name: p\n  policies:\n  - name: {name}\n    {rest}\n")
}

#[test]
fn profiles_that_are_written_are_read_back_equal() {
    let names = PolicyConfig::NAMES.iter().enumerate();
    let defaults = names.map(|(i, name)| {
        let config = PolicyConfig::default_of(name).expect("a policy of the library");
        Profile { name: (*name).to_owned(), policies: vec![PolicyEntry::new(i as i64, config)] }
    });
    let mut set = ProfileSet::builtin();
    set.profiles.extend(defaults);
    let json = serde_json::to_string(&set).expect("JSON");
    let pretty = serde_json::to_string_pretty(&set).expect("JSON");
    let yaml = serde_saphyr::to_string(&set).expect("YAML");
    for text in [json, pretty, yaml] {
        assert_eq!(ProfileSet::from_text(&text).as_ref(), Ok(&set), "{text}");
    }
}

#[test]
fn the_recommended_profile_ships_with_the_library() {
    assert!(ProfileSet::builtin().get(ProfileSet::RECOMMENDED).is_some());
}

#[test]
fn a_profile_that_checks_no_requests_is_a_warning() {
    let warnings = |policies: &str| {
        let text = format!("profiles: [{{name: p, policies: [{policies}]}}]");
        ProfileSet::from_text(&text).unwrap().profiles[0].warnings()
    };
    for without in ["", "{name: ExpectedOverload}"] {
        assert!(warnings(without)[0].contains("NodeResourcesFit"), "{without}");
    }
    assert!(warnings("{name: NodeResourcesFit}").is_empty());
}

#[test]
fn heat_beside_an_estimate_for_the_same_placements_is_a_warning() {
    let warnings = |rest: &str| {
        let text = format!("profiles: [{{name: p, policies: [{{name: NodeResourcesFit}}, {{name: CoolDown}}{rest}]}}]");
        ProfileSet::from_text(&text).unwrap().profiles[0].warnings()
    };
    assert!(warnings(", {name: NodeInfo}")[0].contains("`CoolDown` and `NodeInfo`"));
    let beside = [
        ", {name: NodeInfo, weight: 0}",
        ", {name: ExpectedOverload}, {name: NodeInfo, standsInFor: ExpectedOverload}",
    ];
    assert!(beside.iter().all(|rest| warnings(rest).is_empty()));
}

#[test]
fn a_list_of_warnings_is_passed_over() {
    let set = ProfileSet::from_text(&(policy("NodeName", "weight: 1") + "warnings: [whatever]\n")).expect("a profile");
    assert_eq!(set.profiles.len(), 1);
}

#[test]
fn mistakes_have_line_column_way_and_what_is_allowed() {
    let in_policy = "profiles[0].policies[0]";
    for (text, place, says) in [
        (
            policy("WaterLevel", "config: {stale: 5}"),
            format!("line 5, column 14: {in_policy}.config.stale: "),
            "unknown field `stale`, expected one of rules, suppressionPercent",
        ),
        (
            policy("WaterLevel", "config: {estimatePercent: much}"),
            format!("line 5, column 31: {in_policy}.config.estimatePercent: "),
            "`much` is not a whole number from 0 to 255",
        ),
        (
            policy("WaterLevel", "wait: 1"),
            format!("line 5, column 5: {in_policy}: "),
            "unknown field `wait`, expected one of name, weight, config",
        ),
        (
            policy("WaterLevel", "config: {estimatePercent: 0}"),
            format!("line 4, column 5: {in_policy}: "),
            "estimatePercent",
        ),
        (
            policy("TargetLoadPacking", "config: {defaultRequestsMultiplier: .nan}"),
            format!("line 4, column 5: {in_policy}: "),
            "`defaultRequestsMultiplier` NaN is not a number of 0 or more",
        ),
        (
            "profiles:\n- name: \"a\\e[31m\"\n  policies: []\n".to_owned(),
            "line 2, column 9: profiles[0].name: ".to_owned(),
            "the name of a profile must have 1 to 4096 bytes and no control characters",
        ),
        (
            policy("NodeName", "weight: -1"),
            format!("line 4, column 5: {in_policy}: "),
            "policy `NodeName`: weight -1 is not within 0..=1000000",
        ),
        (
            policy("NodeNames", "weight: 1"),
            format!("line 4, column 5: {in_policy}: "),
            "unknown policy `NodeNames`, known are NodeUnschedulable, NodeName,",
        ),
        (
            policy("NodeName", "weight: 1\n  - name: NodeName"),
            "line 6, column 5: profiles[0].policies[1]: ".to_owned(),
            "policy `NodeName` stands twice",
        ),
        (
            policy("NodeName", "weight: 1\n- name: p\n  policies: []"),
            "line 6, column 9: profiles[1].name: ".to_owned(),
            "profile `p` stands twice",
        ),
        ("profile: []\n".to_owned(), "line 1, column 1: ".to_owned(), "unknown field `profile`, expected"),
        ("profiles: [\n".to_owned(), "line ".to_owned(), "column"),
    ] {
        let error = refused(&text);
        assert!(error.starts_with(&place) && error.contains(says), "{text}{error}");
        assert!(!error.contains('\n') && !error.contains('^') && error.matches("line ").count() == 1, "{error}");
    }
}

#[test]
fn a_text_without_end_is_refused_by_its_length() {
    let endless = String::from_utf8(vec![0; limits::MAX_INPUT_BYTES + 1]).expect("zeros");
    let error = ProfileSet::from_text(&endless).expect_err("too much");
    assert!(matches!(error, ProfileError::Limit { name: "MAX_INPUT_BYTES", .. }), "{error}");
}
