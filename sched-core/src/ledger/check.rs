//! Whether a hold makes sense and there is room for it. Nothing here changes anything.

use super::owners::OwnerTerm;
use super::{HoldKind, HoldSpec, LedgerError};
use crate::cluster::{Cluster, PodSpec, Resources, check_pod, check_pod_selector};
use crate::error::ClusterError;
use crate::limits::{MAX_HOLDS, MAX_NAME_BYTES, MAX_OWNER_TERMS, MAX_QUANTITY, MAX_REQUESTS_PER_POD, MAX_RESOURCES};
use sched_abi::ResourceId;

type Done<T = ()> = Result<T, LedgerError>;

impl Cluster {
    /// Whether a hold makes sense, wherever it is.
    pub(crate) fn check_hold(&self, spec: &HoldSpec, now_ms: u64) -> Done {
        let object = || format!("hold `{}`", spec.name);
        if spec.name.is_empty() || spec.name.len() > MAX_NAME_BYTES {
            return Err(ClusterError::BadName { object: object(), field: "name".to_owned() }.into());
        }
        if self.ledger.find(&spec.name).is_some_and(|_| self.live(&spec.name).is_ok()) {
            return Err(LedgerError::Duplicate(spec.name.clone()));
        }
        if self.ledger.len() >= MAX_HOLDS {
            return Err(LedgerError::too_many_holds());
        }
        if spec.owners.is_empty() {
            return Err(LedgerError::NoOwner { hold: spec.name.clone() });
        }
        if spec.kind == HoldKind::InPlace {
            return Err(LedgerError::OfPod { hold: spec.name.clone() });
        }
        check_owners(&object(), &spec.owners)?;
        self.later(&spec.name, spec.expires_ms, now_ms)?;
        self.check_amounts(&spec.name, &spec.amounts)?;
        if spec.amounts.values().all(|&amount| amount == 0) {
            return Err(LedgerError::Empty { hold: spec.name.clone() });
        }
        let like = PodSpec {
            namespace: "hold".to_owned(),
            name: spec.name.clone(),
            template: spec.template.clone(),
            terminating: false,
        };
        Ok(check_pod(&like)?)
    }

    pub(super) fn check_amounts(&self, name: &str, amounts: &Resources) -> Done {
        let object = || format!("hold `{name}`");
        for (resource, &value) in amounts {
            let field = format!("amount of {resource}");
            if resource.is_empty() || resource.len() > MAX_NAME_BYTES {
                return Err(ClusterError::BadName { object: object(), field: "resource".to_owned() }.into());
            }
            if value < 0 {
                return Err(ClusterError::Negative { object: object(), field, value }.into());
            }
            if value > MAX_QUANTITY {
                return Err(ClusterError::TooLarge { object: object(), field }.into());
            }
        }
        let names = self.nodes.resource_names.len() + self.nodes.new_resources(amounts.keys());
        let bounds = [
            (amounts.len(), MAX_REQUESTS_PER_POD, "resources of one hold", "MAX_REQUESTS_PER_POD"),
            (names, MAX_RESOURCES, "resource names", "MAX_RESOURCES"),
        ];
        match bounds.into_iter().find(|(count, limit, ..)| count > limit) {
            Some((_, limit, what, name)) => Err(LedgerError::Limit { what, limit, name }),
            None => Ok(()),
        }
    }

    /// Whether a row has room for amounts of which something is held already; where its owners' pods will leave the rest,
    /// whether it could ever.
    pub(super) fn check_room(
        &self,
        hold: &str,
        row: u32,
        amounts: &Resources,
        has: impl Fn(&str) -> i64,
        preallocate: bool,
    ) -> Done {
        let node = || self.nodes.name(row).map_or_else(String::new, ToString::to_string);
        for (resource, &amount) in amounts {
            let id = self.nodes.resource_names.find(resource).map(|id| ResourceId(id as u16));
            let columns = id.and_then(|id| self.nodes.columns(id));
            let allocatable = columns.and_then(|c| c.allocatable.get(row as usize)).map_or(0, |&has| has as i64);
            let (hold, resource) = (hold.to_owned(), resource.clone());
            let more = amount - has(&resource);
            let free = id.map_or(0, |id| self.free_room(row, id));
            if more > 0 && amount > allocatable {
                return Err(LedgerError::MoreThanNode { hold, node: node(), resource, amount, allocatable });
            }
            if more > 0 && more > free && !preallocate {
                return Err(LedgerError::NoRoom { hold, node: node(), resource, amount: more, free });
            }
        }
        Ok(())
    }
}

/// Whether owner terms make sense.
pub(super) fn check_owners(object: &str, owners: &[OwnerTerm]) -> Done {
    if owners.len() > MAX_OWNER_TERMS {
        return Err(LedgerError::Limit { what: "owner terms", limit: MAX_OWNER_TERMS, name: "MAX_OWNER_TERMS" });
    }
    for owner in owners {
        if owner.is_empty() {
            return Err(LedgerError::EveryPod { object: object.to_owned() });
        }
        if let Some(selector) = &owner.selector {
            check_pod_selector(selector)?;
        }
    }
    Ok(())
}
