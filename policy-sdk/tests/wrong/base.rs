//! A policy that is right, and a way to make one thing of it wrong: the share of CPU that stays free, and no node without room.

use policy_sdk::abi::{
    Column, Derived, HeatMode, Hook, Manifest, NodeColumns, Nodes, PodView, Policy, Prepared, ReasonSpec, ResourceId,
    Rows, Setup, SetupError, Verdict, amount_of,
};
use std::sync::atomic::{AtomicU64, Ordering};

const REASONS: &[ReasonSpec] = &[ReasonSpec::plain("no room")];

/// One call, as a flaw sees it.
pub(crate) struct Call<'a> {
    pub(crate) pod: &'a PodView<'a>,
    pub(crate) nodes: &'a dyn Nodes,
    pub(crate) block: &'a [u64; 16],
    pub(crate) rows: Rows<'a>,
    /// Calls that this instance had before.
    pub(crate) calls: u64,
    /// What this instance may keep, though it must not.
    pub(crate) memory: &'a AtomicU64,
}

impl Call<'_> {
    pub(crate) fn cell(&self, column: Column, row: usize) -> f64 {
        self.nodes.quantity(column).get(row).copied().unwrap_or(0.0)
    }

    pub(crate) fn allocatable(&self, resource: ResourceId, row: usize) -> f64 {
        self.cell(Column::Allocatable(resource), row)
    }

    pub(crate) fn requested(&self, resource: ResourceId, row: usize) -> f64 {
        self.cell(Column::Requested(resource), row)
    }

    pub(crate) fn asked(&self) -> f64 {
        amount_of(self.pod.requests, ResourceId::CPU)
    }
}

/// What a flaw makes of the right answer for the `k`-th row of a call.
pub(crate) type Flaw<T> = fn(&Call<'_>, usize, usize, T) -> T;

/// What `filter_bits` does instead, given the row that the first bit stands for.
pub(crate) type BitsFlaw = fn(&Call<'_>, usize, &mut [u64]) -> bool;

/// The policy, with what is wrong about it.
pub(crate) struct Wrong {
    pub(crate) manifest: Manifest,
    pub(crate) prepare: fn(&Call<'_>, &mut [u64; 16]) -> Prepared,
    pub(crate) filter: Flaw<Verdict>,
    pub(crate) score: Flaw<i64>,
    /// Whether the score of a row is written at all.
    pub(crate) writes: fn(i64) -> bool,
    /// What `filter_bits` does; `None`: there is none.
    pub(crate) bits: Option<BitsFlaw>,
    pub(crate) calls: AtomicU64,
    pub(crate) memory: AtomicU64,
    pub(crate) heat: Option<Column>,
}

impl Wrong {
    /// Nothing wrong yet.
    pub(crate) fn right() -> Self {
        let manifest = Manifest {
            filters: true,
            scores: true,
            columns: NodeColumns::ALLOCATABLE.and(NodeColumns::REQUESTED),
            reasons: REASONS.into(),
            prefers_room: true,
            ..Manifest::new("Wrong")
        };
        Self {
            manifest,
            prepare: |_, _| Prepared::RUN,
            filter: |_, _, _, right| right,
            score: |_, _, _, right| right,
            writes: |_| true,
            bits: None,
            calls: AtomicU64::new(0),
            memory: AtomicU64::new(0),
            heat: None,
        }
    }

    fn call<'a>(
        &'a self,
        pod: &'a PodView<'a>,
        nodes: &'a dyn Nodes,
        block: &'a [u64; 16],
        rows: Rows<'a>,
    ) -> Call<'a> {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        Call { pod, nodes, block, rows, calls, memory: &self.memory }
    }
}

/// The right verdict.
pub(crate) fn verdict(call: &Call<'_>, row: usize) -> Verdict {
    let (cpu, asked) = (ResourceId::CPU, call.asked());
    Verdict::reason(0).when(asked > 0.0 && asked > call.allocatable(cpu, row) - call.requested(cpu, row))
}

/// The right score.
pub(crate) fn score(call: &Call<'_>, row: usize) -> i64 {
    let [allocatable, held] = [call.allocatable(ResourceId::CPU, row), call.requested(ResourceId::CPU, row)];
    let free = (allocatable - held - call.asked()).max(0.0);
    if allocatable > 0.0 { (free * 100.0 / allocatable) as i64 } else { 0 }
}

impl Policy for Wrong {
    fn manifest(&self) -> Manifest {
        self.manifest.clone()
    }

    fn setup(&mut self, host: &mut dyn Setup) -> Result<(), SetupError> {
        if self.manifest.columns.has(NodeColumns::DERIVED) {
            self.heat = Some(host.derive(Derived::Heat { mode: HeatMode::Share, half_life_ms: 60_000 })?);
        }
        Ok(())
    }

    fn prepare(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &mut [u64; 16]) -> Prepared {
        if let Some(Column::Derived(place)) = self.heat {
            block[15] = u64::from(place);
        }
        let empty = *block;
        let call = self.call(pod, nodes, &empty, Rows::List(&[]));
        let prepared = (self.prepare)(&call, block);
        if self.manifest.filters { prepared } else { Prepared { filter: Hook::Skip, ..prepared } }
    }

    fn filter(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [Verdict]) {
        let call = self.call(pod, nodes, block, rows);
        for (k, (row, out)) in rows.iter().zip(out).enumerate() {
            *out = (self.filter)(&call, k, row, verdict(&call, row));
        }
    }

    fn filter_bits(
        &self,
        pod: &PodView<'_>,
        nodes: &dyn Nodes,
        block: &[u64; 16],
        start: usize,
        feasible: &mut [u64],
    ) -> bool {
        let end = nodes.rows().min(start + feasible.len() * 64);
        let call = self.call(pod, nodes, block, Rows::Range { start, end });
        self.bits.is_some_and(|bits| bits(&call, start, feasible))
    }

    fn score(&self, pod: &PodView<'_>, nodes: &dyn Nodes, block: &[u64; 16], rows: Rows<'_>, out: &mut [i64]) {
        let call = self.call(pod, nodes, block, rows);
        for (k, (row, out)) in rows.iter().zip(out).enumerate() {
            let score = (self.score)(&call, k, row, score(&call, row));
            if (self.writes)(score) {
                *out = score;
            }
        }
    }
}

/// Clears the bits of rows that do not pass.
pub(crate) fn clear(call: &Call<'_>, feasible: &mut [u64], passes: impl Fn(&Call<'_>, usize) -> bool) {
    for (k, row) in call.rows.iter().enumerate() {
        if !passes(call, row) {
            feasible[k / 64] &= !(1 << (k % 64));
        }
    }
}
