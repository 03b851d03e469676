//! Changes the pod of a case, and what its view says of single rows.

use super::asks::Ask;
use super::case::Case;
use super::rng::Rng;
use super::subject::Subject;
use super::vary::{MOST, some_of};
use sched_abi::{ImageRow, NodeNameField, QosClass, Request, ResourceId, TaintAnswer};
use sched_core::limits::MAX_REQUESTS_PER_POD;

/// Changes fields that do not depend on rows.
pub(super) fn vary(subject: &Subject<'_>, case: &mut Case, rng: &mut Rng) {
    let (pod, rows) = (&mut case.pod, case.table.rows);
    rng.pick(&["", "a", "web-0", "web-12", "job-7b9f6-x2x8k"]).clone_into(&mut pod.name);
    rng.pick(&["", "default", "kube-system"]).clone_into(&mut pod.namespace);
    pod.priority = rng.pick(&[0, 0, 1, -1, 1_000, 2_000_000_000, i32::MAX, i32::MIN]);
    pod.qos = rng.pick(&[QosClass::BestEffort, QosClass::Burstable, QosClass::Guaranteed]);
    pod.daemon_set = rng.once_in(8);
    pod.tolerates_unschedulable = rng.once_in(4);
    pod.containers = rng.pick(&[0, 1, 1, 2, 5, 1_000]);
    pod.node_name = match rng.below(12) {
        0 => NodeNameField::Unknown,
        1 if rows > 0 => NodeNameField::Row(rng.below(rows) as u32),
        _ => NodeNameField::Any,
    };
    if rng.once_in(2) {
        requests(subject, case, rng);
    }
    let pod = &mut case.pod;
    let used = |rng: &mut Rng| {
        [
            rng.pick(&[0.0, 1.0, 250.0, 3_333.0, 64_000.0]),
            rng.pick(&[0.0, 1.0, (1u64 << 28) as f64, (9u64 << 30) as f64]),
        ]
    };
    pod.estimate = used(rng);
    pod.estimates.iter_mut().for_each(|estimate| *estimate = used(rng));
    let asked = subject.asks.iter().filter_map(|ask| match ask {
        Ask::PodSelector(_, place) => Some(1_u64.checked_shl(u32::from(place.0)).unwrap_or(0)),
        _ => None,
    });
    pod.matches = asked.fold(pod.matches, |matches, bit| if rng.once_in(3) { matches ^ bit } else { matches });
    let hours = if rng.once_in(3) { 0 } else { 8 };
    pod.forecast_cpu = (0..hours).map(|_| rng.pick(&[0.0, 5.0, 400.0, 2_000.0, 50_000.0])).collect();
    (pod.forecast_request, pod.forecast_variance) =
        if hours == 0 { (0.0, 0.0) } else { (rng.pick(&[0.0, 100.0, 16_000.0]), rng.pick(&[0.0, 0.01, 0.25])) };
    let soft = if rng.once_in(2) { 0 } else { 20 };
    let lists = if rng.once_in(4) { 70 } else { pod.taints.len().max(1) };
    pod.taints =
        (0..lists).map(|_| TaintAnswer { rejected: rng.once_in(4), untolerated_soft: taints(soft, rng) }).collect();
    if let Some(first) = pod.taints.first_mut() {
        // The first list is the empty one.
        *first = TaintAnswer::default();
    }
    pod.weights = (0..rng.pick(&[0, 0, 1, 2, 7])).map(|_| rng.pick(&[0, 1, 50, 100])).collect();
}

fn taints(most: usize, rng: &mut Rng) -> u32 {
    rng.below(most + 1) as u32
}

/// What the pod asks for: nothing, a little, everything; one resource or very many.
fn requests(subject: &Subject<'_>, case: &mut Case, rng: &mut Rng) {
    let most = rng.pick(&[0, 1, 2, 2, 3, 8, MAX_REQUESTS_PER_POD - 1]);
    while most == MAX_REQUESTS_PER_POD - 1 && case.table.resources.len() <= most {
        // Names that no node has anything of.
        case.table.resources.push(format!("example.com/none-{}", case.table.resources.len()));
    }
    let mut ids = case.table.resource_ids();
    ids.retain(|id| *id != ResourceId::PODS);
    if most < ids.len() {
        // What the policy asked for is most likely to matter.
        let asked =
            |id: &ResourceId| subject.asks.iter().any(|ask| matches!(ask, Ask::Resource(_, known) if known == id));
        ids.sort_by_key(|id| (id.0 > 1, !asked(id), id.0));
        ids.truncate(most);
    }
    let amount = |id: ResourceId, rng: &mut Rng| match id {
        ResourceId::CPU => rng.pick(&[1.0, 100.0, 250.0, 2_000.0, 32_000.0, MOST]),
        ResourceId::MEMORY | ResourceId::EPHEMERAL_STORAGE => {
            rng.pick(&[1.0, (64u64 << 20) as f64, (3u64 << 30) as f64, (200u64 << 30) as f64, MOST])
        }
        _ => rng.pick(&[1.0, 2.0, 500.0]),
    };
    let mut requests: Vec<Request> =
        ids.into_iter().map(|resource| Request { resource, amount: amount(resource, rng) }).collect();
    case.pod.scoring_requests.clone_from(&requests);
    requests.push(Request { resource: ResourceId::PODS, amount: 1.0 });
    // Fixed ids come first, in their order.
    requests.sort_by_key(|request| request.resource);
    case.pod.requests = requests;
}

/// Changes what the view says of rows.
pub(super) fn vary_rows(case: &mut Case, rng: &mut Rng) {
    let live: Vec<bool> = (0..case.table.rows).map(|row| case.table.is_live(row)).collect();
    let pod = &mut case.pod;
    for rows in [&mut pod.required_nodes, &mut pod.named_nodes, &mut pod.port_conflicts].into_iter().flatten() {
        *rows = some_of(&live, rng);
    }
    pod.preferred = pod.weights.iter().map(|_| some_of(&live, rng)).collect();
    pod.flatten();
    pod.same_app_requested = if pod.forecast_cpu.is_empty() {
        vec![0.0; live.len()]
    } else {
        live.iter().map(|&live| if live { rng.pick(&[0.0, 0.0, 500.0, 20_000.0]) } else { 0.0 }).collect()
    };
    if !pod.images.is_empty() {
        let sizes = [0, 24_117_249, 640_000_000, 3_145_728_000, 1 << 46];
        let images = (0..).zip(&live).filter(|(_, live)| **live).flat_map(|(row, _)| {
            let count = rng.pick(&[0, 0, 1, 1, 3]);
            (0..count).map(|_| ImageRow { row, scaled_bytes: rng.pick(&sizes) }).collect::<Vec<_>>()
        });
        pod.images = images.collect();
    }
}
