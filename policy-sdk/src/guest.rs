//! The module's side of the contract: what [`crate::export!`]'s functions do. A frame becomes the views that a policy reads,
//! whose slices lie where the host put them. Nothing is allocated after `setup`.
#![allow(
    unsafe_code,
    reason = "frames and buffers are memory that the host laid out: raw addresses until they are views"
)]

use crate::{Recorder, Replayer};
use alloc::{borrow::ToOwned, boxed::Box, string::String, string::ToString, vec::Vec};
use core::{cell::RefCell, slice};
use sched_abi::ask::{Ask, Configured, Grant};
use sched_abi::wire::{Frame, LabelSlot, NO_KEY, PreparedFrame, Slot, Span, bits_key, column_key, flag, pack, slot_of};
use sched_abi::{
    Aggregate, Bits, Column, DomainPods, Label, Nodes, PodView, Policy, Preferred, ResourceId, Rows, SetupError,
    Verdict,
};

/// A policy, ready to be set up.
pub type Built = Box<dyn Policy>;

/// Why there is none.
pub type Refusal = String;

type Build = fn(&[u8]) -> Result<Built, Refusal>;

/// What a module keeps.
pub struct Guest {
    build: Build,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// The text that the host handed over last.
    input: Vec<u8>,
    /// The text that was answered last; it stays where it is until the next one.
    output: Vec<u8>,
    config: Vec<u8>,
    asks: Vec<Ask>,
    aggregates: Vec<Aggregate>,
    policy: Option<Built>,
}

// SAFETY: a module has one thread; the contract has none that shares its memory.
unsafe impl Sync for Guest {}

/// Reads settings; an empty text means the defaults.
pub fn read<T: serde::de::DeserializeOwned + Default>(config: &[u8]) -> Result<T, Refusal> {
    if config.is_empty() { Ok(T::default()) } else { serde_json::from_slice(config).map_err(|e| e.to_string()) }
}

/// A policy of whatever type.
pub fn boxed(policy: impl Policy + 'static) -> Built {
    Box::new(policy)
}

impl Guest {
    /// Nothing yet.
    #[must_use]
    pub const fn new(build: Build) -> Self {
        let state = State {
            input: Vec::new(),
            output: Vec::new(),
            config: Vec::new(),
            asks: Vec::new(),
            aggregates: Vec::new(),
            policy: None,
        };
        Self { build, state: RefCell::new(state) }
    }

    /// The manifest under default settings.
    pub fn manifest(&self) -> i64 {
        let manifest = (self.build)(&[]).map(|policy| policy.manifest());
        self.answer(&manifest)
    }

    /// Room for a text from the host.
    pub fn alloc(&self, len: u32) -> u32 {
        let mut state = self.state.borrow_mut();
        state.input.clear();
        state.input.resize(len as usize, 0);
        state.input.as_ptr() as u32
    }

    /// Builds the policy and notes what it asks for.
    pub fn configure(&self, ptr: u32, len: u32) -> i64 {
        let configured = self.take_input(ptr, len).and_then(|config| {
            let mut policy = (self.build)(&config)?;
            let mut recorder = Recorder::default();
            policy.setup(&mut recorder).map_err(|SetupError(problem)| problem)?;
            let mut state = self.state.borrow_mut();
            state.config = config;
            state.asks.clone_from(&recorder.0);
            Ok(Configured {
                manifest: policy.manifest(),
                asks: recorder.0,
                reasons: policy.configured_reasons().to_vec(),
            })
        });
        self.answer(&configured)
    }

    /// Builds the policy again, with what the host granted.
    pub fn setup(&self, ptr: u32, len: u32) -> i64 {
        let done = self.take_input(ptr, len).and_then(|grants| {
            let grants: Vec<Grant> = serde_json::from_slice(&grants).map_err(|e| e.to_string())?;
            let mut state = self.state.borrow_mut();
            let mut policy = (self.build)(&state.config)?;
            let mut replayer = Replayer::new(&grants);
            let done = policy.setup(&mut replayer).and_then(|()| replayer.finish());
            let asks = done.map_err(|SetupError(problem)| problem)?;
            if asks != state.asks {
                return Err("the policy asks for other things the second time".to_owned());
            }
            state.aggregates.clear();
            let aggregates = asks.iter().filter_map(|ask| if let Ask::Aggregate(a) = ask { Some(*a) } else { None });
            state.aggregates.extend(aggregates);
            state.policy = Some(policy);
            Ok(())
        });
        self.answer(&done)
    }

    /// Asks the policy about a pod.
    pub fn prepare(&self, frame: u32) {
        let answer = self.with(frame, |policy, pod, nodes, block| {
            let mut filled = *block;
            (policy.prepare(pod, nodes, &mut filled), filled)
        });
        let Some((prepared, filled)) = answer else { return };
        let frame = frame as *mut Frame;
        // SAFETY: the host passes the address of a frame, which nothing borrows any more.
        unsafe {
            (*frame).block = filled;
            (*frame).prepared = PreparedFrame::new(prepared);
        }
    }

    /// Writes verdicts.
    pub fn filter(&self, frame: u32, start: u32, end: u32, list: u32) {
        self.with(frame, |policy, pod, nodes, block| {
            let rows = nodes.rows_of(start, end, list);
            // SAFETY: the room for answers is apart from everything that is read, and a verdict is a word.
            let out = unsafe { nodes.out::<Verdict>(rows.len()) };
            policy.filter(pod, nodes, block, rows, out);
        });
    }

    /// Clears bits; says whether the policy has such a way.
    pub fn filter_bits(&self, frame: u32, start: u32, words: u32) -> u32 {
        let done = self.with(frame, |policy, pod, nodes, block| {
            // SAFETY: as for `filter`.
            let feasible = unsafe { nodes.out::<u64>(words as usize) };
            policy.filter_bits(pod, nodes, block, start as usize, feasible)
        });
        u32::from(done == Some(true))
    }

    /// Writes raw scores.
    pub fn score(&self, frame: u32, start: u32, end: u32, list: u32) {
        self.with(frame, |policy, pod, nodes, block| {
            let rows = nodes.rows_of(start, end, list);
            // SAFETY: as for `filter`.
            let out = unsafe { nodes.out::<i64>(rows.len()) };
            policy.score(pod, nodes, block, rows, out);
        });
    }

    #[inline]
    fn with<R>(
        &self,
        frame: u32,
        call: impl FnOnce(&dyn Policy, &PodView<'_>, &Table<'_>, &[u64; 16]) -> R,
    ) -> Option<R> {
        let state = self.state.borrow();
        let policy = state.policy.as_ref()?;
        // SAFETY: the host passes the address of a frame that it laid out, and waits for the call to end.
        let frame = unsafe { &*(frame as *const Frame) };
        let nodes = Table { frame, aggregates: &state.aggregates };
        Some(call(&**policy, &pod_of(frame), &nodes, &frame.block))
    }

    fn take_input(&self, ptr: u32, len: u32) -> Result<Vec<u8>, Refusal> {
        let input = core::mem::take(&mut self.state.borrow_mut().input);
        let here = input.as_ptr() as u32 == ptr && input.len() == len as usize;
        if here { Ok(input) } else { Err("the text is not where room was given for it".to_owned()) }
    }

    fn answer(&self, answer: &impl serde::Serialize) -> i64 {
        let mut state = self.state.borrow_mut();
        state.output = serde_json::to_vec(answer).unwrap_or_default();
        pack(state.output.as_ptr() as u32, state.output.len() as u32)
    }
}

/// The node table in a frame.
struct Table<'a> {
    frame: &'a Frame,
    aggregates: &'a [Aggregate],
}

/// The items of an array that the host laid out.
fn items<'a, T>(span: Span) -> &'a [T] {
    if span.len == 0 {
        return &[];
    }
    // SAFETY: the host lays arrays out whole, aligned, and leaves them alone during the call.
    unsafe { slice::from_raw_parts(span.ptr as *const T, span.len as usize) }
}

fn text<'a>(span: Span) -> &'a str {
    core::str::from_utf8(items(span)).unwrap_or_default()
}

fn find(slots: Span, key: u32) -> Option<Span> {
    items::<Slot>(slots).iter().find(|slot| slot.key == key).map(|slot| slot.values)
}

impl Table<'_> {
    fn label_slot(&self, label: Label) -> Option<&LabelSlot> {
        items::<LabelSlot>(self.frame.labels).iter().find(|slot| slot.key == u32::from(label.0))
    }

    fn rows_of(&self, start: u32, end: u32, list: u32) -> Rows<'_> {
        if list == 0 {
            Rows::Range { start: start as usize, end: end as usize }
        } else {
            Rows::List(items(Span { ptr: self.frame.list.ptr, len: end - start }))
        }
    }

    /// The room for answers.
    ///
    /// SAFETY: nothing else may borrow it, and every bit pattern of 64 bits must be a `T`.
    #[allow(clippy::mut_from_ref, reason = "the room is not part of what is borrowed")]
    unsafe fn out<T>(&self, len: usize) -> &mut [T] {
        // SAFETY: the host gives room for as many rows as it asks about.
        unsafe { slice::from_raw_parts_mut(self.frame.out.ptr as *mut T, len) }
    }
}

impl Nodes for Table<'_> {
    fn rows(&self) -> usize {
        self.frame.rows as usize
    }

    fn live(&self) -> usize {
        self.frame.live as usize
    }

    fn resource_name(&self, resource: ResourceId) -> &str {
        find(self.frame.names, u32::from(resource.0)).map_or("", text)
    }

    fn now_ms(&self) -> u64 {
        self.frame.now_ms
    }

    #[inline]
    fn quantity(&self, column: Column) -> &[f64] {
        let (slots, key) = (items::<Slot>(self.frame.quantities), column_key(column));
        // The table is half empty, so the search ends.
        let mut at = slot_of(key, slots.len());
        while let Some(slot) = slots.get(at) {
            if slot.key == key {
                return items(slot.values);
            }
            if slot.key == NO_KEY {
                break;
            }
            at = (at + 1) & (slots.len() - 1);
        }
        &[]
    }

    fn bits(&self, bits: Bits) -> &[u64] {
        find(self.frame.bits, bits_key(bits)).map_or(&[], items)
    }

    fn aggregate(&self, aggregate: Aggregate) -> f64 {
        let place = self.aggregates.iter().position(|known| *known == aggregate);
        place.and_then(|place| items::<f64>(self.frame.aggregates).get(place)).copied().unwrap_or(0.0)
    }

    fn taint_sets(&self) -> &[u32] {
        items(self.frame.taint_sets)
    }

    fn label(&self, label: Label) -> &[u32] {
        self.label_slot(label).map_or(&[], |slot| items(slot.numbers))
    }

    fn label_value(&self, label: Label, number: u32) -> &str {
        let values = self.label_slot(label).map_or(&[][..], |slot| items::<Span>(slot.values));
        values.get(number as usize).map_or("", |value| text(*value))
    }

    fn domain_pods(&self, pods: DomainPods) -> &[f64] {
        find(self.frame.domain_pods, u32::from(pods.0)).map_or(&[], items)
    }
}

#[inline]
fn pod_of(frame: &Frame) -> PodView<'_> {
    let pod = &frame.pod;
    let optional = |flag, span| if pod.is(flag) { Some(items(span)) } else { None };
    PodView {
        name: text(frame.pod_name),
        namespace: text(frame.pod_namespace),
        requests: items(pod.requests),
        scoring_requests: items(pod.scoring_requests),
        priority: pod.priority,
        qos: pod.qos_class(),
        daemon_set: pod.is(flag::DAEMON_SET),
        node_name: pod.node_name_field(),
        required_nodes: optional(flag::REQUIRED_NODES, pod.required_nodes),
        named_nodes: optional(flag::NAMED_NODES, pod.named_nodes),
        names_conflict: pod.is(flag::NAMES_CONFLICT),
        preferred_nodes: Preferred {
            weights: items(pod.preferred_weights),
            rows: items(pod.preferred_rows),
            words: pod.preferred_words as usize,
        },
        taints: items(pod.taints),
        tolerates_unschedulable: pod.is(flag::TOLERATES_UNSCHEDULABLE),
        port_conflicts: optional(flag::PORTS, pod.port_conflicts),
        images: items(pod.images),
        containers: pod.containers,
        forecast_cpu: items(pod.forecast_cpu),
        forecast_request: pod.forecast_request,
        forecast_variance: pod.forecast_variance,
        same_app_requested: items(pod.same_app_requested),
        same_app_rows: None,
        estimate: pod.estimate,
        estimates: items(pod.estimates),
        matches: pod.matches,
        version: 0,
    }
}
