//! Before the first decision: policies ask for columns, resources and selectors.

use super::Entry;
use crate::cluster::Cluster;
use crate::config::{ProfileError, Weighted};
use crate::limits::{MAX_DERIVED, MAX_NAME_BYTES, MAX_POD_SELECTORS, MAX_POLICIES, MAX_RESOURCES_ASKED, MAX_WEIGHT};
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
    let mut host = Host { cluster, count: 0, asked: Asked::default() };
    match policy.setup(&mut host) {
        Ok(()) => {
            host.register();
            Ok(Entry { policy, manifest, weight, stands_in_for: None })
        }
        Err(SetupError(problem)) => {
            host.give_back();
            Err(ProfileError::Setup { policy: manifest.name.into_owned(), problem })
        }
    }
}

/// What a policy is told that it has, and the cluster does not keep yet: one that is refused leaves nothing behind.
#[derive(Default)]
struct Asked {
    /// Held already, since ids of names are reused: given back if the policy is refused.
    resources: Vec<u32>,
    derived: Vec<Derived>,
    rules: Vec<EstimateRule>,
    nodes: Vec<NodeSelector>,
    pods: Vec<LabelSelector>,
    labels: Vec<Box<str>>,
    domains: Vec<(Label, PodMatch)>,
    newest_samples: bool,
}

/// The place that an item has, or will have behind those that are kept.
fn place<'a, T: PartialEq + Clone + 'a>(kept: impl Iterator<Item = &'a T>, asked: &mut Vec<T>, item: &T) -> usize {
    let mut count = 0;
    for known in kept {
        if known == item {
            return count;
        }
        count += 1;
    }
    let new = asked.iter().position(|known| known == item).unwrap_or_else(|| {
        asked.push(item.clone());
        asked.len() - 1
    });
    count + new
}

struct Host<'a> {
    cluster: &'a mut Cluster,
    count: usize,
    asked: Asked,
}

impl Host<'_> {
    fn one_more(&mut self) -> Result<(), SetupError> {
        self.count += 1;
        if self.count > MAX_DERIVED {
            return Err(SetupError(format!("asks for more than {MAX_DERIVED} columns and selectors (MAX_DERIVED)")));
        }
        Ok(())
    }

    fn rule(&mut self, rule: EstimateRule) -> usize {
        place(self.cluster.measured.estimates.rules(), &mut self.asked.rules, &rule)
    }

    /// Has the cluster keep what was asked for, in the order in which places were told.
    fn register(self) {
        let Self { cluster, asked, .. } = self;
        for rule in asked.rules {
            cluster.keep_estimate(rule);
        }
        // Before what is derived of them.
        for key in &asked.labels {
            cluster.nodes.register_label(key);
        }
        for derived in asked.derived {
            cluster.derive(derived);
        }
        for selector in &asked.nodes {
            cluster.nodes.register_selector(selector);
        }
        for selector in &asked.pods {
            cluster.pods.register_selector(selector);
        }
        for (label, pods) in asked.domains {
            cluster.keep_domains(label, pods);
        }
        if asked.newest_samples {
            cluster.want_newest_samples();
        }
    }

    fn check_label(&self, label: Label) -> Result<(), SetupError> {
        let known = self.cluster.nodes.dictionaries.len() + self.asked.labels.len();
        if usize::from(label.0) < known { Ok(()) } else { Err(SetupError(format!("{label:?} was not asked for"))) }
    }

    fn check_pods(&self, pods: PodMatch) -> Result<(), SetupError> {
        let known = self.cluster.pods.selectors.len() + self.asked.pods.len();
        if usize::from(pods.0) < known { Ok(()) } else { Err(SetupError(format!("{pods:?} was not asked for"))) }
    }

    fn give_back(self) {
        for id in self.asked.resources {
            self.cluster.nodes.release_resource(id);
        }
    }
}

impl Setup for Host<'_> {
    fn resource(&mut self, name: &str) -> Result<ResourceId, SetupError> {
        self.one_more()?;
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(SetupError(format!(
                "asks for a resource whose name is empty or beyond {MAX_NAME_BYTES} bytes"
            )));
        }
        let names = &self.cluster.nodes.resource_names;
        if names.find(name).is_none() && names.len() >= MAX_RESOURCES_ASKED {
            let limit = format!("{MAX_RESOURCES_ASKED} (MAX_RESOURCES_ASKED)");
            return Err(SetupError(format!("asks for a new resource name where {limit} are in use")));
        }
        // Held for as long as the scheduler lives.
        let id = self.cluster.nodes.acquire_resource(name);
        self.asked.resources.push(id);
        Ok(ResourceId(id as u16))
    }

    fn derive(&mut self, derived: Derived) -> Result<Column, SetupError> {
        self.one_more()?;
        crate::cluster::check_derived(derived)?;
        if let Derived::Pods(pods) = derived {
            self.check_pods(pods)?;
        }
        if let Derived::NodeProfileCpu { pool: Some(label), .. } = derived {
            self.check_label(label)?;
        }
        if let Derived::Unmeasured(spec) = derived {
            self.rule(spec.rule);
        }
        Ok(Column::Derived(place(self.cluster.derived.registered(), &mut self.asked.derived, &derived) as u16))
    }

    fn aggregate(&mut self, aggregate: Aggregate) -> Result<(), SetupError> {
        match aggregate {
            Aggregate::OverloadBand(curve) => self.derive(Derived::ExpectedOverload(curve)).map(drop),
            Aggregate::SampledAt(_) => {
                self.asked.newest_samples = true;
                Ok(())
            }
        }
    }

    fn estimate(&mut self, rule: EstimateRule) -> Result<usize, SetupError> {
        self.one_more()?;
        Ok(self.rule(rule))
    }

    fn node_selector(&mut self, selector: &NodeSelector) -> Result<Bits, SetupError> {
        self.one_more()?;
        crate::cluster::check_selector(selector).map_err(|error| SetupError(error.to_string()))?;
        let kept = self.cluster.nodes.selectors.iter().map(|kept| &kept.selector);
        Ok(Bits::Selector(place(kept, &mut self.asked.nodes, selector) as u16))
    }

    fn pod_selector(&mut self, selector: &LabelSelector) -> Result<PodMatch, SetupError> {
        self.one_more()?;
        crate::cluster::check_pod_selector(selector).map_err(|error| SetupError(error.to_string()))?;
        let place = place(self.cluster.pods.selectors.iter(), &mut self.asked.pods, selector);
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
        let kept = self.cluster.nodes.dictionaries.iter().map(|kept| &kept.key);
        Ok(Label(place(kept, &mut self.asked.labels, &Box::from(key)) as u16))
    }

    fn domain_pods(&mut self, label: Label, pods: PodMatch) -> Result<DomainPods, SetupError> {
        self.one_more()?;
        self.check_pods(pods)?;
        self.check_label(label)?;
        let kept = self.cluster.measured.domains();
        Ok(DomainPods(place(kept, &mut self.asked.domains, &(label, pods)) as u16))
    }
}
