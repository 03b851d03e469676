//! A module as a policy: the ordinary [`Policy`] trait, so that pipeline, explanations and tests take it as any other.

use super::columns::Columns;
use super::instance::{Instance, Place};
use super::module::check_manifest;
use super::pod::PodCopy;
use super::{Module, WasmError, answers};
use crate::limits::MAX_FAILED_DECISIONS;
use sched_abi::ask::{Ask, Configured, Grant};
use sched_abi::wire::{Frame, MAX_BATCH, Span};
use sched_abi::{
    Aggregate, Bits, Column, FailureMode, MAX_REASONS, Manifest, Nodes, PodView, Policy, Prepared, ReasonArg,
    ResourceId, Rows, Setup, SetupError, Statistics, Verdict,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How a module is used as a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WasmPolicyConfig {
    /// The policy's settings as JSON; empty for its defaults.
    pub settings: String,
    /// What it says of every node when a call fails; `None`: rejects if its manifest says that it protects the cluster, else
    /// abstains.
    pub failure_mode: Option<FailureMode>,
    /// Decisions in which it may fail before it is asked no more.
    pub failed_decisions: u64,
}

impl Default for WasmPolicyConfig {
    fn default() -> Self {
        Self { settings: String::new(), failure_mode: None, failed_decisions: MAX_FAILED_DECISIONS }
    }
}

/// A sandboxed policy.
pub struct WasmPolicy {
    module: Module,
    config: WasmPolicyConfig,
    configured: Configured,
    mode: FailureMode,
    /// From the settings, and last the one for failures.
    reasons: Vec<String>,
    grants: Vec<Grant>,
    state: Mutex<State>,
    /// A call failed since the last `prepare`.
    failed: AtomicBool,
}

#[derive(Default)]
struct State {
    guest: Option<Guest>,
    statistics: Statistics,
    last_error: Option<WasmError>,
}

/// An instance that was set up, and what lies in it.
struct Guest {
    instance: Instance,
    columns: Columns,
    pod: PodCopy,
    frame: Frame,
    frame_place: Place,
    aggregates: Vec<Aggregate>,
    aggregates_place: Place,
    values: Vec<f64>,
}

impl WasmPolicy {
    /// A module under settings. The policy is set up by the scheduler that takes it.
    pub fn new(module: &Module, config: WasmPolicyConfig) -> Result<Self, WasmError> {
        let mut instance = Instance::new(&module.0.engine, &module.0.module)?;
        let configured = instance.configure(&config.settings)?;
        let manifest = &configured.manifest;
        check_manifest(manifest)?;
        let protective = if manifest.protective { FailureMode::Reject } else { FailureMode::Abstain };
        let mode = config.failure_mode.unwrap_or(protective);
        let mut reasons = configured.reasons.clone();
        if reasons.len() >= MAX_REASONS as usize {
            return Err(WasmError::Manifest { field: "reasons" });
        }
        reasons.push(format!("policy {} failed", manifest.name));
        Ok(Self {
            module: module.clone(),
            config,
            configured,
            mode,
            reasons,
            grants: Vec::new(),
            state: Mutex::default(),
            failed: AtomicBool::new(false),
        })
    }

    /// Why the last call that failed did so.
    pub fn last_error(&self) -> Option<WasmError> {
        self.state().last_error.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An instance that is ready for calls.
    fn start(&self) -> Result<Guest, WasmError> {
        let compiled = &self.module.0;
        let mut instance = Instance::new(&compiled.engine, &compiled.module)?;
        if instance.configure(&self.config.settings)? != self.configured {
            return Err(WasmError::Unsteady);
        }
        instance.set_up(&self.grants)?;
        let columns = Columns::new(&self.configured.manifest, &self.grants);
        let asked = self.grants.iter().filter_map(|g| if let Grant::Resource(id) = g { Some(*id) } else { None });
        let asks = self.configured.asks.iter();
        let aggregates: Vec<_> = asks.filter_map(|a| if let Ask::Aggregate(a) = a { Some(*a) } else { None }).collect();
        let mut guest = Guest {
            instance,
            columns,
            pod: PodCopy::new(asked.collect()),
            frame: Frame::default(),
            frame_place: Place::default(),
            values: Vec::with_capacity(aggregates.len()),
            aggregates,
            aggregates_place: Place::default(),
        };
        guest.lay_out()?;
        Ok(guest)
    }

    /// The place of the reason for failures in the table of a pod.
    fn failure_place(&self, pod: &PodView<'_>) -> u32 {
        let table = self.reason_count(pod) - 1;
        table.min(MAX_REASONS as usize - 1) as u32
    }

    /// Entries of the reason table, expanded for a pod.
    fn reason_count(&self, pod: &PodView<'_>) -> usize {
        let requested = pod.requests.iter().filter(|r| r.resource != ResourceId::PODS).count();
        let places = self.configured.manifest.reasons.iter().map(|reason| match reason.arg {
            ReasonArg::None | ReasonArg::Mark => 1,
            ReasonArg::RequestedResource => requested,
        });
        places.sum::<usize>() + self.reasons.len()
    }

    /// Reasons that the policy itself may give, as bits of a verdict.
    fn allowed(&self, pod: &PodView<'_>) -> u64 {
        (1u64 << (self.reason_count(pod) - 1).min(MAX_REASONS as usize)) - 1
    }

    /// What stands instead of answers.
    fn substitute(&self, place: u32) -> Prepared {
        match self.mode {
            FailureMode::Reject => Prepared { reject: Some(place), ..Prepared::SKIP },
            FailureMode::Abstain => Prepared::SKIP,
        }
    }

    /// Makes a call on an instance that is brought up to the table and the pod. A failure costs the instance.
    fn call<T>(
        &self,
        state: &mut State,
        (pod, nodes): (&PodView<'_>, &dyn Nodes),
        rows: usize,
        call: impl FnOnce(&mut Guest) -> Result<T, WasmError>,
    ) -> Option<T> {
        let run = || {
            if state.guest.is_none() {
                state.guest = Some(self.start()?);
            }
            let guest = state.guest.as_mut().ok_or(WasmError::NotSetUp)?;
            let before = guest.instance.fuel();
            let result = guest.catch_up(pod, nodes).and_then(|()| call(guest));
            state.statistics.fuel += guest.instance.fuel() - before;
            result
        };
        let result = run();
        let statistics = &mut state.statistics;
        statistics.calls += 1;
        statistics.rows += rows as u64;
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                statistics.failures += 1;
                state.guest = None;
                state.last_error = Some(error);
                None
            }
        }
    }

    /// A decision failed: it is counted, and too many of them are the end.
    fn fail(&self, state: &mut State) {
        if !self.failed.swap(true, Ordering::Relaxed) {
            state.statistics.failed_decisions += 1;
            state.statistics.quarantined |= state.statistics.failed_decisions >= self.config.failed_decisions;
        }
    }

    /// Asks about rows in pieces; a list that fails is answered from a full pass on a fresh instance.
    fn answer<T: Copy + Default>(
        &self,
        (pod, nodes): (&PodView<'_>, &dyn Nodes),
        rows: Rows<'_>,
        out: &mut [T],
        mut piece: impl FnMut(&mut Guest, Rows<'_>, &mut [T]) -> Result<(), WasmError>,
    ) {
        if self.failed.load(Ordering::Relaxed) {
            return out.fill(T::default());
        }
        let mut state = self.state();
        let mut all = true;
        for (at, out) in (0..rows.len()).step_by(MAX_BATCH).zip(out.chunks_mut(MAX_BATCH)) {
            let rows = rows.slice(at, at + out.len());
            all = all && self.call(&mut state, (pod, nodes), rows.len(), |g| piece(g, rows, out)).is_some();
        }
        if let (false, Rows::List(list)) = (all, rows) {
            let mut table = vec![T::default(); nodes.rows()];
            all = true;
            for (at, piece_of) in (0..).step_by(MAX_BATCH).zip(table.chunks_mut(MAX_BATCH)) {
                let rows = Rows::Range { start: at, end: at + piece_of.len() };
                all = all && self.call(&mut state, (pod, nodes), rows.len(), |g| piece(g, rows, piece_of)).is_some();
            }
            for (out, &row) in out.iter_mut().zip(list) {
                *out = table.get(row as usize).copied().unwrap_or_default();
            }
        }
        if !all {
            self.fail(&mut state);
            out.fill(T::default());
        }
    }
}

impl Guest {
    /// Takes room for the frame, lists and answers.
    fn lay_out(&mut self) -> Result<(), WasmError> {
        let (mut list, mut out) = (Place::default(), Place::default());
        self.instance.ensure(&mut self.frame_place, size_of::<Frame>())?;
        self.instance.ensure(&mut list, MAX_BATCH * 4)?;
        self.instance.ensure(&mut out, MAX_BATCH * 8)?;
        self.instance.ensure(&mut self.aggregates_place, self.aggregates.len() * 8)?;
        self.frame.list = Span { ptr: list.ptr, len: MAX_BATCH as u32 };
        self.frame.out = Span { ptr: out.ptr, len: MAX_BATCH as u32 };
        self.frame.aggregates = Span { ptr: self.aggregates_place.ptr, len: self.aggregates.len() as u32 };
        Ok(())
    }

    /// Brings columns and pod up to what the next call is about.
    #[inline]
    fn catch_up(&mut self, pod: &PodView<'_>, nodes: &dyn Nodes) -> Result<(), WasmError> {
        let (same_pod, same_table) = (self.pod.is_current(pod), self.columns.is_current(nodes.changes()));
        if same_pod && same_table && self.frame.now_ms == nodes.now_ms() {
            return Ok(());
        }
        self.follow(pod, nodes)
    }

    #[cold]
    fn follow(&mut self, pod: &PodView<'_>, nodes: &dyn Nodes) -> Result<(), WasmError> {
        if !self.pod.is_current(pod) {
            self.pod.put(&mut self.instance, pod, nodes, &mut self.frame)?;
            self.columns.want_resources(pod.requests);
            self.columns.want_resources(pod.scoring_requests);
        }
        if !self.columns.is_current(nodes.changes()) {
            self.columns.sync(&mut self.instance, nodes, &mut self.frame)?;
        }
        self.values.clear();
        self.values.extend(self.aggregates.iter().map(|&aggregate| nodes.aggregate(aggregate)));
        self.instance.write(self.aggregates_place.ptr, bytemuck::cast_slice(&self.values));
        self.frame.now_ms = nodes.now_ms();
        self.frame.rows = nodes.rows() as u32;
        self.frame.live = nodes.live() as u32;
        self.instance.write(self.frame_place.ptr, bytemuck::bytes_of(&self.frame));
        Ok(())
    }

    fn prepare(&mut self, rows: usize) -> Result<(Prepared, [u64; 16]), WasmError> {
        self.put_block(&[0; 16]);
        self.instance.prepare(self.frame_place.ptr, rows)?;
        let bytes = self.instance.at(self.frame_place.ptr, size_of::<Frame>());
        let frame: Frame = bytemuck::try_pod_read_unaligned(bytes).map_err(|_| WasmError::Prepared)?;
        Ok((frame.prepared.read().ok_or(WasmError::Prepared)?, frame.block))
    }

    fn put_block(&mut self, block: &[u64; 16]) {
        let at = self.frame_place.ptr + std::mem::offset_of!(Frame, block) as u32;
        self.instance.write(at, bytemuck::bytes_of(block));
    }

    /// What a batch call is told of its rows.
    fn rows(&mut self, rows: Rows<'_>) -> (u32, u32, u32, u32) {
        let frame = self.frame_place.ptr;
        match rows {
            Rows::Range { start, end } => (frame, start as u32, end as u32, 0),
            Rows::List(list) => {
                self.instance.write(self.frame.list.ptr, bytemuck::cast_slice(list));
                (frame, 0, list.len() as u32, 1)
            }
        }
    }

    fn filter(
        &mut self,
        block: &[u64; 16],
        rows: Rows<'_>,
        allowed: u64,
        out: &mut [Verdict],
    ) -> Result<(), WasmError> {
        self.put_block(block);
        let params = self.rows(rows);
        self.instance.filter(params)?;
        answers::verdicts(self.instance.at(self.frame.out.ptr, out.len() * 8), allowed, out)
    }

    fn score(
        &mut self,
        block: &[u64; 16],
        rows: Rows<'_>,
        range: answers::Range<'_>,
        out: &mut [i64],
    ) -> Result<(), WasmError> {
        self.put_block(block);
        let params = self.rows(rows);
        self.instance.score(params)?;
        answers::scores(self.instance.at(self.frame.out.ptr, out.len() * 8), rows, range, out)
    }

    fn filter_bits(&mut self, block: &[u64; 16], start: usize, feasible: &mut [u64]) -> Result<bool, WasmError> {
        self.put_block(block);
        let mut done = true;
        for (at, words) in (start..).step_by(MAX_BATCH * 64).zip(feasible.chunks_mut(MAX_BATCH)) {
            self.instance.write(self.frame.out.ptr, bytemuck::cast_slice(words));
            done &= self.instance.filter_bits(self.frame_place.ptr, at as u32, words.len() as u32)?;
            if done {
                let left = self.instance.at(self.frame.out.ptr, words.len() * 8).as_chunks::<8>().0;
                // Only what was set can stay set.
                words.iter_mut().zip(left).for_each(|(word, left)| *word &= u64::from_le_bytes(*left));
            }
        }
        Ok(done)
    }
}

impl Policy for WasmPolicy {
    fn manifest(&self) -> Manifest {
        self.configured.manifest.clone()
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.grants = self.configured.asks.iter().map(|ask| grant(host, ask)).collect::<Result<_, _>>()?;
        let guest = self.start().map_err(|error| SetupError(error.to_string()))?;
        *self.state() = State { guest: Some(guest), ..State::default() };
        Ok(())
    }

    fn configured_reasons(&self) -> &[String] {
        &self.reasons
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        self.failed.store(false, Ordering::Relaxed);
        let place = self.failure_place(pod);
        let mut state = self.state();
        if state.statistics.quarantined {
            return self.substitute(place);
        }
        let manifest = &self.configured.manifest;
        let rows = nodes.rows();
        let answer = self.call(&mut state, (pod, nodes), rows, |guest| {
            let (prepared, filled) = guest.prepare(rows)?;
            answers::check_prepared(manifest, prepared, place)?;
            Ok((prepared, filled))
        });
        let Some((prepared, filled)) = answer else {
            self.fail(&mut state);
            return self.substitute(place);
        };
        *block = filled;
        prepared
    }

    fn filter(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let allowed = self.allowed(pod);
        self.answer((pod, nodes), rows, out, |guest, rows, out| guest.filter(block, rows, allowed, out));
    }

    fn filter_bits(
        &self,
        pod: &PodView<'_>,
        nodes: &dyn Nodes,
        block: &[u64; 16],
        start: usize,
        feasible: &mut [u64],
    ) -> bool {
        if self.failed.load(Ordering::Relaxed) {
            return true;
        }
        let mut state = self.state();
        let rows = feasible.len() * 64;
        let done = self.call(&mut state, (pod, nodes), rows, |guest| guest.filter_bits(block, start, feasible));
        done.unwrap_or_else(|| {
            self.fail(&mut state);
            true
        })
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let range = answers::Range { normalize: self.configured.manifest.normalize, live: nodes.bits(Bits::Live) };
        self.answer((pod, nodes), rows, out, |guest, rows, out| guest.score(block, rows, range, out));
    }

    fn failure(&self, pod: &PodView<'_>) -> Option<Prepared> {
        self.failed.load(Ordering::Relaxed).then(|| self.substitute(self.failure_place(pod)))
    }

    fn last_problem(&self) -> Option<String> {
        self.last_error().map(|error| error.to_string())
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.state().statistics)
    }
}

fn grant(host: &mut dyn Setup, ask: &Ask) -> Result<Grant, SetupError> {
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
