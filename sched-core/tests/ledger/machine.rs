//! The library and the model live through the same steps; after each they are equal and the audit is clean.

use crate::model::{At, Room, World};
use crate::steps::{Flags, Op, Step, hold_name, step};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use sched_core::{
    Container, Decision, Event, HoldSpec, Labels, LedgerOp, NodeSpec, OwnerTerm, PodPhase, PodSpec, PodTemplate,
    ProfileSet, Resources, Scheduler,
};

pub(crate) const START_MS: u64 = 1_000_000;

/// The model as proptest knows it.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) world: World,
    /// When the last step came, and whether it was accepted.
    pub(crate) at_ms: u64,
    pub(crate) accepted: bool,
}

impl ReferenceStateMachine for Reference {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let world = World { now: START_MS, ..World::default() };
        Just(Self { world, at_ms: START_MS, accepted: true }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        step().boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.at_ms = state.world.time(step);
        state.accepted = state.world.step(step);
        state
    }
}

pub(crate) fn amounts([cpu, memory]: Room) -> Resources {
    [("cpu".to_owned(), cpu), ("memory".to_owned(), memory)].into()
}

pub(crate) fn node_name(node: u8) -> String {
    format!("node-{node}")
}

fn pod_name(pod: u8) -> (String, String) {
    ("ns".to_owned(), format!("pod-{pod}"))
}

fn label(app: u8) -> Labels {
    [("app".to_owned(), format!("app-{app}"))].into()
}

pub(crate) fn pod_spec(pod: u8, app: u8, wants: Room) -> PodSpec {
    let (namespace, name) = pod_name(pod);
    let container = Container { requests: amounts(wants), ..Container::default() };
    let template = PodTemplate { labels: label(app), containers: vec![container], ..PodTemplate::default() };
    PodSpec { namespace, name, template, terminating: false }
}

/// Three ways to say whose a hold is.
fn owner(app: u8) -> OwnerTerm {
    let selector = Some(sched_core::LabelSelector { match_labels: label(app), ..Default::default() });
    let namespace = (app != 1).then(|| "ns".to_owned());
    OwnerTerm { namespace, selector, ..OwnerTerm::default() }
}

fn hold_spec(hold: u8, node: u8, app: u8, has: Room, flags: Flags, expires_ms: Option<u64>) -> HoldSpec {
    // No other node takes it, so it ends with its node.
    let nowhere = [("node".to_owned(), "none".to_owned())].into();
    let pinned = PodTemplate { node_selector: nowhere, ..PodTemplate::default() };
    HoldSpec {
        name: hold_name(hold),
        node: Some(node_name(node)),
        amounts: amounts(has),
        owners: vec![OwnerTerm { pod: Some("nobody".to_owned()), ..OwnerTerm::default() }, owner(app)],
        expires_ms,
        restricted: flags.restricted,
        once: flags.once,
        preallocate: flags.preallocate,
        order: flags.order,
        template: pinned,
        ..HoldSpec::default()
    }
}

pub(crate) fn scheduler() -> Scheduler {
    let text = "profiles: [{name: fit, policies: [{name: NodeResourcesFit}, {name: NodeAffinity}]}]";
    let profiles = ProfileSet::from_text(text).expect("a profile");
    Scheduler::new(&profiles.profiles[0], 0).expect("policies that can be set up")
}

/// Does a step; says whether it was accepted.
pub(crate) fn apply(scheduler: &mut Scheduler, op: &Op, at_ms: u64, now_ms: u64) -> bool {
    let cluster = scheduler.cluster();
    let id = |pod: u8| cluster.pod_id("ns", &format!("pod-{pod}"));
    let (namespace, name) = match *op {
        Op::RemovePod(pod)
        | Op::Bind(pod, _)
        | Op::BeginInPlace(pod, _)
        | Op::ResizeInPlace(pod, _)
        | Op::EndInPlace(pod) => pod_name(pod),
        _ => Default::default(),
    };
    let later = |ttl: u64| now_ms.max(at_ms) + ttl;
    let event = match op.clone() {
        Op::AddNode(node, has) => Event::NodeAdded(node_spec(node, has)),
        Op::RemoveNode(node) => Event::NodeRemoved { name: node_name(node) },
        Op::AddPod(pod, app, wants) => Event::PodAdded(pod_spec(pod, app, wants)),
        Op::ChangePod(pod, app, wants) => Event::PodChanged(pod_spec(pod, app, wants)),
        Op::RemovePod(_) => Event::PodRemoved { namespace, name },
        Op::Bind(pod, node) => bound(pod, node),
        Op::Tick => return scheduler.tick(at_ms).is_ok(),
        Op::Restart => return true,
        Op::Commit(pod) => return id(pod).is_some_and(|pod| scheduler.commit(pod, at_ms).is_ok()),
        Op::Rollback(pod) => return id(pod).is_some_and(|pod| scheduler.rollback(pod).is_ok()),
        Op::Reserve(pod, node) => {
            let (Some(pod), Some(row)) = (id(pod), cluster.row_of(&node_name(node))) else { return false };
            let tenancy = cluster.tenancy(row).expect("a node");
            // Made on a generation that is long gone: it is checked exactly.
            let decision = Decision {
                pod,
                row,
                tenancy,
                total: 0,
                feasible: 0,
                generation: 0,
                at_ms: 0,
                fell_back: false,
                degraded: false,
            };
            return scheduler.reserve(&decision, at_ms).is_ok();
        }
        other => {
            let op = match other {
                Op::Hold(hold, node, app, has, flags, ttl) => {
                    LedgerOp::Hold(hold_spec(hold, node, app, has, flags, ttl.map(later)))
                }
                Op::Release(hold) => LedgerOp::Release { name: hold_name(hold) },
                Op::Resize(hold, has) => LedgerOp::Resize { name: hold_name(hold), amounts: amounts(has) },
                Op::Renew(hold, ttl) => LedgerOp::Renew { name: hold_name(hold), expires_ms: Some(later(ttl)) },
                Op::Migrate(hold, node) => LedgerOp::Migrate { name: hold_name(hold), node: node_name(node) },
                Op::BeginInPlace(_, ttl) => LedgerOp::BeginInPlace { namespace, pod: name, expires_ms: later(ttl) },
                Op::ResizeInPlace(_, wants) => {
                    LedgerOp::ResizeInPlace { namespace, pod: name, amounts: amounts(wants) }
                }
                _ => LedgerOp::EndInPlace { namespace, pod: name },
            };
            return scheduler.operate(&op, at_ms).is_ok();
        }
    };
    scheduler.apply(&event, at_ms).is_ok()
}

/// A scheduler that is told what there is, and has its ledger restored.
fn restart(old: &Scheduler, world: &World) -> Scheduler {
    let mut new = scheduler();
    let mut tell = |event: Event| new.apply(&event, world.now).expect("what was accepted once");
    for (&pod, known) in &world.pods {
        tell(Event::PodAdded(pod_spec(pod, known.app, known.wants)));
        if let At::Lost(node) = known.at {
            tell(Event::NodeAdded(NodeSpec { name: node_name(node), ..NodeSpec::default() }));
            tell(bound(pod, node));
            tell(Event::NodeRemoved { name: node_name(node) });
        }
    }
    world.nodes.iter().for_each(|(&node, &has)| tell(Event::NodeAdded(node_spec(node, has))));
    for (&pod, known) in &world.pods {
        if let At::Bound(node) = known.at {
            tell(bound(pod, node));
        }
    }
    #[cfg(feature = "defects")]
    crate::defects::plant(&mut new);
    let errors = new.restore(&old.cluster().ledger_records().join("\n"), world.now).expect("a time");
    assert_eq!(errors, []);
    new
}

fn bound(pod: u8, node: u8) -> Event {
    let (namespace, name) = pod_name(pod);
    Event::PodBound { namespace, name, node: node_name(node), at_ms: START_MS }
}

fn node_spec(node: u8, has: Room) -> NodeSpec {
    let mut allocatable = amounts(has);
    allocatable.insert("pods".to_owned(), 110);
    NodeSpec { name: node_name(node), allocatable, ..NodeSpec::default() }
}

/// Everything that the two must agree on.
pub(crate) fn compare(scheduler: &mut Scheduler, world: &World) {
    scheduler.audit().expect("a clean audit");
    let cluster = scheduler.cluster();
    for (&node, has) in &world.nodes {
        let row = cluster.row_of(&node_name(node)).expect("a node of the model");
        for (r, resource) in ["cpu", "memory"].into_iter().enumerate() {
            let [allocatable, requested, _] = cluster.amounts(row, resource);
            assert_eq!([allocatable, requested], [has[r], world.requested(node)[r]], "{resource} on node-{node}");
        }
    }
    assert_eq!(cluster.node_count(), world.nodes.len());
    assert_eq!(cluster.hold_names(), world.holds.keys().map(String::as_str).collect::<Vec<_>>());
    let shown = |room: Room| -> Resources { amounts(room).into_iter().filter(|(_, amount)| *amount > 0).collect() };
    for (name, hold) in &world.holds {
        let view = cluster.hold_view(name).expect("a hold of the model");
        assert_eq!(view.node, Some(node_name(hold.node)), "{name}");
        let without_places = |room: &Resources| -> Resources {
            room.iter().filter(|(name, _)| *name != "pods").map(|(name, &amount)| (name.clone(), amount)).collect()
        };
        assert_eq!(without_places(&view.amounts), shown(hold.has), "what {name} has");
        assert_eq!(without_places(&view.used), shown(world.used(name)), "what is used of {name}");
        assert_eq!(view.expires_ms.unwrap_or(u64::MAX), hold.until, "{name}");
    }
    for (&pod, known) in &world.pods {
        let id = cluster.pod_id("ns", &format!("pod-{pod}")).expect("a pod of the model");
        let at = match cluster.pod_phase(id).expect("a known pod") {
            PodPhase::Pending => At::Waits,
            PodPhase::Lost => return assert!(matches!(known.at, At::Lost(_)), "pod-{pod}"),
            PodPhase::Reserved(row) => At::Reserved(number(cluster.node_name(row))),
            PodPhase::Bound(row) => At::Bound(number(cluster.node_name(row))),
        };
        assert_eq!(at, known.at, "pod-{pod}");
        let uses: Vec<&str> = known.uses.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(cluster.holds_used_by(id), uses, "pod-{pod}");
    }
    feasible(scheduler, world);
}

/// Where a waiting pod could go is where it fits, now and later: what will have ended by then helps nobody.
fn feasible(scheduler: &mut Scheduler, world: &World) {
    let before = scheduler.cluster().dump();
    for (&pod, _) in world.pods.iter().filter(|(_, pod)| pod.at == At::Waits) {
        let id = scheduler.cluster().pod_id("ns", &format!("pod-{pod}")).expect("a pod of the model");
        for at_ms in [world.now, world.now + 10_000] {
            let evaluation = scheduler.evaluate(id, at_ms).expect("a known pod");
            let mut found: Vec<u8> =
                evaluation.feasible.iter().map(|&row| number(scheduler.cluster().node_name(row))).collect();
            found.sort_unstable();
            let fits: Vec<u8> = world.nodes.keys().copied().filter(|&node| world.fits(pod, node, at_ms)).collect();
            assert_eq!(found, fits, "where pod-{pod} could go");
            let decided = scheduler.decide(id, at_ms).ok().map(|decision| (decision.row, decision.total));
            let place = evaluation.feasible.iter().position(|&row| Some(row) == evaluation.chosen);
            let best = evaluation.chosen.zip(place.map(|place| evaluation.totals[place]));
            assert_eq!(decided, best, "pod-{pod}");
        }
    }
    assert_eq!(scheduler.cluster().dump(), before, "looking changes nothing");
}

fn number(node: Option<&str>) -> u8 {
    node.and_then(|name| name.strip_prefix("node-")).and_then(|n| n.parse().ok()).expect("a node of the model")
}

pub(crate) struct Ledger;

impl StateMachineTest for Ledger {
    type SystemUnderTest = (Scheduler, u64);
    type Reference = Reference;

    fn init_test(reference: &Reference) -> (Scheduler, u64) {
        let mut scheduler = scheduler();
        #[cfg(feature = "defects")]
        crate::defects::plant(&mut scheduler);
        scheduler.tick(reference.world.now).expect("a time");
        (scheduler, reference.world.now)
    }

    fn apply((mut scheduler, clock): (Scheduler, u64), reference: &Reference, step: Step) -> (Scheduler, u64) {
        let before = scheduler.cluster().dump();
        let accepted = apply(&mut scheduler, &step.op, reference.at_ms, clock);
        assert_eq!(accepted, reference.accepted, "{step:?}");
        if matches!(step.op, Op::Restart) {
            scheduler = restart(&scheduler, &reference.world);
        }
        if !accepted {
            assert_eq!(scheduler.cluster().dump(), before, "{step:?} was refused");
        }
        compare(&mut scheduler, &reference.world);
        (scheduler, reference.world.now)
    }
}
