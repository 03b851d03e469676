//! A module as a policy: the ordinary [`Policy`] trait, so that pipeline, explanations and tests take it as any other.

use super::grant::grant;
use super::guest::Guest;
use super::instance::Instance;
use super::module::{check_manifest, is_line};
use super::{Module, WasmError, answers};
use crate::limits::MAX_FAILED_DECISIONS;
use sched_abi::ask::{Configured, Grant};
use sched_abi::wire::MAX_BATCH;
use sched_abi::{
    Bits, FailureMode, MAX_REASONS, Manifest, Nodes, PodView, Policy, Prepared, ReasonArg, ResourceId, Rows, Setup,
    SetupError, Statistics, Verdict,
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
    /// The shorter way to filter failed once: the longer one is taken from then on.
    bits_failed: AtomicBool,
}

#[derive(Default)]
struct State {
    guest: Option<Guest>,
    statistics: Statistics,
    last_error: Option<WasmError>,
}

impl WasmPolicy {
    /// A module under settings. The policy is set up by the scheduler that takes it.
    pub fn new(module: &Module, config: WasmPolicyConfig) -> Result<Self, WasmError> {
        let mut instance = Instance::new(&module.0.engine, &module.0.module)?;
        let configured = instance.configure(&config.settings)?;
        let manifest = &configured.manifest;
        check_manifest(manifest)?;
        let default = module.manifest();
        if manifest.name != default.name {
            return Err(WasmError::Renamed { name: default.name.to_string(), theirs: manifest.name.to_string() });
        }
        if config.settings.is_empty() && manifest != default {
            return Err(WasmError::Unsteady);
        }
        let protective = if manifest.protective { FailureMode::Reject } else { FailureMode::Abstain };
        let mode = config.failure_mode.unwrap_or(protective);
        let mut reasons = configured.reasons.clone();
        if reasons.len() >= MAX_REASONS as usize || !reasons.iter().all(|text| is_line(text)) {
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
            bits_failed: AtomicBool::new(false),
        })
    }

    /// What it says of itself and asks of its host under its settings.
    pub fn configured(&self) -> &Configured {
        &self.configured
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
        let instance = Instance::new(&compiled.engine, &compiled.module)?;
        Guest::start(instance, &self.config.settings, &self.configured, &self.grants)
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
            let before = guest.fuel();
            let result = guest.catch_up(pod, nodes).and_then(|()| call(guest));
            state.statistics.fuel += guest.fuel() - before;
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

impl Policy for WasmPolicy {
    fn manifest(&self) -> Manifest {
        self.configured.manifest.clone()
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        self.grants.clear();
        for ask in &self.configured.asks {
            let granted = grant(host, ask, &self.grants)?;
            self.grants.push(granted);
        }
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
        if !self.module.0.filter_bits || feasible.len() > MAX_BATCH || self.bits_failed.load(Ordering::Relaxed) {
            return false;
        }
        if self.failed.load(Ordering::Relaxed) {
            return true;
        }
        let rows = feasible.len() * 64;
        let call = |guest: &mut Guest| guest.filter_bits(block, start, feasible);
        let done = self.call(&mut self.state(), (pod, nodes), rows, call);
        if done.is_none() {
            self.bits_failed.store(true, Ordering::Relaxed);
        }
        done.unwrap_or(false)
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let range = answers::Range { normalize: self.configured.manifest.normalize, live: nodes.bits(Bits::Live) };
        self.answer((pod, nodes), rows, out, |guest, rows, out| guest.score(block, rows, range, out));
    }

    fn failure(&self, pod: &PodView<'_>) -> Option<Prepared> {
        self.failed.load(Ordering::Relaxed).then(|| self.substitute(self.failure_place(pod)))
    }

    fn keeps_range(&self) -> bool {
        true
    }

    fn last_problem(&self) -> Option<String> {
        self.last_error().map(|error| error.to_string())
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.state().statistics)
    }
}
