//! What an author sees: tests made by the macro, the report as text and as data, and the comparison of two implementations.

use policy_sdk::abi::{Column, Manifest, NodeColumns, Nodes, PodView, Policy, ResourceId, Rows};
use policy_sdk::testing::{Law, Options, Outcome, check, laws, same_answers};
use sched_core::primitives::{Fit, FitConfig, NodePorts};

policy_sdk::laws!(node_ports: NodePorts => deterministic, in_range, row_local, forgets, bits_equal_filter);
policy_sdk::laws!(fit: Fit::new(FitConfig::default()) => never_rewards_less_room, reads_only_declared);

/// Prefers nodes with few pods; what is above 100 pods is its flaw, unless it is mended.
struct FewPods {
    mended: bool,
}

impl Policy for FewPods {
    fn manifest(&self) -> Manifest {
        Manifest { scores: true, columns: NodeColumns::REQUESTED, ..Manifest::new("FewPods") }
    }

    fn score(&self, _: &PodView<'_>, nodes: &dyn Nodes, _: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        rows.map([nodes.quantity(Column::Requested(ResourceId::PODS))], out, |[pods]| {
            let score = 100 - pods as i64;
            if self.mended { score.max(0) } else { score }
        });
    }
}

fn few_pods(mended: bool) -> impl Fn() -> Box<dyn Policy> {
    move || Box::new(FewPods { mended })
}

#[test]
fn a_report_names_the_law_and_shows_one_node() {
    let report = check(&few_pods(false), &Options::default());
    assert_eq!(report.failures().map(|failure| failure.law.as_str()).collect::<Vec<_>>(), ["in_range"]);
    assert_eq!(report.outcome(Law::Forgets), Some(&Outcome::Holds));
    let text = report.to_string();
    for part in
        ["FewPods: ", "in_range                 BROKEN", "is not within 0..=100", "1 rows, 1 nodes", "requested pods"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(check(&few_pods(true), &Options::default()).passed());
}

#[test]
fn a_law_alone_returns_what_broke_it() {
    let failure = laws::in_range(few_pods(false)).unwrap_err();
    assert!(failure.to_string().starts_with("law `in_range` is broken: row 0: score -"), "{failure}");
    assert_eq!(laws::row_local(few_pods(false)), Ok(()));
    // Not claimed, and kept all the same.
    assert_eq!(laws::never_rewards_less_room(few_pods(true)), Ok(()));
}

#[test]
fn equal_seeds_give_equal_reports_and_others_other_clusters() {
    let report = |seed| check(&few_pods(false), &Options { seed, laws: vec![Law::InRange], ..Options::default() });
    assert_eq!(report(7), report(7));
    assert_ne!(report(7), report(8));
}

#[test]
fn a_report_is_data_too() {
    let options = Options { cases: 40, laws: vec![Law::InRange, Law::BitsEqualFilter], ..Options::default() };
    let data = serde_json::to_value(check(&few_pods(true), &options)).unwrap();
    assert_eq!(data["policy"], "FewPods");
    assert_eq!(data["laws"][0], serde_json::json!(["in_range", "holds"]));
    assert_eq!(data["laws"][1][1]["notClaimed"], "the policy has no filter");
    let broken = serde_json::to_value(check(&few_pods(false), &options)).unwrap();
    assert_eq!(broken["laws"][0][1]["broken"]["law"], "in_range");
}

#[test]
fn two_implementations_that_differ_are_told_apart() {
    assert_eq!(same_answers(&few_pods(true), &few_pods(true), &Options::default()), Ok(()));
    let failure = same_answers(&few_pods(true), &few_pods(false), &Options::default()).unwrap_err();
    assert!(failure.what.contains("in the one, but"), "{failure}");
    let other = same_answers(&|| Box::new(NodePorts), &few_pods(true), &Options::default()).unwrap_err();
    assert!(other.what.starts_with("the manifests differ"), "{other}");
}

#[test]
fn a_policy_that_cannot_be_made_or_set_up_is_reported_and_not_a_panic() {
    let report = check(&|| panic!("no such file"), &Options { laws: vec![Law::InRange], ..Options::default() });
    assert_eq!(report.failures().next().unwrap().what, "it panics: no such file");
    let heat = sched_core::primitives::CoolDownConfig { heat_limit: 0, ..Default::default() };
    let make = || -> Box<dyn Policy> { Box::new(sched_core::primitives::CoolDown::new(heat.clone())) };
    let report = check(&make, &Options::default());
    let failure = report.failures().next().unwrap();
    assert!(failure.what.contains("`heatLimit` is 0, not within 1..=10000"), "{failure}");
}
