//! The reference scheduler answers as the real kube-scheduler did, and the library as the reference: every case of every
//! vector file, as far as their policies go.

use crate::agreement::agree;
use crate::common::generate::NOW_MS;
use crate::common::objects::list;
use crate::common::reference::{
    Kind, Outcome, Prefilter, Profile, Raw, Rejection, World, decide, filter, normalize, prefilter, score,
};
use crate::common::vector_files::vector_files;
use crate::common::vectors::{Case, cases};
use crate::support::Pair;
use sched_core::{NodeSpec, PodSpec, PolicyConfig, ProfileSet};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn reference_answers_as_kube_scheduler() {
    let mut compared = BTreeMap::new();
    let files = vector_files();
    for file in &files {
        for case in cases(file) {
            let counts: &mut Counts = compared.entry(file.path.file_stem().expect("a name").to_owned()).or_default();
            check(&case, counts);
        }
    }
    println!("{compared:#?}");
    let whole: usize = compared.values().map(|counts| counts.whole_decisions).sum();
    assert!(whole > 0 || !files.iter().any(|file| file.ready), "no case was compared as a whole");
}

#[test]
fn library_equals_reference_on_every_cluster_of_the_vectors() {
    let policies: Vec<Value> = Profile::kube_default()
        .policies
        .iter()
        .map(|policy| json!({ "name": policy.name, "weight": i64::try_from(policy.weight).expect("a small weight") }))
        .collect();
    let default = json!({ "name": "kube-default", "policies": policies });
    for case in vector_files().iter().flat_map(cases) {
        agree(&mut Pair::of_world(case.world.clone(), &default, 0), &case.pod, NOW_MS);
        for variant in list(&case.json["variants"]) {
            let name = variant["plugin"].as_str().expect("a name");
            if Kind::from_json(name, &Value::Null).is_some() {
                let policy = json!({ "name": name, "weight": 1, "config": variant["args"] });
                let profile = json!({ "name": "variant", "policies": [policy] });
                agree(&mut Pair::of_world(case.world.clone(), &profile, 0), &case.pod, NOW_MS);
            }
        }
    }
}

#[test]
fn kube_default_is_the_default_profile_of_kube_scheduler() {
    let builtin = ProfileSet::builtin();
    let policies = &builtin.get("kube-default").expect("a profile that ships").policies;
    let names: Vec<&str> = policies.iter().map(|policy| policy.config.name()).collect();
    let expected = Profile::kube_default().policies;
    assert_eq!(names, expected.iter().map(|policy| policy.name.as_str()).collect::<Vec<_>>());
    for (policy, expected) in policies.iter().zip(&expected).filter(|(_, expected)| expected.weight > 0) {
        assert_eq!(i128::from(policy.weight), expected.weight, "{}", expected.name);
        assert_eq!(Some(&policy.config), PolicyConfig::default_of(&expected.name).as_ref());
    }
}

/// How much was compared.
#[derive(Debug, Default)]
struct Counts {
    policies: usize,
    variants: usize,
    whole_decisions: usize,
    messages: usize,
}

fn check(case: &Case, counts: &mut Counts) {
    let expect = &case.json["expect"];
    let profile = Profile::kube_default();
    for policy in &profile.policies {
        let expected = Expected {
            prefilter: &expect["prefilter"][&policy.name],
            filter: &expect["filter"][&policy.name],
            scores: &expect["scores"][&policy.name],
            raw: &expect["raw"][&policy.name],
            skipped: list(&expect["score_skip"]).iter().any(|name| *name == policy.name.as_str()),
        };
        compare(case, &policy.name, &policy.kind, &expected);
        counts.policies += 1;
    }
    for (variant, expected) in list(&case.json["variants"]).iter().zip(list(&expect["variants"])) {
        let name = variant["plugin"].as_str().expect("a name");
        let Some(kind) = Kind::from_json(name, &variant["args"]) else { continue };
        let expected = Expected {
            prefilter: &expected["prefilter"],
            filter: &expected["filter"],
            scores: &expected["scores"],
            raw: &expected["raw"],
            skipped: expected["score_skip"] == true,
        };
        compare(case, &format!("variant {name} {}", variant["args"]), &kind, &expected);
        counts.variants += 1;
    }
    let known = |name: &str| Kind::from_json(name, &Value::Null).is_some();
    let others_filter = expect["filter"].as_object().into_iter().flatten().any(|(name, _)| !known(name))
        || expect["prefilter"].as_object().into_iter().flatten().any(|(name, p)| !known(name) && p["code"] != "Skip");
    if others_filter {
        return;
    }
    let outcome = decide(&case.world, &profile, &case.pod, 0);
    compare_rejections(case, &outcome);
    counts.messages += usize::from(expect.get("fit_error").is_some());
    assert_eq!(json!(outcome.message), *expect.get("fit_error").unwrap_or(&json!("")), "{}", case.id);
    if !expect["scores"].as_object().into_iter().flatten().any(|(name, _)| !known(name)) {
        compare_totals(case, &outcome);
        counts.whole_decisions += 1;
    }
}

/// What the file says of one policy.
struct Expected<'a> {
    prefilter: &'a Value,
    filter: &'a Value,
    scores: &'a Value,
    raw: &'a Value,
    skipped: bool,
}

fn compare(case: &Case, what: &str, kind: &Kind, expected: &Expected) {
    let what = &format!("{} {what}", case.id);
    let (world, pod): (&World, &PodSpec) = (&case.world, &case.world.pods[&case.pod].spec);
    match prefilter(kind, pod) {
        Prefilter::Go => assert!(matches!(expected.prefilter["code"].as_str(), None | Some("Skip")), "{what}"),
        Prefilter::Only(names) => assert_eq!(names, set(&expected.prefilter["nodeNames"]), "{what}"),
        Prefilter::Reject(reason) => assert_eq!(json!([reason]), expected.prefilter["reasons"], "{what}"),
    }
    if expected.prefilter["code"] != "UnschedulableAndUnresolvable" {
        let mut refused = BTreeMap::new();
        for group in list(expected.filter) {
            for node in set(&group["nodes"]) {
                let unresolvable = group["code"] == "UnschedulableAndUnresolvable";
                refused.insert(node, (unresolvable, set(&group["reasons"])));
            }
        }
        for node in world.nodes.values() {
            let refusal = filter(kind, pod, node, world).map(|refusal| (refusal.unresolvable, refusal.reasons));
            assert_eq!(refusal, refused.get(&node.name).cloned(), "{what} {}", node.name);
        }
    }
    let feasible: Vec<&NodeSpec> = feasible(case).iter().map(|name| &world.nodes[name]).collect();
    if feasible.is_empty() {
        return;
    }
    match score(kind, pod, &feasible, world) {
        Raw::Skip => assert!(expected.scores.is_null(), "{what}"),
        Raw::Scores(raw) => {
            assert!(!expected.skipped, "{what}");
            assert_eq!(numbers(expected.scores), normalize(kind, &raw), "{what}");
            if !expected.raw.is_null() {
                assert_eq!(numbers(expected.raw), raw, "{what}");
            }
        }
    }
}

fn compare_rejections(case: &Case, outcome: &Outcome) {
    let expect = &case.json["expect"];
    let by = |rejection: &Rejection| {
        if rejection.narrowed { "PreFilterResult".to_owned() } else { rejection.policy.clone() }
    };
    let rejected: BTreeMap<String, String> = outcome.rejected.iter().map(|(node, r)| (node.clone(), by(r))).collect();
    if outcome.prefilter.is_none() {
        let nothing = json!({});
        assert_eq!(json!(rejected), *expect.get("rejected_by").unwrap_or(&nothing), "{}", case.id);
    }
    let candidates: BTreeSet<String> = outcome.candidates.keys().cloned().collect();
    assert_eq!(candidates, feasible(case).into_iter().collect(), "{}", case.id);
}

fn compare_totals(case: &Case, outcome: &Outcome) {
    let totals: Vec<i128> = feasible(case).iter().map(|name| outcome.candidates[name].total).collect();
    assert_eq!(totals, numbers(&case.json["expect"]["total"]), "{}", case.id);
    let top = set(&case.json["expect"]["top"]);
    assert_eq!(outcome.chosen.is_some(), !top.is_empty(), "{}", case.id);
    assert!(outcome.chosen.as_ref().is_none_or(|chosen| top.contains(chosen)), "{}", case.id);
}

fn feasible(case: &Case) -> Vec<String> {
    list(&case.json["expect"]["feasible"]).iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

fn set(json: &Value) -> BTreeSet<String> {
    list(json).iter().map(|value| value.as_str().expect("a string").to_owned()).collect()
}

fn numbers(json: &Value) -> Vec<i128> {
    list(json).iter().map(|value| value.as_i64().expect("an integer").into()).collect()
}
