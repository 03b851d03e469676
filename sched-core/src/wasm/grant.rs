//! What a module asks for, asked of the cluster: the ids that it is told.

use sched_abi::ask::{Ask, Grant};
use sched_abi::{Bits, Column, Setup, SetupError};

pub(super) fn grant(host: &mut dyn Setup, ask: &Ask) -> Result<Grant, SetupError> {
    let refused = |what: &str| SetupError(format!("the host grants {what} that the contract cannot name"));
    Ok(match ask {
        Ask::Resource(name) => Grant::Resource(host.resource(name)?),
        Ask::Derive(derived) => match host.derive(*derived)? {
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
    })
}
