//! An instance that was set up, with everything that lies in its memory, and the calls about a pod.

use super::columns::Columns;
use super::instance::{Instance, Place};
use super::pod::PodCopy;
use super::{WasmError, answers};
use sched_abi::ask::{Ask, Configured, Grant};
use sched_abi::wire::{Frame, MAX_BATCH, Span};
use sched_abi::{Aggregate, Label, NodeColumns, Nodes, PodView, Prepared, Rows, Verdict};

/// An instance that was set up, and what lies in it.
pub(super) struct Guest {
    instance: Instance,
    columns: Columns,
    pod: PodCopy,
    frame: Frame,
    frame_place: Place,
    aggregates: Vec<Aggregate>,
    aggregates_place: Place,
    values: Vec<f64>,
}

impl Guest {
    /// Sets an instance up, as the policy was before.
    pub(super) fn start(
        mut instance: Instance,
        settings: &str,
        configured: &Configured,
        grants: &[Grant],
    ) -> Result<Self, WasmError> {
        if instance.configure(settings)? != *configured {
            return Err(WasmError::Unsteady);
        }
        instance.set_up(&as_seen_inside(grants))?;
        let manifest = &configured.manifest;
        let asks = configured.asks.iter();
        let aggregates: Vec<_> = asks.filter_map(|a| if let Ask::Aggregate(a) = a { Some(*a) } else { None }).collect();
        let mut guest = Self {
            instance,
            columns: Columns::new(manifest, grants),
            pod: PodCopy::new(manifest.pod_fields, grants),
            frame: Frame::default(),
            frame_place: Place::default(),
            values: Vec::with_capacity(aggregates.len()),
            aggregates,
            aggregates_place: Place::default(),
        };
        guest.lay_out()?;
        Ok(guest)
    }

    /// Fuel that calls took so far.
    pub(super) fn fuel(&self) -> u64 {
        self.instance.fuel()
    }

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
    pub(super) fn catch_up(&mut self, pod: &PodView<'_>, nodes: &dyn Nodes) -> Result<(), WasmError> {
        let (same_pod, same_table) = (self.pod.is_current(pod), self.columns.is_current(nodes.changes()));
        if same_pod && same_table && self.frame.now_ms == self.now_ms(nodes) {
            return Ok(());
        }
        self.follow(pod, nodes)
    }

    /// The time, for a module that declares it: the others need not follow it.
    #[inline]
    fn now_ms(&self, nodes: &dyn Nodes) -> u64 {
        if self.columns.reads(NodeColumns::TIME) { nodes.now_ms() } else { 0 }
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
        self.frame.now_ms = self.now_ms(nodes);
        self.frame.rows = nodes.rows() as u32;
        self.frame.live = if self.columns.reads(NodeColumns::LIVE) { nodes.live() as u32 } else { 0 };
        Ok(())
    }

    pub(super) fn prepare(&mut self, rows: usize) -> Result<(Prepared, [u64; 16]), WasmError> {
        self.put_frame(&[0; 16]);
        self.instance.prepare(self.frame_place.ptr, rows)?;
        let bytes = self.instance.at(self.frame_place.ptr, size_of::<Frame>());
        let frame: Frame = bytemuck::try_pod_read_unaligned(bytes).map_err(|_| WasmError::Prepared)?;
        Ok((frame.prepared.read().ok_or(WasmError::Prepared)?, frame.block))
    }

    /// Writes the frame anew for a call: whatever the last one did to it is gone.
    fn put_frame(&mut self, block: &[u64; 16]) {
        self.frame.block = *block;
        self.instance.write(self.frame_place.ptr, bytemuck::bytes_of(&self.frame));
    }

    /// Leaves no earlier answers where the next ones go: who writes too few is found out.
    fn blank(&mut self, rows: usize) {
        self.instance.at_mut(self.frame.out.ptr, rows * 8).fill(answers::BLANK);
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

    pub(super) fn filter(
        &mut self,
        block: &[u64; 16],
        rows: Rows<'_>,
        allowed: u64,
        out: &mut [Verdict],
    ) -> Result<(), WasmError> {
        self.put_frame(block);
        self.blank(out.len());
        let params = self.rows(rows);
        self.instance.filter(params)?;
        answers::verdicts(self.instance.at(self.frame.out.ptr, out.len() * 8), allowed, out)
    }

    pub(super) fn score(
        &mut self,
        block: &[u64; 16],
        rows: Rows<'_>,
        range: answers::Range<'_>,
        out: &mut [i64],
    ) -> Result<(), WasmError> {
        self.put_frame(block);
        self.blank(out.len());
        let params = self.rows(rows);
        self.instance.score(params)?;
        answers::scores(self.instance.at(self.frame.out.ptr, out.len() * 8), rows, range, out)
    }

    /// At most [`MAX_BATCH`] words.
    pub(super) fn filter_bits(
        &mut self,
        block: &[u64; 16],
        start: usize,
        feasible: &mut [u64],
    ) -> Result<bool, WasmError> {
        self.put_frame(block);
        self.instance.write(self.frame.out.ptr, bytemuck::cast_slice(feasible));
        let done = self.instance.filter_bits(self.frame_place.ptr, start as u32, feasible.len() as u32)?;
        if done {
            let left = self.instance.at(self.frame.out.ptr, feasible.len() * 8).as_chunks::<8>().0;
            // Only what was set can stay set.
            feasible.iter_mut().zip(left).for_each(|(word, left)| *word &= u64::from_le_bytes(*left));
        }
        Ok(done)
    }
}

/// The grants as the module learns of them: selectors of pods and labels are known by their places among those that it asked
/// for, so that it can name them when it asks for something else, before anything is granted.
fn as_seen_inside(grants: &[Grant]) -> Vec<Grant> {
    let (mut selectors, mut labels) = (0.., 0..);
    let inside = grants.iter().map(|grant| match grant {
        Grant::Pods(_) => Grant::Pods(selectors.next().unwrap_or(u8::MAX)),
        Grant::Label(_) => Grant::Label(Label(labels.next().unwrap_or(u16::MAX))),
        other => *other,
    });
    inside.collect()
}
