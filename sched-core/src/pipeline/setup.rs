//! Before the first decision: policies ask for columns, resources and selectors.

use super::Entry;
use crate::cluster::Cluster;
use crate::config::{ProfileError, Weighted};
use crate::limits::{MAX_DERIVED, MAX_POD_SELECTORS, MAX_POLICIES, MAX_WEIGHT};
use sched_abi::{
    Aggregate, Bits, Column, Derived, DomainPods, EstimateRule, Label, LabelSelector, NODE_NAME_KEY, NodeSelector,
    PodMatch, Policy, ResourceId, Setup, SetupError,
};

/// Sets policies up against a cluster.
pub(crate) fn entries(policies: Vec<Weighted>, cluster: &mut Cluster) -> Result<Vec<Entry>, ProfileError> {
    if policies.len() > MAX_POLICIES {
        return Err(ProfileError::Limit {
            what: "policies",
            count: policies.len(),
            limit: MAX_POLICIES,
            name: "MAX_POLICIES",
        });
    }
    let mut entries: Vec<Entry> = Vec::new();
    for (policy, weight) in policies {
        let name = policy.manifest().name;
        if entries.iter().any(|e| e.manifest.name == name) {
            return Err(ProfileError::Twice(name.into_owned()));
        }
        entries.push(entry(policy, weight, cluster)?);
    }
    Ok(entries)
}

/// Sets one policy up.
pub(super) fn entry(mut policy: Box<dyn Policy>, weight: i64, cluster: &mut Cluster) -> Result<Entry, ProfileError> {
    let manifest = policy.manifest();
    if !(0..=MAX_WEIGHT).contains(&weight) {
        return Err(ProfileError::Weight { policy: manifest.name.into_owned(), weight });
    }
    let mut host = Host { cluster, count: 0 };
    match policy.setup(&mut host) {
        Ok(()) => Ok(Entry { policy, manifest, weight }),
        Err(SetupError(problem)) => Err(ProfileError::Setup { policy: manifest.name.into_owned(), problem }),
    }
}

struct Host<'a> {
    cluster: &'a mut Cluster,
    count: usize,
}

impl Host<'_> {
    fn one_more(&mut self) -> Result<(), SetupError> {
        self.count += 1;
        if self.count > MAX_DERIVED {
            return Err(SetupError(format!("asks for more than {MAX_DERIVED} columns and selectors (MAX_DERIVED)")));
        }
        Ok(())
    }
}

impl Setup for Host<'_> {
    fn resource(&mut self, name: &str) -> Result<ResourceId, SetupError> {
        self.one_more()?;
        // Held for as long as the scheduler lives.
        Ok(ResourceId(self.cluster.nodes.acquire_resource(name) as u16))
    }

    fn derive(&mut self, derived: Derived) -> Result<Column, SetupError> {
        self.one_more()?;
        Ok(Column::Derived(self.cluster.derive(derived)? as u16))
    }

    fn aggregate(&mut self, aggregate: Aggregate) -> Result<(), SetupError> {
        self.one_more()?;
        let Aggregate::OverloadBand(curve) = aggregate;
        self.cluster.derive(Derived::ExpectedOverload(curve)).map(drop)
    }

    fn estimate(&mut self, rule: EstimateRule) -> Result<usize, SetupError> {
        self.one_more()?;
        Ok(self.cluster.keep_estimate(rule))
    }

    fn node_selector(&mut self, selector: &NodeSelector) -> Result<Bits, SetupError> {
        self.one_more()?;
        crate::cluster::check_selector(selector).map_err(|error| SetupError(error.to_string()))?;
        Ok(Bits::Selector(self.cluster.nodes.register_selector(selector) as u16))
    }

    fn pod_selector(&mut self, selector: &LabelSelector) -> Result<PodMatch, SetupError> {
        self.one_more()?;
        crate::cluster::check_pod_selector(selector).map_err(|error| SetupError(error.to_string()))?;
        let place = self.cluster.pods.register_selector(selector);
        if place >= MAX_POD_SELECTORS {
            let limit = format!("{MAX_POD_SELECTORS} (MAX_POD_SELECTORS)");
            return Err(SetupError(format!("the profile asks for more selectors of pods than {limit}")));
        }
        Ok(PodMatch(place as u8))
    }

    fn label(&mut self, key: &str) -> Result<Label, SetupError> {
        self.one_more()?;
        if key != NODE_NAME_KEY {
            crate::cluster::check_label_key(key).map_err(|error| SetupError(error.to_string()))?;
        }
        Ok(Label(self.cluster.nodes.register_label(key) as u16))
    }

    fn domain_pods(&mut self, label: Label, pods: PodMatch) -> Result<DomainPods, SetupError> {
        self.one_more()?;
        let labels = self.cluster.nodes.dictionaries.len();
        if usize::from(label.0) >= labels || usize::from(pods.0) >= self.cluster.pods.selectors.len() {
            return Err(SetupError(format!("{label:?} or {pods:?} was not asked for")));
        }
        Ok(DomainPods(self.cluster.keep_domains(usize::from(label.0), pods) as u16))
    }
}
