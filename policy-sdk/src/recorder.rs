//! The two hosts that a sandboxed policy is set up against: one notes what it asks for, the other hands out what the real
//! host granted.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use sched_abi::ask::{Ask, Grant};
use sched_abi::{
    Aggregate, Bits, Column, Derived, DomainPods, EstimateRule, Label, LabelSelector, NodeSelector, PodMatch,
    ResourceId, Setup, SetupError,
};

/// Notes what is asked for. What it answers is not to be used but in further requests: selectors of pods and labels are
/// granted in the order in which they are asked for.
#[derive(Debug, Default)]
pub struct Recorder(
    /// What was asked for, in order.
    pub Vec<Ask>,
);

impl Setup for Recorder {
    fn resource(&mut self, name: &str) -> Result<ResourceId, SetupError> {
        self.0.push(Ask::Resource(name.to_owned()));
        Ok(ResourceId(u16::MAX))
    }

    fn derive(&mut self, derived: Derived) -> Result<Column, SetupError> {
        self.0.push(Ask::Derive(derived));
        Ok(Column::Derived(u16::MAX))
    }

    fn aggregate(&mut self, aggregate: Aggregate) -> Result<(), SetupError> {
        self.0.push(Ask::Aggregate(aggregate));
        Ok(())
    }

    fn estimate(&mut self, rule: EstimateRule) -> Result<usize, SetupError> {
        self.0.push(Ask::Estimate(rule));
        Ok(usize::MAX)
    }

    fn node_selector(&mut self, selector: &NodeSelector) -> Result<Bits, SetupError> {
        self.0.push(Ask::Nodes(selector.clone()));
        Ok(Bits::Selector(u16::MAX))
    }

    fn pod_selector(&mut self, selector: &LabelSelector) -> Result<PodMatch, SetupError> {
        self.0.push(Ask::Pods(selector.clone()));
        Ok(PodMatch(self.0.iter().filter(|ask| matches!(ask, Ask::Pods(_))).count() as u8 - 1))
    }

    fn label(&mut self, key: &str) -> Result<Label, SetupError> {
        self.0.push(Ask::Label(key.to_owned()));
        Ok(Label(self.0.iter().filter(|ask| matches!(ask, Ask::Label(_))).count() as u16 - 1))
    }

    fn domain_pods(&mut self, label: Label, pods: PodMatch) -> Result<DomainPods, SetupError> {
        self.0.push(Ask::DomainPods(label, pods));
        Ok(DomainPods(u16::MAX))
    }
}

/// Hands out grants in the order in which they were asked for.
#[derive(Debug)]
pub struct Replayer<'a> {
    /// What is asked for now, to be compared with what was asked for then.
    asked: Recorder,
    grants: core::slice::Iter<'a, Grant>,
}

impl<'a> Replayer<'a> {
    /// Hands these out.
    #[must_use]
    pub fn new(grants: &'a [Grant]) -> Self {
        Self { asked: Recorder::default(), grants: grants.iter() }
    }

    /// What was asked for; `Err` where grants are left over.
    pub fn finish(self) -> Result<Vec<Ask>, SetupError> {
        if self.grants.len() == 0 { Ok(self.asked.0) } else { Err(differs()) }
    }

    fn next(&mut self) -> Result<Grant, SetupError> {
        self.grants.next().copied().ok_or_else(differs)
    }
}

fn differs() -> SetupError {
    SetupError(String::from("the policy asks for other things the second time: `setup` must follow from its settings"))
}

impl Setup for Replayer<'_> {
    fn resource(&mut self, name: &str) -> Result<ResourceId, SetupError> {
        self.asked.resource(name)?;
        if let Grant::Resource(id) = self.next()? { Ok(id) } else { Err(differs()) }
    }

    fn derive(&mut self, derived: Derived) -> Result<Column, SetupError> {
        self.asked.derive(derived)?;
        if let Grant::Derived(place) = self.next()? { Ok(Column::Derived(place)) } else { Err(differs()) }
    }

    fn aggregate(&mut self, aggregate: Aggregate) -> Result<(), SetupError> {
        self.asked.aggregate(aggregate)?;
        if self.next()? == Grant::Aggregate { Ok(()) } else { Err(differs()) }
    }

    fn estimate(&mut self, rule: EstimateRule) -> Result<usize, SetupError> {
        self.asked.estimate(rule)?;
        if let Grant::Estimate(place) = self.next()? { Ok(place as usize) } else { Err(differs()) }
    }

    fn node_selector(&mut self, selector: &NodeSelector) -> Result<Bits, SetupError> {
        self.asked.node_selector(selector)?;
        if let Grant::Nodes(place) = self.next()? { Ok(Bits::Selector(place)) } else { Err(differs()) }
    }

    fn pod_selector(&mut self, selector: &LabelSelector) -> Result<PodMatch, SetupError> {
        self.asked.pod_selector(selector)?;
        if let Grant::Pods(place) = self.next()? { Ok(PodMatch(place)) } else { Err(differs()) }
    }

    fn label(&mut self, key: &str) -> Result<Label, SetupError> {
        self.asked.label(key)?;
        if let Grant::Label(label) = self.next()? { Ok(label) } else { Err(differs()) }
    }

    fn domain_pods(&mut self, label: Label, pods: PodMatch) -> Result<DomainPods, SetupError> {
        self.asked.domain_pods(label, pods)?;
        if let Grant::DomainPods(counts) = self.next()? { Ok(counts) } else { Err(differs()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(host: &mut dyn Setup, times: usize) -> Result<(), SetupError> {
        (0..times).try_for_each(|_| host.resource("cpu").map(drop))
    }

    #[test]
    fn grants_are_handed_out_once_and_to_the_last() {
        let grants = [Grant::Resource(ResourceId(3)); 2];
        let mut host = Replayer::new(&grants);
        ask(&mut host, 2).unwrap();
        assert_eq!(host.finish().unwrap().len(), 2);
        let mut host = Replayer::new(&grants);
        ask(&mut host, 1).unwrap();
        assert!(host.finish().is_err());
        assert!(ask(&mut Replayer::new(&grants), 3).is_err());
        assert!(Replayer::new(&grants).aggregate_or_err());
    }

    impl Replayer<'_> {
        fn aggregate_or_err(mut self) -> bool {
            self.estimate(EstimateRule::EachContainer { factor_bits: 0, absent_milli: 0 }).is_err()
        }
    }
}
