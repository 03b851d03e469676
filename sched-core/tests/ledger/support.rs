//! Short ways to say what there is.

use sched_core::{
    Container, Event, HoldRules, HoldSpec, Labels, LedgerOp, NodeSpec, Owner, OwnerTerm, PodId, PodSpec, PodTemplate,
    ProfileSet, Resources, Scheduler,
};

pub(crate) fn scheduler() -> Scheduler {
    let profiles = ProfileSet::builtin();
    Scheduler::new(profiles.get("kube-default").expect("a profile that ships"), 7).expect("policies")
}

pub(crate) fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn cpu(milli: i64) -> Resources {
    [("cpu".to_owned(), milli)].into()
}

pub(crate) fn node(name: &str, milli: i64, pairs: &[(&str, &str)]) -> NodeSpec {
    let allocatable = [("cpu".to_owned(), milli), ("memory".to_owned(), 1 << 40), ("pods".to_owned(), 110)].into();
    NodeSpec { name: name.to_owned(), labels: labels(pairs), allocatable, ..NodeSpec::default() }
}

/// A pod `default/NAME` of the deployment `APP`.
pub(crate) fn pod(name: &str, app: &str, milli: i64) -> PodSpec {
    let container = Container { requests: cpu(milli), ..Container::default() };
    let owner = Some(Owner { kind: "Deployment".to_owned(), name: app.to_owned() });
    let template = PodTemplate { owner, containers: vec![container], ..PodTemplate::default() };
    PodSpec { namespace: "default".to_owned(), name: name.to_owned(), template, terminating: false }
}

pub(crate) fn of(app: &str) -> OwnerTerm {
    OwnerTerm::controller("default", "Deployment", app)
}

pub(crate) fn hold(name: &str, node: &str, milli: i64, app: &str) -> HoldSpec {
    let owners = vec![of(app)];
    HoldSpec { name: name.to_owned(), node: Some(node.to_owned()), amounts: cpu(milli), owners, ..HoldSpec::default() }
}

/// A scheduler in a few words; whatever is refused is a failure of the test.
pub(crate) struct Site(pub(crate) Scheduler);

impl Site {
    pub(crate) fn of(nodes: &[NodeSpec]) -> Self {
        let mut site = Self(scheduler());
        for node in nodes {
            site.apply(&Event::NodeAdded(node.clone()), 0);
        }
        site
    }

    pub(crate) fn apply(&mut self, event: &Event, now_ms: u64) {
        self.0.apply(event, now_ms).unwrap_or_else(|error| panic!("{event:?}: {error}"));
        self.0.audit().expect("a clean audit");
    }

    pub(crate) fn operate(&mut self, op: &LedgerOp, now_ms: u64) {
        self.0.operate(op, now_ms).unwrap_or_else(|error| panic!("{op:?}: {error}"));
    }

    pub(crate) fn hold(&mut self, spec: HoldSpec) {
        self.operate(&LedgerOp::Hold(spec), 0);
    }

    pub(crate) fn rules(&mut self, text: &str) {
        self.operate(&LedgerOp::Configure(HoldRules::from_text(text).expect("good rules")), 0);
    }

    pub(crate) fn desired(&mut self, app: &str, replicas: u32) {
        let owner = Owner { kind: "Deployment".to_owned(), name: app.to_owned() };
        self.operate(&LedgerOp::Desired { namespace: "default".to_owned(), owner, replicas: Some(replicas) }, 0);
    }

    pub(crate) fn add(&mut self, pod: &PodSpec) -> PodId {
        self.0.add_pod(pod).expect("a good pod")
    }

    /// Adds a pod that is on a node already.
    pub(crate) fn run(&mut self, pod: &PodSpec, node: &str) -> PodId {
        let id = self.add(pod);
        let (namespace, name, node) = (pod.namespace.clone(), pod.name.clone(), node.to_owned());
        self.apply(&Event::PodBound { namespace, name, node, at_ms: 0 }, 0);
        id
    }

    pub(crate) fn terminate(&mut self, pod: &PodSpec, now_ms: u64) {
        self.apply(&Event::PodChanged(PodSpec { terminating: true, ..pod.clone() }), now_ms);
    }

    pub(crate) fn remove(&mut self, pod: &PodSpec, now_ms: u64) {
        self.apply(&Event::PodRemoved { namespace: pod.namespace.clone(), name: pod.name.clone() }, now_ms);
    }

    /// Where a new pod goes.
    pub(crate) fn schedule(&mut self, pod: &PodSpec, now_ms: u64) -> Option<String> {
        let id = self.add(pod);
        let decision = self.0.schedule(id, now_ms).ok()?;
        self.0.audit().expect("a clean audit");
        self.0.cluster().node_name(decision.row).map(str::to_owned)
    }

    pub(crate) fn requested(&self, node: &str) -> i64 {
        let cluster = self.0.cluster();
        cluster.amounts(cluster.row_of(node).expect("a node"), "cpu")[1]
    }

    pub(crate) fn holds(&self) -> Vec<String> {
        self.0.cluster().hold_names().into_iter().map(str::to_owned).collect()
    }
}
