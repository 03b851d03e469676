//! What a policy asks of its host when it is set up: written down once, and answered alike for every further instance.

use sched_abi::{
    Aggregate, Bits, Column, Derived, DomainPods, EstimateRule, Label, LabelSelector, NodeSelector, PodMatch,
    ResourceId, Setup, SetupError,
};

/// A request with its answer.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Ask {
    Resource(String, ResourceId),
    Derive(Derived, Column),
    Aggregate(Aggregate),
    Estimate(EstimateRule, usize),
    NodeSelector(NodeSelector, Bits),
    PodSelector(LabelSelector, PodMatch),
    Label(String, Label),
    DomainPods((Label, PodMatch), DomainPods),
}

/// Passes requests on and writes them down.
pub(super) struct Recording<'a> {
    pub(super) host: &'a mut dyn Setup,
    pub(super) asks: Vec<Ask>,
}

impl Setup for Recording<'_> {
    fn resource(&mut self, name: &str) -> Result<ResourceId, SetupError> {
        let answer = self.host.resource(name)?;
        self.asks.push(Ask::Resource(name.to_owned(), answer));
        Ok(answer)
    }

    fn derive(&mut self, derived: Derived) -> Result<Column, SetupError> {
        let answer = self.host.derive(derived)?;
        self.asks.push(Ask::Derive(derived, answer));
        Ok(answer)
    }

    fn aggregate(&mut self, aggregate: Aggregate) -> Result<(), SetupError> {
        self.host.aggregate(aggregate)?;
        self.asks.push(Ask::Aggregate(aggregate));
        Ok(())
    }

    fn estimate(&mut self, rule: EstimateRule) -> Result<usize, SetupError> {
        let answer = self.host.estimate(rule)?;
        self.asks.push(Ask::Estimate(rule, answer));
        Ok(answer)
    }

    fn node_selector(&mut self, selector: &NodeSelector) -> Result<Bits, SetupError> {
        let answer = self.host.node_selector(selector)?;
        self.asks.push(Ask::NodeSelector(selector.clone(), answer));
        Ok(answer)
    }

    fn pod_selector(&mut self, selector: &LabelSelector) -> Result<PodMatch, SetupError> {
        let answer = self.host.pod_selector(selector)?;
        self.asks.push(Ask::PodSelector(selector.clone(), answer));
        Ok(answer)
    }

    fn label(&mut self, key: &str) -> Result<Label, SetupError> {
        let answer = self.host.label(key)?;
        self.asks.push(Ask::Label(key.to_owned(), answer));
        Ok(answer)
    }

    fn domain_pods(&mut self, label: Label, pods: PodMatch) -> Result<DomainPods, SetupError> {
        let answer = self.host.domain_pods(label, pods)?;
        self.asks.push(Ask::DomainPods((label, pods), answer));
        Ok(answer)
    }
}

/// Answers requests as they were answered before; a request that was not made then is refused.
pub(super) struct Replaying<'a> {
    asks: std::slice::Iter<'a, Ask>,
}

impl<'a> Replaying<'a> {
    pub(super) fn new(asks: &'a [Ask]) -> Self {
        Self { asks: asks.iter() }
    }

    /// Whether everything was asked for again.
    pub(super) fn is_done(&self) -> bool {
        self.asks.len() == 0
    }

    fn next<T>(&mut self, what: &str, answer: impl Fn(&Ask) -> Option<T>) -> Result<T, SetupError> {
        let ask = self.asks.next();
        ask.and_then(answer).ok_or_else(|| {
            SetupError(format!("asks its host for {what} where an earlier instance asked for {}", spoken(ask)))
        })
    }
}

fn spoken(ask: Option<&Ask>) -> String {
    ask.map_or_else(|| "nothing".to_owned(), |ask| format!("{ask:?}"))
}

impl Setup for Replaying<'_> {
    fn resource(&mut self, name: &str) -> Result<ResourceId, SetupError> {
        self.next(&format!("resource `{name}`"), |ask| match ask {
            Ask::Resource(known, answer) => (known == name).then_some(*answer),
            _ => None,
        })
    }

    fn derive(&mut self, derived: Derived) -> Result<Column, SetupError> {
        self.next(&format!("{derived:?}"), |ask| match ask {
            Ask::Derive(known, answer) => (*known == derived).then_some(*answer),
            _ => None,
        })
    }

    fn aggregate(&mut self, aggregate: Aggregate) -> Result<(), SetupError> {
        self.next(&format!("{aggregate:?}"), |ask| match ask {
            Ask::Aggregate(known) => (*known == aggregate).then_some(()),
            _ => None,
        })
    }

    fn estimate(&mut self, rule: EstimateRule) -> Result<usize, SetupError> {
        self.next(&format!("{rule:?}"), |ask| match ask {
            Ask::Estimate(known, answer) => (*known == rule).then_some(*answer),
            _ => None,
        })
    }

    fn node_selector(&mut self, selector: &NodeSelector) -> Result<Bits, SetupError> {
        self.next(&format!("{selector:?}"), |ask| match ask {
            Ask::NodeSelector(known, answer) => (known == selector).then_some(*answer),
            _ => None,
        })
    }

    fn pod_selector(&mut self, selector: &LabelSelector) -> Result<PodMatch, SetupError> {
        self.next(&format!("{selector:?}"), |ask| match ask {
            Ask::PodSelector(known, answer) => (known == selector).then_some(*answer),
            _ => None,
        })
    }

    fn label(&mut self, key: &str) -> Result<Label, SetupError> {
        self.next(&format!("label `{key}`"), |ask| match ask {
            Ask::Label(known, answer) => (known == key).then_some(*answer),
            _ => None,
        })
    }

    fn domain_pods(&mut self, label: Label, pods: PodMatch) -> Result<DomainPods, SetupError> {
        self.next(&format!("{pods:?} by {label:?}"), |ask| match ask {
            Ask::DomainPods(known, answer) => (*known == (label, pods)).then_some(*answer),
            _ => None,
        })
    }
}
