//! One decision, step by step: snapshot, filter, score, select, reserve, commit or rollback, one file a step in this order.
//! What they share, and the [`Scheduler`] that runs them, is here.

mod bounded;
mod chunk;
mod commit;
pub(crate) mod evaluate;
mod filter;
mod gang;
mod hold;
mod normalize;
mod reserve;
mod rollback;
mod score;
mod select;
mod setup;
pub(crate) mod snapshot;
mod totals;

pub use evaluate::{Evaluation, PolicyAnswer};
pub use gang::GangDecision;
pub(crate) use select::Ties;
pub(crate) use snapshot::{UNSCHEDULABLE, tolerates};

use crate::cluster::{Cluster, Event, PodId, PodPhase, Row, Snapshot};
use crate::config::{Profile, ProfileError, Weighted};
use crate::error::{ClusterError, ScheduleError};
use sched_abi::{Manifest, PodFields, Policy, Prepared, Statistics};
use snapshot::PodScratch;

/// A policy of the profile, set up.
pub(crate) struct Entry {
    pub(crate) policy: Box<dyn Policy>,
    pub(crate) manifest: Manifest,
    pub(crate) weight: i64,
    /// The place of the policy that it stands in for: asked only where that one failed or abstains.
    pub(crate) stands_in_for: Option<usize>,
}

/// What `prepare` said, and the block that it filled.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ready {
    pub(crate) prepared: Prepared,
    /// Its filter was left out, since no node passed.
    pub(crate) left_out: bool,
    /// It is asked in the place of another policy.
    pub(crate) standing_in: bool,
    pub(crate) block: [u64; 16],
}

/// Buffers that live between decisions, so that one allocates nothing.
pub(crate) struct Scratch {
    pod: PodScratch,
    ready: Vec<Ready>,
    work: chunk::Work,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { pod: PodScratch::counted(), ready: Vec::new(), work: chunk::Work::default() }
    }
}

/// Where a pod goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The pod.
    pub pod: PodId,
    /// The node's row.
    pub row: Row,
    /// Which of the nodes that have lived in the row.
    pub tenancy: u32,
    /// Sum over policies of weight x score.
    pub total: i64,
    /// How many nodes were feasible.
    pub feasible: u32,
    /// Generation of the cluster that the decision was made on.
    pub generation: u64,
    /// The time that it was made for, as policies saw it, milliseconds.
    pub at_ms: u64,
    /// No node passed all filters, and those that allow it were left out.
    pub fell_back: bool,
    /// A policy failed, or abstained since what it reads is too old: worth an alert. [`Scheduler::explain`] says which.
    pub degraded: bool,
}

/// The rows that a decision is limited to, and whether the pod's own room stays closed to it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Among<'a> {
    pub(crate) rows: Option<&'a [u64]>,
    pub(crate) closed: bool,
}

/// A cluster and the policies of one profile: feed it events, ask it where pods go.
///
/// Decisions are pure: equal cluster, pod, time, profile and seed give equal decisions, whatever the history of rows.
///
/// ```
/// use sched_core::{Event, NodeSpec, PodSpec, ProfileSet, Scheduler};
/// let profiles = ProfileSet::builtin();
/// let mut scheduler = Scheduler::new(profiles.get("kube-default").unwrap(), 42)?;
/// for (name, cpu) in [("small", 2_000), ("large", 8_000)] {
///     let allocatable = [("cpu".into(), cpu), ("memory".into(), 8 << 30), ("pods".into(), 110)].into();
///     scheduler.apply(&Event::NodeAdded(NodeSpec { name: name.into(), allocatable, ..NodeSpec::default() }), 0)?;
/// }
/// let pod = PodSpec { namespace: "default".into(), name: "web".into(), ..PodSpec::default() };
/// let pod = scheduler.add_pod(&pod)?;
/// let decision = scheduler.schedule(pod, 0)?;
/// assert_eq!(scheduler.cluster().node_name(decision.row), Some("large"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Scheduler {
    cluster: Cluster,
    entries: Vec<Entry>,
    fields: PodFields,
    seed: u64,
    scratch: Scratch,
}

/// What any of the policies reads of a pod.
fn fields(entries: &[Entry]) -> PodFields {
    entries.iter().fold(PodFields::NONE, |fields, e| fields.and(e.manifest.pod_fields))
}

impl Scheduler {
    /// An empty cluster under a profile. Ties are broken by `seed`.
    pub fn new(profile: &Profile, seed: u64) -> Result<Self, ProfileError> {
        let mut scheduler = Self::of(profile.build()?, seed)?;
        scheduler.stand_in_as(profile)?;
        Ok(scheduler)
    }

    /// An empty cluster under policies of the embedder's own, each with its weight; one of weight 0 only filters. Scores out of range are moved to its end:
    /// 0..=100 where they are not normalised, else [`MAX_QUANTITY`](crate::limits::MAX_QUANTITY) either way.
    pub fn with_policies(policies: Vec<Weighted>, seed: u64) -> Result<Self, ProfileError> {
        Self::of(policies.into_iter().map(|(policy, weight)| (bounded::within_range(policy), weight)).collect(), seed)
    }

    fn of(policies: Vec<Weighted>, seed: u64) -> Result<Self, ProfileError> {
        let mut cluster = Cluster::new();
        let entries = setup::entries(policies, &mut cluster)?;
        let fields = fields(&entries);
        Ok(Self { cluster, entries, fields, seed, scratch: Scratch::default() })
    }

    /// The state.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What breaks ties.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The names of the policies, in profile order.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|e| &*e.manifest.name)
    }

    /// The same with their weights.
    #[cfg(feature = "record")]
    pub(crate) fn weights(&self) -> impl Iterator<Item = (&str, i64)> {
        self.entries.iter().map(|e| (&*e.manifest.name, e.weight))
    }

    /// Lets a node stand in ties as one whose name has this hash.
    #[cfg(feature = "record")]
    pub(crate) fn set_tie(&mut self, row: Row, hash: u64) {
        self.cluster.set_tie(row, hash);
    }

    /// What each policy did so far, where somebody counts: sandboxed ones do.
    pub fn statistics(&self) -> impl Iterator<Item = (&str, Option<Statistics>)> {
        self.entries.iter().map(|e| (&*e.manifest.name, e.policy.statistics()))
    }

    /// Puts another policy in the place of the one of its name, between two decisions. One that cannot be set up is refused,
    /// and the old one stays. Returns the old one.
    pub fn swap_policy(&mut self, policy: Box<dyn Policy>) -> Result<Box<dyn Policy>, ProfileError> {
        let name = policy.manifest().name;
        let Some(place) = self.entries.iter().position(|e| e.manifest.name == name) else {
            return Err(ProfileError::NotThere(name.into_owned()));
        };
        let (weight, stands_in_for) = self.entries.get(place).map_or((0, None), |e| (e.weight, e.stands_in_for));
        let mut entry = setup::entry(bounded::within_range(policy), weight, &mut self.cluster)?;
        entry.stands_in_for = stands_in_for;
        if let Some(held) = self.entries.get_mut(place) {
            std::mem::swap(held, &mut entry);
        }
        self.fields = fields(&self.entries);
        Ok(entry.policy)
    }

    #[cfg(feature = "defects")]
    pub(crate) fn cluster_mut(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// Has policies stand in for others as a profile says: what [`Scheduler::with_policies`] cannot know of
    /// [`Profile::build`]'s.
    pub fn stand_in_as(&mut self, profile: &Profile) -> Result<(), ProfileError> {
        let entries = profile.policies.iter();
        entries
            .filter_map(|e| Some((e.config.name(), e.stands_in_for.as_ref()?)))
            .try_for_each(|(policy, other)| self.stand_in(policy, other))
    }

    /// Has a policy asked only where another one failed, or abstains since what it reads is too old.
    pub fn stand_in(&mut self, policy: &str, other: &str) -> Result<(), ProfileError> {
        let place = |name: &str| self.entries.iter().position(|e| e.manifest.name == name);
        let refused = |why: &str| ProfileError::Setup {
            policy: policy.to_owned(),
            problem: format!("cannot stand in for `{other}`, which {why}"),
        };
        let of = place(other).ok_or_else(|| refused("the profile does not have"))?;
        let own = place(policy).ok_or_else(|| ProfileError::NotThere(policy.to_owned()))?;
        if own == of {
            return Err(refused("is itself"));
        }
        if self.entries.get(of).is_some_and(|e| e.stands_in_for.is_some())
            || self.entries.iter().any(|e| e.stands_in_for == Some(own))
        {
            return Err(refused("would make one stand in for a policy that stands in itself"));
        }
        if let Some(entry) = self.entries.get_mut(own) {
            entry.stands_in_for = Some(of);
        }
        Ok(())
    }

    /// Applies a change of the cluster; see [`Cluster::apply`].
    pub fn apply(&mut self, event: &Event, now_ms: u64) -> Result<(), ClusterError> {
        self.cluster.apply(event, now_ms)?;
        self.find_places(now_ms);
        Ok(())
    }

    /// Moves time on; see [`Cluster::tick`].
    pub fn tick(&mut self, now_ms: u64) -> Result<(), ClusterError> {
        self.cluster.tick(now_ms)
    }

    /// Adds a pod; see [`Cluster::add_pod`].
    pub fn add_pod(&mut self, pod: &crate::PodSpec) -> Result<PodId, ClusterError> {
        self.cluster.add_pod(pod)
    }

    /// Takes a node's sample by row; see [`Cluster::node_sample`].
    pub fn node_sample(&mut self, row: Row, sample: &crate::Sample, now_ms: u64) -> Result<(), ClusterError> {
        self.cluster.node_sample(row, sample, now_ms)
    }

    /// Takes a pod's sample by id; see [`Cluster::pod_sample`].
    pub fn pod_sample(&mut self, pod: PodId, sample: &crate::Sample, now_ms: u64) -> Result<(), ClusterError> {
        self.cluster.pod_sample(pod, sample, now_ms)
    }

    /// Says where a waiting pod goes, and changes nothing that a later answer depends on, whatever time it is asked for;
    /// one before the newest event counts as that.
    /// `Unschedulable` when no node is feasible;
    /// [`Scheduler::explain`](crate::Scheduler::explain) says why.
    ///
    /// Cost: O(rows x policies) over columns; no allocation once the buffers have grown.
    pub fn decide(&mut self, pod: PodId, now_ms: u64) -> Result<Decision, ScheduleError> {
        self.decide_among(pod, now_ms, Among::default())
    }

    pub(crate) fn decide_among(
        &mut self,
        pod: PodId,
        now_ms: u64,
        among: Among<'_>,
    ) -> Result<Decision, ScheduleError> {
        match self.cluster.pod_phase(pod) {
            None => return Err(ScheduleError::UnknownPod),
            Some(PodPhase::Pending) => {}
            Some(_) => return Err(ScheduleError::NotPending),
        }
        self.cluster.publish(now_ms);
        if among.closed {
            return self.decide_here(pod, now_ms, among);
        }
        self.cluster.open_own(pod, now_ms, None);
        let decided = self.decide_here(pod, now_ms, among);
        self.cluster.close_own();
        decided
    }

    /// Decides with the columns as they are.
    fn decide_here(&mut self, pod: PodId, now_ms: u64, among: Among<'_>) -> Result<Decision, ScheduleError> {
        let snapshot = Snapshot::new(&self.cluster, now_ms);
        let Scratch { pod: pod_scratch, ready, work } = &mut self.scratch;
        let Some(view) = snapshot::view(&self.cluster, pod, self.fields, pod_scratch) else {
            return Err(ScheduleError::UnknownPod);
        };
        snapshot::prepare(&self.entries, &view, &snapshot, ready);
        let nodes = &self.cluster.nodes;
        let ties = Ties { seed: self.seed, hashes: &nodes.name_hash, names: &nodes.names };
        let mut fell_back = false;
        let preferred = if among.closed { &[][..] } else { self.cluster.preferred() };
        let weight = self.cluster.ledger.preference;
        let best = loop {
            let preferred = chunk::Preferred { rows: preferred, weight, among: among.rows };
            let run = chunk::Run { entries: &self.entries, ready, pod: &view, nodes: &snapshot, preferred };
            let best = run.best(work, &ties);
            // What a policy said before it failed does not count: the decision is made anew without it.
            if snapshot::substitute(&self.entries, &view, &snapshot, ready) {
                fell_back = false;
                continue;
            }
            if best.is_some() || !snapshot::fall_back(&self.entries, ready) {
                break best;
            }
            fell_back = true;
        };
        let best = best.ok_or(ScheduleError::Unschedulable)?;
        let failed = |entry: &Entry| entry.policy.failure(&view).is_some();
        let degraded = self.entries.iter().zip(&*ready).any(|(entry, ready)| ready.prepared.stale || failed(entry));
        Ok(Decision {
            pod,
            row: Row(best.row),
            tenancy: self.cluster.tenancy(Row(best.row)).unwrap_or_default(),
            total: best.total,
            feasible: best.feasible,
            generation: self.cluster.generation(),
            at_ms: self.cluster.present(now_ms),
            fell_back,
            degraded,
        })
    }

    /// Decides, reserves and commits.
    pub fn schedule(&mut self, pod: PodId, now_ms: u64) -> Result<Decision, ScheduleError> {
        self.tick(now_ms)?;
        let decision = self.decide(pod, now_ms)?;
        self.reserve(&decision, now_ms)?;
        self.commit(pod, now_ms)?;
        Ok(decision)
    }
}
