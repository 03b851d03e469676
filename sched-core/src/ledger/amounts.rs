//! Amounts by resource id: a short list in the order of ids, without zeros.

use sched_abi::{Request, ResourceId};
use smallvec::SmallVec;

/// What is held, used or free, in base units.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Amounts(SmallVec<[(ResourceId, i64); 4]>);

impl Amounts {
    /// What a pod requests, its place among the pods included.
    pub(crate) fn of(requests: &[Request]) -> Self {
        requests.iter().map(|request| (request.resource, request.amount as i64)).collect()
    }

    pub(crate) fn get(&self, resource: ResourceId) -> i64 {
        self.0.iter().find(|(known, _)| *known == resource).map_or(0, |&(_, amount)| amount)
    }

    pub(crate) fn set(&mut self, resource: ResourceId, amount: i64) {
        let place = self.0.partition_point(|&(known, _)| known < resource);
        let known = self.0.get(place).is_some_and(|&(known, _)| known == resource);
        match (known, amount) {
            (false, 0) => {}
            (true, 0) => drop(self.0.remove(place)),
            (false, _) => self.0.insert(place, (resource, amount)),
            (true, _) => self.0.get_mut(place).into_iter().for_each(|cell| cell.1 = amount),
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        other.iter().for_each(|(resource, amount)| self.set(resource, self.get(resource) + amount));
    }

    pub(crate) fn sub(&mut self, other: &Self) {
        other.iter().for_each(|(resource, amount)| self.set(resource, self.get(resource) - amount));
    }

    /// This without the other.
    pub(crate) fn less(&self, other: &Self) -> Self {
        let mut left = self.clone();
        left.sub(other);
        left
    }

    /// The smaller of the two, resource by resource; what stands in one of them alone is not in it.
    pub(crate) fn within(&self, other: &Self) -> Self {
        self.iter().map(|(resource, amount)| (resource, amount.min(other.get(resource)))).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ResourceId, i64)> + '_ {
        self.0.iter().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(ResourceId, i64)> for Amounts {
    fn from_iter<I: IntoIterator<Item = (ResourceId, i64)>>(amounts: I) -> Self {
        let mut list = Self::default();
        amounts.into_iter().for_each(|(resource, amount)| list.set(resource, amount));
        list
    }
}
