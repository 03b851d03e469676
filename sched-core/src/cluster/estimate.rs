//! What pods are expected to use by the rules that policies asked for, worked out once a template.

use super::requests::requested;
use super::spec::{Container, PodTemplate};
use crate::limits::MAX_QUANTITY;
use sched_abi::EstimateRule;

/// Estimates by class and rule.
#[derive(Debug, Default)]
pub(crate) struct Estimates {
    rules: Vec<EstimateRule>,
    /// Class by class, one entry a rule: milli-CPU, bytes.
    of_class: Vec<[f64; 2]>,
}

impl Estimates {
    /// The rules, in the order of their places.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &EstimateRule> {
        self.rules.iter()
    }

    /// The place of a rule, and whether it is new: then every class must be learnt anew.
    pub(crate) fn register(&mut self, rule: EstimateRule) -> (usize, bool) {
        if let Some(known) = self.rules.iter().position(|r| *r == rule) {
            return (known, false);
        }
        self.rules.push(rule);
        self.of_class.clear();
        (self.rules.len() - 1, true)
    }

    /// Works the estimates of a class out.
    pub(crate) fn learn(&mut self, class: u32, template: &PodTemplate) {
        let from = class as usize * self.rules.len();
        if self.of_class.len() < from + self.rules.len() {
            self.of_class.resize(from + self.rules.len(), [0.0; 2]);
        }
        let cells = self.of_class.get_mut(from..).unwrap_or_default();
        for (cell, rule) in cells.iter_mut().zip(&self.rules) {
            *cell = estimate(*rule, template);
        }
    }

    /// The estimates of a class, one a rule.
    pub(crate) fn of(&self, class: u32) -> &[[f64; 2]] {
        let from = class as usize * self.rules.len();
        self.of_class.get(from..from + self.rules.len()).unwrap_or_default()
    }
}

fn estimate(rule: EstimateRule, pod: &PodTemplate) -> [f64; 2] {
    let bounded = |amount: f64| if amount > 0.0 { amount.min(MAX_QUANTITY as f64) } else { 0.0 };
    match rule {
        EstimateRule::PodTotal { percent, absent } => {
            let requests = requested(pod);
            let of = |name: &str, percent: Option<u16>, absent: u32| {
                let Some(percent) = percent else { return 0.0 };
                let request = requests.get(name).copied().unwrap_or(0);
                bounded(of_total(request, limit(pod, name), percent, absent))
            };
            [of("cpu", percent[0], absent[0]), of("memory", percent[1], absent[1])]
        }
        EstimateRule::EachContainer { factor_bits, absent_milli } => {
            let factor = f64::from_bits(factor_bits);
            let of = |container: &Container| match (container.limits.get("cpu"), container.requests.get("cpu")) {
                (Some(&limit), _) => limit as f64,
                (None, Some(&request)) => bounded(libm::round(request as f64 * factor)),
                (None, None) => f64::from(absent_milli),
            };
            let overhead = pod.overhead.get("cpu").copied().unwrap_or(0) as f64;
            [bounded(pod.containers.iter().fold(overhead, |sum, container| sum + of(container))), 0.0]
        }
    }
}

/// The larger of request and limit, scaled, within the limit.
fn of_total(request: i64, limit: i64, percent: u16, absent: u32) -> f64 {
    let asked = request.max(limit);
    if asked == 0 {
        return f64::from(absent);
    }
    let scaled = libm::round(asked as f64 * f64::from(percent) / 100.0);
    if limit > 0 && scaled > limit as f64 { limit as f64 } else { scaled }
}

/// The total limit of a pod by Kubernetes' rules, as for requests; overhead counts only beside a limit.
fn limit(pod: &PodTemplate, name: &str) -> i64 {
    let of = |container: &Container| container.limits.get(name).copied();
    let add = |a: Option<i64>, b: Option<i64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (one, None) | (None, one) => one,
    };
    let mut total = pod.containers.iter().fold(None, |sum, container| add(sum, of(container)));
    let (mut sidecars, mut init_peak) = (None, None);
    for container in &pod.init_containers {
        let step = add(of(container), sidecars);
        if container.restart_always {
            total = add(total, of(container));
            sidecars = step;
        }
        init_peak = init_peak.max(step);
    }
    let limit = total.max(init_peak);
    limit.map_or(0, |limit| limit.saturating_add(pod.overhead.get(name).copied().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(request: Option<i64>, limit: Option<i64>) -> Container {
        let amounts = |amount: Option<i64>| amount.map(|amount| ("cpu".to_owned(), amount)).into_iter().collect();
        Container { requests: amounts(request), limits: amounts(limit), ..Container::default() }
    }

    #[test]
    fn limits_add_up_as_requests_do() {
        let mut pod = PodTemplate { overhead: [("cpu".to_owned(), 7)].into(), ..PodTemplate::default() };
        assert_eq!(limit(&pod, "cpu"), 0);
        pod.containers = vec![container(None, Some(100)), container(Some(50), None)];
        pod.init_containers = vec![
            Container { restart_always: true, ..container(None, Some(20)) },
            container(None, Some(300)),
            container(Some(900), None),
        ];
        assert_eq!(limit(&pod, "cpu"), 327);
        pod.init_containers.pop();
        pod.init_containers.pop();
        assert_eq!(limit(&pod, "cpu"), 127);
    }

    #[test]
    fn pod_totals_equal_the_table_in_koordinators_tests() {
        let table = include_str!("../../tests/fixtures/peers/load_aware.json");
        let table: serde_json::Value = serde_json::from_str(table).unwrap();
        for case in table["TestDefaultEstimatorEstimatePod"].as_array().unwrap() {
            let pair = |key: &str| [0, 1].map(|i: usize| case[key][i].as_i64().unwrap());
            let amounts = |key: &str| ["cpu", "memory"].map(str::to_owned).into_iter().zip(pair(key)).collect();
            let container =
                Container { requests: amounts("requests"), limits: amounts("limits"), ..Container::default() };
            let pod = PodTemplate { containers: vec![container], ..PodTemplate::default() };
            let percent = pair("scaling_factors").map(|factor| Some(factor as u16));
            let rule = EstimateRule::PodTotal { percent, absent: [250, 200 << 20] };
            assert_eq!(estimate(rule, &pod), pair("expected").map(|amount| amount as f64), "{}", case["name"]);
        }
    }

    #[test]
    fn containers_are_estimated_by_trimarans_rule() {
        let table = include_str!("../../tests/fixtures/peers/target_load_packing.json");
        let table: serde_json::Value = serde_json::from_str(table).unwrap();
        let rule = EstimateRule::EachContainer { factor_bits: 1.5f64.to_bits(), absent_milli: 1000 };
        for row in table["limit_request_estimate"]["rows"].as_array().unwrap() {
            let container = container(row[1].as_i64(), row[0].as_i64());
            let mut pod = PodTemplate { containers: vec![container], ..PodTemplate::default() };
            assert_eq!(estimate(rule, &pod), [row[2].as_f64().unwrap(), 0.0], "{row}");
            pod.overhead = [("cpu".to_owned(), 50)].into();
            pod.init_containers = pod.containers.clone();
            assert_eq!(estimate(rule, &pod), [row[2].as_f64().unwrap() + 50.0, 0.0], "{row}");
        }
    }

    #[test]
    fn estimates_follow_a_class_when_a_rule_is_added() {
        let pod = PodTemplate { containers: vec![container(Some(1000), None)], ..PodTemplate::default() };
        let mut estimates = Estimates::default();
        let total = EstimateRule::PodTotal { percent: [Some(85), None], absent: [250, 100] };
        assert_eq!((estimates.register(total), estimates.register(total)), ((0, true), (0, false)));
        estimates.learn(3, &pod);
        assert_eq!(estimates.of(3), [[850.0, 0.0]]);
        assert_eq!(estimates.of(4), <&[[f64; 2]]>::default());
        let each = EstimateRule::EachContainer { factor_bits: 1.5f64.to_bits(), absent_milli: 1000 };
        assert_eq!(estimates.register(each), (1, true));
        estimates.learn(3, &pod);
        assert_eq!(estimates.of(3), [[850.0, 0.0], [1500.0, 0.0]]);
    }
}
