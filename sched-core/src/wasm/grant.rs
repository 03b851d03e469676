//! What a module asks for, asked of the cluster: the ids that it is told.

use sched_abi::ask::{Ask, Grant};
use sched_abi::{Bits, Column, Derived, Label, PodMatch, Setup, SetupError};

/// Asks the host. What a request names of earlier ones is a place among those of its kind, in the order of the requests.
pub(super) fn grant(host: &mut dyn Setup, ask: &Ask, earlier: &[Grant]) -> Result<Grant, SetupError> {
    let refused = |what: &str| SetupError(format!("the host grants {what} that the contract cannot name"));
    let pods = |place: PodMatch| {
        let known = earlier.iter().filter_map(|g| if let Grant::Pods(bit) = g { Some(PodMatch(*bit)) } else { None });
        earlier_one(known, usize::from(place.0), "selector of pods")
    };
    let label = |place: Label| {
        let known = earlier.iter().filter_map(|g| if let Grant::Label(label) = g { Some(*label) } else { None });
        earlier_one(known, usize::from(place.0), "label")
    };
    Ok(match ask {
        Ask::Resource(name) => Grant::Resource(host.resource(name)?),
        Ask::Derive(derived) => match host.derive(match *derived {
            Derived::Pods(place) => Derived::Pods(pods(place)?),
            Derived::NodeProfileCpu { hours_ahead, pool } => {
                Derived::NodeProfileCpu { hours_ahead, pool: pool.map(label).transpose()? }
            }
            other => other,
        })? {
            Column::Derived(place) => Grant::Derived(place),
            _ => return Err(refused("a column")),
        },
        Ask::Aggregate(aggregate) => host.aggregate(*aggregate).map(|()| Grant::Aggregate)?,
        Ask::Estimate(rule) => Grant::Estimate(host.estimate(*rule)? as u32),
        Ask::Nodes(selector) => match host.node_selector(selector)? {
            Bits::Selector(place) => Grant::Nodes(place),
            _ => return Err(refused("rows")),
        },
        Ask::Pods(selector) => Grant::Pods(host.pod_selector(selector)?.0),
        Ask::Label(key) => Grant::Label(host.label(key)?),
        Ask::DomainPods(of, matching) => Grant::DomainPods(host.domain_pods(label(*of)?, pods(*matching)?)?),
    })
}

fn earlier_one<T>(mut granted: impl Iterator<Item = T>, place: usize, what: &str) -> Result<T, SetupError> {
    granted.nth(place).ok_or_else(|| SetupError(format!("names {what} {place}, which it has not asked for before")))
}
