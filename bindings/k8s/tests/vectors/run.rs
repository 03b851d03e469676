//! Runs a case: the default profile once, and each variant's plugin alone.

use crate::case::{Case, FilterGroup, PreFilter, Variant, VariantExpect};
use crate::compare::Report;
use crate::engine::Make;
use crate::policies::{OnlyRows, ScoreOnly};
use sched_core::{Evaluation, Event, Explanation, PodId, PolicyAnswer, Profile, ProfileSet, Scheduler};
use sched_k8s::{ReplicaSets, node_spec, pod_spec};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// kube-scheduler's default plugins that the library does not have yet. They may only say that a case is none of theirs.
const LATER_PLUGINS: [&str; 7] = [
    "VolumeRestrictions",
    "NodeVolumeLimits",
    "VolumeBinding",
    "VolumeZone",
    "PodTopologySpread",
    "InterPodAffinity",
    "DynamicResources",
];

/// Plugins that say `Skip` before filtering where the pod does not concern them.
const SKIPPING: [&str; 2] = ["NodeAffinity", "NodePorts"];

/// Rejection of one node: code and sorted reasons.
type Rejections = BTreeMap<String, (String, Vec<String>)>;

pub(crate) fn run(case: &Case, make: Make) -> Report {
    let mut report = Report::default();
    let profiles = ProfileSet::builtin();
    let mut scheduler = make.scheduler(profiles.get("kube-default").unwrap());
    let pod = load(&mut scheduler, case);
    let evaluation = scheduler.evaluate(pod, 0).unwrap();
    let explanation = scheduler.explain(pod, 0).unwrap();
    let names = Names { scheduler: &scheduler };
    filters(case, &evaluation, &names, &mut report);
    later_plugins(case, &evaluation, &mut report);
    scores(case, &evaluation, &names, &mut report);
    verdict(case, &explanation, &mut report);
    choice(case, &mut scheduler, pod, &explanation, &mut report);
    report.equal(|| "number of variants".to_owned(), &case.variants.len(), &case.expect.variants.len());
    for (variant, expect) in case.variants.iter().zip(&case.expect.variants) {
        run_variant(case, make, (variant, expect), &mut report);
    }
    for (policy, statistics) in scheduler.statistics() {
        report.holds(|| format!("{policy} failed"), statistics.is_none_or(|statistics| statistics.failures == 0));
    }
    report
}

/// Brings the case's objects into the scheduler's cluster; the incoming pod is the one returned.
fn load(scheduler: &mut Scheduler, case: &Case) -> PodId {
    let mut apply = |event: Event| scheduler.apply(&event, 0).unwrap_or_else(|e| panic!("{}: {e}", case.id));
    let replica_sets = ReplicaSets::default();
    for node in &case.nodes {
        apply(Event::NodeAdded(node_spec(node).unwrap()));
    }
    for pod in &case.pods {
        let mut spec = pod_spec(pod, &replica_sets).unwrap();
        let node = spec.template.node_name.take().unwrap();
        let (namespace, name) = (spec.namespace.clone(), spec.name.clone());
        apply(Event::PodAdded(spec));
        apply(Event::PodBound { namespace, name, node, at_ms: 0 });
    }
    let incoming = pod_spec(&case.pod, &replica_sets).unwrap();
    let (namespace, name) = (incoming.namespace.clone(), incoming.name.clone());
    apply(Event::PodAdded(incoming));
    scheduler.cluster().pod_id(&namespace, &name).unwrap()
}

struct Names<'a> {
    scheduler: &'a Scheduler,
}

impl Names<'_> {
    fn of(&self, row: sched_core::Row) -> String {
        self.scheduler.cluster().node_name(row).unwrap().to_owned()
    }

    fn all(&self, rows: &[sched_core::Row]) -> Vec<String> {
        rows.iter().map(|&row| self.of(row)).collect()
    }
}

fn answer<'a>(evaluation: &'a Evaluation, plugin: &str) -> &'a PolicyAnswer {
    evaluation.answers.iter().find(|a| a.policy == plugin).unwrap()
}

/// Skips, narrowing and verdicts on every node, plugin by plugin.
fn filters(case: &Case, evaluation: &Evaluation, names: &Names<'_>, report: &mut Report) {
    for ours in &evaluation.answers {
        let plugin = &*ours.policy;
        let groups = case.expect.filter.get(plugin).map_or(&[][..], Vec::as_slice);
        filter(case, (plugin, case.expect.prefilter.get(plugin), groups), (evaluation, ours), names, report);
    }
}

fn filter(
    case: &Case,
    (plugin, prefilter, groups): (&str, Option<&PreFilter>, &[FilterGroup]),
    (evaluation, ours): (&Evaluation, &PolicyAnswer),
    names: &Names<'_>,
    report: &mut Report,
) {
    let expected_reject = prefilter.filter(|p| !matches!(p.code.as_str(), "Skip" | "Success"));
    let reasons = expected_reject.map(|p| p.reasons.join(", "));
    report.equal(|| format!("{plugin} prefilter reasons"), &ours.reject, &reasons);
    if let Some(code) = expected_reject.map(|p| p.code.as_str()) {
        report.equal(|| format!("{plugin} prefilter code"), &"UnschedulableAndUnresolvable", &code);
        report.holds(|| format!("{plugin} filters although it rejects outright"), groups.is_empty());
        return;
    }
    let skips = prefilter.is_some_and(|p| p.code == "Skip");
    if skips || SKIPPING.contains(&plugin) {
        report.equal(|| format!("{plugin} filter runs"), &ours.filtered, &!skips);
    }
    let narrowed = prefilter.and_then(|p| p.node_names.as_ref());
    report.equal(|| format!("{plugin} narrows"), &ours.narrowed, &narrowed.is_some());
    if let Some(expected) = narrowed {
        let there: BTreeSet<&str> = case.node_names().collect();
        let expected: BTreeSet<String> = expected.iter().filter(|n| there.contains(n.as_str())).cloned().collect();
        report.equal(
            || format!("{plugin} narrowed to"),
            &names.all(&evaluation.named).into_iter().collect(),
            &expected,
        );
    }
    let (ours, expected) = (verdicts(evaluation, ours, names), rejections(groups));
    for node in case.node_names() {
        report.equal(|| format!("{plugin} filter of {node}"), &ours.get(node), &expected.get(node));
    }
}

fn verdicts(evaluation: &Evaluation, ours: &PolicyAnswer, names: &Names<'_>) -> Rejections {
    let rejected = evaluation.rows.iter().zip(&ours.verdicts).filter(|(_, verdict)| !verdict.passes());
    let entry = |(&row, &verdict): (_, &sched_core::abi::Verdict)| {
        let code = if verdict.is_unresolvable() { "UnschedulableAndUnresolvable" } else { "Unschedulable" };
        let mut reasons: Vec<String> = ours.texts(verdict).map(str::to_owned).collect();
        reasons.sort();
        (names.of(row), (code.to_owned(), reasons))
    };
    rejected.map(entry).collect()
}

fn rejections(groups: &[FilterGroup]) -> Rejections {
    let group = |g: &FilterGroup| {
        let what = (g.code.clone(), g.reasons.clone());
        g.nodes.iter().map(move |node| (node.clone(), what.clone())).collect::<Vec<_>>()
    };
    groups.iter().flat_map(group).collect()
}

/// Every plugin is known; those that are not there yet must have nothing to say, or the case belongs to another group.
fn later_plugins(case: &Case, evaluation: &Evaluation, report: &mut Report) {
    let expect = &case.expect;
    let named =
        expect.prefilter.keys().chain(expect.filter.keys()).chain(expect.scores.keys()).chain(expect.raw.keys());
    for plugin in named.chain(&expect.score_skip).filter(|p| !LATER_PLUGINS.contains(&p.as_str())) {
        report.holds(|| format!("{plugin} is not known"), evaluation.answers.iter().any(|a| a.policy == *plugin));
    }
    for (plugin, prefilter) in expect.prefilter.iter().filter(|(p, _)| LATER_PLUGINS.contains(&p.as_str())) {
        report.holds(|| format!("{plugin} is not there, but does not skip"), prefilter.code == "Skip");
    }
    let speaking = expect.filter.keys().chain(expect.scores.keys()).chain(expect.raw.keys());
    for plugin in speaking.filter(|p| LATER_PLUGINS.contains(&p.as_str())) {
        report.holds(|| format!("{plugin} is not there, but filters or scores"), false);
    }
}

/// Raw and normalised scores of every feasible node, and totals.
fn scores(case: &Case, evaluation: &Evaluation, names: &Names<'_>, report: &mut Report) {
    let expect = &case.expect;
    let feasible = names.all(&evaluation.feasible);
    let in_order = |values: &[i64]| by_name(&expect.feasible, values);
    let as_set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    report.equal(|| "feasible".to_owned(), &as_set(&feasible), &as_set(&expect.feasible));
    if expect.feasible.is_empty() {
        return;
    }
    for (plugin, expected) in &expect.scores {
        let ours = answer(evaluation, plugin);
        report.holds(|| format!("{plugin} does not score"), ours.scored);
        compare_scores(&format!("{plugin} score"), &by_name(&feasible, &ours.scores), &in_order(expected), report);
    }
    for (plugin, expected) in &expect.raw {
        let ours = answer(evaluation, plugin);
        compare_scores(&format!("{plugin} raw score"), &by_name(&feasible, &ours.raw), &in_order(expected), report);
    }
    for ours in evaluation.answers.iter().filter(|a| a.scored) {
        report.holds(|| format!("{} scores", ours.policy), expect.scores.contains_key(&*ours.policy));
    }
    for plugin in expect.score_skip.iter().filter(|p| !LATER_PLUGINS.contains(&p.as_str())) {
        report.holds(|| format!("{plugin} scores"), !answer(evaluation, plugin).scored);
    }
    compare_scores("total", &by_name(&feasible, &evaluation.totals), &in_order(&expect.total), report);
}

fn by_name(names: &[String], values: &[i64]) -> BTreeMap<String, i64> {
    assert_eq!(names.len(), values.len());
    names.iter().cloned().zip(values.iter().copied()).collect()
}

fn compare_scores(what: &str, ours: &BTreeMap<String, i64>, expected: &BTreeMap<String, i64>, report: &mut Report) {
    for (node, expected) in expected {
        report.equal(|| format!("{what} of {node}"), &ours.get(node), &Some(expected));
    }
}

/// Who rejected each node first, the whole profile's prefilter, and the sentence.
fn verdict(case: &Case, ours: &Explanation, report: &mut Report) {
    let expect = &case.expect;
    let outright = expect.profile_prefilter.as_ref().filter(|p| p.code != "Success");
    let rejected_outright = ours.rejected_outright.as_ref().map(|r| r.reasons.clone());
    report.equal(|| "rejected outright".to_owned(), &rejected_outright, &outright.map(|p| p.reasons.clone()));
    if outright.is_none() {
        fn by(r: &sched_core::Rejection) -> &str {
            if r.narrowed { "PreFilterResult" } else { &r.policy }
        }
        let ours: BTreeMap<_, _> = ours.rejected.iter().map(|r| (r.node.clone(), by(r).to_owned())).collect();
        let expected = expect.rejected_by.clone().unwrap_or_default();
        for node in case.node_names() {
            report.equal(|| format!("rejected_by of {node}"), &ours.get(node), &expected.get(node));
        }
    }
    if let Some(expected) = &expect.fit_error {
        report.equal(|| "fit_error".to_owned(), &ours.message, expected);
    }
}

/// The decision itself is one of the best, and the one that was explained.
fn choice(case: &Case, scheduler: &mut Scheduler, pod: PodId, explained: &Explanation, report: &mut Report) {
    let decided = scheduler.decide(pod, 0).ok();
    let decided = decided.map(|d| scheduler.cluster().node_name(d.row).unwrap().to_owned());
    report.equal(|| "decided and explained".to_owned(), &decided, &explained.chosen);
    let top = &case.expect.top;
    let among = decided.as_ref().map_or(top.is_empty(), |node| top.contains(node));
    report.holds(|| format!("decided {decided:?}, not one of {top:?}"), among);
}

fn profile(variant: &Variant) -> Profile {
    let config = if variant.args.is_null() { "{}".to_owned() } else { variant.args.to_string() };
    let policy = format!(r#"{{"name": "{}", "weight": 1, "config": {config}}}"#, variant.plugin);
    let text = format!(r#"{{"profiles": [{{"name": "variant", "policies": [{policy}]}}]}}"#);
    let set = ProfileSet::from_text(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
    set.get("variant").unwrap().clone()
}

/// The plugin alone: its filter on all nodes, then its scores over the nodes that the default profile finds feasible.
fn run_variant(case: &Case, make: Make, (variant, expect): (&Variant, &VariantExpect), report: &mut Report) {
    let profile = profile(variant);
    let plugin = variant.plugin.as_str();
    let mut alone = make.scheduler(&profile);
    let pod = load(&mut alone, case);
    let evaluation = alone.evaluate(pod, 0).unwrap();
    let names = Names { scheduler: &alone };
    let ours = answer(&evaluation, plugin);
    filter(case, (plugin, expect.prefilter.as_ref(), &expect.filter), (&evaluation, ours), &names, report);

    let allowed = Arc::new(Mutex::new(BTreeSet::new()));
    let (policy, weight) = (make.policy(&profile.policies[0].config), profile.policies[0].weight);
    let policies: Vec<(Box<dyn sched_core::abi::Policy>, i64)> =
        vec![(Box::new(ScoreOnly(policy)), weight), (Box::new(OnlyRows(allowed.clone())), 0)];
    let mut scoring = Scheduler::with_policies(policies, 1).unwrap();
    let pod = load(&mut scoring, case);
    let row = |node: &String| scoring.cluster().row_of(node).unwrap().0 as usize;
    *allowed.lock().unwrap() = case.expect.feasible.iter().map(row).collect();
    let evaluation = scoring.evaluate(pod, 0).unwrap();
    let ours = answer(&evaluation, plugin);
    let feasible = Names { scheduler: &scoring }.all(&evaluation.feasible);
    if !case.expect.feasible.is_empty() {
        report.equal(|| format!("{plugin} variant skips its score"), &!ours.scored, &expect.score_skip);
    }
    for (what, values, expected) in [("score", &ours.scores, &expect.scores), ("raw score", &ours.raw, &expect.raw)] {
        if let Some(expected) = expected {
            let expected = by_name(&case.expect.feasible, expected);
            compare_scores(&format!("{plugin} variant {what}"), &by_name(&feasible, values), &expected, report);
        }
    }
}
